"""The demo compares what both sides say, and says when they differ."""

import subprocess
import sys
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.contract import load
from mock_servers.core.sides import CartLine, CartOrder, CartSide, Job, Parcel, Shelf, Told, WarehouseSide
from seatrial.comparison import compare
from seatrial.simulation.cast import warehouses
from seatrial.simulation.stage import Goods

GOODS = Goods({"MUG": 10, "TEE": 10}, {"PAIR": {"MUG": 2}})
TO = "Ana Ruiz, 5 Pine Rd, Albany, US"
TOLD = Told("f1", frozenset({"1Z"}), {"l1": 1, "l2": 3})
LINES = (CartLine("l1", "PAIR", 1), CartLine("l2", "TEE", 3))
ORDER = CartOrder(id="7", name="#7", cancelled=False, paid=True, to=TO, lines=LINES, told=(TOLD,))
UNITS = {"MUG": 2, "TEE": 3}
JOB = Job(id="9", reference="shop:7", cancelled=False, units=UNITS, to=TO)
PARCEL = Parcel(id="p", reference="shop:7", voided=False, number="1Z", units=UNITS)
SHELVES = {"MUG": Shelf(8, 8), "TEE": Shelf(7, 7)}
LEVELS = {"MUG": 8, "TEE": 7, "PAIR": 4}
AGREED: dict[str, Any] = {"order": ORDER, "job": JOB, "parcels": (PARCEL,), "levels": LEVELS}


def differing(**changed: Any) -> list[str]:
    now = AGREED | changed
    jobs = () if now["job"] is None else (now["job"],)
    cart, warehouse = CartSide((now["order"],), now["levels"]), WarehouseSide(jobs, now["parcels"], SHELVES)
    lines = compare(cart, warehouse, "shop", GOODS)
    assert len(lines) >= 4
    return [line.what for line in lines if not line.agrees]


def test_two_sides_that_say_the_same_agree():
    assert differing() == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"job": None}, ["order"]),
        ({"job": replace(JOB, cancelled=True)}, ["status"]),
        ({"job": replace(JOB, to="elsewhere")}, ["ship to"]),
        ({"job": replace(JOB, units={"MUG": 2})}, ["status", "items"]),
        ({"job": replace(JOB, reference="shop:8")}, ["order", "order"]),
        ({"parcels": ()}, ["status", "tracking", "shipped"]),
        ({"parcels": (replace(PARCEL, number="2Z"),)}, ["tracking"]),
        ({"parcels": (replace(PARCEL, voided=True),)}, ["status", "tracking", "shipped"]),
        ({"parcels": (replace(PARCEL, units={"MUG": 2, "TEE": 2}),)}, ["status", "shipped"]),
        ({"order": replace(ORDER, cancelled=True)}, ["status"]),
        ({"levels": LEVELS | {"PAIR": 5}}, ["available"]),
        ({"levels": {"MUG": 8, "TEE": 7}}, ["available"]),
    ],
)
def test_what_differs_is_found(changed, found):
    assert differing(**changed) == found


def test_an_order_that_was_cancelled_before_it_was_delivered_is_nowhere_else():
    assert differing(order=replace(ORDER, cancelled=True, told=()), job=None, parcels=()) == []


def test_every_warehouse_system_names_the_operation_that_trouble_is_arranged_for():
    for vendor, part in warehouses().items():
        assert part.creates_orders_by in load(part.vendor).operations, vendor


def test_the_whole_demo_ends_well():
    """Over real HTTP and in real time, as `make demo` runs it."""
    told = subprocess.run(
        [sys.executable, "-m", "seatrial", "demo"], capture_output=True, text=True, timeout=240, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Every line agrees." in told.stdout
    assert "DIFFERS" not in told.stdout
