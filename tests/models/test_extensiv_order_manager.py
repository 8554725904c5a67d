"""Order Manager, driven at random."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule, run_state_machine_as_test

from seatrial.histories import recorded
from tests.models import Trouble
from tests.models.extensiv_order_manager import Account
from tests.models.troubles import met, troubles
from tests.ports.effort import effort

LETTERS = st.sampled_from("ABC")
LINES = st.dictionaries(st.sampled_from("ABCN"), st.integers(1, 4), min_size=1, max_size=3)
TROUBLE = troubles()


class Machine(RuleBasedStateMachine):
    """Chooses. What it does, the facade does; and what it did can be pasted."""

    orders: Bundle[str] = Bundle("orders")
    parcels: Bundle[str] = Bundle("parcels")

    def __init__(self) -> None:
        super().__init__()
        self.om: Any = self.opened()

    def opened(self) -> Any:
        return recorded(Account(), "om", opening="from tests.models.extensiv_order_manager import Account")

    def teardown(self) -> None:
        self.om._subject.close()

    @rule(target=orders, lines=LINES, trouble=TROUBLE)
    def deliver(self, lines: dict[str, int], trouble: Trouble) -> str:
        return self.om.deliver(lines, **met(trouble))

    @rule(order=orders, trouble=TROUBLE)
    def deliver_again(self, order: str, trouble: Trouble) -> None:
        self.om.deliver_again(order, **met(trouble))

    @rule(order=orders, lines=LINES, trouble=TROUBLE)
    def deliver_otherwise(self, order: str, lines: dict[str, int], trouble: Trouble) -> None:
        self.om.deliver_otherwise(order, lines, **met(trouble))

    @rule(order=orders, trouble=TROUBLE)
    def cancel_delivery(self, order: str, trouble: Trouble) -> None:
        self.om.cancel_delivery(order, **met(trouble))

    @rule(levels=st.dictionaries(st.sampled_from("ABCN"), st.integers(0, 50), min_size=1), trouble=TROUBLE)
    def set_levels(self, levels: dict[str, int], trouble: Trouble) -> None:
        self.om.set_levels(levels, **met(trouble))

    @rule(trouble=TROUBLE)
    def read_deliveries(self, trouble: Trouble) -> None:
        self.om.read_deliveries(**met(trouble))

    @rule(trouble=TROUBLE)
    def read_shipments(self, trouble: Trouble) -> None:
        self.om.read_shipments(**met(trouble))

    @rule(target=parcels, order=orders, letter=LETTERS, quantity=st.integers(1, 4), count=st.integers(1, 2))
    def ship(self, order: str, letter: str, quantity: int, count: int) -> Any:
        return multiple(*self.om.ship(order, letter, quantity, count))

    @rule(parcel=parcels)
    def void(self, parcel: str) -> None:
        self.om.void(parcel)

    @rule(order=orders)
    def cancel_at_the_desk(self, order: str) -> None:
        self.om.cancel_at_the_desk(order)

    @rule(letter=st.sampled_from("ABCN"), quantity=st.integers(0, 60))
    def count_stock(self, letter: str, quantity: int) -> None:
        self.om.count_stock(letter, quantity)

    @rule()
    def add_product(self) -> None:
        self.om.add_product()

    @rule(seconds=st.sampled_from((1.0, 60.0, 600.0, 3601.0, 100_000.0)))
    def wait(self, seconds: float) -> None:
        self.om.wait(seconds)

    @rule(seconds=st.sampled_from((1.0, 90.0, 4000.0)))
    def skew(self, seconds: float) -> None:
        self.om.skew(seconds)


def test_order_manager_is_what_a_few_dicts_say():
    run_state_machine_as_test(Machine, settings=effort(30, stateful_step_count=25))
