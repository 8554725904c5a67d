"""A lane, held for a while: what a pass works with."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec.json import encode

from connectors.canonical import Page
from connectors.core.clock import Clock
from connectors.core.errors import NotApplied, PagingLoop, Unauthorized
from connectors.sync.events import Event, PageKept, Tell, silent
from connectors.sync.ledger import Lease, LeaseLost, Ledger, LedgerBusy
from connectors.sync.merchant import Merchant

T = TypeVar("T")


class Work:
    """One merchant, one ledger, one clock, and the lease that allows calling one vendor."""

    def __init__(
        self,
        merchant: Merchant,
        ledger: Ledger,
        clock: Clock,
        lease: Lease,
        *,
        tell: Tell = silent,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.merchant = merchant
        self.ledger = ledger
        self.clock = clock
        self.lease = lease
        self.stopping = stopping
        self.learnt = 0
        self.settled = 0
        self._tell = tell
        self.held_off = False

    @property
    def lane(self) -> str:
        return self.lease.lane

    @contextmanager
    def commit(self, *, durable: bool = False) -> Iterator[datetime]:
        """A transaction of whoever holds the lane, and its moment. Raises `LeaseLost` when that is not us.

        Only an intent has to be durable before its call is made: should the machine lose its power, what was read is
        read again from the cursor that was lost with it, and an outcome that was lost is looked up like any other.
        """
        with self.ledger.transaction(durable=durable):
            now = self.clock.now()
            self.ledger.keep(self.lease, until=now + self.merchant.settings.lease)
            yield now

    def tell(self, event: Event) -> None:
        self._tell(event)

    def halted(self) -> bool:
        """Stop at the next boundary: somebody asked us to, or the vendor is not to be called for now."""
        return self.held_off or self.stopping()

    def hold_off(self, error: NotApplied | Unauthorized, now: datetime) -> timedelta:
        """Within a transaction: nobody calls this vendor for as long as it says, else for longer each time."""
        settings, lane = self.merchant.settings, self.ledger.lane(self.lane)
        least, most = settings.retry_seconds_minimum, settings.retry_seconds_maximum
        seconds = min(most, least * 2 ** min(lane.failures if lane else 0, 30))
        if isinstance(error, Unauthorized):
            seconds = most
        elif error.retry_after_seconds is not None:
            seconds = max(least, error.retry_after_seconds)
        wait = timedelta(seconds=seconds)
        self.ledger.hold_off(self.lane, now=now, not_before=now + wait, error=str(error))
        self.held_off = True
        return wait

    def keep_page(
        self, connection: str, feed: str, page: Page[T], keep: Callable[[Sequence[T], datetime], None]
    ) -> None:
        """Rows, what follows from them, and the cursor behind them: in one transaction.

        A row that cannot be kept is told to a person, and holds up neither the others nor the feed.
        """
        try:
            with self.commit() as now:
                keep(page.rows, now)
                self.ledger.move_cursor(connection, feed, page.cursor, now)
        except (LeaseLost, LedgerBusy):
            raise
        except Exception:  # whatever is wrong with a row, the rows beside it are not to suffer
            self._keep_one_by_one(connection, feed, page, keep)
        self.learnt += len(page.rows)
        self.tell(PageKept(self.clock.now(), connection, feed, len(page.rows)))

    def _keep_one_by_one(
        self, connection: str, feed: str, page: Page[T], keep: Callable[[Sequence[T], datetime], None]
    ) -> None:
        for row in page.rows:
            try:
                with self.commit() as now:
                    keep([row], now)
            except (LeaseLost, LedgerBusy):
                raise
            except Exception as error:
                with self.commit() as now:
                    self._report_row(connection, feed, row, error, now)
        with self.commit() as now:
            self.ledger.move_cursor(connection, feed, page.cursor, now)

    def _report_row(self, connection: str, feed: str, row: object, error: Exception, now: datetime) -> None:
        source = getattr(row, "source", None) or getattr(row, "remote", None)
        name = _printable(getattr(source, "id", "") or getattr(row, "sku", "") or "?")
        self.ledger.report(
            "unreadable",
            f"{connection}:{feed}:{name}",
            words=f"A record of {connection}'s {feed}, {name}, cannot be kept: {type(error).__name__}.",
            next_step=f"Look at it at {connection}; once it is corrected there it is read again.",
            now=now,
        )


def _printable(text: object) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in str(text)[:100])


class PageWatch:
    """Notices a feed that goes round in circles, before it fills the night.

    Raises `PagingLoop` for a page that was here before, a cursor that goes back to where it was, and too many pages.
    """

    def __init__(self, what: str, pages_maximum: int) -> None:
        self._what = what
        self._left = pages_maximum
        self._pages: set[bytes] = set()
        self._cursors: list[str] = []
        self._passed: set[str] = set()

    def see(self, page: Page[T]) -> None:
        self._left -= 1
        if self._left < 0:
            raise PagingLoop(f"{self._what}: more pages than anybody should have to walk.")
        seen = encode((page.cursor, page.rows), enc_hook=repr)
        if page.rows and seen in self._pages:
            raise PagingLoop(f"{self._what}: a page repeats itself.")
        if page.cursor in self._passed:
            raise PagingLoop(f"{self._what}: the cursor went back to where it was before.")
        if self._cursors and self._cursors[-1] != page.cursor:
            self._passed.add(self._cursors[-1])
        self._cursors = [page.cursor]
        self._pages.add(seen)


async def together(calls: Sequence[Awaitable[T]]) -> list[T]:
    """All of them at once; when one fails the others are stopped before the failure goes on."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await stop_all(tasks)


async def stop_all(tasks: Sequence["asyncio.Future[Any]"]) -> None:
    """Cancel what still runs, and wait until all of it is over; what it failed of is known already."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.gather(*tasks, return_exceptions=True)
