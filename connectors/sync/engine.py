"""The front: one merchant on one ledger, by one clock. Runners make it go; everything that matters is in the ledger."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from connectors.canonical import Hint
from connectors.core.clock import Clock
from connectors.sync import figures, queue, reconcile
from connectors.sync.events import PassEnded, Tell, silent
from connectors.sync.ledger import Lease, Ledger, Select
from connectors.sync.merchant import Merchant
from connectors.sync.passes import LEARNING, run_pass
from connectors.sync.reconcile import Drift
from connectors.sync.schedule import plan, planned
from connectors.sync.work import Work


class Engine:
    """What runners and the command line hold. Making one writes the merchant's lanes and schedule into the ledger."""

    work_class = Work

    def __init__(self, merchant: Merchant, ledger: Ledger, clock: Clock) -> None:
        self.merchant = merchant
        self.ledger = ledger
        self.clock = clock
        plan(ledger, merchant, clock.now())

    @property
    def lanes(self) -> list[str]:
        return sorted({lane for lane, _, _ in planned(self.merchant)})

    def lanes_with(self, name: str) -> list[str]:
        """The lanes on which this function runs."""
        return sorted(lane for lane, function, _ in planned(self.merchant) if function == name)

    async def run_pass(
        self, lease: Lease, name: str, *, tell: Tell = silent, stopping: Callable[[], bool] = lambda: False
    ) -> PassEnded:
        """Run one function on a lane that is held. Raises `LeaseLost`."""
        work = self.work_class(self.merchant, self.ledger, self.clock, lease, tell=tell, stopping=stopping)
        return await run_pass(work, name)

    def left(self) -> int:
        """How many outcomes are still to come."""
        return self.ledger.left(self.merchant.name)

    def receive(self, connection: str, hint: Hint) -> bool:
        """A verified webhook: keep it, once, and read that connection's feeds soon. False: it came before."""
        now = self.clock.now()
        with self.ledger.transaction():
            fresh = self.ledger.receive(connection, hint, now)
            for name in LEARNING if fresh else ():
                self.ledger.hasten(connection, name, now)
        return fresh

    def queue(self, which: Select | None = None, *, limit: int = 1000) -> list[queue.Letter]:
        """The error queue: what a person has to look at."""
        return queue.letters(self.ledger, self.merchant, which or Select(), limit=limit)

    def replay(self, which: Select) -> list[str]:
        return queue.replay(self.ledger, self.merchant, which, self.clock.now())

    def resolve(self, key: str, remote: str) -> None:
        queue.resolve(self.ledger, self.merchant, key, remote, self.clock.now())

    def skip(self, which: Select) -> list[str]:
        return queue.skip(self.ledger, self.merchant, which, self.clock.now())

    async def reconcile(self, since: datetime | None = None) -> Sequence[Drift]:
        """Compare both sides, heal what can be healed, and answer every difference found."""
        return await reconcile.reconcile(self.merchant, self.ledger, self.clock, since)

    def figures(self, window: timedelta) -> figures.Figures:
        """Success, speed and freshness over the last while."""
        return figures.figures(self.ledger, self.merchant, self.clock.now(), window)

    def prune(self, keep: timedelta) -> int:
        """Forget orders that were over longer ago than that; never what keeps an old one from being done again."""
        return figures.prune(self.ledger, self.merchant, self.clock.now() - keep)
