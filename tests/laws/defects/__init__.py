"""Planted defects: fakes that are wrong on purpose, each in one way, each with the law that has to catch it."""

from importlib import import_module
from pkgutil import iter_modules

from tests.laws.defects.planting import Defect


def defects() -> tuple[Defect, ...]:
    """Every defect there is, in the order of their modules."""
    names = sorted(each.name for each in iter_modules(__path__) if each.name != "planting")
    return tuple(defect for name in names for defect in import_module(f"{__name__}.{name}").DEFECTS)
