"""What goes wrong on the way to a vendor, drawn from the seed: single faults at every call, storms of 429, outages."""

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import httpx
from msgspec import Struct

from contracts.contract import Contract
from mock_servers.core.app import VendorApp
from mock_servers.core.faults import Kind
from mock_servers.core.wire import Request
from seatrial.simulation.scenario import FaultProfile
from seatrial.verify.recipes import grants

DAY_SECONDS = 86_400.0


class Strike(Struct, frozen=True):
    """One fault for one request, in the words of `mock_servers.core.faults`. `error` is the refusal answered."""

    kind: Kind
    seconds: float = 1.0
    error: str = ""


class Weather(Protocol):
    """Asked once for each request, in the order in which they leave."""

    def strike(self, now: float, request: httpx.Request) -> Strike | None:
        """What befalls this request, if anything."""


class Calm:
    """Nothing goes wrong."""

    def strike(self, now: float, request: httpx.Request) -> Strike | None:  # noqa: ARG002 - the protocol's shape
        return None


class Profile(Struct, frozen=True):
    """How rough it is. `rates` are chances for each request, the others are how often in a day."""

    rates: Mapping[str, float]
    storms: float
    outages: float
    hooks: float
    """The chance of each thing that can go wrong with a webhook."""
    commits_a_life: float
    """How many ledger transactions a life of the engine lasts on average; 0 means that it does not end."""
    latency_seconds: float


ROUGH = {
    "refuse": 0.03,
    "break": 0.03,  # an error of the vendor's own, before anything was done
    "throttle": 0.04,
    "drop": 0.02,
    "lose": 0.04,
    "cut": 0.03,
    "repeat": 0.02,
    "late": 0.04,
    "delay": 0.04,
    "revoke": 0.01,
}
PROFILES: Mapping[FaultProfile, Profile] = MappingProxyType(
    {
        "none": Profile({}, 0, 0, 0.0, 0, 0.2),
        "mild": Profile({name: rate / 5 for name, rate in ROUGH.items()}, 1, 1, 0.02, 2_000, 0.3),
        "harsh": Profile(ROUGH, 4, 4, 0.1, 300, 0.5),
    }
)


class Rough:
    """Faults by a profile. `late_seconds_maximum` is the latest that the connector's settle time allows for."""

    def __init__(
        self,
        profile: Profile,
        chance: random.Random,
        app: VendorApp,
        *,
        timeout_seconds: float,
        late_seconds_maximum: float,
        days: float,
    ) -> None:
        ends = has_tokens(app.contract)
        self._rates = tuple((kind, rate) for kind, rate in profile.rates.items() if ends or kind != "revoke")
        self._chance = chance
        self._app = app
        self._timeout = timeout_seconds
        self._latest = late_seconds_maximum
        self._spells = _spells(profile, chance, days)
        self._breaks = {name: breaks_of(app, name) for name in app.contract.surfaces}

    def strike(self, now: float, request: httpx.Request) -> Strike | None:
        kind = self._spell(now) or self._drawn()
        return None if kind is None else self._strike(kind, request)

    def _spell(self, now: float) -> str | None:
        for kind, begins, ends in self._spells:
            if begins <= now < ends:
                return kind if self._chance.random() < 0.9 else None
        return None

    def _drawn(self) -> str | None:
        drawn = self._chance.random()
        for kind, rate in self._rates:
            if drawn < rate:
                return kind
            drawn -= rate
        return None

    def _strike(self, kind: str, request: httpx.Request) -> Strike:
        uniform = self._chance.uniform
        match kind:
            case "break":
                errors = self._breaks[surface_of(self._app, request)]
                return Strike("refuse", error=self._chance.choice(errors))
            case "late":  # half of them when the caller has given up already
                early = self._chance.random() < 0.5
                seconds = uniform(1.0, self._timeout) if early else uniform(self._timeout, self._latest)
                return Strike("late", seconds)
            case "delay":
                return Strike("delay", uniform(0.5, 1.3 * self._timeout))
            case "throttle":
                return Strike("throttle", float(self._chance.randrange(1, 20)))
            case "refuse":
                return Strike("refuse", float(self._chance.randrange(1, 10)))
        return Strike(kind)  # type: ignore[arg-type] # the rest are named as they are there


def _spells(profile: Profile, chance: random.Random, days: float) -> list[tuple[str, float, float]]:
    """Minutes in which nearly everything is refused: `(kind, begins, ends)` in seconds of the run."""
    spells = []
    for kind, a_day in (("throttle", profile.storms), ("refuse", profile.outages)):
        for _ in range(round(a_day * days)):
            begins = chance.uniform(0, days * DAY_SECONDS)
            spells.append((kind, begins, begins + chance.uniform(30, 600)))
    return spells


def surface_of(app: VendorApp, request: httpx.Request) -> str:
    """The surface of the vendor that a request is for; the first one for a path that is not there."""
    path = request.url.raw_path.split(b"?", 1)[0].decode("latin-1")
    operation, _ = app.routes.find(request.method, path)
    return operation.surface if operation else next(iter(app.contract.surfaces))


def operation_of(app: VendorApp, request: httpx.Request) -> str:
    """What a request asks for, by the contract's name; of a GraphQL document, its last root field."""
    path, _, query = request.url.raw_path.decode("latin-1").partition("?")
    operation, _ = app.routes.find(request.method, path)
    if operation is None:
        return f"{request.method} {path}"
    alias = app.fake.aliases.get(operation.id)
    names = alias(Request(request.method, path, query, body=request.content)) if alias else ()
    return str(names[-1]) if names else operation.id


def has_tokens(contract: Contract) -> bool:
    """Whether what opens the vendor can end and be asked for anew; a password, or a key that a person made, stays taken
    back until a person makes another."""
    return any(each.built and grants(contract, each) for each in contract.operations.values())


def breaks_of(app: VendorApp, surface: str) -> list[str]:
    """The vendor's own errors, by their names in its profile: those that leave it open whether anything was done."""
    known = app.contract.surfaces[surface].profile.errors.known
    return sorted(
        name
        for name, refusal in known.items()
        if (refusal.status >= 500 and name != "unavailable") or name.endswith(("_internal_error", "_timeout"))
    )
