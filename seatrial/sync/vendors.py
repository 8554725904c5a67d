"""A vendor's connector by its name: `connectors/<vendor>` exports `Settings` and one class that takes them.

A vendor that is spoken to by several surfaces has a package for each further one inside its own, with `Settings` and a
class as well: `connectors/harbor/v2` is called `harbor.v2`.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import connectors
from connectors.ports import Connector
from mock_servers.core.refusal import UsageError

NOT_VENDORS = frozenset({"core", "sync"})


def vendors() -> list[str]:
    """Vendors with a connector, and their further surfaces."""
    found = [module.name for module in pkgutil.iter_modules(connectors.__path__) if module.ispkg]
    names = set(found) - NOT_VENDORS
    for name in sorted(names):
        inside = pkgutil.iter_modules(importlib.import_module(f"connectors.{name}").__path__)
        names |= {f"{name}.{module.name}" for module in inside if module.ispkg}
    return sorted(names)


def vendor_of(name: str) -> str:
    """Whose connector it is, by whichever surface."""
    return name.partition(".")[0]


def settings_class(vendor: str) -> type[Any]:
    """What the vendor's connector is made with. Raises UsageError."""
    settings: type[Any] = _package(vendor).Settings
    return settings


def connector_class(vendor: str) -> type[Connector]:
    """The one class of the vendor's package that keeps a connection. Raises UsageError."""
    package = _package(vendor)
    exported = [getattr(package, name) for name in package.__all__]
    found: list[type[Connector]] = [
        each for each in exported if hasattr(each, "check") and hasattr(each, "aclose") and isinstance(each, type)
    ]
    if len(found) != 1:
        raise UsageError(f"connectors/{vendor.replace('.', '/')} does not export one connector, but {len(found)}")
    return found[0]


def _package(vendor: str) -> ModuleType:
    if vendor not in vendors():
        raise UsageError(f"no connector is called {vendor!r}. There are: {', '.join(vendors())}")
    return importlib.import_module(f"connectors.{vendor}")
