"""The six functions, and forgetting. Each may be run at any time, by any runner, as often as it likes: what matters is
in the ledger.

Learning reads a feed page by page; rows, the effects they ask for and the cursor commit together, so a page that fails
moves nothing. Doing takes the effects that are due and performs them; what is put off stays in the ledger.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from connectors.canonical import DeliveryState, Level, Order, Page, Shipment
from connectors.core.errors import BadCursor, ConnectorError, NotApplied, Unauthorized
from connectors.sync.effects import perform
from connectors.sync.events import PassEnded, PassStarted
from connectors.sync.figures import forget_some
from connectors.sync.kinds import KINDS
from connectors.sync.learn import learn_delivery, learn_order, learn_shipment
from connectors.sync.ledger import Effect, LeaseLost
from connectors.sync.schedule import KINDS_OF, RETENTION
from connectors.sync.stock import ask_for_levels, learn_levels, take_over_promises
from connectors.sync.work import PageWatch, Work, together

T = TypeVar("T")

FIRST_RETRY = timedelta(seconds=30)
FAILURES_BEFORE_A_PERSON = 3
LEARNING = frozenset({"order_download", "shipping_confirmations", "inventory"})


async def order_download(work: Work) -> None:
    """Learn what shoppers ordered, changed and cancelled, from one cart."""

    def keep(rows: Sequence[Order], now: datetime) -> None:
        touched: set[str] = set()
        for order in rows:
            touched |= learn_order(work.ledger, work.merchant, order, now)
        ask_for_levels(work.ledger, work.merchant, touched, now, stirred=work.lane)

    await _read(work, "orders", work.merchant.order_sources[work.lane].orders, keep)


async def order_delivery(work: Work) -> None:
    """Bring orders to the destination, and cancel there what was cancelled in its cart."""
    await _do(work, KINDS_OF["order_delivery"])


async def shipping_confirmations(work: Work) -> None:
    """Learn what left the warehouse, what was voided, and what was cancelled over there."""

    def keep_shipments(rows: Sequence[Shipment], now: datetime) -> None:
        for shipment in rows:
            learn_shipment(work.ledger, work.merchant, shipment, now)

    def keep_deliveries(rows: Sequence[DeliveryState], now: datetime) -> None:
        for state in rows:
            learn_delivery(work.ledger, work.merchant, state, now)

    source = work.merchant.shipment_source
    failure: Exception | None = None
    try:
        if source:
            await _read(work, "shipments", source.shipments, keep_shipments)
    except LeaseLost:
        raise
    except Exception as error:  # cancellations are learnt all the same
        failure = error
    await _read(work, "deliveries", work.merchant.destination.deliveries, keep_deliveries)
    if failure:
        raise failure


async def shipment_upload(work: Work) -> None:
    """Tell one cart what was shipped, what was voided, and what will not be shipped."""
    await _do(work, KINDS_OF["shipment_upload"])


async def inventory(work: Work) -> None:
    """Learn what the warehouse counts. Once all of it is read, orders it counts are no longer subtracted here."""
    source, began = work.merchant.inventory_source, work.clock.now()
    if source is None:
        return

    def keep(rows: Sequence[Level], now: datetime) -> None:
        learn_levels(work.ledger, work.merchant, rows, began, now)

    if await _read(work, "levels", source.levels, keep):
        with work.commit() as now:
            take_over_promises(work.ledger, work.merchant, began, now)


async def inventory_upload(work: Work) -> None:
    """Tell one cart what it may sell, as absolute numbers."""
    await _do(work, KINDS_OF["inventory_upload"])


async def retention(work: Work) -> None:
    """Forget what has been over for longer than the merchant wants it remembered, some at a time."""
    more = True
    while more and not work.stopping():
        with work.commit() as now:
            more = forget_some(work.ledger, work.merchant, now - work.merchant.settings.keep) > 0
        await asyncio.sleep(0)  # lanes side by side go on


FUNCTIONS: Mapping[str, Callable[[Work], Awaitable[None]]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            order_download,
            order_delivery,
            shipping_confirmations,
            shipment_upload,
            inventory,
            inventory_upload,
            retention,
        )
    }
)


async def run_pass(work: Work, name: str) -> PassEnded:
    """Run one function now, and write down how it went and when it is due again. Raises `LeaseLost`.

    A vendor that turns us away rests its whole lane; any other failure rests only this function, longer each time,
    and is told to a person when it lasts.
    """
    ledger, lane = work.ledger, work.lane
    every = next((due.every_seconds for due in ledger.passes(lane) if due.name == name), 1)
    with work.commit() as now:
        began = now
        ledger.pass_started(lane, name, now=now, due=now + timedelta(seconds=every))
    work.tell(PassStarted(began, lane, name))
    error = ""
    try:
        await FUNCTIONS[name](work)
    except LeaseLost:
        raise
    except Exception as failure:
        error = _words(failure)
        with work.commit() as now:
            _failed(work, name, failure, error, every, now)
    else:
        with work.commit() as now:
            _succeeded(work, name, now)
    ended = PassEnded(work.clock.now(), lane, name, work.learnt, work.settled, error)
    work.tell(ended)
    return ended


def _words(failure: Exception) -> str:
    """What went wrong, as it may be shown: only connectors promise to keep secrets out of their messages."""
    return (
        str(failure) if isinstance(failure, ConnectorError) else f"{type(failure).__name__} in our own code or ledger."
    )


def _succeeded(work: Work, name: str, now: datetime) -> None:
    ledger, lane = work.ledger, work.lane
    due = ledger.next_due(lane, KINDS_OF[name]) if name in KINDS_OF else None
    ledger.pass_succeeded(lane, name, now=now, due=due)
    if not work.held_off and name != RETENTION:
        ledger.lane_works(lane)
        ledger.close_incident(f"unauthorized:{lane}", now)
    ledger.close_incident(f"failing:{lane}:{name}", now)
    if name in LEARNING:
        learning = [due for due in ledger.passes(lane) if due.name in LEARNING]
        read = [due.started for due in learning if due.started is not None]
        if len(read) == len(learning):
            ledger.handled(lane, min(read), now)


def _failed(work: Work, name: str, failure: Exception, error: str, every_seconds: int, now: datetime) -> None:
    ledger, lane = work.ledger, work.lane
    failures = next((due.failures for due in ledger.passes(lane) if due.name == name), 0)
    wait = min(timedelta(seconds=every_seconds), FIRST_RETRY * 2 ** min(failures, 10))
    if isinstance(failure, NotApplied | Unauthorized):
        wait = work.hold_off(failure, now)
    ledger.pass_failed(lane, name, due=now + wait, error=error)
    if isinstance(failure, Unauthorized):
        words = f"{lane} does not accept our credentials. {failure.message}"
        ledger.report("unauthorized", lane, words=words, next_step=failure.next_step, now=now)
    elif failures + 1 >= FAILURES_BEFORE_A_PERSON:
        words = f"{name} on {lane} has failed {failures + 1} times in a row. {error}"
        next_step = "Read what the vendor answered. Everything else goes on; nothing read so far is lost."
        ledger.report("failing", f"{lane}:{name}", words=words, next_step=next_step, now=now)


async def _read(
    work: Work,
    feed: str,
    pages: Callable[[str | None], AsyncIterator[Page[T]]],
    keep: Callable[[Sequence[T], datetime], None],
) -> bool:
    """Read a feed on from its cursor. Answers whether it came to the end, and was not asked to stop before."""
    began, lane = work.clock.now(), work.lane
    watch = PageWatch(f"{feed} of {lane}", work.merchant.settings.pages_maximum)
    try:
        async for page in pages(work.ledger.cursor(lane, feed)):
            watch.see(page)
            work.keep_page(lane, feed, page, keep)
            if work.stopping():
                return False
    except BadCursor:
        with work.commit():
            work.ledger.drop_cursor(lane, feed)  # from the beginning next time: what is known changes nothing
        raise
    with work.commit() as now:
        work.ledger.complete_feed(lane, feed, began, now)
    return True


async def _do(work: Work, kinds: Sequence[str]) -> None:
    """Perform what is due of these kinds, as much as one turn allows."""
    left = work.merchant.settings.effects_maximum
    for kind in kinds:
        while left > 0 and not work.halted():
            due = work.ledger.due_effects(work.lane, kind, work.clock.now(), limit=left)
            if not due:
                break
            left -= len(due)
            await _perform_all(work, kind, due)


async def _perform_all(work: Work, kind: str, due: Sequence[Effect]) -> None:
    """Two batches at a time, so that one slow call does not keep the line idle."""
    settings = work.merchant.settings
    size = settings.level_chunk if KINDS[kind].bulk else max(1, settings.calls_at_once // 2)
    batches = [due[start : start + size] for start in range(0, len(due), size)]
    batches.reverse()

    async def take_batches() -> None:
        while batches and not work.halted():
            await perform(work, batches.pop())

    await together([take_batches(), take_batches()])
