"""WooCommerce, driven at random."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule, run_state_machine_as_test

from seatrial.histories import recorded
from tests.models import Trouble
from tests.models.troubles import met, troubles
from tests.models.woocommerce import Store
from tests.ports.effort import effort

LETTERS = st.sampled_from("BRS")
ITEMS = st.dictionaries(LETTERS, st.integers(1, 4), min_size=1)
TROUBLE = troubles(but="revoke")  # a key never ends


class Machine(RuleBasedStateMachine):
    """Chooses. What it does, the facade does; and what it did can be pasted."""

    orders: Bundle[str] = Bundle("orders")
    tellings: Bundle[str] = Bundle("tellings")

    def __init__(self) -> None:
        super().__init__()
        self.store: Any = self.opened()

    def opened(self) -> Any:
        return recorded(Store(), "store", opening="from tests.models.woocommerce import Store")

    def teardown(self) -> None:
        self.store._subject.close()

    @rule(target=orders, items=ITEMS)
    def checkout(self, items: dict[str, int]) -> Any:
        order = self.store.checkout(items)
        return multiple() if order is None else order

    @rule(target=tellings, order=orders, items=ITEMS, parcels=st.integers(0, 2), trouble=TROUBLE)
    def tell(self, order: str, items: dict[str, int], parcels: int, trouble: Trouble) -> Any:
        id = self.store.tell(order, items, parcels, **met(trouble))
        return multiple() if id is None else id

    @rule(telling=tellings, trouble=TROUBLE)
    def tell_again(self, telling: str, trouble: Trouble) -> None:
        self.store.tell_again(telling, **met(trouble))

    @rule(telling=tellings, trouble=TROUBLE)
    def take_back(self, telling: str, trouble: Trouble) -> None:
        self.store.take_back(telling, **met(trouble))

    @rule(order=orders, trouble=TROUBLE)
    def cancel_order(self, order: str, trouble: Trouble) -> None:
        self.store.cancel_order(order, **met(trouble))

    @rule(levels=st.dictionaries(LETTERS, st.integers(0, 30), min_size=1), trouble=TROUBLE)
    def set_levels(self, levels: dict[str, int], trouble: Trouble) -> None:
        self.store.set_levels(levels, **met(trouble))

    @rule(trouble=TROUBLE)
    def read_orders(self, trouble: Trouble) -> None:
        self.store.read_orders(**met(trouble))

    @rule(order=orders, letter=LETTERS, quantity=st.integers(1, 5))
    def edit(self, order: str, letter: str, quantity: int) -> None:
        self.store.edit(order, letter, quantity)

    @rule(order=orders, complete=st.booleans())
    def ship_by_hand(self, order: str, complete: bool) -> None:
        self.store.ship_by_hand(order, complete)

    @rule(order=orders)
    def cancel_by_hand(self, order: str) -> None:
        self.store.cancel_by_hand(order)

    @rule(order=orders)
    def throw_away(self, order: str) -> None:
        self.store.throw_away(order)

    @rule(letter=LETTERS, quantity=st.integers(0, 30))
    def count_stock(self, letter: str, quantity: int) -> None:
        self.store.count_stock(letter, quantity)

    @rule(seconds=st.sampled_from((1.0, 60.0, 600.0, 3601.0, 100_000.0)))
    def wait(self, seconds: float) -> None:
        self.store.wait(seconds)

    @rule(seconds=st.sampled_from((1.0, 90.0, 4000.0)))
    def skew(self, seconds: float) -> None:
        self.store.skew(seconds)


def test_a_store_is_what_a_few_dicts_say():
    run_state_machine_as_test(Machine, settings=effort(25, stateful_step_count=20))
