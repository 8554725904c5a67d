"""Every law of every vendor it is about. A new vendor is asked without being named here."""

import pytest

from seatrial.verify.law import laws
from seatrial.verify.report import failure_texts
from seatrial.verify.run import run_law, watched
from tests.laws.places import PLAN, VENDORS, cases, contract_of, fresh, target_of

CASES = cases()
RUN_TWICE = frozenset(
    {
        "answers.to_changes_are_as_documented",
        "graphql.mutations_are_as_typed",
        "lost.repeat_after_a_lost_answer_does_no_harm",
    }
)


@pytest.mark.parametrize(
    ("vendor", "surface", "law"), CASES, ids=[f"{vendor}-{surface}-{law.id}" for vendor, surface, law in CASES]
)
def test_the_fake_is_what_its_contract_says(vendor, surface, law):
    target = target_of(vendor)
    result = run_law(target, law, surface, PLAN)
    wrong = [each for each in (result, *watched(target, surface, PLAN)) if each.failures]
    assert not wrong, "\n\n".join(failure_texts(wrong, target.secrets))
    if result.outcome == "skipped":
        pytest.skip(result.why_skipped)


@pytest.mark.parametrize("vendor", VENDORS)
def test_one_seed_is_one_run(vendor):
    """Two fakes made alike answer the same bytes to the same questions, whatever is changed on the way."""
    about = [(surface, law) for name, surface, law in CASES if name == vendor and law.id in RUN_TWICE]
    heard = [_heard(fresh(vendor), about) for _ in range(2)]
    assert heard[0] == heard[1]
    assert len(heard[0]) > 10


def _heard(target, about):
    heard = []
    for surface, law in about:
        run_law(target, law, surface, PLAN)
        heard += [(each.method, each.url, each.status, each.headers, each.body) for each in target.heard]
    return heard


def test_every_law_is_about_somebody():
    asked = {law.id for _, _, law in CASES}
    everything = {law.id for law in laws() if law.check is not None}
    assert everything - asked == set()


def test_every_vendor_answers_for_itself():
    for vendor in VENDORS:
        about = {(surface, law.id) for name, surface, law in CASES if name == vendor}
        assert len(about) > 20 * len(contract_of(vendor).surfaces)


def test_no_law_knows_a_vendor_by_name():
    import re
    from pathlib import Path

    from seatrial import verify

    for path in Path(verify.__file__).parent.rglob("*.py"):
        text = path.read_text().lower()
        for vendor in VENDORS:
            spoken = {vendor, vendor.replace("_", " "), vendor.split("_", maxsplit=1)[0]}
            named = re.compile("|".join(rf"(?<![a-z.]){word}(?![a-z])" for word in spoken))  # not `rows.extend(…)`
            in_code = [line for line in text.splitlines() if named.search(line)]
            told = [line for line in in_code if 'in_process("' not in line]
            assert not told, f"{path.name} knows {vendor}: {told}"
