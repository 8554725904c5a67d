"""A vendor whose connector can be played has a model of its own; one that has none yet is counted."""

from importlib import import_module
from importlib.util import find_spec

import pytest

from tests.models import Play
from tests.ports.rig import rigs


@pytest.mark.parametrize("rig", rigs(), ids=[rig.name for rig in rigs()])
def test_the_vendor_has_a_model_and_a_machine_that_drives_it(rig):
    if find_spec(f"tests.models.{rig.name}") is None:
        pytest.skip(f"no reference model yet: tests/models/{rig.name}.py is not written")
    facades = [each for each in vars(import_module(f"tests.models.{rig.name}")).values() if isinstance(each, type)]
    assert [each.rig for each in facades if issubclass(each, Play) and hasattr(each, "rig")] == [rig]
    machine = import_module(f"tests.models.test_{rig.name}").Machine
    assert machine.opened.__qualname__ == "Machine.opened", "the machine says how its history is written down"
