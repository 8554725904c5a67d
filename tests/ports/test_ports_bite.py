"""Every planted defect is noticed in every vendor's connector; `python -m tests.laws.bite` prints them too."""

import pytest

from tests.ports.bite import bitten
from tests.ports.defects import Defect, defects, possible
from tests.ports.rig import Rig, rigs

ROWS = list(possible())


@pytest.mark.parametrize(
    ("rig", "defect"), ROWS, ids=[f"{rig.name}-{defect.says.replace(' ', '-')}" for rig, defect in ROWS]
)
def test_the_defect_is_noticed(rig: Rig, defect: Defect):
    assert bitten(rig, defect), f"{defect.says}: {defect.noticed_by.__name__} is content with it"


def test_no_two_defects_are_called_the_same_and_every_port_has_one():
    known = list(defects())
    assert len({each.says for each in known}) == len(known)
    assert {each.port for each in known} >= {port for rig in rigs() for port in rig.ports()}
