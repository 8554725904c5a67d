"""What syncing costs, in one process. Prints JSON; rates a second, times in seconds.

`python -m bench.sync ORDERS ROUNDS SIMULATED_ORDERS`, or `python -m bench.sync long ORDERS` for memory over many
orders.
"""

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.instant import bought, merchant_of
from bench.machine import resident_mib
from bench.workload import NO_LIMIT
from connectors.core.clock import LoopClock
from connectors.sync import Engine, Ledger, LocalRunner, Merchant, Select, Settings
from mock_servers.core.cast import Person
from mock_servers.core.refusal import UsageError
from mock_servers.extensiv_order_manager.cast import OrderManagerWarehouse
from mock_servers.shopify.cast import ShopifyCart
from seatrial import virtual_time
from seatrial.crash.postgres import fresh_database
from seatrial.simulation import Parts, Scenario, simulate
from seatrial.simulation.cast import Cast
from seatrial.simulation.scenario import MORNING
from seatrial.simulation.stage import WAREHOUSE, Goods, Life, Stage

SKUS = 50
SETTINGS = Settings(effects_maximum=100_000)
LIMITED_ORDERS = 300
"""Five minutes of calls, at one a second."""
BATCH = 1_000
"""So many orders come in between two of a runner's rounds, in the long run."""
LONG_MARKS = 10
Opener = Callable[[], Ledger]


def main() -> None:
    """Measure and print."""
    if sys.argv[1] == "long":
        print(json.dumps(asyncio.run(_long(int(sys.argv[2])))))
        return
    orders, rounds, simulated = (int(word) for word in sys.argv[1:4])
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        count = iter(range(10**9))
        figures["sqlite"] = _of_a_ledger(lambda: Ledger.open(Path(folder) / f"{next(count)}.ledger"), orders, rounds)
    with _postgres() as (address, why):
        figures["postgres_missing"] = why
        if address:
            figures["postgresql"] = _of_a_ledger(
                lambda: Ledger.open(address, schema=f"bench_{next(count)}"), orders, rounds
            )
    few = max(50, orders // 5)
    figures["fakes"] = [virtual_time.run(_through_the_fakes(few)) for _ in range(rounds)]
    figures["waiting"] = virtual_time.run(_waiting_share(LIMITED_ORDERS))
    figures["simulated"] = _simulated(simulated)
    print(json.dumps(figures))


@contextmanager
def _postgres() -> Iterator[tuple[str, str]]:
    """A database of its own, or why there is none."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(fresh_database(os.environ)), ""
        except UsageError as error:
            found = "", str(error)
        yield found


# A ledger


def _of_a_ledger(open_ledger: Opener, orders: int, rounds: int) -> dict[str, Any]:
    rates = [asyncio.run(_through_the_engine(open_ledger, orders)) for _ in range(rounds)]
    return {
        "transaction_seconds": median(_transaction_seconds(open_ledger, orders) for _ in range(rounds)),
        "effects_per_second": [effects for effects, _ in rates],
        "orders_per_second": [through for _, through in rates],
    }


def _transaction_seconds(open_ledger: Opener, times: int) -> float:
    """One of an effect's two: renew the lease, and commit its intent or its outcome."""
    ledger, now = open_ledger(), MORNING
    until = now + timedelta(days=1)
    with ledger.transaction():
        ledger.add_lane("depot")
        lease = ledger.take("depot", "bench", now=now, until=until)
        for at in range(times):
            ledger.want(f"deliver:shop:{at}", merchant="m", lane="depot", subject=f"shop:{at}", now=now, due=now)
    assert lease is not None
    began = time.perf_counter()
    for at in range(times):
        key = f"deliver:shop:{at}"
        with ledger.transaction():
            ledger.keep(lease, until=until)
            ledger.intend(key, now=now, settle=timedelta(0), payload="{}" * 400, owner="bench", fence=lease.fence)
        with ledger.transaction():
            ledger.keep(lease, until=until)
            ledger.finish(key, now=now, version=0, remote="r")
    spent = time.perf_counter() - began
    ledger.close()
    return spent / (2 * times)


async def _through_the_engine(open_ledger: Opener, orders: int) -> tuple[float, float]:
    """Deliveries a second; and orders a second from learnt to told, the levels after each step included."""
    clock, timer = LoopClock(), time.perf_counter
    cart, warehouse = merchant_of(clock, SKUS)
    ledger = open_ledger()
    engine = Engine(Merchant("acme", (cart,), warehouse, settings=SETTINGS), ledger, clock)
    runner = LocalRunner(engine)
    await runner.once()
    bought(cart, orders, SKUS)
    began = timer()
    await runner.turn("shop", ["order_download"])
    learnt = timer()
    await runner.turn("depot", ["order_delivery"])
    delivered = timer()
    warehouse.ship_all()
    await runner.once()
    await runner.once()  # the cart's own changes are read, and change nothing
    spent = timer() - began
    assert (cart.told, engine.left()) == (orders, 0), "not every order went all the way"
    ledger.close()
    return orders / (delivered - learnt), orders / spent


# The fakes and their real connectors, in virtual time: what is waited for costs nothing here


ANA = Person("Ana", "Ruiz", "5 Pine Rd", "Albany", "NY", "12207", "US")
GOODS = Goods({f"S{at}": 1_000_000 for at in range(SKUS)}, {})
PATIENCE = timedelta(hours=12)


class UnhurriedWarehouse(OrderManagerWarehouse):
    """An account whose connector was told that it may call as often as it likes."""

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "calls_per_minute": 10**9}


@asynccontextmanager
async def _opened(warehouse: type[OrderManagerWarehouse], orders: int) -> AsyncIterator[tuple[Stage, Life, list[str]]]:
    """A shop in which so many orders were just placed, and nobody has looked since."""
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(cast=Cast((ShopifyCart,), warehouse))
        async with Stage(1, Path(folder), parts, latency_seconds=0.2, settings=SETTINGS) as stage:
            if warehouse is UnhurriedWarehouse:
                stage.sandbox.world.settings.update(NO_LIMIT)
            stage.furnish(GOODS)
            life = stage.born()
            assert await life.runner.settle(PATIENCE)
            cart = stage.carts["shop"]
            yield stage, life, [cart.check_out(ANA, {f"S{at % SKUS}": 1}, paid=True) for at in range(orders)]
            await stage.buried(life)


async def _through_the_fakes(orders: int) -> float:
    """Orders a second from learnt to told, with the vendors' fakes and everything in between in this process."""
    async with _opened(UnhurriedWarehouse, orders) as (stage, life, numbers):
        began = time.perf_counter()
        await life.runner.once()
        aside = time.perf_counter()
        for at, number in enumerate(numbers):
            stage.wms.ship(f"shop:{number}", {f"S{at % SKUS}": 1}, 1, "UPS")
        aside = time.perf_counter() - aside
        for _ in range(2):
            await life.runner.once()
        spent = time.perf_counter() - began - aside
        told = life.ledger.select(Select(kind="ship", states=("done",)), limit=orders + 1)
        assert (len(told), life.engine.left()) == (orders, 0), "not every order went all the way"
        return orders / spent


async def _waiting_share(orders: int) -> float:
    """Of the time it takes to deliver so many orders at once, how much of it the warehouse's limit is all that counts.

    That is while a call stands at the limit, or its lane is left alone because the vendor, or our own account of its
    limit, said so.
    """
    async with _opened(OrderManagerWarehouse, orders) as (stage, life, _):
        await life.runner.turn("shop", ["order_download"])
        loop, step = asyncio.get_running_loop(), 0.1
        began, stood, left_alone = loop.time(), stage.waits.seconds, 0.0
        stop = asyncio.Event()
        running = asyncio.ensure_future(life.runner.run(stop))
        while len(stage.wms.waiting()) < orders:
            await asyncio.sleep(step)
            lane = life.ledger.lane(WAREHOUSE)
            alone = lane is not None and lane.not_before > life.engine.clock.now()
            left_alone += step if alone and not stage.waits.standing else 0.0
        share = (stage.waits.seconds - stood + left_alone) / (loop.time() - began)
        stop.set()
        await running
        return share


def _simulated(orders: int) -> dict[str, float]:
    """A day under harsh faults and crashes, judged in the end."""
    outcome = simulate(Scenario(1, days=1, orders=orders, faults="harsh"))
    assert outcome.good, f"the day is broken: {outcome.scenario.command}"
    return {"orders": orders, "seconds": outcome.figures["seconds"], "cpu_seconds": outcome.figures["cpu_seconds"]}


# Memory


async def _long(orders: int) -> dict[str, Any]:
    """What this process holds while so many orders go all the way and are forgotten: MiB at each mark."""
    clock = LoopClock()
    cart, warehouse = merchant_of(clock, SKUS)
    marks, began = [], time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(Path(folder) / "long.ledger", durable=False)
        engine = Engine(Merchant("acme", (cart,), warehouse, settings=SETTINGS), ledger, clock)
        runner = LocalRunner(engine)
        size = min(BATCH, orders // LONG_MARKS)
        for batch in range(1, orders // size + 1):
            bought(cart, size, SKUS)
            await runner.once()
            warehouse.ship_all()
            await runner.once()
            if batch % (orders // size // LONG_MARKS) == 0:
                gc.collect()
                marks.append(resident_mib(os.getpid()))
        assert cart.told == orders // size * size, "not every order went all the way"
        ledger.close()
    return {"orders": cart.told, "resident_mib": marks, "seconds": time.perf_counter() - began}


if __name__ == "__main__":
    main()
