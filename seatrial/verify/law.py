"""A law: one sentence that is true of every surface whose profile gives cause for it.

    @law("auth.absent_credential_is_refused", "Without a credential every operation refuses.", when=guarded)
    def absent_credential(bench: Bench) -> Iterator[Finding]: ...

A law asks a `Bench` and yields findings. It never knows a vendor's name: whether it applies is read from the profile
and the contract. A *watch* is a law about every single answer, whatever was asked.
"""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from contracts.contract import Contract, Surface
from contracts.evidence import Evidence
from seatrial.verify.exchange import Exchange

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench

Outcome = Literal["passed", "failed", "skipped"]
Need = Literal["clock", "faults", "receiver", "actions"]

NEEDS: dict[Need, str] = {
    "clock": "needs a clock that can be moved, and the target has none",
    "faults": "needs faults to be planned, and the target plans none",
    "receiver": "needs webhooks to be delivered here, and the target cannot reach us",
    "actions": "needs somebody to act at the vendor, and nobody can at this target",
}


class Finding(Struct, frozen=True):
    """What one question came to. `about` is what was asked; `said` what was wrong, or why nothing could be asked."""

    outcome: Outcome
    about: str
    said: str = ""
    expected: str = ""
    exchange: Exchange | None = None
    evidence: Evidence | None = None


Check = Callable[["Bench"], Iterable[Finding]]
Watch = Callable[["Bench", Exchange], str]
Condition = Callable[[Contract, Surface], bool]
Source = Callable[[Contract, Surface], Evidence | None]


class Law(Struct, frozen=True):
    """One law. `writes`: it changes things at the target. `needs`: what the target must let us do."""

    id: str
    says: str
    when: Condition
    source: Source
    check: Check | None = None
    watch: Watch | None = None
    writes: bool = False
    needs: tuple[Need, ...] = ()

    @property
    def family(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]


def always(contract: Contract, surface: Surface) -> bool:  # noqa: ARG001 - a Condition
    """Of every surface."""
    return True


def errors_rule(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001 - a Source
    """The surface's errors."""
    return surface.profile.errors.evidence


_laws: dict[str, Law] = {}


def law(
    id: str,
    says: str,
    *,
    when: Condition = always,
    source: Source = errors_rule,
    writes: bool = False,
    needs: tuple[Need, ...] = (),
) -> Callable[[Check], Check]:
    """Register a law. `source` is the rule it stands on; a finding may name a nearer one."""

    def register(check: Check) -> Check:
        _keep(Law(id, says, when, source, check=check, writes=writes, needs=needs))
        return check

    return register


def watch(id: str, says: str, *, when: Condition = always, source: Source = errors_rule) -> Callable[[Watch], Watch]:
    """Register a law about every answer: it says what is wrong with one, or nothing."""

    def register(watches: Watch) -> Watch:
        _keep(Law(id, says, when, source, watch=watches))
        return watches

    return register


def _keep(new: Law) -> None:
    if new.id in _laws:
        raise ValueError(f"two laws are called {new.id}")
    _laws[new.id] = new


@cache
def laws() -> tuple[Law, ...]:
    """Every law there is, by id: a module in `families` is the registration."""
    from seatrial.verify import families

    for module in sorted(each.name for each in iter_modules(families.__path__)):
        import_module(f"{families.__name__}.{module}")
    return tuple(_laws[id] for id in sorted(_laws))
