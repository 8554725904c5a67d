"""Every fake there is: the folder is the registration."""

from importlib import import_module
from pathlib import Path

from contracts.contract import vendors
from mock_servers.core.fake import Fake
from mock_servers.core.refusal import UsageError

FOLDER = Path(__file__).parent.parent


def known() -> tuple[str, ...]:
    """The vendors that have both a contract and a fake."""
    return tuple(vendor for vendor in vendors() if (FOLDER / vendor / "__init__.py").is_file())


def fakes(only: tuple[str, ...] | None = None) -> dict[str, Fake]:
    """The fakes by vendor, in the order of their folders. Raises UsageError for one there is not."""
    chosen = known() if only is None else tuple(sorted(set(only)))
    for vendor in chosen:
        if vendor not in known():
            raise UsageError(f"there is no vendor {vendor!r}; there are: {', '.join(known())}")
    return {vendor: import_module(f"mock_servers.{vendor}").fake for vendor in chosen}
