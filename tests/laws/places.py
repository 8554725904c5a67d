"""Every vendor the laws are asked of: those that have a fake, found by their folders, and Quay, who lives here."""

from functools import cache

from contracts import Contract, load
from mock_servers.core.clock import Clock
from mock_servers.core.fake import Fake
from mock_servers.core.registry import known
from mock_servers.core.sandbox import Sandbox
from seatrial.verify import Target, in_process
from seatrial.verify.clock import today
from seatrial.verify.control import SIZE
from seatrial.verify.law import Law, laws
from seatrial.verify.places import MOMENT
from seatrial.verify.receiver import InProcessReceiver
from seatrial.verify.run import Plan
from tests.laws.quay import quay

QUAY = "quay"
VENDORS = (*known(), QUAY)
PLAN = Plan(writes=True, today=today())


def contract_of(vendor: str) -> Contract:
    return quay().contract if vendor == QUAY else load(vendor)


def bent(fake: Fake) -> Target:
    """A fake that is none of the registered ones, in a sandbox of its own."""
    receiver = InProcessReceiver()
    sandbox = Sandbox((), extra=(fake,), make_clock=lambda: Clock("manual", MOMENT), hooks=receiver)
    sandbox.fill(SIZE)
    return in_process(fake.vendor, sandbox, receiver)


def fresh(vendor: str) -> Target:
    """The vendor's fake, made anew."""
    return bent(quay()) if vendor == QUAY else in_process(vendor)


@cache
def target_of(vendor: str) -> Target:
    """The vendor's fake, made once in a process; each law puts it back to its beginning."""
    return fresh(vendor)


def cases() -> list[tuple[str, str, Law]]:
    """Vendor, surface and law, wherever the profile gives cause for the law."""
    return [
        (vendor, name, law)
        for vendor in VENDORS
        for contract in [contract_of(vendor)]
        for name, surface in contract.surfaces.items()
        for law in laws()
        if law.check is not None and law.when(contract, surface)
    ]
