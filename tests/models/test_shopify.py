"""Shopify, driven at random."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule, run_state_machine_as_test

from seatrial.histories import recorded
from tests.models import Trouble
from tests.models.shopify import Shop
from tests.models.troubles import met, troubles
from tests.ports.effort import effort

LETTERS = st.sampled_from("BRS")
ITEMS = st.dictionaries(LETTERS, st.integers(1, 4), min_size=1)
TROUBLE = troubles()
TELLING_TROUBLE = troubles(but="repeat")  # a part that a proxy sends twice leaves twice: see the rig


class Machine(RuleBasedStateMachine):
    """Chooses. What it does, the facade does; and what it did can be pasted."""

    orders: Bundle[str] = Bundle("orders")
    tellings: Bundle[str] = Bundle("tellings")

    def __init__(self) -> None:
        super().__init__()
        self.shop: Any = self.opened()

    def opened(self) -> Any:
        return recorded(Shop(), "shop", opening="from tests.models.shopify import Shop")

    def teardown(self) -> None:
        self.shop._subject.close()

    @rule(target=orders, items=ITEMS)
    def checkout(self, items: dict[str, int]) -> Any:
        order = self.shop.checkout(items)
        return multiple() if order is None else order

    @rule(target=tellings, order=orders, items=ITEMS, parcels=st.integers(1, 2), trouble=TELLING_TROUBLE)
    def tell(self, order: str, items: dict[str, int], parcels: int, trouble: Trouble) -> Any:
        id = self.shop.tell(order, items, parcels, **met(trouble))
        return multiple() if id is None else id

    @rule(telling=tellings, trouble=TROUBLE)
    def tell_again(self, telling: str, trouble: Trouble) -> None:
        self.shop.tell_again(telling, **met(trouble))

    @rule(telling=tellings, trouble=TROUBLE)
    def take_back(self, telling: str, trouble: Trouble) -> None:
        self.shop.take_back(telling, **met(trouble))

    @rule(order=orders, trouble=TROUBLE)
    def cancel_order(self, order: str, trouble: Trouble) -> None:
        self.shop.cancel_order(order, **met(trouble))

    @rule(levels=st.dictionaries(LETTERS, st.integers(0, 30), min_size=1), trouble=TROUBLE)
    def set_levels(self, levels: dict[str, int], trouble: Trouble) -> None:
        self.shop.set_levels(levels, **met(trouble))

    @rule(trouble=TROUBLE)
    def read_orders(self, trouble: Trouble) -> None:
        self.shop.read_orders(**met(trouble))

    @rule(order=orders, letter=LETTERS, quantity=st.integers(1, 3))
    def edit(self, order: str, letter: str, quantity: int) -> None:
        self.shop.edit(order, letter, quantity)

    @rule(order=orders, letter=LETTERS, quantity=st.integers(1, 3))
    def ship_by_hand(self, order: str, letter: str, quantity: int) -> None:
        self.shop.ship_by_hand(order, letter, quantity)

    @rule(order=orders)
    def cancel_by_hand(self, order: str) -> None:
        self.shop.cancel_by_hand(order)

    @rule(letter=LETTERS, quantity=st.integers(0, 30))
    def count_stock(self, letter: str, quantity: int) -> None:
        self.shop.count_stock(letter, quantity)

    @rule(seconds=st.sampled_from((1.0, 60.0, 600.0, 3601.0, 100_000.0)))
    def wait(self, seconds: float) -> None:
        self.shop.wait(seconds)

    @rule(seconds=st.sampled_from((1.0, 90.0, 4000.0)))
    def skew(self, seconds: float) -> None:
        self.shop.skew(seconds)


def test_a_shop_is_what_a_few_dicts_say():
    run_state_machine_as_test(Machine, settings=effort(25, stateful_step_count=20))
