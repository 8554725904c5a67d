"""Warehouse Manager, driven at random."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule, run_state_machine_as_test

from connectors.extensiv_warehouse_manager import WarehouseManager
from seatrial.histories import recorded
from tests.models import Trouble
from tests.models.defects import Presuming
from tests.models.extensiv_warehouse_manager import Warehouse
from tests.models.troubles import met, troubles
from tests.ports.effort import effort

LETTERS = st.sampled_from("ABC")
LINES = st.dictionaries(LETTERS, st.integers(1, 4), min_size=1, max_size=3)
MEANWHILE = st.sampled_from(("", "", "pick", "ship", "hold", "cancel"))
TROUBLE = troubles()


class Machine(RuleBasedStateMachine):
    """Chooses. What it does, the facade does; and what it did can be pasted."""

    orders: Bundle[str] = Bundle("orders")
    boxes: Bundle[str] = Bundle("boxes")

    def __init__(self) -> None:
        super().__init__()
        self.wm: Any = self.opened()

    def opened(self) -> Any:
        return recorded(Warehouse(), "wm", opening="from tests.models.extensiv_warehouse_manager import Warehouse")

    def teardown(self) -> None:
        self.wm._subject.close()

    @rule(target=orders, lines=LINES, trouble=TROUBLE)
    def deliver(self, lines: dict[str, int], trouble: Trouble) -> str:
        return self.wm.deliver(lines, **met(trouble))

    @rule(order=orders, trouble=TROUBLE)
    def deliver_again(self, order: str, trouble: Trouble) -> None:
        self.wm.deliver_again(order, **met(trouble))

    @rule(order=orders, lines=LINES, trouble=TROUBLE)
    def deliver_otherwise(self, order: str, lines: dict[str, int], trouble: Trouble) -> None:
        self.wm.deliver_otherwise(order, lines, **met(trouble))

    @rule(lines=LINES, trouble=TROUBLE)
    def deliver_unknown(self, lines: dict[str, int], trouble: Trouble) -> None:
        self.wm.deliver_unknown(lines, **met(trouble))

    @rule(order=orders, meanwhile=MEANWHILE, trouble=TROUBLE)
    def cancel_delivery(self, order: str, meanwhile: str, trouble: Trouble) -> None:
        self.wm.cancel_delivery(order, **({"meanwhile": meanwhile} if meanwhile else {}), **met(trouble))

    @rule(trouble=TROUBLE)
    def read_deliveries(self, trouble: Trouble) -> None:
        self.wm.read_deliveries(**met(trouble))

    @rule(trouble=TROUBLE)
    def read_shipments(self, trouble: Trouble) -> None:
        self.wm.read_shipments(**met(trouble))

    @rule(order=orders)
    def pick(self, order: str) -> None:
        self.wm.pick(order)

    @rule(target=boxes, order=orders, count=st.integers(1, 3))
    def pack(self, order: str, count: int) -> Any:
        return multiple(*self.wm.pack(order, count))

    @rule(target=boxes, order=orders, count=st.integers(1, 3))
    def ship(self, order: str, count: int) -> Any:
        return multiple(*self.wm.ship(order, count))

    @rule(order=orders)
    def unconfirm(self, order: str) -> None:
        self.wm.unconfirm(order)

    @rule(box=boxes)
    def void(self, box: str) -> None:
        self.wm.void(box)

    @rule(order=orders)
    def hold(self, order: str) -> None:
        self.wm.hold(order)

    @rule(order=orders)
    def release(self, order: str) -> None:
        self.wm.release(order)

    @rule(order=orders)
    def cancel_at_the_desk(self, order: str) -> None:
        self.wm.cancel_at_the_desk(order)

    @rule(letter=LETTERS, quantity=st.integers(0, 12))
    def count_stock(self, letter: str, quantity: int) -> None:
        self.wm.count_stock(letter, quantity)

    @rule(seconds=st.sampled_from((1.0, 60.0, 600.0, 3601.0, 100_000.0)))
    def wait(self, seconds: float) -> None:
        self.wm.wait(seconds)

    @rule(seconds=st.sampled_from((1.0, 90.0, 4000.0)))
    def skew(self, seconds: float) -> None:
        self.wm.skew(seconds)


def test_warehouse_manager_is_what_a_few_dicts_say():
    run_state_machine_as_test(Machine, settings=effort(30, stateful_step_count=25))


@pytest.mark.parametrize("meanwhile", ["pick", "ship", "hold"])
def test_a_connector_that_takes_somebody_faster_for_a_cancellation_is_noticed(meanwhile: str):
    """A history as the machine makes them. Hypothesis needed a minute and five gigabytes to make it this short."""
    for kind in (WarehouseManager, Presuming):
        wm = Warehouse(kind)
        order = wm.deliver({"A": 1})
        with pytest.raises(AssertionError) if kind is Presuming else nullcontext():
            wm.cancel_delivery(order, meanwhile=meanwhile)
        wm.close()
