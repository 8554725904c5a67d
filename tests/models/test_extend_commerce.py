"""Extend Commerce, driven at random."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule, run_state_machine_as_test

from seatrial.histories import recorded
from tests.models import Trouble
from tests.models.extend_commerce import Installation
from tests.models.troubles import met, troubles
from tests.ports.effort import effort

LETTERS = st.sampled_from("ABC")
ANY_LETTER = st.sampled_from("ABCN")
LINES = st.dictionaries(ANY_LETTER, st.integers(1, 4), min_size=1, max_size=3)
TROUBLE = troubles(but="revoke")


def some(number: str) -> Any:
    """What was made; nothing where nothing was."""
    return multiple(number) if number else multiple()


class Machine(RuleBasedStateMachine):
    """Chooses. What it does, the facade does; and what it did can be pasted."""

    orders: Bundle[str] = Bundle("orders")
    purchases: Bundle[str] = Bundle("purchases")
    returns: Bundle[str] = Bundle("returns")

    def __init__(self) -> None:
        super().__init__()
        self.extend: Any = self.opened()

    def opened(self) -> Any:
        return recorded(Installation(), "extend", opening="from tests.models.extend_commerce import Installation")

    def teardown(self) -> None:
        self.extend._subject.close()

    @rule(target=orders, lines=LINES, trouble=TROUBLE)
    def deliver(self, lines: dict[str, int], trouble: Trouble) -> Any:
        return some(self.extend.deliver(lines, **met(trouble)))

    @rule(order=orders, trouble=TROUBLE)
    def deliver_again(self, order: str, trouble: Trouble) -> None:
        self.extend.deliver_again(order, **met(trouble))

    @rule(order=orders, lines=st.dictionaries(LETTERS, st.integers(1, 4), min_size=1, max_size=3), trouble=TROUBLE)
    def deliver_otherwise(self, order: str, lines: dict[str, int], trouble: Trouble) -> None:
        self.extend.deliver_otherwise(order, lines, **met(trouble))

    @rule(order=orders, trouble=TROUBLE)
    def cancel_delivery(self, order: str, trouble: Trouble) -> None:
        self.extend.cancel_delivery(order, **met(trouble))

    @rule(trouble=TROUBLE)
    def read_deliveries(self, trouble: Trouble) -> None:
        self.extend.read_deliveries(**met(trouble))

    @rule(trouble=TROUBLE)
    def read_shipments(self, trouble: Trouble) -> None:
        self.extend.read_shipments(**met(trouble))

    @rule(trouble=TROUBLE)
    def read_levels(self, trouble: Trouble) -> None:
        self.extend.read_levels(**met(trouble))

    @rule(order=orders)
    def reserve(self, order: str) -> None:
        self.extend.reserve(order)

    @rule(order=orders, letter=LETTERS, quantity=st.integers(1, 4), count=st.integers(1, 2))
    def ship(self, order: str, letter: str, quantity: int, count: int) -> None:
        self.extend.ship(order, letter, quantity, count)

    @rule(order=orders)
    def cancel_at_the_desk(self, order: str) -> None:
        self.extend.cancel_at_the_desk(order)

    @rule(letter=ANY_LETTER, quantity=st.integers(0, 60))
    def count_stock(self, letter: str, quantity: int) -> None:
        self.extend.count_stock(letter, quantity)

    @rule(letter=ANY_LETTER, quantity=st.integers(-5, 5))
    def block(self, letter: str, quantity: int) -> None:
        self.extend.block(letter, quantity)

    @rule()
    def add_product(self) -> None:
        self.extend.add_product()

    @rule(target=purchases, letter=ANY_LETTER, quantity=st.integers(1, 9))
    def buy(self, letter: str, quantity: int) -> Any:
        return some(self.extend.buy(letter, quantity))

    @rule(purchase=purchases, quantity=st.integers(1, 9))
    def receive(self, purchase: str, quantity: int) -> None:
        self.extend.receive(purchase, quantity)

    @rule(target=returns, order=orders, letter=LETTERS, quantity=st.integers(1, 4))
    def send_back(self, order: str, letter: str, quantity: int) -> Any:
        return some(self.extend.send_back(order, letter, quantity))

    @rule(number=returns, quantity=st.integers(1, 4))
    def receive_return(self, number: str, quantity: int) -> None:
        self.extend.receive_return(number, quantity)

    @rule(seconds=st.sampled_from((1.0, 60.0, 600.0, 3601.0, 100_000.0)))
    def wait(self, seconds: float) -> None:
        self.extend.wait(seconds)

    @rule(seconds=st.sampled_from((1.0, 90.0, 4000.0)))
    def skew(self, seconds: float) -> None:
        self.extend.skew(seconds)


def test_extend_is_what_a_few_dicts_say():
    run_state_machine_as_test(Machine, settings=effort(25, stateful_step_count=20))


def test_a_story_that_is_too_long_for_chance_holds_too():
    extend = Installation()
    try:
        order = extend.deliver({"A": 4, "B": 1}, trouble=("lose", 0))
        other = extend.deliver({"A": 2})
        extend.reserve(order)
        extend.cancel_delivery(order)
        extend.ship(order, "A", 3, 2)
        extend.read_levels(trouble=("cut", 0))
        extend.read_deliveries(trouble=("lose", 0))
        extend.read_shipments()
        first = extend.send_back(order, "A", 2)
        extend.receive_return(first, 1)
        extend.send_back(order, "A", 2)
        extend.receive_return(first, 1)
        purchase = extend.buy("A", 9)
        extend.receive(purchase, 4)
        extend.block("A", 3)
        extend.cancel_at_the_desk(other)
        extend.ship(order, "A", 1)
        extend.ship(order, "B", 1)
        extend.receive(purchase, 5)
        extend.read_levels(trouble=("throttle", 0))
        extend.read_shipments(trouble=("drop", 1))
        extend.read_deliveries()
        extend.skew(4000.0)
        extend.deliver({"C": 1}, trouble=("cut", 0))
        extend.read_deliveries()
    finally:
        extend.close()
