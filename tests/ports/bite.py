"""Planting the ports' defects: whether a vendor's tests notice one, and what they say."""

import pytest

from tests.ports.defects import Defect
from tests.ports.rig import Rig

NO_VERDICT = (TypeError, AttributeError, NameError, LookupError)
"""What is raised when the defect itself is badly made."""


def bitten(rig: Rig, defect: Defect) -> str:
    """What the test said of the wrong connector; empty when it said nothing."""
    try:
        defect.ask(defect.planted(rig))
    except NO_VERDICT:
        raise
    except (Exception, pytest.fail.Exception) as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ""
