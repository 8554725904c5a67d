"""`python -m tests.laws.bite`: each planted defect, and the law that caught it."""

import sys
from dataclasses import dataclass

from seatrial.verify.law import laws
from seatrial.verify.run import run_law, watched
from tests.laws.defects import defects
from tests.laws.defects.planting import Defect
from tests.laws.places import PLAN


@dataclass(frozen=True)
class Bite:
    """What became of a defect: the laws that caught it, and what the one that had to said."""

    defect: Defect
    caught_by: tuple[str, ...]
    said: str

    @property
    def killed(self) -> bool:
        return self.defect.law in self.caught_by


def bitten(defect: Defect) -> Bite:
    """Ask the law of the wrong target; for a law that watches, one that asks about everything."""
    named = next(law for law in laws() if law.id == defect.law)
    target = defect.plant()
    asking = [named] if named.check is not None else [law for law in laws() if law.id in ASKING]
    caught: dict[str, str] = {}
    for law in asking:
        if not law.when(target.contract, target.contract.surfaces[defect.surface]):
            continue
        result = run_law(target, law, defect.surface, PLAN)
        for each in (result, *watched(target, defect.surface, PLAN)):
            if each.failures:
                caught.setdefault(each.law.id, f"{each.failures[0].about}: {each.failures[0].said}")
    return Bite(defect, tuple(caught), caught.get(defect.law, ""))


ASKING = (
    "answers.are_as_documented",
    "answers.to_changes_are_as_documented",
    "errors.unknown_path_is_not_found",
    "paging.pages_joined_are_the_collection",
)


def main() -> int:
    """Print defect → law; 1 when one lives."""
    from seatrial.console import say, table

    bites = [bitten(defect) for defect in defects()]
    rows = [(each.defect.says, each.defect.law if each.killed else "LIVES", each.said[:90]) for each in bites]
    table("Planted defects", ("defect", "caught by", "it said"), rows)
    living = [each for each in bites if not each.killed]
    say(f"{len(bites) - len(living)} of {len(bites)} killed, by {len({each.defect.law for each in bites})} laws")
    return 1 if _connectors() or living else 0


def _connectors() -> int:
    """The same of the tests of the ports, of every vendor's connector; answers how many live."""
    from seatrial.console import say, table
    from tests.ports.bite import bitten
    from tests.ports.defects import possible

    bites = [(rig, defect, bitten(rig, defect)) for rig, defect in possible()]
    rows = [
        (rig.vendor, defect.says, defect.noticed_by.__name__ if said else "LIVES", said[:90])
        for rig, defect, said in bites
    ]
    table("Planted defects of connectors", ("connector", "defect", "caught by", "it said"), rows)
    living = sum(not said for _, _, said in bites)
    say(f"{len(bites) - living} of {len(bites)} killed, by {len({row[2] for row in rows})} tests of the ports")
    return living


if __name__ == "__main__":
    sys.exit(main())
