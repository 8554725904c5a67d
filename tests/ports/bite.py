"""Planting the ports' defects: whether a vendor's tests notice one, and what they say."""

import pytest

from tests.ports.defects import Defect
from tests.ports.rig import Rig
from tests.ports.stage import Edge, Stage, ground

NO_VERDICT = (TypeError, AttributeError, NameError, LookupError)
"""What is raised when the defect itself is badly made."""


def planted(rig: Rig, defect: Defect) -> Rig | None:
    """The rig with the wrong connector; None where the rig makes its connector of a class it names itself."""
    if not hasattr(rig, "kind"):
        return None
    wrong = defect.planted(rig)
    sandbox, _ = ground(rig)
    made = wrong.connect(Stage(rig, sandbox), Edge(sandbox.transport(rig.vendor)))
    return wrong if isinstance(made, wrong.kind) else None


def bitten(rig: Rig, defect: Defect) -> str:
    """What the test said of the wrong connector; empty when it said nothing, or there is nothing to plant."""
    wrong = planted(rig, defect)
    if wrong is None:
        return ""
    try:
        defect.ask(wrong)
    except NO_VERDICT:
        raise
    except (Exception, pytest.fail.Exception) as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ""
