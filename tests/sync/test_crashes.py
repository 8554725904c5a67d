"""Nothing lost, nothing twice, whatever dies: crashes at every ledger transaction, every sort of fault, both together.

Then the five defects that must be seen, planted here and nowhere in the product: with each, the same runs go red.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.canonical import DeliveryState, Fulfillment, Level, Page
from connectors.sync import Engine, Settings
from connectors.sync.ledger import Effect
from connectors.sync.work import Work
from tests.sync.lives import Life, Mortal, busy_morning, harsh, live
from tests.sync.world import Depot, Faults, Shop, World, run

PATIENT = Settings(unknown_maximum=40)  # in these runs nobody is there to look; nothing may need a person


async def short_morning(world: World) -> None:
    """Each sort of effect once, as quickly as it goes."""
    sleep, shop, depot = world.clock.sleep, world.shop, world.depot
    first, second, third = shop.buy(("MUG", 2)), shop.buy(("TEE", 1)), shop.buy(("CAP", 2))
    await sleep(20)
    shop.change_mind(third)
    for job in depot.of(f"shop:{second}"):
        depot.call_off(job)
    shipments = [depot.pack(job, {"MUG": 1}, "T1") for job in depot.of(f"shop:{first}")]
    await sleep(620)
    for shipment in shipments:
        depot.void(shipment)
    for job in depot.of(f"shop:{first}"):
        depot.pack(job, {"MUG": 2}, "T2")


def life(script: Any, path: Path, *, seed: int | None = None, **rest: Any) -> Life:
    """One run. With a seed: harsh faults, and deaths at six ledger transactions drawn from it."""
    classes = {name: rest.pop(name) for name in ("shop_class", "depot_class") if name in rest}
    latency = rest.pop("latency", 0.2)

    async def story() -> Life:
        world = World(faults=Faults() if seed is None else harsh(seed), latency=latency, **classes)
        if seed is not None:
            chance = random.Random(seed)
            rest.setdefault("dies_at", tuple(chance.randrange(1, 60) for _ in range(6)))
            rest.setdefault("dies", chance.choice(["before", "after"]))
        return await live(world, script, path, settings=PATIENT, **rest)

    return run(story)


def test_without_any_trouble_everything_agrees(tmp_path: Path) -> None:
    calm = life(busy_morning, tmp_path / "calm")
    assert calm.broken == []
    assert calm.crashes == 0


def commits(tmp_path: Path) -> int:
    return life(short_morning, tmp_path / "counted").commits


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_crash_at_every_ledger_transaction_loses_and_repeats_nothing(tmp_path: Path, dies: str, part: int) -> None:
    """Just before the commit, and just after it; the next life starts on the same file a second later.

    In four parts, so that several processes can share them.
    """
    broken, crashed = {}, 0
    for at in range(1 + part, commits(tmp_path) + 1, 4):
        it = life(short_morning, tmp_path / f"{dies}{at}", dies_at=(at,), dies=dies)
        crashed += it.crashes
        if it.broken:
            broken[at] = it.broken
    assert broken == {}
    assert crashed > 30


@pytest.mark.parametrize("seed", range(24))
def test_harsh_faults_and_six_crashes_lose_and_repeat_nothing(tmp_path: Path, seed: int) -> None:
    it = life(busy_morning, tmp_path / "harsh", seed=seed)
    assert it.broken == []
    assert it.crashes == 6


def test_the_same_seed_is_the_same_run(tmp_path: Path) -> None:
    first = life(busy_morning, tmp_path / "one", seed=3)
    second = life(busy_morning, tmp_path / "two", seed=3)
    assert first.events == second.events
    assert len(first.events) > 100


def test_two_orders_of_two_carts_survive_as_well_as_one(tmp_path: Path) -> None:
    async def story() -> Life:
        world = World(faults=harsh(5), shops=("shop", "bazaar"))

        async def script(world: World) -> None:
            for _ in range(6):
                for shop in world.shops:
                    shop.buy(("MUG", 1), ("TEE", 1))
                await world.clock.sleep(120)
                for job in world.depot.jobs[:4]:
                    if job.status == "open":
                        world.depot.pack(job, dict(job.lines))

        return await live(world, script, tmp_path / "two", dies_at=(15, 40, 33), settings=PATIENT)

    assert run(story).broken == []


# The five planted defects. A test that cannot go red proves nothing.


def goes_red(tmp_path: Path, **planted: Any) -> list[str]:
    """What breaks over a few harsh seeds with a defect in place."""
    broken: list[str] = []
    for seed in range(12):
        broken += life(
            busy_morning, tmp_path / f"red{seed}", seed=seed, patience=timedelta(minutes=40), **planted
        ).broken
        if broken:
            break
    return broken


class HastyDepot(Depot):
    settle = timedelta(0)


class HastyShop(Shop):
    settle = timedelta(0)


def test_without_a_settle_time_what_lands_late_is_repeated(tmp_path: Path) -> None:
    assert goes_red(tmp_path, depot_class=HastyDepot, shop_class=HastyShop)


class IntentAfterTheCall(Mortal):
    """Keeps the intent in its head until there is an outcome to write down."""

    def intend(
        self, key: str, *, now: datetime, settle: timedelta, payload: str, owner: str, fence: int
    ) -> Effect | None:
        before = self._rows("SELECT state, due, intent FROM effect WHERE key = ?", key)[0]
        sent = super().intend(key, now=now, settle=settle, payload=payload, owner=owner, fence=fence)
        self._run("UPDATE effect SET state = ?, due = ?, intent = ? WHERE key = ?", *before, key)
        return sent


def test_with_the_intent_written_after_the_call_a_crash_repeats_it(tmp_path: Path) -> None:
    broken: list[str] = []
    for at in range(1, commits(tmp_path) + 1):
        it = life(short_morning, tmp_path / f"late{at}", dies_at=(at,), dies="before", ledger_class=IntentAfterTheCall)
        broken += it.broken
        if broken:
            break
    assert broken


class BlindDepot(Depot):
    async def find_delivery(self, reference: str) -> DeliveryState | None:
        return None


class BlindShop(Shop):
    async def find_fulfillment(self, fulfillment: Fulfillment) -> str | None:
        return None


def test_without_the_look_up_what_was_done_and_not_heard_is_repeated(tmp_path: Path) -> None:
    broken = goes_red(tmp_path, depot_class=BlindDepot, shop_class=BlindShop)
    assert any("2 times" in words or "3 times" in words for words in broken)


class StockByDeltas(Shop):
    """Tells the vendor how much more or less there is than was told before, instead of how much there is."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.told: dict[str, int] = {}

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
        deltas = {level.sku: level.available - self.told.get(level.sku, 0) for level in levels}

        def act() -> dict[str, str]:
            for sku, delta in deltas.items():
                self.stock[sku] += delta
            return {}

        answer = await self._call("set_levels", act, writes=True)
        self.told.update({level.sku: level.available for level in levels})
        return answer


def test_with_stock_as_deltas_the_levels_drift_apart(tmp_path: Path) -> None:
    broken = goes_red(tmp_path, shop_class=StockByDeltas)
    assert any("offers" in words for words in broken)


class CursorFirst(Work):
    """Moves the cursor, and keeps the page behind it in the next transaction."""

    def keep_page(
        self, connection: str, feed: str, page: Page[Any], keep: Callable[[Sequence[Any], datetime], None]
    ) -> None:
        with self.commit() as now:
            self.ledger.move_cursor(connection, feed, page.cursor, now)
        with self.commit() as now:
            keep(page.rows, now)


class CursorFirstEngine(Engine):
    work_class = CursorFirst


class NoOverlapShop(Shop):
    overlap = timedelta(0)


class NoOverlapDepot(Depot):
    overlap = timedelta(0)


def test_with_the_cursor_committed_before_its_page_a_crash_loses_the_page(tmp_path: Path) -> None:
    """Without the overlap, which would hide it for a while; the sound engine does not need it."""
    bare = {"shop_class": NoOverlapShop, "depot_class": NoOverlapDepot}
    broken: list[str] = []
    for at in range(1, commits(tmp_path) + 1):
        sound = life(short_morning, tmp_path / f"sound{at}", dies_at=(at,), **bare)
        assert sound.broken == []
        it = life(short_morning, tmp_path / f"first{at}", dies_at=(at,), engine_class=CursorFirstEngine, **bare)
        broken += it.broken
        if broken:
            break
    assert any("0 times" in words for words in broken)


def test_the_same_runs_without_a_defect_stay_green(tmp_path: Path) -> None:
    """What goes red above does so because of the defect, and not because of its stage."""
    for seed in range(4):
        assert life(busy_morning, tmp_path / f"green{seed}", seed=seed, patience=timedelta(minutes=40)).broken == []
