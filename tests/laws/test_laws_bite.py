"""The laws bite: every planted defect is caught by the law that has to catch it."""

import pytest

from seatrial.verify.law import laws
from tests.laws.bite import bitten
from tests.laws.defects import defects

DEFECTS = defects()


@pytest.mark.parametrize("defect", DEFECTS, ids=[f"{each.law}: {each.says}" for each in DEFECTS])
def test_the_defect_is_caught_by_the_law_named(defect):
    bite = bitten(defect)
    assert bite.killed, f"{defect.says} lives; caught only by {bite.caught_by or 'nobody'}"


def test_every_law_has_a_defect_that_only_it_must_catch():
    assert {law.id for law in laws()} - {defect.law for defect in DEFECTS} == set()


def test_no_two_defects_are_called_the_same():
    names = [(defect.says, defect.law) for defect in DEFECTS]
    assert len(set(names)) == len(names)
