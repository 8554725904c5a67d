"""The dialect of the public guide: snake_case, an envelope around lists, three words for the state of an order."""

import re
from typing import Any

from mock_servers.core.clock import moment_of
from mock_servers.core.countries import ALPHA2, ALPHA3
from mock_servers.core.fake import Call
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.paging import Window, page_of
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document, fingerprint
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour import products
from mock_servers.extensiv_order_manager.behaviour.state import (
    HOLDABLE,
    call_off,
    fake,
    orders_numbered,
    own_channel,
    place_order,
)
from mock_servers.extensiv_order_manager.behaviour.stock import available, move, named_warehouse, shelf_of

PENDING = (*sorted(HOLDABLE), "ON_HOLD", "PROCESSED_OUTSIDE_OF_SKUBANA")
STATES_OF = {
    "pending": Is("state", "in", PENDING),
    "fulfilled": Is("state", "=", "SHIPPED"),
    "cancelled": Is("state", "=", "CANCELLED"),
}

TWO_LETTERS = re.compile(r"[A-Za-z]{2}")
OPTIONAL = ("shipping_method", "notes")
WRITTEN = ("order_number", "shipping_address", "shipping_method", "notes")
ADDRESS = ("name", "company", "street1", "street2", "city", "state", "postal_code", "country", "phone", "email")
PRODUCT = ("id", "sku", "name", "price", "barcode", "active", "created_at", "updated_at")
SHIPMENT = (
    "id",
    "order_id",
    "order_number",
    "status",
    "carrier",
    "tracking_number",
    "tracking_url",
    "shipped_at",
    "updated_at",
    "items",
)


# Orders -------------------------------------------------------------------------------------------------------------


@fake.operation("listOrders")
def list_orders(call: Call) -> Reply:
    states = STATES_OF.get(call.query.get("status", ""))
    return page_of(call, call.collection("order"), _filters(call, "order_number", also=states))


@fake.operation("getOrder")
def get_order(call: Call) -> Reply:
    return Reply(200, call.collection("order").get(call.path["id"]))


@fake.operation("createOrder")
def create_order(call: Call) -> Reply:
    address = _checked_address(call.body["shipping_address"])
    said = fingerprint(call.body)
    same = orders_numbered(call, call.body["order_number"], own_channel(call))
    for known in () if call.setting("numbers_may_repeat") else same:
        if known["fingerprint"] != said:
            raise Refusal("duplicate_order", order_number=call.body["order_number"])
        return Reply(200, known)

    order = place_order(
        call,
        {name: call.body[name] for name in WRITTEN if name in call.body}
        | {
            "shipping_address": address,
            "items": [{"sku": item["sku"], "quantity": item["quantity"], "shipped": 0} for item in call.body["items"]],
            "fingerprint": said,
        },
    )
    return Reply(201, order, {"Location": f"{call.base_url}/api/orders/{order.id}"})


@fake.operation("cancelOrder")
def cancel_order(call: Call) -> Reply:
    order = call.collection("order").get(call.path["id"])
    return Reply(200, call_off(call, order, (call.body or {}).get("reason", "")))


@fake.view("guide", "order", schema="Order")
def order_on_the_guide(order: Document) -> dict[str, Any]:
    kept = order.body
    address = {name: value for name, value in kept["shipping_address"].items() if name in ADDRESS and value is not None}
    shown = {
        "id": kept["id"],
        "order_number": kept["order_number"],
        "status": kept["status"],
        "created_at": kept["created_at"],
        "updated_at": kept["updated_at"],
        "items": [{"sku": item["sku"], "quantity": item["quantity"]} for item in kept["items"]],
        "shipping_address": address | {"country": ALPHA2[address["country"]]},
        "shipments": kept["shipments"],
    }
    return shown | {name: kept[name] for name in OPTIONAL if name in kept}


def _checked_address(address: dict[str, Any]) -> dict[str, Any]:
    """The address with its country as alpha-3 (A13). Refuses unknown countries, and the USA without a state."""
    country = address["country"].upper()
    country = ALPHA3.get(country, country)
    if country not in ALPHA2:
        raise Refusal("invalid_body", details=(("shipping_address.country", "is not an ISO 3166 country code"),))
    if country == "USA" and not TWO_LETTERS.fullmatch(address.get("state", "")):
        raise Refusal("invalid_body", details=(("shipping_address.state", "is a two-letter code in the USA"),))
    return address | {"country": country}


# Stock --------------------------------------------------------------------------------------------------------------


@fake.operation("listInventory")
def list_inventory(call: Call) -> Reply:
    where = Is("id", "=", str(call.query["warehouse_id"])) if "warehouse_id" in call.query else None
    warehouses = call.collection("warehouse")
    window = Window(call, warehouses.count(where))
    rows = [
        _warehouse(warehouse)
        | {"inventory": [{"sku": stock["sku"]} | _level(stock) for stock in _shelves(call, warehouse.id)]}
        for warehouse in warehouses.rows(where, limit=window.limit, offset=window.offset)
    ]
    return Reply(200, {"data": rows, **window.envelope})


def _shelves(call: Call, warehouse: str) -> list[Document]:
    """The stock of a warehouse, or what it has of the SKU that was asked for."""
    stock = call.collection("stock")
    if "sku" in call.query:
        found = stock.find(f"{warehouse}:{call.query['sku']}")
        return [found] if found else []
    return stock.rows(All(Is("id", ">=", f"{warehouse}:"), Is("id", "<", f"{warehouse};")))  # `;` follows `:`


@fake.operation("updateInventory")
def update_inventory(call: Call) -> Reply:
    sku = call.body["sku"]
    if products.product_of(call, sku) is None:
        raise Refusal("not_found", kind="product", id=sku)
    warehouse = named_warehouse(call, str(call.body.get("warehouseId", "")))

    # The guide sets what is available; the vendor keeps what is on hand (A40).
    stock = shelf_of(call, warehouse.id, sku)
    stock = move(call, stock, on_hand=call.body["availableQuantity"] - available(stock))
    return Reply(200, {"sku": sku, "warehouse_id": int(warehouse.id)} | _level(stock))


@fake.operation("listWarehouses")
def list_warehouses(call: Call) -> Reply:
    return page_of(call, call.collection("warehouse"))


@fake.view("guide", "warehouse", schema="Warehouse")
def warehouse_on_the_guide(warehouse: Document) -> dict[str, Any]:
    return _warehouse(warehouse)


def _warehouse(warehouse: Document) -> dict[str, Any]:
    return {"warehouse_id": int(warehouse.id), "name": warehouse["name"], "type": warehouse["type"]}


def _level(stock: Any) -> dict[str, int]:
    return {"on_hand": stock["on_hand"], "allocated": stock["allocated"], "available": available(stock)}


# Products and shipments ---------------------------------------------------------------------------------------------


@fake.operation("listProducts")
def list_products(call: Call) -> Reply:
    return page_of(call, call.collection("product"), _filters(call, "sku"))


@fake.operation("createProduct")
def create_product(call: Call) -> Reply:
    if products.product_of(call, call.body["sku"]) is not None:
        raise Refusal("duplicate_product", sku=call.body["sku"])
    return Reply(201, products.add_product(call, call.body))


@fake.view("guide", "product", schema="Product")
def product_on_the_guide(product: Document) -> dict[str, Any]:
    return {name: product[name] for name in PRODUCT}


@fake.operation("listShipments")
def list_shipments(call: Call) -> Reply:
    return page_of(call, call.collection("shipment"), _filters(call, "order_number"))


@fake.view("guide", "shipment", schema="Shipment")
def shipment_on_the_guide(shipment: Document) -> dict[str, Any]:
    return {name: shipment[name] for name in SHIPMENT}


# -------------------------------------------------------------------------------------------------------------------


def _filters(call: Call, *members: str, also: Condition | None = None) -> Condition | None:
    """The conditions a list was asked for; `updated_since` is inclusive (A6, A28)."""
    conditions: list[Condition] = [Is(name, "=", call.query[name]) for name in members if name in call.query]
    if also is not None:
        conditions.append(also)
    if "updated_since" in call.query:
        conditions.append(Is("updated_at", ">=", call.fake.stamp_of(_moment(call.query["updated_since"]))))
    return All(*conditions) if conditions else None


def _moment(text: str) -> float:
    try:
        return moment_of(text)
    except (ValueError, OverflowError) as error:
        raise Refusal("invalid_query", details=(("updated_since", "is not a moment"),)) from error
