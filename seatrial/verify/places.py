"""Where a target is: a fake in this process, our own running server, or any base URL."""

from functools import cache

from contracts.contract import Contract, load
from mock_servers.core.clock import Clock
from mock_servers.core.registry import known
from mock_servers.core.sandbox import Sandbox
from seatrial.verify.control import SIZE, Control, InProcess
from seatrial.verify.credentials import Credentials
from seatrial.verify.receiver import InProcessReceiver
from seatrial.verify.recipes import grants
from seatrial.verify.target import Target

MOMENT = 1795255200.0
"""2026-11-21T10:00:00Z: where the clock of a fake in this process stands at first."""


def in_process(vendor: str, sandbox: Sandbox | None = None, receiver: InProcessReceiver | None = None) -> Target:
    """A vendor's fake in this process, filled, with its clock standing still. A sandbox that is given is used as it
    is, and its webhooks must leave by the receiver given with it."""
    receiver = receiver or InProcessReceiver()
    if sandbox is None:
        sandbox = Sandbox((vendor,), make_clock=lambda: Clock("manual", MOMENT), hooks=receiver)
        sandbox.fill(SIZE)
    contract = sandbox.fakes[vendor].contract
    credentials = Credentials(sandbox.world.credentials.get(vendor, {}))
    return Target(
        contract,
        dict.fromkeys(contract.surfaces, f"http://{vendor.replace('_', '-')}.localhost"),
        credentials,
        transport=sandbox.transport(vendor),
        control=InProcess(sandbox, vendor, receiver),
    )


def base_urls(contract: Contract, url: str, auth_url: str | None) -> dict[str, str]:
    """A base URL for each surface; where tokens are given may be somewhere else."""
    giving = {each.surface for each in contract.operations.values() if grants(contract, each)}
    return {name: auth_url if auth_url and name in giving else url for name in contract.surfaces}


@cache
def printed_words(vendor: str) -> frozenset[str]:
    """The words that open the default world of our own fake, for everybody to read."""
    if vendor not in known():
        return frozenset()
    words = Sandbox((vendor,)).world.credentials.get(vendor, {})
    return frozenset(
        value for name, value in words.items() if "token" in name or "secret" in name or "password" in name
    )


def anywhere(
    vendor: str, url: str, auth_url: str | None, credentials: Credentials, control: Control | None = None
) -> Target:
    """A vendor's API at a base URL."""
    contract = load(vendor)
    return Target(
        contract,
        base_urls(contract, url, auth_url),
        credentials,
        control=control,
        printed=printed_words(vendor),
    )
