"""How a defect is planted: between the caller and a fake, in a fake's behaviour, in the contract it reads, on the way
of its webhooks, or in what it does with a fault. The laws keep to the true contract."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from contracts import Contract
from contracts.profile import Profile
from mock_servers.core.clock import Clock
from mock_servers.core.fake import Fake
from mock_servers.core.sandbox import Sandbox
from seatrial.verify import Target, in_process
from seatrial.verify.control import SIZE
from seatrial.verify.places import MOMENT
from seatrial.verify.receiver import InProcessReceiver
from tests.laws.places import QUAY, VENDORS, contract_of, target_of
from tests.laws.quay import quay

Answer = httpx.Response
Inner = Callable[[httpx.Request], Answer]
Meddle = Callable[[httpx.Request, Inner], Answer]


@dataclass(frozen=True)
class Defect:
    """What is wrong, which law has to say so, of which surface, and how the wrong target is made."""

    says: str
    law: str
    surface: str
    plant: Callable[[], Target]


GRAPH = next(
    vendor for vendor in VENDORS for each in contract_of(vendor).operations.values() if each.built and each.graphql
)
"""A vendor with a GraphQL surface: quay has none."""
GRAPH_SURFACE = next(each.surface for each in contract_of(GRAPH).operations.values() if each.graphql)
ENVELOPED = "extensiv_order_manager"
"""A vendor whose pages say how many rows there are."""


# Between the caller and the fake --------------------------------------------------------------------------------------


class Meddler(httpx.BaseTransport):
    """Stands between the laws and a fake."""

    def __init__(self, inner: httpx.BaseTransport, meddle: Meddle) -> None:
        self.inner = inner
        self.meddle = meddle

    def handle_request(self, request: httpx.Request) -> Answer:
        request.read()
        return self.meddle(request, self.inner.handle_request)


def meddled(meddle: Meddle | Callable[[Target], Meddle], vendor: str = QUAY, *, aware: bool = False) -> Target:
    """A right fake behind something that is wrong. `aware`: what meddles is made from the target it meddles with."""
    right = target_of(vendor)
    inner = right.control.sandbox.transport(vendor)
    found: Any = meddle(right) if aware else meddle  # type: ignore[call-arg,arg-type]
    wire = Meddler(inner, found)
    return Target(right.contract, right.base_urls, right.credentials, transport=wire, control=right.control)


def _target(vendor: str) -> Target:
    return bent(quay()) if vendor == QUAY else in_process(vendor)


def changed(
    answer: Answer, *, status: int | None = None, body: Any = ..., headers: dict[str, str | None] | None = None
):
    """The answer with another status, body (JSON, or bytes) or headers; a header of None is taken out."""
    named = {name.lower(): value for name, value in answer.headers.items()}
    content = answer.read()
    if body is not ...:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        named.pop("content-length", None)
    for name, value in (headers or {}).items():
        if value is None:
            named.pop(name.lower(), None)
        else:
            named[name.lower()] = value
    return httpx.Response(status or answer.status_code, headers=named, content=content, request=answer.request)


def on_answers(change: Callable[[httpx.Request, Answer], Answer | None]) -> Meddle:
    """Changes some answers: what `change` says, or the true one when it says nothing."""

    def meddle(request: httpx.Request, inner: Inner) -> Answer:
        answer = inner(request)
        return change(request, answer) or answer

    return meddle


def on_json(change: Callable[[httpx.Request, Any], Any]) -> Meddle:
    """Changes JSON bodies of successes."""

    def one(request: httpx.Request, answer: Answer) -> Answer | None:
        if not answer.is_success or "json" not in answer.headers.get("content-type", "") or not answer.content:
            return None
        return changed(answer, body=change(request, msgspec.json.decode(answer.content)))

    return on_answers(one)


def resent(request: httpx.Request, **how: Any) -> httpx.Request:
    """The same request with another `url`, `method`, `content` or `headers` (None takes a header out)."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    for name, value in how.pop("headers", {}).items():
        if value is None:
            headers.pop(name.lower(), None)
        else:
            headers[name.lower()] = value
    headers.pop("content-length", None)
    content = how.pop("content", request.content)
    return httpx.Request(
        how.pop("method", request.method), how.pop("url", request.url), headers=headers, content=content
    )


def asked(request: httpx.Request, **params: Any) -> httpx.Request:
    """The same request with these query parameters; None takes one out."""
    query = dict(request.url.params)
    for name, value in params.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return resent(request, url=request.url.copy_with(params=query))


def with_our_token(target: Target, request: httpx.Request) -> httpx.Request:
    """The same request, let in whoever asked."""
    from seatrial.verify.bench import Bench

    surface = _surface_of(target.contract, request)
    tokens = Bench(target, surface).tokens
    return resent(request, headers=dict(tokens.headers(tokens.own())))


def _surface_of(contract: Contract, request: httpx.Request) -> str:
    for operation in contract.operations.values():
        wanted, given = operation.path.split("/"), request.url.path.split("/")
        same = all(one == other or one.startswith("{") for one, other in zip(wanted, given, strict=False))
        if same and len(wanted) == len(given):
            return operation.surface
    return next(iter(contract.surfaces))


# In the fake, or in what it reads -------------------------------------------------------------------------------------


def bent(fake: Fake, contract: Contract | None = None, hooks: Any = None) -> Target:
    """A wrong fake held to its true contract. `hooks` stands between it and the receiver of its webhooks."""
    receiver = InProcessReceiver()
    wire = hooks(receiver) if hooks else receiver
    sandbox = Sandbox((), extra=(fake,), make_clock=lambda: Clock("manual", MOMENT), hooks=wire)
    sandbox.fill(SIZE)
    target = in_process(fake.vendor, sandbox, receiver)
    target.contract = contract or contract_of(fake.vendor)
    return target


def behaving(**operations: Callable[..., Any]) -> Target:
    """Quay with other behaviours for some operations, each given the true one: `name=lambda call, true: …`."""
    fake = quay()
    for name, behaviour in operations.items():
        true = fake.operations[name]
        fake.operations[name] = lambda call, behaviour=behaviour, true=true: behaviour(call, true)
    return bent(fake)


def otherwise(path: str, value: Any) -> Target:
    """Quay as it would be if its profile said something else at a dotted path."""
    true = contract_of(QUAY)
    profile = msgspec.to_builtins(true.profile)
    _put(profile, path.split("."), value)
    documents = {name: surface.document for name, surface in true.surfaces.items()}
    wrong = Contract(QUAY, true.folder, msgspec.convert(profile, Profile, strict=False), documents)
    return bent(_reading(wrong))


def undocumented(surface: str, path: str, value: Any) -> Contract:
    """Quay's contract with something else at a dotted path of a document; None takes it out."""
    true = contract_of(QUAY)
    documents = {name: deepcopy(each.document) for name, each in true.surfaces.items()}
    _put(documents[surface], path.split("."), value)
    return Contract(QUAY, true.folder, true.profile, documents)


def documenting(surface: str, path: str, value: Any) -> Target:
    """Quay as it would be if one of its documents said something else."""
    return bent(_reading(undocumented(surface, path, value)))


def judged_by(contract: Contract) -> Target:
    """A right quay, held to a wrong contract."""
    target = bent(quay())
    target.contract = contract
    return target


def _reading(contract: Contract) -> Fake:
    fake = quay()
    fake._contract = contract
    return fake


def _put(tree: Any, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        tree = tree[int(step) if isinstance(tree, list) else step]
    if value is None:
        del tree[path[-1]]
    else:
        tree[int(path[-1]) if isinstance(tree, list) else path[-1]] = value


# On the way of webhooks, and in what becomes of a fault ---------------------------------------------------------------


class Hooks(httpx.AsyncBaseTransport):
    """Stands between a fake and whoever it tells."""

    def __init__(self, receiver: InProcessReceiver, meddle: Callable[..., Any]) -> None:
        self.receiver = receiver
        self.meddle = meddle

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        await request.aread()
        return await self.meddle(request, self.receiver.handle_async_request)


def telling(meddle: Callable[..., Any], fake: Fake | None = None) -> Target:
    """Quay, its webhooks meddled with."""
    return bent(fake or quay(), hooks=lambda receiver: Hooks(receiver, meddle))


def failing(vendor: str = QUAY, **instead: str) -> Target:
    """A fake that, asked to fail in one way, fails in another: `lose="drop"` undoes what it should only not answer."""
    target = _target(vendor)
    control: Any = target.control
    true = control.fault

    def fault(operation: str, kind: str, **how: Any) -> None:
        if instead.get(kind) != "nothing":
            true(operation, instead.get(kind, kind), **how)

    control.fault = fault
    return target
