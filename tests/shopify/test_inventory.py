"""Stock: the arithmetic of quantities, the rules of each version, and keys that make a repeat harmless (section 8)."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.shopify.shop import Shop, stocked

SET = """mutation($i: InventorySetQuantitiesInput!, $k: String!) {
  inventorySetQuantities(input: $i) @idempotent(key: $k) {
  inventoryAdjustmentGroup {id reason referenceDocumentUri createdAt app {title} changes {name delta quantityAfterChange
    item {sku} location {name} ledgerDocumentUri}} userErrors {field message code}}}"""
ADJUST = SET.replace("inventorySetQuantities", "inventoryAdjustQuantities").replace("Set", "Adjust", 1)
ADJUST = ADJUST.replace("InventoryAdjustQuantitiesInput", "InventoryAdjustQuantitiesInput")
MOVE = SET.replace("InventorySetQuantitiesInput", "InventoryMoveQuantitiesInput").replace(
    "inventorySetQuantities", "inventoryMoveQuantities"
)
KEYS = iter(range(10**9))


def place(made: Shop, sku: str = "MUG-BLU") -> dict:
    item = next(row for row in made.documents("inventory_item") if row["sku"] == sku)
    return {"inventoryItemId": item["id"], "locationId": made.documents("location")[0]["id"]}


def setting(made: Shop, count: int, *, name: str = "available", sku: str = "MUG-BLU", **row) -> dict:
    one = place(made, sku) | {"quantity": count, "changeFromQuantity": None} | row
    return {"name": name, "reason": "correction", "quantities": [one]}


def adjusting(made: Shop, delta: int, *, name: str = "available", **row) -> dict:
    one = place(made) | {"delta": delta, "changeFromQuantity": None} | row
    return {"name": name, "reason": "correction", "changes": [one]}


def key() -> str:
    return f"key-{next(KEYS)}"


# Arithmetic -----------------------------------------------------------------------------------------------------------


def test_setting_what_can_be_sold_changes_two_quantities_by_as_much():
    made = stocked()
    given = setting(made, 7) | {"referenceDocumentUri": "logistics://count/1"}

    group = made.change(SET, i=given, k=key())["inventoryAdjustmentGroup"]

    change = {"delta": -3, "quantityAfterChange": None, "item": {"sku": "MUG-BLU"}, "ledgerDocumentUri": None}
    change |= {"location": {"name": "Shop location"}}
    assert group["changes"] == [{"name": "available"} | change, {"name": "on_hand"} | change]
    assert (group["reason"], group["referenceDocumentUri"]) == ("correction", "logistics://count/1")
    assert made.level()["available"] == 7


def test_setting_what_is_on_hand_leaves_what_is_promised():
    made = stocked()
    made.order(("MUG-BLU", 4))

    made.change(SET, i=setting(made, 20, name="on_hand"), k=key())

    assert (made.level()["available"], made.level()["committed"]) == (16, 4)


def test_setting_what_is_set_already_changes_nothing():
    made = stocked()

    assert made.change(SET, i=setting(made, 10), k=key())["inventoryAdjustmentGroup"] is None


def test_quantities_are_shown_by_name_and_on_hand_has_no_moment_of_its_own():
    made = stocked()
    made.order(("MUG-BLU", 4))
    names = ["on_hand", "available", "committed", "incoming"]

    shown = made.ask(
        "query($id: ID!, $n: [String!]!) {inventoryItem(id: $id) {tracked inventoryLevels(first: 5) {nodes {id "
        "isActive location {name} quantities(names: $n) {name quantity updatedAt}}}}}",
        id=place(made)["inventoryItemId"],
        n=names,
    )["inventoryItem"]["inventoryLevels"]["nodes"][0]

    assert shown["id"].endswith("?inventory_item_id=7200000000001")
    assert [(each["name"], each["quantity"]) for each in shown["quantities"]] == [
        ("on_hand", 10),
        ("available", 6),
        ("committed", 4),
        ("incoming", 0),
    ]
    assert [each["updatedAt"] is None for each in shown["quantities"]] == [True, False, False, False]


def test_a_level_is_found_by_its_own_id_and_by_its_location():
    made = stocked()
    at = place(made)
    id = made.documents("inventory_level")[0]["id"]

    shown = made.ask(
        "query($id: ID!, $i: ID!, $l: ID!) {inventoryLevel(id: $id) {item {sku}} inventoryItem(id: $i) "
        "{inventoryLevel(locationId: $l) {id}} location(id: $l) {inventoryLevel(inventoryItemId: $i) {id}}}",
        id=id,
        i=at["inventoryItemId"],
        l=at["locationId"],
    )

    assert shown["inventoryLevel"] == {"item": {"sku": "MUG-BLU"}}
    assert shown["inventoryItem"]["inventoryLevel"] == shown["location"]["inventoryLevel"] == {"id": id}


def test_an_unknown_name_of_a_quantity_is_refused():
    made = stocked()

    error = made.refused(
        '{locations(first: 1) {nodes {inventoryLevels(first: 1) {nodes {quantities(names: ["x"]) {name}}}}}}'
    )

    assert error["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"


# User errors ----------------------------------------------------------------------------------------------------------

NO_ITEM, NO_PLACE = "gid://shopify/InventoryItem/1", "gid://shopify/Location/1"
ROW = ["input", "quantities", "0"]
WRONG = [
    ({"row": {"inventoryItemId": NO_ITEM}}, [*ROW, "inventoryItemId"], "INVALID_INVENTORY_ITEM"),
    ({"row": {"locationId": NO_PLACE}}, [*ROW, "locationId"], "INVALID_LOCATION"),
    ({"row": {"quantity": -1}}, [*ROW, "quantity"], "INVALID_QUANTITY_NEGATIVE"),
    ({"row": {"quantity": 1_000_000_001}}, [*ROW, "quantity"], "INVALID_QUANTITY_TOO_HIGH"),
    ({"row": {"changeFromQuantity": 9}}, [*ROW, "changeFromQuantity"], "CHANGE_FROM_QUANTITY_STALE"),
    ({"input": {"name": "committed"}}, ["input", "name"], "INVALID_NAME"),
    ({"input": {"reason": "because"}}, ["input", "reason"], "INVALID_REASON"),
    ({"input": {"referenceDocumentUri": "no uri"}}, ["input", "referenceDocumentUri"], "INVALID_REFERENCE_DOCUMENT"),
]


@pytest.mark.parametrize(("more", "field", "code"), WRONG, ids=[each[2] for each in WRONG])
def test_a_row_that_cannot_be_set_is_refused_with_its_code(more, field, code):
    made = stocked()
    given = setting(made, 5, **more.get("row", {})) | more.get("input", {})

    error = made.error(SET, i=given, k=key())

    assert (error["field"], error["code"]) == (field, code)


def test_the_observed_sentences():
    made = stocked()

    item = made.error(SET, i=setting(made, 5, inventoryItemId=NO_ITEM), k=key())
    negative = made.error(SET, i=setting(made, -1), k=key())

    assert item["message"] == "The specified inventory item could not be found."
    assert negative["message"] == "The quantity can't be negative."


def test_one_wrong_row_stops_them_all():
    made = stocked()
    given = setting(made, 5)
    given["quantities"].append(setting(made, -5, sku="MUG-RED")["quantities"][0])

    assert made.error(SET, i=given, k=key())["field"] == ["input", "quantities", "1", "quantity"]


def test_an_item_and_place_are_named_once():
    made = stocked()
    given = setting(made, 5)
    given["quantities"] *= 2

    assert made.error(SET, i=given, k=key())["code"] == "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"


def unstocked(made: Shop) -> dict:
    there = made.act("add_location", name="Reno")["id"]
    return setting(made, 5, locationId=there)


def test_where_an_item_is_not_stocked_it_depends_on_the_version():
    made = stocked()
    given = unstocked(made)
    made.version = "2026-07"

    error = made.error(SET, i=given, k=key())
    made.version = "2026-10"
    made.change(SET, i=given, k=key())

    assert error["code"] == "ITEM_NOT_STOCKED_AT_LOCATION"
    assert [level["quantities"]["available"] for level in made.documents("inventory_level")] == [10, 10, 5]


# Comparing, by version ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2026-04", "2026-07", "2026-10"])
def test_the_comparison_must_be_said_even_when_it_is_null(version):
    made = stocked()
    made.version = version
    given = setting(made, 5)
    del given["quantities"][0]["changeFromQuantity"]
    adjusted = adjusting(made, 5)
    del adjusted["changes"][0]["changeFromQuantity"]

    body = made.answer(SET, i=given, k=key())

    assert body["data"] == {"inventorySetQuantities": None}
    assert body["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    assert (
        body["errors"][0]["message"]
        == "InventoryQuantityInput must include the following argument: changeFromQuantity."
    )
    assert (
        made.refused(ADJUST, i=adjusted, k=key())["message"]
        == "InventoryChangeInput must include the following argument: changeFromQuantity."
    )


OLD = [
    ({"ignoreCompareQuantity": True}, {}, None),
    ({}, {"compareQuantity": 10}, None),
    ({}, {"compareQuantity": 9}, "COMPARE_QUANTITY_STALE"),
    ({}, {}, "COMPARE_QUANTITY_REQUIRED"),
    ({}, {"compareQuantity": 9, "changeFromQuantity": 10}, None),
    ({}, {"compareQuantity": 10, "changeFromQuantity": 9}, "CHANGE_FROM_QUANTITY_STALE"),
    ({}, {"changeFromQuantity": None}, None),
]


@pytest.mark.parametrize(("more", "row", "code"), OLD, ids=[f"{each[0]} {each[1]}" for each in OLD])
def test_the_oldest_version_still_compares_the_old_way(more, row, code):
    made = stocked()
    made.version = "2026-01"
    given = setting(made, 5) | more
    del given["quantities"][0]["changeFromQuantity"]
    given["quantities"][0] |= row

    payload = made.payload(SET, i=given, k=key())

    assert [each["code"] for each in payload["userErrors"]] == ([code] if code else [])


def test_the_old_comparison_is_unknown_from_2026_04_on():
    made = stocked()

    error = made.refused(SET, i=setting(made, 5, compareQuantity=10), k=key())

    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    assert error["extensions"]["problems"] == [
        {
            "path": ["quantities", 0, "compareQuantity"],
            "explanation": "Field is not defined on InventoryQuantityInput",
        }
    ]


# Keys -----------------------------------------------------------------------------------------------------------------

PLAIN = SET.replace(" @idempotent(key: $k)", "").replace(", $k: String!", "")


def test_without_a_key_nothing_is_done_from_2026_04_on():
    made = stocked()

    body = made.answer(PLAIN, i=setting(made, 5))
    made.version = "2026-01"
    made.change(PLAIN, i=setting(made, 5))

    assert body["errors"][0]["message"] == (
        "The @idempotent directive is required for this mutation but was not provided."
    )
    assert body["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


def test_a_blank_key_is_refused():
    made = stocked()

    assert made.refused(SET, i=setting(made, 5), k="  ")["extensions"]["code"] == "BAD_REQUEST"


def test_the_same_key_twice_is_one_change():
    made = stocked()
    given = adjusting(made, -2)

    first = made.change(ADJUST, i=given, k="once")
    again = made.change(ADJUST, i=given, k="once")

    assert again == first
    assert made.level()["available"] == 8


def test_a_key_with_other_parameters_is_refused():
    made = stocked()
    made.change(ADJUST, i=adjusting(made, -2), k="once")

    error = made.error(ADJUST, i=adjusting(made, -3), k="once")

    assert error["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


def test_a_key_whose_first_attempt_failed_stays_failed():
    made = stocked()
    given = setting(made, 5, changeFromQuantity=1)
    first = made.error(SET, i=given, k="once")

    again = made.error(SET, i=given, k="once")

    assert (first["code"], again["code"]) == ("CHANGE_FROM_QUANTITY_STALE", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")


def test_a_key_in_use_is_busy():
    made = stocked()
    made.world.settings["shopify.idempotent_mutation_seconds"] = 5
    given = adjusting(made, -2)
    made.change(ADJUST, i=given, k="once")

    busy = made.error(ADJUST, i=given, k="once")
    made.advance(5)
    made.change(ADJUST, i=given, k="once")

    assert busy["code"] == "IDEMPOTENCY_CONCURRENT_REQUEST"
    assert made.level()["available"] == 8


def test_a_key_is_forgotten_after_a_day():
    made = stocked()
    given = adjusting(made, -2)
    made.change(ADJUST, i=given, k="once")

    made.advance(86_400)
    made.change(ADJUST, i=given, k="once")

    assert made.level()["available"] == 6


def test_a_key_belongs_to_one_app_and_one_mutation():
    made = stocked()
    made.change(ADJUST, i=adjusting(made, -2), k="once")
    made.change(SET, i=setting(made, 3), k="once")
    made.world.work("shopify").grant("token", "shpat_o", "another-app", scopes=["write_inventory", "read_locations"])
    made.client.headers["X-Shopify-Access-Token"] = "shpat_o"

    made.change(ADJUST, i=adjusting(made, -1), k="once")

    assert made.level()["available"] == 2


# Adjusting and moving -------------------------------------------------------------------------------------------------


def test_an_adjustment_goes_below_zero_when_it_must():
    made = stocked()

    made.change(ADJUST, i=adjusting(made, -12), k=key())

    assert made.level()["available"] == -2


CHANGE = ["input", "changes", "0"]
ADJUST_WRONG = [
    ({"name": "on_hand"}, {}, ["input", "name"], "INVALID_QUANTITY_NAME"),
    ({"name": "damaged"}, {}, [*CHANGE, "ledgerDocumentUri"], "INVALID_QUANTITY_DOCUMENT"),
    ({"name": "damaged"}, {"ledgerDocumentUri": "x y"}, [*CHANGE, "ledgerDocumentUri"], "INVALID_LEDGER_DOCUMENT"),
    (
        {"name": "damaged"},
        {"ledgerDocumentUri": "gid://shopify/Order/1"},
        [*CHANGE, "ledgerDocumentUri"],
        "INTERNAL_LEDGER_DOCUMENT",
    ),
    ({}, {"ledgerDocumentUri": "a://b"}, [*CHANGE, "ledgerDocumentUri"], "INVALID_AVAILABLE_DOCUMENT"),
    ({}, {"delta": 2_000_000_001}, [*CHANGE, "delta"], "INVALID_QUANTITY_TOO_HIGH"),
    ({}, {"delta": -2_000_000_001}, [*CHANGE, "delta"], "INVALID_QUANTITY_TOO_LOW"),
    ({}, {"changeFromQuantity": 3}, [*CHANGE, "changeFromQuantity"], "CHANGE_FROM_QUANTITY_STALE"),
]


@pytest.mark.parametrize(("more", "row", "field", "code"), ADJUST_WRONG, ids=[each[3] for each in ADJUST_WRONG])
def test_an_adjustment_that_cannot_be_is_refused_with_its_code(more, row, field, code):
    made = stocked()
    given = adjusting(made, 1) | more
    given["changes"][0] |= row

    error = made.error(ADJUST, i=given, k=key())

    assert (error["field"], error["code"]) == (field, code)


def moving(made: Shop, quantity: int, start: str = "available", goal: str = "damaged", **more) -> dict:
    at = place(made)
    ends = {
        end: {"locationId": at["locationId"], "name": name}
        | ({} if name == "available" else {"ledgerDocumentUri": "ledger://x/1"})
        for end, name in (("from", start), ("to", goal))
    }
    change = {"inventoryItemId": at["inventoryItemId"], "quantity": quantity, **ends}
    return {"reason": "damaged", "referenceDocumentUri": "ref://x/1", "changes": [change | more]}


def test_a_move_takes_from_one_name_and_gives_to_another():
    made = stocked()

    group = made.change(MOVE, i=moving(made, 3), k=key())["inventoryAdjustmentGroup"]

    assert [(each["name"], each["delta"]) for each in group["changes"]] == [("available", -3), ("damaged", 3)]
    assert (made.level()["available"], made.level()["damaged"]) == (7, 3)


def test_a_move_that_cannot_be_is_refused_with_its_code():
    made = stocked()
    there = made.act("add_location", name="Reno")["id"]
    away = moving(made, 1)
    away["changes"][0]["to"]["locationId"] = there

    assert made.error(MOVE, i=moving(made, 1, goal="available"), k=key())["code"] == "SAME_QUANTITY_NAME"
    assert made.error(MOVE, i=away, k=key())["code"] == "DIFFERENT_LOCATIONS"
    assert made.error(MOVE, i=moving(made, -1), k=key())["code"] == "INVALID_QUANTITY_NEGATIVE"
    assert made.error(MOVE, i=moving(made, 1, goal="committed"), k=key())["code"] == "INVALID_QUANTITY_NAME"


ACTIVATE = """mutation($i: ID!, $l: ID!, $a: Int, $o: Int, $k: String!) {inventoryActivate(inventoryItemId: $i,
  locationId: $l, available: $a, onHand: $o) @idempotent(key: $k) {
  inventoryLevel {id quantities(names: ["available"]) {quantity}} userErrors {field message}}}"""


def test_an_item_is_connected_to_a_location_with_a_first_quantity():
    made = stocked()
    at = place(made)
    there = made.act("add_location", name="Reno")["id"]

    level = made.change(ACTIVATE, i=at["inventoryItemId"], l=there, a=4, k="a")["inventoryLevel"]
    again = made.change(ACTIVATE, i=at["inventoryItemId"], l=there, a=4, k="a")["inventoryLevel"]

    assert level["quantities"] == [{"quantity": 4}]
    assert again == level


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        (
            {"a": 4},
            ["available"],
            "Not allowed to set available quantity when the item is already active at the location.",
        ),
        ({"i": NO_ITEM}, ["inventoryItemId"], "The specified inventory item could not be found."),
        ({"l": NO_PLACE}, ["locationId"], "The specified location could not be found."),
        ({"a": 1, "o": 1}, ["available"], "Only one of available and onHand can be set."),
    ],
)
def test_a_connection_that_cannot_be_is_refused(more, field, words):
    made = stocked()
    at = place(made)

    error = made.error(ACTIVATE, **{"i": at["inventoryItemId"], "l": at["locationId"], "k": key()} | more)

    assert error == {"field": field, "message": words}


def test_an_item_says_what_it_is():
    made = stocked()
    id = place(made)["inventoryItemId"]

    shown = made.change(
        "mutation($id: ID!, $i: InventoryItemInput!) {inventoryItemUpdate(id: $id, input: $i) {inventoryItem {sku "
        "tracked unitCost {amount} measurement {weight {unit value}} variant {sku}} userErrors {message}}}",
        id=id,
        i={"sku": "MUG-NEW", "cost": "3.10", "measurement": {"weight": {"unit": "KILOGRAMS", "value": 0.4}}},
    )["inventoryItem"]

    assert shown == {
        "sku": "MUG-NEW",
        "tracked": True,
        "unitCost": {"amount": "3.1"},
        "measurement": {"weight": {"unit": "GRAMS", "value": 400.0}},
        "variant": {"sku": "MUG-NEW"},
    }


# Against the smallest thing that could be right -----------------------------------------------------------------------


class Shelf(RuleBasedStateMachine):
    """One item at one location against three numbers."""

    @initialize()
    def open_the_shop(self) -> None:
        self.shop = stocked()
        self.available, self.committed = 10, 0
        self.open: list[tuple[str, int]] = []

    @rule(count=st.integers(0, 20))
    def count(self, count: int) -> None:
        self.shop.act("count_stock", sku="MUG-BLU", quantity=count)
        self.available = count

    @rule(count=st.integers(0, 40))
    def set_on_hand(self, count: int) -> None:
        self.shop.change(SET, i=setting(self.shop, count, name="on_hand"), k=key())
        self.available = count - self.committed

    @rule(delta=st.integers(-5, 5))
    def adjust(self, delta: int) -> None:
        self.shop.change(ADJUST, i=adjusting(self.shop, delta), k=key())
        self.available += delta

    @rule(count=st.integers(1, 3))
    def buy(self, count: int) -> None:
        if self.available >= count:
            order = self.shop.order(("MUG-BLU", count))
            self.open.append((order["name"], count))
            self.available -= count
            self.committed += count

    @rule(restock=st.booleans())
    def cancel(self, restock: bool) -> None:
        if self.open:
            name, count = self.open.pop(0)
            self.shop.act("cancel", order=name, restock=restock)
            self.committed -= count
            self.available += count if restock else 0

    @rule()
    def ship_one(self) -> None:
        if self.open:
            name, count = self.open.pop()
            self.shop.act("fulfill", order=name, items={"MUG-BLU": 1})
            self.committed -= 1
            if count > 1:
                self.open.insert(0, (name, count - 1))
                self._never_cancel(name)

    def _never_cancel(self, name: str) -> None:
        self.open = [each for each in self.open if each[0] != name]
        left = next(
            line["unfulfilledQuantity"]
            for order in self.shop.documents("order")
            if order["name"] == name
            for line in order["lines"]
        )
        self.shop.act("fulfill", order=name)
        self.committed -= left

    @invariant()
    def the_books_agree(self) -> None:
        level = self.shop.level()
        assert (level["available"], level["committed"]) == (self.available, self.committed)
        assert self.shop.sound() == []


TestShelf = Shelf.TestCase
TestShelf.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
