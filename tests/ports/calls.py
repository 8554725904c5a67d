"""Every method of every port, with something to call it with: what the laws about outcomes are told in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from connectors import ports
from connectors.canonical import DeliveryState, Fulfillment, Level, Page
from connectors.core.errors import Refused
from tests.ports.rig import Rig, rigs
from tests.ports.stage import Stage, rows_of


@dataclass(frozen=True)
class Feed:
    """A list that is walked from a cursor. `place` and `touch` are the rig's methods that make and change a row."""

    name: str
    port: type
    place: str
    touch: str

    def of(self, connector: Any, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        return getattr(connector, self.name)(cursor)


FEEDS = (
    Feed("orders", ports.OrderSource, "place_order", "touch_order"),
    Feed("deliveries", ports.OrderDestination, "place_delivery", "touch_delivery"),
    Feed("shipments", ports.ShipmentSource, "place_shipment", "touch_shipment"),
    Feed("levels", ports.InventorySource, "place_level", "touch_level"),
    Feed("products", ports.ProductSource, "place_product", "touch_product"),
)


@dataclass(frozen=True)
class Call:
    """A method, called. `arrange` makes what it is called with, before anything goes wrong."""

    name: str
    arrange: Callable[[Stage], Awaitable[Any]]
    do: Callable[[Any, Any], Awaitable[Any]]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Write(Call):
    """A method that changes something.

    `look` is how the connector finds out whether it is done; `times` says, out of the vendor's books, how often it was
    done: 0, 1, 2, or 0.5 for half of it. `harmless`: its port says that repeating is, so nobody has to look before.
    `absolute`: what it says is not relative to anything either, so that "not applied" may leave a part behind.
    """

    look: Callable[[Any, Any], Awaitable[bool]]
    times: Callable[[Stage, Any], float]
    harmless: bool = False
    absolute: bool = False


def calls_of(rig: Rig) -> list[Call]:
    """What the vendor's connector can be asked and told."""
    return [*reads_of(rig), *writes_of(rig)]


def reads_of(rig: Rig) -> list[Call]:
    """The methods that change nothing."""
    played = rig.ports()
    found = [Call("check", _nothing, lambda connector, _: connector.check())]
    found += [
        Call(feed.name, _placed(feed), lambda connector, _, feed=feed: rows_of(feed.of(connector)))
        for feed in FEEDS
        if feed.port in played
    ]
    if ports.OrderSource in played:
        found.append(Call("order", _order, lambda connector, number: connector.order(number)))
    if ports.OrderDestination in played:
        found.append(Call("find_delivery", _delivered, lambda connector, it: connector.find_delivery(it.reference)))
    if ports.ShipmentSink in played:
        kind = next(iter(rig.fulfillments()))
        found.append(Call("find_fulfillment", _fulfillment(kind), lambda connector, it: connector.find_fulfillment(it)))
    if {ports.InventorySource, ports.InventorySink} & played:
        found.append(Call("warehouses", _nothing, lambda connector, _: connector.warehouses()))
    if ports.InventorySink in played:
        found.append(Call("find_levels", _skus, lambda connector, skus: connector.find_levels(skus)))
    return found


def writes_of(rig: Rig) -> list[Write]:
    """The methods that change something."""
    played = rig.ports()
    found = []
    if ports.OrderSource in played:
        found.append(CANCEL_ORDER)
    if ports.OrderDestination in played:
        found += [DELIVER, CANCEL_DELIVERY]
    if ports.ShipmentSink in played:
        found += [_fulfill(kind) for kind in rig.fulfillments()]
        found += [_cancel_fulfillment(kind) for kind in rig.fulfillments()]
    if ports.InventorySink in played:
        found.append(SET_LEVELS)
    return found


def few_calls_of(rig: Rig) -> list[Call]:
    """The same with each method once or twice: where what is shipped makes no difference."""
    kinds = list(rig.fulfillments()) if ports.ShipmentSink in rig.ports() else []
    return [call for call in calls_of(rig) if not any(f"({kind})" in call.name for kind in kinds[1:-1])]


def few_writes_of(rig: Rig) -> list[Write]:
    return [call for call in few_calls_of(rig) if isinstance(call, Write)]


def cells(kind: Callable[[Rig], list[Any]]) -> pytest.MarkDecorator:
    """Every vendor with each of its calls."""
    rows = [(rig, call) for rig in rigs() for call in kind(rig)]
    return pytest.mark.parametrize(("rig", "call"), rows, ids=[f"{rig.name}-{call}" for rig, call in rows])


def feeds() -> pytest.MarkDecorator:
    """Every vendor with each of its feeds."""
    rows = [(rig, feed) for rig in rigs() for feed in FEEDS if feed.port in rig.ports()]
    return pytest.mark.parametrize(("rig", "feed"), rows, ids=[f"{rig.name}-{feed.name}" for rig, feed in rows])


# What they are called with


async def _nothing(stage: Stage) -> None:
    return None


def _placed(feed: Feed) -> Callable[[Stage], Awaitable[str]]:
    async def place(stage: Stage) -> str:
        return str(getattr(stage.rig, feed.place)(stage))

    return place


async def _order(stage: Stage) -> str:
    return stage.rig.place_order(stage)


async def _delivered(stage: Stage) -> DeliveryState:
    state = await stage.another().deliver(stage.rig.new_delivery(stage), "key")
    assert isinstance(state, DeliveryState)
    return state


async def _skus(stage: Stage) -> list[str]:
    return list(stage.rig.skus(stage))


def _fulfillment(kind: str) -> Callable[[Stage], Awaitable[Fulfillment]]:
    async def arrange(stage: Stage) -> Fulfillment:
        made = stage.rig.fulfillments()[kind](stage)
        assert isinstance(made, Fulfillment)
        return made

    return arrange


# The writes


async def _is_cancelled(connector: Any, id: str) -> bool:
    order = await connector.order(id)
    return bool(order.status == "cancelled")


CANCEL_ORDER = Write(
    "cancel_order",
    _order,
    lambda connector, number: connector.cancel_order(number, "out of stock", "key"),
    _is_cancelled,
    lambda stage, number: stage.rig.is_order_cancelled(stage, number),
)


async def _new_delivery(stage: Stage) -> Any:
    return stage.rig.new_delivery(stage)


async def _is_delivered(connector: Any, delivery: Any) -> bool:
    return await connector.find_delivery(delivery.reference) is not None


DELIVER = Write(
    "deliver",
    _new_delivery,
    lambda connector, delivery: connector.deliver(delivery, "key"),
    _is_delivered,
    lambda stage, delivery: len(stage.rig.deliveries_there(stage, delivery.reference)),
)


async def _is_called_off(connector: Any, state: Any) -> bool:
    found = await connector.find_delivery(state.reference)
    return bool(found.status == "cancelled")


CANCEL_DELIVERY = Write(
    "cancel_delivery",
    _delivered,
    lambda connector, state: connector.cancel_delivery(state.remote, "cancelled in the shop", "key"),
    _is_called_off,
    lambda stage, state: stage.rig.is_delivery_cancelled(stage, state.remote),
    harmless=True,
)


def wanted_of(fulfillment: Fulfillment) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for line, quantity in fulfillment.lines:
        wanted[line] = wanted.get(line, 0) + quantity
    return wanted


def _times_told(stage: Stage, fulfillment: Fulfillment) -> float:
    told, wanted = stage.rig.told(stage, fulfillment), wanted_of(fulfillment)
    if told == wanted:
        return 1
    return 2 if any(quantity > wanted.get(line, 0) for line, quantity in told.items()) else 0.5 if told else 0


def _times_taken_back(stage: Stage, fulfillment: Fulfillment) -> float:
    left = _times_told(stage, fulfillment)
    return 1 - left if left <= 1 else -1


async def _is_told(connector: Any, fulfillment: Fulfillment) -> bool:
    return await connector.find_fulfillment(fulfillment) is not None


def _fulfill(kind: str) -> Write:
    return Write(
        f"fulfill ({kind})",
        _fulfillment(kind),
        lambda connector, fulfillment: connector.fulfill(fulfillment, "key"),
        _is_told,
        _times_told,
    )


def _cancel_fulfillment(kind: str) -> Write:
    async def arrange(stage: Stage) -> tuple[str, Fulfillment]:
        fulfillment = await _fulfillment(kind)(stage)
        return await stage.another().fulfill(fulfillment, "key"), fulfillment

    async def look(connector: Any, told: tuple[str, Fulfillment]) -> bool:
        return await connector.find_fulfillment(told[1]) is None

    return Write(
        f"cancel_fulfillment ({kind})",
        arrange,
        lambda connector, told: connector.cancel_fulfillment(told[0], "key"),
        look,
        lambda stage, told: _times_taken_back(stage, told[1]),
        harmless=True,
    )


async def _levels(stage: Stage) -> list[Level]:
    return [stage.rig.level(stage, sku, 40 + stage.number()) for sku in stage.rig.skus(stage)[:3]]


async def _set(connector: Any, levels: list[Level]) -> None:
    refused = await connector.set_levels(levels, "key")
    assert set(refused) <= {level.sku for level in levels}
    if refused:
        raise Refused("; ".join(refused.values()))


async def _are_set(connector: Any, levels: list[Level]) -> bool:
    found = await connector.find_levels([level.sku for level in levels])
    return bool(dict(found) == {level.sku: level.available for level in levels})


def _times_set(stage: Stage, levels: list[Level]) -> float:
    right = [stage.rig.available(stage, level.sku) == level.available for level in levels]
    return 1 if all(right) else 0.5 if any(right) else 0


SET_LEVELS = Write("set_levels", _levels, _set, _are_set, _times_set, harmless=True, absolute=True)
