"""Order Manager against the smallest thing that could be right: some dicts that count mugs."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mock_servers.core.fake import Size
from mock_servers.core.refusal import Refusal
from tests.extensiv_order_manager.guide import HOME
from tests.support import bench

OM = "extensiv_order_manager"
SKUS = ("MUG", "LAMP", "TRAY")
UNKNOWN = "VASE"
ITEMS = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 6)), min_size=1, max_size=3)
PLACE = st.integers(0, 1000)


class Orders(RuleBasedStateMachine):
    """Stock is conserved: what lies on a shelf moves by a count, a set, a parcel and its return, and by nothing else;
    what is allocated is what sourced orders still wait for."""

    @initialize()
    def open_shop(self):
        self.om = bench(OM, fill=Size(orders=0, products=1))
        self.on_hand: dict[tuple[str, str], int] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.parcels: dict[str, tuple[str, dict[str, int]]] = {}
        self.products = set(SKUS)
        for sku in SKUS:
            self.om.act("add_product", sku=sku, quantity=8)
            self.on_hand["501", sku] = 8

    # What the model thinks

    def allocated(self, warehouse: str, sku: str) -> int:
        waiting = (each for each in self.orders.values() if each["warehouse"] == warehouse and not each["cancelled"])
        return sum(each["wanted"].get(sku, 0) - each["shipped"].get(sku, 0) for each in waiting)

    def source(self, wanted: dict[str, int]) -> str | None:
        if not set(wanted) <= self.products:
            return None
        for warehouse in ("501", "502"):
            if all(
                self.on_hand.get((warehouse, sku), 0) - self.allocated(warehouse, sku) >= quantity
                for sku, quantity in wanted.items()
            ):
                return warehouse
        return "501"

    def status(self, order: dict[str, Any]) -> str:
        done = order["warehouse"] is not None and order["shipped"] == order["wanted"]
        return "cancelled" if order["cancelled"] else "fulfilled" if done else "pending"

    def some(self, place: int) -> str | None:
        return sorted(self.orders)[place % len(self.orders)] if self.orders else None

    # What callers and people do

    @rule(items=ITEMS, unknown=st.booleans())
    def order(self, items, unknown):
        items = [*items, (UNKNOWN, 1)] if unknown else items
        wanted: dict[str, int] = {}
        for sku, quantity in items:
            wanted[sku] = wanted.get(sku, 0) + quantity
        number = f"PO-{len(self.orders)}"
        warehouse = self.source(wanted)
        answer = self.om.post("/api/orders", self.told(number, items))
        assert answer.status_code == 201
        self.orders[number] = {
            "id": answer.json()["id"], "items": items, "wanted": wanted, "shipped": {}, "warehouse": warehouse,
            "cancelled": False,
        }  # fmt: skip

    def told(self, number: str, items: list[tuple[str, int]]) -> dict[str, Any]:
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in items]
        return {"order_number": number, "items": lines, "shipping_address": HOME}

    @precondition(lambda self: self.orders)
    @rule(place=PLACE, change=st.booleans())
    def order_again(self, place, change):
        number = self.some(place)
        items = self.orders[number]["items"]
        other = [*items, ("MUG", 1)] if change else items
        answer = self.om.post("/api/orders", self.told(number, other))
        assert answer.status_code == (409 if change else 200)
        if not change:
            assert answer.json()["status"] == self.status(self.orders[number])

    @precondition(lambda self: self.orders)
    @rule(place=PLACE, at_the_desk=st.booleans())
    def cancel(self, place, at_the_desk):
        number = self.some(place)
        order = self.orders[number]
        allowed = order["cancelled"] or not any(order["shipped"].values())
        if at_the_desk:
            try:
                self.om.act("cancel", order=number)
                done = True
            except Refusal as refusal:
                assert refusal.code == "order_not_cancellable"
                done = False
        else:
            done = self.om.post(f"/api/orders/{order['id']}/cancel").status_code == 200
        assert done == allowed
        order["cancelled"] = allowed

    @precondition(lambda self: any(self.ships(each) for each in self.orders.values()))
    @rule(place=PLACE, share=st.integers(1, 6), parcels=st.integers(1, 3))
    def ship(self, place, share, parcels):
        waiting = sorted(number for number, each in self.orders.items() if self.ships(each))
        number = waiting[place % len(waiting)]
        order = self.orders[number]
        left = {sku: most - order["shipped"].get(sku, 0) for sku, most in order["wanted"].items()}
        items = {sku: min(count, share) for sku, count in left.items() if count}
        sent = self.om.act("ship", order=number, items=items, parcels=parcels)["shipments"]
        total: dict[str, int] = {}
        for parcel in sent:
            self.parcels[parcel["shipment"]] = (number, parcel["items"])
            for sku, count in parcel["items"].items():
                total[sku] = total.get(sku, 0) + count
                order["shipped"][sku] = order["shipped"].get(sku, 0) + count
                self.on_hand[order["warehouse"], sku] = self.on_hand.get((order["warehouse"], sku), 0) - count
        assert total == items

    def ships(self, order: dict[str, Any]) -> bool:
        return order["warehouse"] is not None and self.status(order) == "pending"

    @precondition(lambda self: self.parcels)
    @rule(place=PLACE)
    def void(self, place):
        id = sorted(self.parcels)[place % len(self.parcels)]
        number, items = self.parcels.pop(id)
        self.om.act("void", shipment=id)
        order = self.orders[number]
        for sku, count in items.items():
            order["shipped"][sku] -= count
            self.on_hand[order["warehouse"], sku] += count

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(0, 20), warehouse=st.sampled_from(["501", "502"]))
    def count(self, sku, quantity, warehouse):
        self.om.act("count_stock", sku=sku, quantity=quantity, warehouse=warehouse)
        self.on_hand[warehouse, sku] = quantity

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(0, 20), warehouse=st.sampled_from([501, 502]))
    def set_available(self, sku, quantity, warehouse):
        body = {"sku": sku, "availableQuantity": quantity, "warehouseId": warehouse}
        assert self.om.post("/api/inventory/update", body).json()["available"] == quantity
        self.on_hand[str(warehouse), sku] = quantity + self.allocated(str(warehouse), sku)

    @precondition(lambda self: UNKNOWN not in self.products)
    @rule()
    def bring_the_product(self):
        assert self.om.post("/api/products", {"sku": UNKNOWN, "name": "Vase"}).status_code == 201
        self.products.add(UNKNOWN)
        for number in sorted(self.orders, key=lambda each: int(self.orders[each]["id"])):
            order = self.orders[number]
            if order["warehouse"] is None and not order["cancelled"]:
                order["warehouse"] = self.source(order["wanted"])

    # What must be so

    @invariant()
    def the_orders_are_the_model_s(self):
        if not hasattr(self, "orders"):
            return
        told = self.om.get("/api/orders?pageSize=500").json()["data"]
        assert {each["order_number"]: each["status"] for each in told} == {
            number: self.status(order) for number, order in self.orders.items()
        }
        parcels = dict.fromkeys(self.orders, 0)
        for number, _ in self.parcels.values():
            parcels[number] += 1
        assert {each["order_number"]: len(each["shipments"]) for each in told} == parcels

    @invariant()
    def the_stock_is_the_model_s(self):
        if not hasattr(self, "orders"):
            return
        for warehouse in self.om.get("/api/inventory/warehouses").json()["data"]:
            name = str(warehouse["warehouse_id"])
            for shelf in warehouse["inventory"]:
                sku = shelf["sku"]
                if sku in self.products and sku in {*SKUS, UNKNOWN}:
                    assert shelf["on_hand"] == self.on_hand.get((name, sku), 0), (name, sku)
                    assert shelf["allocated"] == self.allocated(name, sku), (name, sku)
                    assert shelf["available"] == shelf["on_hand"] - shelf["allocated"]

    @invariant()
    def the_books_are_in_order(self):
        if hasattr(self, "om"):
            assert self.om.sound() == []


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
