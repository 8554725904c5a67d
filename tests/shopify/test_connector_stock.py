"""Stock published through the connector: absolute numbers, compared and set again."""

import httpx
import pytest

from connectors.canonical import Level, Warehouse
from connectors.core.errors import (
    Invalid,
    NotApplied,
)
from tests.shopify.connector import MONDAY, Vendor, ask, nodes, user_error


class Shelf:
    """Items at locations, and a compare-and-set as Shopify has it."""

    def __init__(self, items, locations=("11",)) -> None:
        self.items = items  # item id → [sku, {location: available}]
        self.locations = locations
        self.sets = []
        self.keys = []
        self.meanwhile = None
        self.refuse = {}  # item id → code
        self.errors_told = None  # how many of a request's errors are told; None is all
        self.vendor = Vendor(
            stock=self.stock, inventorySetQuantities=self.set, inventoryActivate=self.activate, locations=self.list
        )

    def list(self, variables):
        found = [
            {"id": f"gid://shopify/Location/{id}", "name": f"L{id}", "isActive": id != "99"} for id in self.locations
        ]
        return {"locations": nodes(*found)}

    def stock(self, variables):
        location = variables["location"].rpartition("/")[2]
        found = [
            {
                "id": f"gid://shopify/InventoryItem/{id}",
                "sku": sku,
                "inventoryLevel": {"quantities": [{"name": "available", "quantity": at[location]}]}
                if location in at
                else None,
            }
            for id, (sku, at) in self.items.items()
            if sku is None or sku.lower() in variables["query"].lower()
        ]
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return {"inventoryItems": nodes(*found)}

    def set(self, variables):
        rows, errors = variables["input"]["quantities"], []
        self.sets.append([row["quantity"] for row in rows])
        self.keys.append(variables["key"])
        for number, row in enumerate(rows):
            id, location = row["inventoryItemId"].rpartition("/")[2], row["locationId"].rpartition("/")[2]
            code = self.refuse.get(id)
            if not code and self.items[id][1][location] != row["changeFromQuantity"]:
                code = "CHANGE_FROM_QUANTITY_STALE"
            if code:
                errors.append(user_error("no", "input", "quantities", str(number), "x", code=code))
        errors = errors[: self.errors_told]
        for row in [] if errors else rows:
            self.items[row["inventoryItemId"].rpartition("/")[2]][1][row["locationId"].rpartition("/")[2]] = row[
                "quantity"
            ]
        return {"inventorySetQuantities": {"inventoryAdjustmentGroup": None, "userErrors": errors}}

    def activate(self, variables):
        self.items[variables["item"].rpartition("/")[2]][1][variables["location"].rpartition("/")[2]] = variables[
            "available"
        ]
        return {"inventoryActivate": {"inventoryLevel": {"id": "x"}, "userErrors": []}}


def levels(warehouse="", /, **quantities):
    return [Level(sku, warehouse, quantity, quantity, MONDAY) for sku, quantity in quantities.items()]


def publish(shelf, wanted, **settings):
    return ask(shelf.vendor, lambda shop: shop.set_levels(wanted, "level:shop"), **settings)


def test_levels_are_set_absolutely_at_the_only_location():
    shelf = Shelf({"1": ["A", {"11": 7}], "2": ["B", {"11": 3}], "3": ["C", {"11": 5}]}, locations=("99", "11"))
    assert publish(shelf, levels(A=5, B=0, C=5)) == {}
    assert [at["11"] for _, at in shelf.items.values()] == [5, 0, 5]
    (variables,) = shelf.vendor.variables("inventorySetQuantities")
    assert variables["input"] == {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {
                "inventoryItemId": "gid://shopify/InventoryItem/1",
                "locationId": "gid://shopify/Location/11",
                "quantity": 5,
                "changeFromQuantity": 7,
            },
            {
                "inventoryItemId": "gid://shopify/InventoryItem/2",
                "locationId": "gid://shopify/Location/11",
                "quantity": 0,
                "changeFromQuantity": 3,
            },
        ],
    }


def test_what_is_right_already_is_not_set():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    assert publish(shelf, levels(A=7)) == {}
    assert shelf.sets == []


def test_below_zero_is_published_as_zero():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    publish(shelf, levels(A=-3))
    assert shelf.items["1"][1]["11"] == 0


def test_a_sale_between_reading_and_setting_is_noticed_and_the_rest_is_set():
    shelf = Shelf({"1": ["A", {"11": 7}], "2": ["B", {"11": 7}]})
    shelf.meanwhile = [lambda: shelf.items["1"][1].update({"11": 6}), lambda: None]
    assert publish(shelf, levels(A=5, B=4)) == {}
    assert [at["11"] for _, at in shelf.items.values()] == [5, 4]
    assert shelf.sets == [[5, 4], [4], [5]]
    assert len(set(shelf.keys)) == 3, "other parameters need another idempotency key"


def test_setting_the_same_again_later_uses_a_fresh_key():
    """One made from the caller's key would be answered from memory for a day, and nothing would be set."""

    async def twice(shop):
        await shop.set_levels(levels(A=5), "level:shop:A")
        shelf.items["1"][1]["11"] = 7
        await shop.set_levels(levels(A=5), "level:shop:A")

    shelf = Shelf({"1": ["A", {"11": 7}]})
    ask(shelf.vendor, twice)
    assert shelf.sets == [[5], [5]]
    assert shelf.keys[0] != shelf.keys[1]


def test_a_lost_answer_is_asked_again_with_the_same_key():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = [
        lambda variables: httpx.Response(502, json=shelf.set(variables)),
        {"inventorySetQuantities": {"inventoryAdjustmentGroup": {"id": "1"}, "userErrors": []}},
    ]
    publish(shelf, levels(A=5))
    first, second = shelf.vendor.variables("inventorySetQuantities")
    assert first == second


def test_a_request_still_under_way_is_waited_for():
    running = {"inventorySetQuantities": {"userErrors": [user_error("wait", code="IDEMPOTENCY_CONCURRENT_REQUEST")]}}
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = [running, running, shelf.set]
    assert publish(shelf, levels(A=5)) == {}
    assert len({variables["key"] for variables in shelf.vendor.variables("inventorySetQuantities")}) == 1


def test_a_key_that_failed_before_is_not_used_again():
    burnt = {"inventorySetQuantities": {"userErrors": [user_error("no", code="IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")]}}
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = [burnt, shelf.set]
    assert publish(shelf, levels(A=5)) == {}
    assert len({variables["key"] for variables in shelf.vendor.variables("inventorySetQuantities")}) == 2


def test_refused_levels_are_told_by_sku_and_the_others_are_set():
    items = {
        "1": ["A", {"11": 7}],
        "2": ["B", {"11": 7}],
        "3": ["TWICE", {"11": 1}],
        "4": ["TWICE", {"11": 1}],
        "5": ["ELSEWHERE", {"12": 1}],
        "6": ["abc", {"11": 1}],
        "7": [None, {"11": 1}],
    }
    shelf = Shelf(items)
    shelf.refuse = {"2": "NON_MUTABLE_INVENTORY_ITEM"}
    refused = publish(shelf, levels(A=1, B=1, TWICE=2, ELSEWHERE=2, ABC=2, GONE=2))
    assert shelf.items["1"][1]["11"] == 1
    assert refused["B"] == "input.quantities.1.x: no [NON_MUTABLE_INVENTORY_ITEM]"
    assert refused["TWICE"] == "2 items in the shop have this SKU"
    assert refused["ELSEWHERE"] == "not stocked at this location"
    assert refused["ABC"] == refused["GONE"] == "the shop has no such SKU"
    assert set(refused) == {"B", "TWICE", "ELSEWHERE", "ABC", "GONE"}


def test_an_item_not_stocked_there_is_stocked_when_that_is_wanted():
    shelf = Shelf({"1": ["A", {"12": 7}]})
    assert publish(shelf, levels(A=5), activate_missing=True) == {}
    assert shelf.items["1"][1] == {"12": 7, "11": 5}
    refusal = {"inventoryActivate": {"inventoryLevel": None, "userErrors": [user_error("not here")]}}
    shelf = Shelf({"1": ["A", {}]})
    shelf.vendor.answers["inventoryActivate"] = refusal
    assert publish(shelf, levels(A=5), activate_missing=True) == {"A": "not here"}


def test_levels_that_never_stand_still_are_left_for_later():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.refuse = {"1": "CHANGE_FROM_QUANTITY_STALE"}
    with pytest.raises(NotApplied, match="kept changing") as caught:
        publish(shelf, levels(A=5))
    assert caught.value.retry_after_seconds == 5


def test_a_busy_shop_that_names_one_moved_level_at_a_time_is_not_taken_for_a_refusal():
    shelf = Shelf({str(number): [f"S{number}", {"11": 7}] for number in range(1, 9)})
    shelf.refuse = dict.fromkeys(shelf.items, "CHANGE_FROM_QUANTITY_STALE")
    shelf.errors_told = 1
    with pytest.raises(NotApplied, match="kept changing"):
        publish(shelf, levels(**{f"S{number}": 5 for number in range(1, 9)}))


def test_a_refusal_of_the_whole_request_is_raised():
    refusal = {"inventorySetQuantities": {"userErrors": [user_error("no", "input", "reason", code="INVALID_REASON")]}}
    shelf = Shelf({"1": ["A", {"11": 7}]})
    shelf.vendor.answers["inventorySetQuantities"] = refusal
    with pytest.raises(Invalid, match="INVALID_REASON"):
        publish(shelf, levels(A=5))


def test_two_levels_for_one_place_are_both_refused():
    shelf = Shelf({"1": ["A", {"11": 7}]})
    refused = publish(shelf, [*levels(A=5), *levels("501", A=3), *levels(**{"": 1})])
    assert refused == {"A": "two levels for this SKU at one location", "": "a level without a SKU"}
    assert shelf.items["1"][1]["11"] == 7


def test_warehouses_can_have_locations_of_their_own():
    shelf = Shelf({"1": ["A", {"11": 7, "12": 7}]}, locations=("11", "12"))
    wanted = [*levels("501", A=5), *levels("502", A=3)]
    publish(shelf, wanted, locations={"501": "11", "502": "12"})
    assert shelf.items["1"][1] == {"11": 5, "12": 3}
    found = ask(shelf.vendor, lambda shop: shop.find_levels(["A", "B"]), locations={"501": "11", "502": "12"})
    assert found == {"A": 8}


def test_a_shop_of_several_locations_needs_to_be_told_which():
    shelf = Shelf({"1": ["A", {"11": 7}]}, locations=("11", "12"))
    with pytest.raises(Invalid, match=r"L11 \(gid://shopify/Location/11\), L12") as caught:
        publish(shelf, levels(A=5))
    assert "location_id" in caught.value.next_step
    assert publish(shelf, levels(A=5), location_id="11") == {}


def test_many_levels_go_in_requests_of_a_bounded_size():
    shelf = Shelf({str(n): [f"SKU{n:04}", {"11": 1}] for n in range(250)})
    assert publish(shelf, levels(**{f"SKU{n:04}": 2 for n in range(250)})) == {}
    assert [len(rows) for rows in shelf.sets] == [100, 100, 50]
    assert {at["11"] for _, at in shelf.items.values()} == {2}
    assert all(variables["query"].count("sku:") <= 20 for variables in shelf.vendor.variables("stock"))


def test_a_sku_cannot_end_the_search_it_is_in():
    shelf = Shelf({})
    ask(shelf.vendor, lambda shop: shop.find_levels(["it's", "a\\b"]))
    assert shelf.vendor.variables("stock")[0]["query"] == "sku:'it\\'s' OR sku:'a\\\\b'"


def test_the_active_locations_are_the_warehouses():
    shelf = Shelf({}, locations=("11", "99"))
    assert ask(shelf.vendor, lambda shop: shop.warehouses()) == [Warehouse("11", "L11")]
