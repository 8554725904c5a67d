"""An engine that lives, dies at a chosen ledger transaction, and lives again on the same ledger file."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from connectors.sync import Engine, Ledger, LocalRunner, Merchant, Settings
from tests.sync.world import HARSH, Faults, World

if TYPE_CHECKING:
    from connectors.sync.events import Event

Script = Callable[[World], Awaitable[None]]


class Crash(BaseException):
    """The process is gone. Nothing of ours may catch it."""


class Mortal(Ledger):
    """A ledger whose process dies at its n-th commit: just before it, or just after."""

    dies_at: int = 0
    dies: Literal["before", "after"] = "before"
    commits = 0
    dead = False

    def transaction(self, *, durable: bool = True) -> Any:
        if self.dead:
            raise Crash
        return super().transaction(durable=durable)

    def _commit(self) -> None:
        self.commits += 1
        if self.commits == self.dies_at:
            self.dead = True
            if self.dies == "after":
                super()._commit()
            raise Crash
        super()._commit()


class Life:
    """What a run of lives came to."""

    def __init__(self) -> None:
        self.commits = 0
        self.crashes = 0
        self.events: list[Event] = []
        self.broken: list[str] = []
        self.left = 0
        self.dead: list[str] = []


async def live(
    world: World,
    script: Script,
    path: Path | str,
    *,
    dies_at: tuple[int, ...] = (),
    dies: Literal["before", "after"] = "before",
    ledger_class: type[Mortal] = Mortal,
    engine_class: type[Engine] = Engine,
    settings: Settings | None = None,
    merchant: Merchant | None = None,
    patience: timedelta = timedelta(hours=3),
    check: Callable[[World], list[str]] = World.broken,
) -> Life:
    """Run a script of people's deeds while the engine works and dies; then let everything come to rest, and judge."""
    merchant = merchant or Merchant("acme", tuple(world.shops), world.depot, settings=settings or Settings())
    life, deaths = Life(), list(dies_at)
    people = asyncio.ensure_future(script(world))
    rested = False
    while not rested:
        ledger = ledger_class.open(path, durable=False)
        ledger.dies_at, ledger.dies = (deaths.pop(0) if deaths else 0), dies
        try:
            runner = LocalRunner(
                engine_class(merchant, ledger, world.clock), owner=f"life{life.crashes}", tell=life.events.append
            )
            rested = await _one_life(runner, people, patience)
        except Crash:
            life.crashes += 1
            await world.clock.sleep(1)
        finally:
            life.commits += ledger.commits
            if rested:
                life.left = ledger.left(merchant.name)
                life.dead = [f"{one.key}: {one.reason}" for one in Engine(merchant, ledger, world.clock).queue()]
            ledger.close()
    life.broken = check(world)
    if life.left:
        life.broken.append(f"{life.left} effects are left undone")
    life.broken += [f"dead: {words}" for words in life.dead]
    return life


async def _one_life(runner: LocalRunner, people: "asyncio.Future[None]", patience: timedelta) -> bool:
    stop = asyncio.Event()
    people.add_done_callback(lambda _: stop.set())
    if people.done():
        stop.set()
    await runner.run(stop)
    people.result()
    await runner.settle(patience)
    return True


async def busy_morning(world: World) -> None:
    """Shoppers buy and change their minds; a clerk ships, in parts too, and voids one; the depot cancels one."""
    sleep, shop, depot = world.clock.sleep, world.shop, world.depot
    first, second = shop.buy(("MUG", 2), ("TEE", 1)), shop.buy(("MUG", 1))
    regretted = shop.buy(("CAP", 1))
    shop.change_mind(regretted)
    await sleep(30)
    third = shop.buy(("TEE", 2), ("CAP", 3))
    late = shop.buy(("MUG", 4))
    await sleep(600)
    depot.on_hand["MUG"] += 5
    shop.change_mind(late)
    fourth = shop.buy(("CAP", 1), ("CAP", 2))
    with suppress(ValueError):
        depot.pack(world.job(first), {"MUG": 1}, "T1")
    await sleep(700)
    with suppress(ValueError):
        depot.pack(world.job(first), {"MUG": 1, "TEE": 1}, "T2", "T3")
        voided = depot.pack(world.job(third), {"TEE": 2}, "T4")
        await sleep(900)
        depot.void(voided)
        depot.pack(world.job(third), {"TEE": 2, "CAP": 3}, "T5")
    with suppress(ValueError):
        depot.call_off(world.job(second))
    with suppress(ValueError):
        depot.pack(world.job(fourth), {"CAP": 3}, "T6")
    await sleep(300)


def harsh(seed: int) -> Faults:
    """Faults of every sort, from one seed."""
    return Faults(chance=random.Random(seed), rates=HARSH)
