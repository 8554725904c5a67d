"""The five defects the simulator must be able to see, planted here and nowhere in the product.

Each is a class put in the place of a sound one, and is found within a few short runs; the sound twin is green on the
very same seeds, so what goes red does so because of the defect. Trouble is rare in a whole harsh day; here it is one
kind only, and dense, so that the window a defect opens is hit in seconds and not in hundreds of seeds.

The warehouse takes the same order number twice (`forget_numbers`, as in half of all seeds): one that knows a number
again stands between these defects and a second parcel, and would hide them.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.canonical import DeliveryState, Level, Page
from connectors.extensiv_order_manager import OrderManager
from connectors.shopify import Shopify
from connectors.sync import Engine, Every, Settings
from connectors.sync.ledger import Effect
from connectors.sync.work import Work
from mock_servers.extensiv_order_manager.cast import OrderManagerWarehouse
from mock_servers.shopify.cast import ShopifyCart
from seatrial.simulation import Parts, Scenario, simulate
from seatrial.simulation.cast import Cast
from seatrial.simulation.lives import MortalLedger
from seatrial.simulation.weather import Profile

SEEDS = range(1, 9)
HOUR_OR_SO = {"days": 0.05, "orders": 12}


def only(*, commits_a_life: float = 0, **rates: float) -> Callable[[Profile], Profile]:
    """Nothing goes wrong but this."""
    calm = {"storms": 0, "outages": 0, "hooks": 0}
    return lambda profile: replace(profile, rates=rates, commits_a_life=commits_a_life, **calm)


class ForgetfulWarehouse(OrderManagerWarehouse):
    def move_in(self) -> None:
        super().move_in()
        self.forget_numbers()


SOUND = Cast((ShopifyCart,), ForgetfulWarehouse)


# 1: no settle time. Whoever looks at once does not see what lands late, and sends it a second time.


class HastyOrderManager(OrderManager):
    def __init__(self, *settings: Any, **rest: Any) -> None:
        super().__init__(*settings, **rest)
        self.settle = timedelta(0)


class HastyWarehouse(ForgetfulWarehouse):
    connector_class = HastyOrderManager


LATE = Parts(cast=SOUND, weather=only(late=0.3))
HASTY = dataclasses.replace(LATE, cast=Cast((ShopifyCart,), HastyWarehouse))


# 2: the intent after the call. A worker that dies in between leaves no sign that it may have happened.


class DiesBeforeItIsWrittenDown(MortalLedger):
    """Dies at its n-th outcome, where others die at their n-th transaction."""

    concluded = False

    def finish(self, *effect: Any, **outcome: Any) -> bool:
        self.concluded = True
        return super().finish(*effect, **outcome)

    def transaction(self, *, durable: bool = True) -> Any:
        self.concluded = False
        return super().transaction(durable=durable)

    def _counts(self) -> bool:
        return self.concluded


class IntentAfterTheCall(DiesBeforeItIsWrittenDown):
    """Keeps the intent in its head until there is an outcome to write down."""

    def intend(self, key: str, **intent: Any) -> Effect | None:
        before = self._rows("SELECT state, due, intent FROM effect WHERE key = ?", key)[0]
        sent = super().intend(key, **intent)
        self._run("UPDATE effect SET state = ?, due = ?, intent = ? WHERE key = ?", *before, key)
        return sent


DEADLY = Parts(cast=SOUND, weather=only(commits_a_life=2), ledger=DiesBeforeItIsWrittenDown)
AFTERWARDS = dataclasses.replace(DEADLY, ledger=IntentAfterTheCall)


# 3: no look-up. What was done, and never answered, is done again.


class BlindOrderManager(OrderManager):
    async def find_delivery(self, reference: str) -> DeliveryState | None:
        return None


class BlindWarehouse(ForgetfulWarehouse):
    connector_class = BlindOrderManager


LOSSY = Parts(cast=SOUND, weather=only(lose=0.3))
BLIND = dataclasses.replace(LOSSY, cast=Cast((ShopifyCart,), BlindWarehouse))


# 4: stock as deltas. What the cart did by itself, and what was said twice, stays in the number.


class DeltaShopify(Shopify):
    """Tells the shop how much more or less there is than it was told before."""

    told: Mapping[str, int] = {}

    async def set_levels(self, levels: Sequence[Level], key: str) -> Mapping[str, str]:
        offered = await self.find_levels([level.sku for level in levels])
        moved = [
            replace(level, available=offered[level.sku] + level.available - self.told.get(level.sku, 0))
            for level in levels
            if level.sku in offered
        ]
        self.told = {**self.told, **{level.sku: level.available for level in levels}}
        return await super().set_levels(moved, key)


class DeltaCart(ShopifyCart):
    connector_class = DeltaShopify


DELTA = dataclasses.replace(LOSSY, cast=Cast((DeltaCart,), ForgetfulWarehouse))


# 5: the cursor before its page. A worker that dies in between never reads that page again.


class QuietCart(ShopifyCart):
    """A cart without webhooks: each would have it read again soon, within the overlap of its cursors."""

    topics = ()


class DiesWhileReading(MortalLedger):
    """Dies at the n-th move of a cursor."""

    moved = False

    def move_cursor(self, connection: str, feed: str, value: str, now: datetime) -> None:
        self.moved = True
        super().move_cursor(connection, feed, value, now)

    def transaction(self, *, durable: bool = True) -> Any:
        self.moved = False
        return super().transaction(durable=durable)

    def _counts(self) -> bool:
        return self.moved


class CursorFirst(Work):
    def keep_page(
        self, connection: str, feed: str, page: Page[Any], keep: Callable[[Sequence[Any], datetime], None]
    ) -> None:
        with self.commit() as now:
            self.ledger.move_cursor(connection, feed, page.cursor, now)
        with self.commit() as now:
            keep(page.rows, now)


class CursorFirstEngine(Engine):
    work_class = CursorFirst


def seldom(settings: Settings) -> Settings:
    """Orders are read every half hour only, so that a page spans more time than cursors overlap."""
    return dataclasses.replace(settings, every=Every(order_download=timedelta(minutes=30)))


QUIET = Parts(
    cast=Cast((QuietCart,), ForgetfulWarehouse),
    weather=only(commits_a_life=2),
    ledger=DiesWhileReading,
    settings=seldom,
)
CURSOR_FIRST = dataclasses.replace(QUIET, engine=CursorFirstEngine)


# Beside the five: an intent that does not wait for the disk. Only intents have to, and this shows that they do.


class LosesPower(DiesBeforeItIsWrittenDown):
    """Whenever it dies, the machine loses its power: what was not durable is gone."""

    @classmethod
    def open(cls, address: Any = ":memory:", **rest: Any) -> Any:
        ledger = super().open(address, **rest)
        ledger.loses_power(Path(address))
        return ledger


class CarelessWork(Work):
    def commit(self, *, durable: bool = False) -> AbstractContextManager[datetime]:
        return super().commit()


class CarelessEngine(Engine):
    work_class = CarelessWork


POWERLESS = dataclasses.replace(DEADLY, ledger=LosesPower)
CARELESS = dataclasses.replace(POWERLESS, engine=CarelessEngine)


# What is wrong, what it breaks, and the same without it.
DEFECTS = {
    "no settle time": (HASTY, "none twice", LATE),
    "the intent after the call": (AFTERWARDS, "none twice", DEADLY),
    "an intent that does not wait for the disk": (CARELESS, "none twice", POWERLESS),
    "no look-up": (BLIND, "none twice", LOSSY),
    "stock as deltas": (DELTA, "every level agrees", LOSSY),
    "the cursor before its page": (CURSOR_FIRST, "every order arrives", QUIET),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_within_a_few_seeds_and_its_sound_twin_is_green_on_all_of_them(defect: str) -> None:
    defective, law, sound = DEFECTS[defect]
    for seed in SEEDS:
        scenario = Scenario(seed, **HOUR_OR_SO)
        assert simulate(scenario, sound).breaches == ()
        if law in {breach.law for breach in simulate(scenario, defective).breaches}:
            return
    pytest.fail(f"{defect} was not found within {len(SEEDS)} seeds")
