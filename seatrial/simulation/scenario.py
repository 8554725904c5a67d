"""What one run is: a seed and a size. Everything else is drawn from the seed."""

import random
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

from seatrial.simulation.cast import CART, WAREHOUSE

FaultProfile = Literal["none", "mild", "harsh"]

MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""When every run begins: a Monday."""


class Scenario(Struct, frozen=True):
    """One run. `orders` is how many are placed in all, spread over `days`. Who takes part is named by vendor."""

    seed: int
    days: float = 1.0
    orders: int = 40
    faults: FaultProfile = "harsh"
    carts: tuple[str, ...] = (CART,)
    warehouse: str = WAREHOUSE

    @property
    def command(self) -> str:
        """What to type to see this run again."""
        words = f"seatrial simulate --seed {self.seed} --days {self.days:g} --orders {self.orders}"
        words += f" --faults {self.faults}"
        if self.carts != (CART,):
            words += "".join(f" --cart {cart}" for cart in self.carts)
        if self.warehouse != WAREHOUSE:
            words += f" --warehouse {self.warehouse}"
        return words

    def chance(self, what: str) -> random.Random:
        """Chance of its own for each thing that needs any, so that one more draw here moves nothing there."""
        return random.Random(f"{self.seed}:{what}")  # noqa: S311 - repeatable on purpose

    @property
    def traffic(self) -> timedelta:
        return timedelta(days=self.days)


class Habits(Struct, frozen=True):
    """What differs from merchant to merchant, drawn from the seed."""

    carts: int
    goods: int
    delivery_delay: timedelta
    safety: int
    index_lag_seconds: float
    """How long a vendor's search may trail what was written."""
    forgetful: bool
    """The warehouse takes an order under a number it has already as another one: what it is only assumed to know."""

    @classmethod
    def drawn(cls, scenario: Scenario) -> "Habits":
        chance = scenario.chance("habits")
        return cls(
            carts=chance.choice((1, 1, 2)),
            goods=chance.randrange(6, 13),
            delivery_delay=timedelta(seconds=chance.choice((0, 0, 60, 300))),
            safety=chance.choice((0, 0, 2)),
            index_lag_seconds=chance.choice((0.0, 1.0, 4.0)) if scenario.faults != "none" else 0.0,
            forgetful=chance.random() < 0.5,
        )
