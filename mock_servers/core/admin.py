"""Our own API over the worlds: code first, plain FastAPI with models, behind a token that is always on."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from contracts.profile import RateLimit
from mock_servers.core.clock import Clock, iso_millis, moment_of
from mock_servers.core.fake import Size
from mock_servers.core.faults import Kind
from mock_servers.core.filters import All, Is
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.refusals import refusal_answer
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.throttle import check_numbers
from mock_servers.core.webhooks import KIND, redeliver
from mock_servers.core.world import World

Name = Annotated[str, Field(min_length=1, max_length=64)]
SEED_MAXIMUM = 10_000_000
LISTED_MAXIMUM = 1000


class Form(BaseModel):
    """What is sent is what is named; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class NewWorld(Form):
    """A world of one's own, with credentials of its own."""

    name: Name
    seed: int | None = Field(None, description="The same seed gives the same world; left out, it cannot be guessed.")
    clock: Literal["real", "manual"] = "real"
    now: str | None = Field(None, description="The moment its clock starts at, ISO-8601.")


class Seed(Form):
    """How much to fill a world with."""

    vendor: str | None = Field(None, description="One vendor; every one when left out.")
    orders: int = Field(20, ge=0, le=SEED_MAXIMUM)
    products: int = Field(50, ge=1, le=100_000)


class ClockChange(Form):
    """`advance_seconds` moves on; `mode` makes the clock stand still or run; `now` sets it."""

    advance_seconds: float | None = Field(None, ge=0, le=3_162_240_000)
    mode: Literal["real", "manual"] | None = None
    now: str | None = None


class NewFault(Form):
    """A failure to come. `operation` is the contract's name, a GraphQL root field, `webhook:<topic>`, or `*`."""

    vendor: str
    operation: str
    kind: Kind
    times: int | None = Field(1, ge=1, le=1_000_000)
    chance: float = Field(1.0, ge=0, le=1)
    seconds: float = Field(1.0, ge=0, le=86_400)
    error: str = ""


class Served(msgspec.Struct, frozen=True):
    """What the admin API acts on. `described` says where a world's vendors are."""

    sandbox: Sandbox
    described: Callable[[World | None], dict[str, Any]]


def admin_app(sandbox: Sandbox, token: str, described: Callable[[World | None], dict[str, Any]]) -> FastAPI:
    """The application over one sandbox."""
    quiet: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
    app = FastAPI(title="Seatrial admin", redoc_url=None, telemetry=quiet)
    app.state.served = Served(sandbox, described)
    app.include_router(open_router)
    app.include_router(router, dependencies=[Depends(_guard(token))])
    app.add_exception_handler(UsageError, _usage_refused)
    app.add_exception_handler(Refusal, _vendor_refused)
    app.add_exception_handler(RequestValidationError, _form_refused)
    return app


class Told(JSONResponse):
    """JSON in ASCII: what is said about a wrong request can be said whatever was in it."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode()


def _served(request: Request) -> Served:
    served: Served = request.app.state.served
    return served


def _chosen(request: Request, world: str) -> World:
    return _served(request).sandbox.worlds.get(world)


Box = Annotated[Served, Depends(_served)]
Chosen = Annotated[World, Depends(_chosen)]
open_router = APIRouter()
router = APIRouter()


async def _usage_refused(_: Request, error: Exception) -> JSONResponse:
    status = 404 if "there is no" in str(error) else 400
    return Told({"error": {"message": str(error)}}, status)


async def _form_refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    told = [{"loc": list(each["loc"]), "msg": each["msg"], "type": each["type"]} for each in error.errors()]
    return Told({"detail": told}, 422)


async def _vendor_refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for nothing else
    said = _said(_served(request).sandbox, request.path_params.get("vendor", ""), error)
    return Told({"error": {"code": error.code, "message": said}}, 404 if error.code == "not_found" else 409)


@open_router.get("/health")
async def health() -> dict[str, str]:
    """Whether it is up; the only thing that is told without the token."""
    return {"status": "ok"}


@router.get("/env")
async def env(box: Box, world: str | None = None) -> dict[str, Any]:
    """Where every vendor is, and with which credentials."""
    return box.described(box.sandbox.worlds.get(world) if world else None)


@router.get("/worlds")
async def worlds(box: Box) -> list[dict[str, Any]]:
    """Every world there is."""
    return [_world(world) for world in box.sandbox.worlds]


@router.post("/worlds", status_code=201)
async def create_world(box: Box, form: NewWorld) -> dict[str, Any]:
    """A new, empty world."""
    clock = Clock(form.clock, _moment(form.now))
    world = box.sandbox.worlds.create(form.name, form.seed, clock)
    return _world(world) | {"vendors": box.described(world)["vendors"]}


@router.delete("/worlds/{world}", status_code=204)
async def drop_world(box: Box, world: str) -> None:
    """End a world and its credentials."""
    box.sandbox.worlds.drop(world)


@router.post("/worlds/{world}/reset")
async def reset(world: Chosen) -> dict[str, Any]:
    """Back to how it was seeded."""
    world.reset()
    return _world(world)


@router.post("/worlds/{world}/seed")
async def seed(box: Box, world: Chosen, form: Seed) -> StreamingResponse:
    """Fill a world. Answers a line of JSON for every step, so that whoever waits sees it move."""
    for vendor in [form.vendor] if form.vendor else []:
        world.work(vendor)
    return StreamingResponse(_seeding(box.sandbox, world, form), media_type="application/x-ndjson")


@router.get("/worlds/{world}/clock")
async def clock(world: Chosen) -> dict[str, Any]:
    """The world's moment."""
    return _clock(world)


@router.post("/worlds/{world}/clock")
async def set_clock(box: Box, world: Chosen, form: ClockChange) -> dict[str, Any]:
    """Move the clock, doing what comes due on the way; or make it stand still or run."""
    if form.mode is not None or form.now is not None:
        moment = _moment(form.now)
        if moment is not None and moment < world.clock.now():
            raise UsageError("a clock can only be set to a later moment; tokens and timers would live twice")
        if moment is not None:
            await box.sandbox.advance(moment - world.clock.now(), world)
        world.clock.switch(form.mode or world.clock.mode)
    if form.advance_seconds:
        await box.sandbox.advance(form.advance_seconds, world)
    box.sandbox.worlds.remember(world)
    return _clock(world)


@router.get("/worlds/{world}/faults")
async def faults(world: Chosen) -> list[dict[str, Any]]:
    """What is planned."""
    return [msgspec.to_builtins(fault) for fault in world.faults.plans]


@router.post("/worlds/{world}/faults", status_code=201)
async def plan_fault(box: Box, world: Chosen, form: NewFault) -> dict[str, Any]:
    """Plan a failure. Refused when the vendor has no such operation."""
    _check_operation(box.sandbox, form)
    wanted = form.model_dump()
    fault = world.faults.plan(wanted.pop("vendor"), wanted.pop("operation"), wanted.pop("kind"), **wanted)
    return dict(msgspec.to_builtins(fault))


@router.delete("/worlds/{world}/faults", status_code=204)
async def clear_faults(world: Chosen, number: int | None = None) -> None:
    """Take one plan back, or all of them."""
    if number is None:
        world.faults.clear()
    else:
        world.faults.drop(number)


@router.get("/worlds/{world}/journal")
async def journal(
    world: Chosen, vendor: str | None = None, operation: str | None = None, after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """What was asked and answered, oldest first, without secrets: the last ones, or the first ones `after` a number."""
    found, most = world.journal.entries(vendor, operation, after), _bounded(limit)
    entries = found[:most] if after else found[-most:]
    return [msgspec.to_builtins(entry) | {"at": iso_millis(entry.at)} for entry in entries]


@router.get("/worlds/{world}/deliveries")
async def deliveries(
    box: Box, world: Chosen, vendor: str | None = None, state: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Webhooks that left or are to leave, newest first, with every attempt."""
    where = Is("state", "=", state) if state else All()
    names = [vendor] if vendor else list(box.sandbox.fakes)
    found = [
        delivery.body | {"vendor": name}
        for name in names
        for delivery in world.work(name).collection(KIND).rows(where, descending=True, limit=_bounded(limit))
    ]
    return sorted(found, key=lambda each: -each["created"])[: _bounded(limit)]


@router.post("/worlds/{world}/deliver", status_code=204)
async def deliver(box: Box, world: Chosen) -> None:
    """Deliver what is due, and answer once all of it was tried: nothing is under way then. Not to be asked by somebody
    who is just being delivered to."""
    await box.sandbox.quiet(world)


@router.post("/worlds/{world}/deliveries/{vendor}/{delivery}/redeliver")
async def send_again(box: Box, world: Chosen, vendor: str, delivery: str) -> dict[str, Any]:
    """The same bytes once more, through the same pipe."""
    work = world.work(vendor)
    redeliver(work, delivery)
    world.finish(work)
    await box.sandbox.deliver(world)
    return world.work(vendor).collection(KIND).get(delivery).body


@router.get("/worlds/{world}/actions")
async def actions(world: Chosen) -> list[dict[str, Any]]:
    """What people can do at the vendors."""
    return [
        {
            "vendor": vendor,
            "action": action.name,
            "says": action.says,
            "arguments": msgspec.json.schema(action.arguments),
        }
        for vendor, fake in world.fakes.items()
        for action in fake.actions.values()
    ]


@router.post("/worlds/{world}/actions/{vendor}/{action}")
async def act(world: Chosen, vendor: str, action: str, arguments: dict[str, Any] | None = None) -> Any:
    """Do what people do. What it causes goes the same way as if the API had been called."""
    return msgspec.to_builtins(world.act(vendor, action, arguments or {}))


@router.get("/worlds/{world}/settings")
async def settings(world: Chosen) -> dict[str, Any]:
    """The world's switches."""
    return world.settings


@router.put("/worlds/{world}/settings")
async def set_settings(box: Box, world: Chosen, form: dict[str, Any]) -> dict[str, Any]:
    """Switches of a vendor, as `<vendor>.<switch>`: null takes one back. Limits start anew."""
    _change_settings(world, form)
    box.sandbox.worlds.remember(world)
    return world.settings


def _guard(token: str) -> Callable[[Request], None]:
    expected = f"Bearer {token}".encode()

    def check(request: Request) -> None:
        shown = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown, expected):
            raise HTTPException(401, "the admin token is missing or wrong; `seatrial env --json` prints it")

    return check


def _world(world: World) -> dict[str, Any]:
    return {"name": world.name, "seed": world.seed, "clock": _clock(world)}


def _clock(world: World) -> dict[str, Any]:
    return {"mode": world.clock.mode, "now": iso_millis(world.clock.now())}


def _moment(text: str | None) -> float | None:
    try:
        return None if text is None else moment_of(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is not an ISO-8601 moment") from error


def _bounded(limit: int) -> int:
    return max(1, min(limit, LISTED_MAXIMUM))


def _check_operation(sandbox: Sandbox, form: NewFault) -> None:
    if form.vendor != "*" and form.vendor not in sandbox.fakes:
        raise UsageError(f"{form.vendor!r} is not served here; there are: {', '.join(sandbox.fakes)}")
    meant = [fake for name, fake in sandbox.fakes.items() if form.vendor in {"*", name}]
    known = {name for fake in meant for name in (*fake.contract.operations, *fake.operations, *fake.fields)}
    if form.operation != "*" and not form.operation.startswith("webhook:") and form.operation not in known:
        raise UsageError(f"{form.vendor} has no operation {form.operation!r}; it has: {', '.join(sorted(known))}")
    surfaces = [surface for fake in meant for surface in fake.contract.profile.surfaces.values()]
    errors = {name for surface in surfaces for name in surface.errors.known}
    if form.error and form.error not in errors:
        raise UsageError(f"{form.vendor} knows no refusal {form.error!r}; it knows: {', '.join(sorted(errors))}")


def _change_settings(world: World, form: dict[str, Any]) -> None:
    try:
        json.dumps(form, allow_nan=False, ensure_ascii=False).encode()
    except ValueError as error:
        raise UsageError("settings are JSON, with text that is text and numbers that are numbers") from error
    for name in form:
        vendor, _, switch = name.partition(".")
        if vendor not in world.fakes or not switch:
            raise UsageError(f"{name!r} is not a setting; settings are named <vendor>.<switch>")
        if switch.startswith("limit.") and form[name] is not None:
            check_numbers(_limits(world, vendor, switch.removeprefix("limit.")), form[name])
    for name, value in form.items():
        if value is None:
            world.settings.pop(name, None)
        else:
            world.settings[name] = value
    world.limits.clear()


def _limits(world: World, vendor: str, name: str) -> list[RateLimit]:
    surfaces = world.fakes[vendor].contract.profile.surfaces.values()
    rules = [surface.rate_limits[name] for surface in surfaces if name in surface.rate_limits]
    if not rules:
        known = ", ".join(sorted({limit for surface in surfaces for limit in surface.rate_limits}))
        raise UsageError(f"{vendor} has no limit {name!r}; it has: {known}")
    return rules


def _said(sandbox: Sandbox, vendor: str, refusal: Refusal) -> str:
    """The vendor's own words, out of its first surface."""
    fake = sandbox.fakes.get(vendor)
    for surface in fake.contract.profile.surfaces.values() if fake else ():
        if refusal.code in surface.errors.known:
            return refusal_answer(surface.errors, refusal)[2].decode("utf-8", "replace")
    return f"{refusal.code} {refusal.words or ''}".strip()


async def _seeding(sandbox: Sandbox, world: World, form: Seed) -> AsyncIterator[bytes]:
    size = Size(orders=form.orders, products=form.products)
    for vendor in [form.vendor] if form.vendor else list(sandbox.fakes):
        if sandbox.fakes[vendor].make_seed is None:
            continue
        for made in world.seed_with(vendor, size):
            yield msgspec.json.encode({"vendor": vendor, "made": made, "of": form.orders}) + b"\n"
            await asyncio.sleep(0)
    world.settle()
    sandbox.worlds.remember(world)
    yield b'{"done": true}\n'
