"""What the ledger and the engine cost, by hand: `python -m tests.sync.measure [postgresql://…]`.

Vendors answer at once here, so what is measured is ours. Medians of five rounds.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.core.clock import LoopClock
from connectors.sync import Engine, Ledger, LocalRunner, Merchant, Settings
from tests.sync.world import Depot, Shop, World

ROUNDS = 5
TRANSACTIONS = 500
ORDERS = 500


class Instant:
    """Answers without travelling."""

    async def _call(self, name: str, act: Callable[[], Any], *, writes: bool) -> Any:
        return act()


class InstantShop(Instant, Shop):
    page_size = 100


class InstantDepot(Instant, Depot):
    page_size = 100


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def transaction(open_ledger: Callable[[], Ledger]) -> float:
    """Seconds a transaction: renew the lease, commit one intent, settle it in the next."""
    ledger, clock = open_ledger(), time.perf_counter
    now = asyncio.run(moment())
    with ledger.transaction():
        ledger.add_lane("depot")
        lease = ledger.take("depot", f"m{clock()}", now=now + timedelta(days=1), until=now + timedelta(days=2))
        for at in range(TRANSACTIONS):
            ledger.want(f"deliver:{clock()}:{at}", merchant="m", lane="depot", subject="s", now=now, due=now)
    assert lease is not None
    keys = [effect.key for effect in ledger.due_effects("depot", "deliver", now, limit=TRANSACTIONS)]
    began = clock()
    for key in keys:
        with ledger.transaction():
            ledger.keep(lease, until=now + timedelta(days=2))
            ledger.intend(key, now=now, settle=timedelta(0), payload="{}" * 400, owner="m", fence=1)
        with ledger.transaction():
            ledger.keep(lease, until=now + timedelta(days=2))
            ledger.finish(key, now=now, version=0, remote="r")
    spent = clock() - began
    ledger.close()
    return spent / (2 * len(keys))


async def moment() -> Any:
    return LoopClock().now()


def effects(open_ledger: Callable[[], Ledger]) -> tuple[float, float]:
    """Deliveries a second, and orders a second through all functions: learnt, delivered, shipped, told, levels."""

    async def story() -> tuple[float, float]:
        world = World(shop_class=InstantShop, depot_class=InstantDepot, stock={f"S{at}": 10_000 for at in range(50)})
        world.clock = world.shop.clock = world.depot.clock = LoopClock()
        ledger, clock = open_ledger(), time.perf_counter
        settings = Settings(effects_maximum=100_000)
        engine = Engine(Merchant("acme", tuple(world.shops), world.depot, settings=settings), ledger, world.clock)
        runner = LocalRunner(engine)
        await runner.once()
        for at in range(ORDERS):
            world.shop.buy((f"S{at % 50}", 1))
        began = clock()
        await runner.turn("shop", ["order_download"])
        learnt = clock()
        await runner.turn("depot", ["order_delivery"])
        delivered = clock()
        aside = time.perf_counter()
        for job in world.depot.jobs:
            world.depot.pack(job, dict(job.lines))
        aside = time.perf_counter() - aside
        await runner.once()
        spent = clock() - began - aside
        assert len(world.shop.fulfillments) == ORDERS
        ledger.close()
        return ORDERS / (delivered - learnt), ORDERS / spent

    return asyncio.run(story())


def main(addresses: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        count = iter(range(1_000_000))

        def fresh(durable: bool) -> Callable[[], Ledger]:
            return lambda: Ledger.open(Path(folder) / f"{next(count)}.ledger", durable=durable)

        kinds: dict[str, Callable[[], Ledger]] = {
            "SQLite, file, durable": fresh(durable=True),
            "SQLite, file, not durable": fresh(durable=False),
            "SQLite, memory": lambda: Ledger.open(),
        }
        for address in addresses:
            kinds["PostgreSQL"] = lambda address=address: Ledger.open(address, schema=f"measure_{next(count)}")
        for name, open_ledger in kinds.items():
            cost = median(lambda open_ledger=open_ledger: transaction(open_ledger))
            rates = [effects(open_ledger) for _ in range(ROUNDS)]
            delivered, through = (statistics.median(column) for column in zip(*rates, strict=True))
            print(f"{name:28} {cost * 1e6:7.0f} µs/transaction {delivered:7.0f} effects/s {through:7.0f} orders/s")


if __name__ == "__main__":
    main(sys.argv[1:])
