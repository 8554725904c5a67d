"""Connectors with one thing wrong each, made of any vendor's, and the test of the ports that has to notice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from connectors import ports
from connectors.canonical import DeliveryState, Hint, Page
from connectors.core.errors import BadCursor, BadSignature, Conflict, ConnectorError, NotApplied, Unknown
from tests.ports import (
    test_connector,
    test_feeds,
    test_inventory,
    test_order_destination,
    test_order_source,
    test_outcomes,
    test_shipment_source,
    test_webhook_source,
    test_writes,
)
from tests.ports.calls import CANCEL_ORDER, DELIVER, FEEDS, SET_LEVELS, Feed, reads_of, writes_of
from tests.ports.rig import Rig, rigs

Kind = type[Any]


@dataclass(frozen=True)
class Defect:
    """What is wrong, in a connector that plays `port`; how it is made wrong; and the test that has to say so."""

    says: str
    port: type
    wrong: Callable[[Kind], dict[str, Any]]
    noticed_by: Callable[..., None]
    given: dict[str, Any]

    def planted(self, rig: Rig) -> Rig:
        """The vendor's rig with a connector that is wrong."""
        return rig.of(type(rig.kind.__name__, (rig.kind,), self.wrong(rig.kind)))

    def ask(self, rig: Rig) -> None:
        """Hold a rig's connector to the test. Raises what the test raises."""
        self.noticed_by(rig=rig, **{name: at(rig) if callable(at) else at for name, at in self.given.items()})


def defects() -> Iterator[Defect]:
    """All of them."""
    yield from ANYBODY
    for feed in FEEDS:
        if feed.name != "levels":  # which are read whole each time, in no order
            yield from _of_feed(feed)
    yield from ORDERS + DELIVERIES + SHIPMENTS + LEVELS + WEBHOOKS


def possible() -> Iterator[tuple[Rig, Defect]]:
    """Every vendor's rig with each defect that its connector can have."""
    known = list(defects())
    for rig in rigs():
        yield from ((rig, each) for each in known if each.port is ports.Connector or each.port in rig.ports())


# Lists ---------------------------------------------------------------------------------------------------------------


def walked(feed: Feed, change: Callable[[list[Page[Any]]], list[Page[Any]]]) -> Callable[[Kind], dict[str, Any]]:
    """The pages of the true walk, with something done to them."""

    def wrong(kind: Kind) -> dict[str, Any]:
        async def walk(self: Any, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
            for page in change([page async for page in getattr(kind, feed.name)(self, cursor)]):
                yield page

        return {feed.name: walk}

    return wrong


def from_anywhere(feed: Feed) -> Callable[[Kind], dict[str, Any]]:
    def wrong(kind: Kind) -> dict[str, Any]:
        async def walk(self: Any, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
            try:
                async for page in getattr(kind, feed.name)(self, cursor):
                    yield page
            except BadCursor:
                async for page in getattr(kind, feed.name)(self):
                    yield page

        return {feed.name: walk}

    return wrong


def from_the_beginning(feed: Feed) -> Callable[[Kind], dict[str, Any]]:
    def wrong(kind: Kind) -> dict[str, Any]:
        async def walk(self: Any, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
            async for page in getattr(kind, feed.name)(self):
                yield page

        return {feed.name: walk}

    return wrong


def _of_feed(feed: Feed) -> Iterator[Defect]:
    def of(says: str, wrong: Callable[[Kind], dict[str, Any]], noticed_by: Any, **given: Any) -> Defect:
        return Defect(f"{feed.name}: {says}", feed.port, wrong, noticed_by, {"feed": feed} | given)

    order = test_feeds.test_rows_come_in_the_order_of_the_sources_clock_and_each_once
    yield of("the last page is lost", walked(feed, lambda pages: pages[:-1]), order)
    yield of("the first page comes twice", walked(feed, lambda pages: pages[:1] + pages), order)
    if feed.name in {"orders", "shipments"}:  # whose rows say when they changed
        yield of("the newest comes first", walked(feed, lambda pages: pages[::-1]), order)
    ends = test_feeds.test_a_feed_with_nothing_new_ends
    yield of("a page without rows comes last", walked(feed, lambda pages: [*pages, Page((), "{}")]), ends)
    foreign = test_feeds.test_a_cursor_that_is_not_ours_is_refused_before_anything_is_asked
    yield of("a cursor that is none is the beginning", from_anywhere(feed), foreign, cursor="garbage")
    short = test_feeds.test_a_walk_from_the_last_cursor_is_short
    yield of("every walk begins at the beginning", from_the_beginning(feed), short)


# Methods -------------------------------------------------------------------------------------------------------------


def answering(name: str, answer: Any) -> Callable[[Kind], dict[str, Any]]:
    """A method that says the same whatever is asked."""

    async def method(self: Any, *given: Any) -> Any:
        return answer

    return lambda _: {name: method}


def changing(name: str, change: Callable[[Any], Any]) -> Callable[[Kind], dict[str, Any]]:
    """A method whose answer is changed."""

    def wrong(kind: Kind) -> dict[str, Any]:
        async def method(self: Any, *given: Any) -> Any:
            return change(await getattr(kind, name)(self, *given))

        return {name: method}

    return wrong


def catching(name: str, caught: type[ConnectorError], then: Callable[..., Any]) -> Callable[[Kind], dict[str, Any]]:
    """A method that makes something else of an error: `then(error, *given)` answers, or raises."""

    def wrong(kind: Kind) -> dict[str, Any]:
        async def method(self: Any, *given: Any) -> Any:
            try:
                return await getattr(kind, name)(self, *given)
            except caught as error:
                return then(error, *given)

        return {name: method}

    return wrong


def not_applied(error: ConnectorError, *_: Any) -> None:
    raise NotApplied("it did not come to be, for sure") from error


def outside_the_tree(error: ConnectorError, *_: Any) -> None:
    raise RuntimeError("something else") from error


def slow_to_give_up(kind: Kind) -> dict[str, Any]:
    async def check(self: Any) -> Any:
        try:
            return await kind.check(self)
        except ConnectorError:
            await asyncio.sleep(3600)
            raise

    return {"check": check}


def left_over(kind: Kind) -> dict[str, Any]:
    async def check(self: Any) -> Any:
        self.waiting = asyncio.ensure_future(asyncio.sleep(1e6))
        return await kind.check(self)

    return {"check": check}


def told_in_its_repr(kind: Kind) -> dict[str, Any]:
    def begin(self: Any, settings: Any, **more: Any) -> None:
        kind.__init__(self, settings, **more)
        self.words = [str(getattr(settings, name)) for name in dir(settings) if not name.startswith("_")]

    return {"__init__": begin, "__repr__": lambda self: " ".join(self.words)}


def not_closing(_: Kind) -> dict[str, Any]:
    async def aclose(self: Any) -> None:
        """Nothing is given back."""

    return {"aclose": aclose}


def closing_twice(kind: Kind) -> dict[str, Any]:
    async def aclose(self: Any) -> None:
        await kind.aclose(self)
        await self.again.aclose()

    def begin(self: Any, settings: Any, **more: Any) -> None:
        kind.__init__(self, settings, **more)
        self.again = more["transport"]

    return {"__init__": begin, "aclose": aclose}


def _check(rig: Rig) -> Any:
    return next(call for call in reads_of(rig) if call.name == "check")


def _first(name: str) -> Callable[[Rig], Any]:
    return lambda rig: next(call for call in writes_of(rig) if call.name.startswith(name))


PROVED = test_connector.test_right_credentials_are_proved_by_the_accounts_name_and_wrong_ones_are_unauthorized
LASTING = test_outcomes.test_a_failure_that_lasts_is_told_as_what_it_is_and_not_waited_for_for_ever
FOUND = test_writes.test_what_a_write_made_is_found_at_once_and_was_not_there_before
FAULT = test_writes.test_a_fault_at_any_request_of_a_write_is_told_as_what_it_is_and_survived
GONE = test_writes.test_not_applied_and_refused_are_only_said_of_what_changed_nothing

ANYBODY = (
    Defect("any credentials will do", ports.Connector, answering("check", "Acme"), PROVED, {}),
    Defect("errors are of no tree", ports.Connector, catching("check", ConnectorError, outside_the_tree), PROVED, {}),
    Defect("it gives up after an hour", ports.Connector, slow_to_give_up, LASTING, {"call": _check, "failure": "drop"}),
    Defect(
        "what broke is told as never begun",
        ports.Connector,
        catching("check", Unknown, not_applied),
        LASTING,
        {"call": _check, "failure": "lose"},
    ),
    Defect("a task is left over", ports.Connector, left_over, PROVED, {}),
    Defect("its repr tells its secrets", ports.Connector, told_in_its_repr, PROVED, {}),
    Defect("its connections are not given back", ports.Connector, not_closing, PROVED, {}),
    Defect("its connections are given back twice", ports.Connector, closing_twice, PROVED, {}),
)


def _cancelled_anyway(error: ConnectorError, id: str, *_: Any) -> None:
    """As if it had been."""


ORDERS = (
    Defect(
        "an order is read in another currency",
        ports.OrderSource,
        changing("order", lambda order: replace(order, currency="XXX") if order else order),
        test_order_source.test_an_order_is_complete_and_its_words_are_of_their_kinds,
        {},
    ),
    Defect(
        "a cancelled order is read as open",
        ports.OrderSource,
        changing("order", lambda order: replace(order, status="open") if order else order),
        FOUND,
        {"call": CANCEL_ORDER},
    ),
    Defect(
        "what has left is cancelled nonetheless, it says",
        ports.OrderSource,
        catching("cancel_order", Conflict, _cancelled_anyway),
        test_order_source.test_what_has_left_cannot_be_cancelled_and_what_is_unknown_neither,
        {},
    ),
    Defect(
        "an order is never cancelled", ports.OrderSource, answering("cancel_order", None), FOUND, {"call": CANCEL_ORDER}
    ),
    Defect(
        "a cancellation nobody answered is told as never begun",
        ports.OrderSource,
        catching("cancel_order", Unknown, not_applied),
        GONE,
        {"call": CANCEL_ORDER, "fault": "lose"},
    ),
)


def renamed(kind: Kind) -> dict[str, Any]:
    async def deliver(self: Any, delivery: Any, key: str) -> Any:
        self.times = getattr(self, "times", 0) + 1
        return await kind.deliver(self, replace(delivery, reference=f"{delivery.reference}-{self.times}"), key)

    return {"deliver": deliver}


def _called_off_anyway(error: ConnectorError, remote: Any, *_: Any) -> DeliveryState:
    return DeliveryState(remote, "", "cancelled")


DELIVERIES = (
    Defect("a delivery gets a name of its own", ports.OrderDestination, renamed, FOUND, {"call": DELIVER}),
    Defect(
        "no delivery is ever found", ports.OrderDestination, answering("find_delivery", None), FOUND, {"call": DELIVER}
    ),
    Defect(
        "a delivery nobody answered is told as never begun",
        ports.OrderDestination,
        catching("deliver", Unknown, not_applied),
        GONE,
        {"call": DELIVER, "fault": "lose"},
    ),
    Defect(
        "a delivery that never went is told as made",
        ports.OrderDestination,
        catching("deliver", Unknown, lambda _, delivery, __: DeliveryState(None, delivery.reference, "open")),  # type: ignore[arg-type]
        FAULT,
        {"call": DELIVER, "fault": "drop"},
    ),
    Defect(
        "other goods under a known name are taken for the same",
        ports.OrderDestination,
        catching("deliver", Conflict, lambda _, delivery, __: DeliveryState(None, delivery.reference, "open")),  # type: ignore[arg-type]
        test_order_destination.test_the_same_reference_for_other_goods_is_a_conflict_and_changes_nothing,
        {},
    ),
    Defect(
        "what has left is called off, it says",
        ports.OrderDestination,
        catching("cancel_delivery", Conflict, _called_off_anyway),
        test_order_destination.test_what_has_left_is_not_cancelled_and_what_is_cancelled_stays_so,
        {},
    ),
)


def without_voided(kind: Kind) -> dict[str, Any]:
    async def shipments(self: Any, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        async for page in kind.shipments(self, cursor):
            if rows := tuple(row for row in page.rows if not row.voided):
                yield Page(rows, page.cursor)

    return {"shipments": shipments}


SHIPMENTS = (
    Defect(
        "what was voided is left out",
        ports.ShipmentSource,
        without_voided,
        test_shipment_source.test_a_voided_shipment_is_learnt_again_as_voided_and_otherwise_the_same,
        {},
    ),
    Defect(
        "no fulfilment is ever found",
        ports.ShipmentSink,
        answering("find_fulfillment", None),
        FOUND,
        {"call": _first("fulfill ")},
    ),
    Defect(
        "a fulfilment nobody answered is told as never begun",
        ports.ShipmentSink,
        catching("fulfill", Unknown, not_applied),
        GONE,
        {"call": _first("fulfill "), "fault": "lose"},
    ),
    Defect(
        "a fulfilment is never taken back",
        ports.ShipmentSink,
        answering("cancel_fulfillment", None),
        FOUND,
        {"call": _first("cancel_fulfillment")},
    ),
)


def dated_late(kind: Kind) -> dict[str, Any]:
    async def levels(self: Any, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        async for page in kind.levels(self, cursor):
            now = self._http.now()  # the same one that dates them rightly
            yield Page(tuple(replace(row, as_of=now) for row in page.rows), page.cursor)

    return {"levels": levels}


def all_but_one(kind: Kind) -> dict[str, Any]:
    async def set_levels(self: Any, levels: Any, key: str) -> Any:
        return await kind.set_levels(self, levels[1:], key)

    return {"set_levels": set_levels}


def one_more(kind: Kind) -> dict[str, Any]:
    async def set_levels(self: Any, levels: Any, key: str) -> Any:
        return await kind.set_levels(self, [replace(each, available=each.available + 1) for each in levels], key)

    return {"set_levels": set_levels}


LEVELS = (
    Defect(
        "levels are dated when they were answered",
        ports.InventorySource,
        dated_late,
        test_inventory.test_no_level_is_older_than_it_says,
        {},
    ),
    Defect("the first level is not set", ports.InventorySink, all_but_one, FOUND, {"call": SET_LEVELS}),
    Defect("a level is set one too high", ports.InventorySink, one_more, FOUND, {"call": SET_LEVELS}),
)


def believing(kind: Kind) -> dict[str, Any]:
    def verify(self: Any, headers: Any, body: bytes) -> Hint:
        try:
            hint = kind.verify(self, headers, body)
        except BadSignature:
            return Hint("1", "orders/create", "1")
        assert isinstance(hint, Hint)
        return hint

    return {"verify": verify}


def counting(kind: Kind) -> dict[str, Any]:
    def verify(self: Any, headers: Any, body: bytes) -> Any:
        self.times = getattr(self, "times", 0) + 1
        return replace(kind.verify(self, headers, body), event_id=str(self.times))

    return {"verify": verify}


WEBHOOKS = (
    Defect(
        "any signature will do",
        ports.WebhookSource,
        believing,
        test_webhook_source.test_longer_shorter_and_rewritten_bodies_are_not_believed,
        {},
    ),
    Defect(
        "a delivery sent again has another id",
        ports.WebhookSource,
        counting,
        test_webhook_source.test_a_delivery_that_is_sent_again_has_the_same_id,
        {},
    ),
)
