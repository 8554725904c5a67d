"""What Extensiv Order Manager does when it is called. Its paths, shapes and limits are in its contract.

State follows the vendor's own order states; the guide's three words are how they look from its surface. An order takes
stock when it is created and gives it back when it is cancelled; what ships leaves the shelf.
"""

import hmac
import re
from base64 import b64decode
from typing import Any

from mock_servers.core.clock import moment_of
from mock_servers.core.countries import ALPHA2, ALPHA3
from mock_servers.core.fake import Call, Fake, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.paging import Window, page_of
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document, fingerprint
from mock_servers.core.wire import Reply

fake = Fake("extensiv_order_manager")

fake.kind("order", index=("order_number", "state", "updated_at"))
fake.kind("product", index=("sku", "updated_at"))
fake.kind("warehouse")
fake.kind("stock")  # by warehouse and SKU: `501:MUG-01`
fake.kind("shipment", index=("order_number", "order_id", "updated_at"))

# Orders wait by the type of the warehouse that fulfils them (dossier A30), and may be cancelled while they wait (A33).
WAITS_AS = {
    "DIRECT_FULFILLMENT": "AWAITING_SHIPMENT",
    "THIRD_PARTY_LOGISTICS": "AWAITING_3PL_EXPORT",
    "DROPSHIP_VENDOR": "AWAITING_DROPSHIP",
}
OPEN = frozenset({*WAITS_AS.values(), "PENDING_FULFILLMENT"})
CANCELLABLE = OPEN | {"UNRESOLVED"}
SEED_STATUS = {"SHIPPED": "fulfilled", "CANCELLED": "cancelled"}
STATES_OF = {
    "pending": Is("state", "in", (*sorted(OPEN), "UNRESOLVED")),
    "fulfilled": Is("state", "=", "SHIPPED"),
    "cancelled": Is("state", "=", "CANCELLED"),
}

TWO_LETTERS = re.compile(r"[A-Za-z]{2}")
OPTIONAL = ("shipping_method", "notes")
WRITTEN = ("order_number", "shipping_address", "shipping_method", "notes")

SCOPES = (
    "read_orders",
    "write_orders",
    "read_inventory",
    "write_inventory",
    "read_products",
    "write_products",
    "read_shipments",
)


# Who may call -------------------------------------------------------------------------------------------------------


@fake.operation("issueToken")
def issue_token(call: Call) -> Reply:
    client_id, secret = _client_of(call)
    if call.body["grant_type"] != "client_credentials":
        raise Refusal("unsupported_grant_type")
    if not client_id or not secret:
        raise Refusal("invalid_body", details=(("client_id, client_secret", "are required"),))
    client = call.credential("client", client_id)
    if client is None or not hmac.compare_digest(str(client.about["secret"]).encode(), secret.encode()):
        raise Refusal("invalid_client")
    scopes = call.body.get("scope", "").split() or sorted(client.scopes)
    for scope in scopes:
        if scope not in client.scopes:
            raise Refusal("invalid_scope", scope=scope)

    token, lifetime = call.token(), call.lifetime("access_token")
    call.grant("token", token, client_id, scopes=scopes, seconds=lifetime)
    answer = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(lifetime or 0),
        "scope": " ".join(scopes),
    }
    return Reply(200, answer, {"Cache-Control": "no-store"})


def _client_of(call: Call) -> tuple[str, str]:
    """Id and secret out of the form, or out of HTTP Basic (dossier A3)."""
    basic = call.request.header(b"authorization") or ""
    if basic[:6].lower() != "basic ":
        return call.body.get("client_id", ""), call.body.get("client_secret", "")
    try:
        client_id, _, secret = b64decode(basic[6:], validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return client_id, secret


@fake.tenant
def make_tenant(work: Work) -> dict[str, str]:
    """The default world's credentials are the very words the guide prints, so that its requests work as they stand."""
    fixed = work.world.fixed_credentials
    client_id = "YOUR_CLIENT_ID" if fixed else work.token(letters=20)
    secret = "YOUR_CLIENT_SECRET" if fixed else work.token(letters=40)
    token = "YOUR_ACCESS_TOKEN" if fixed else work.token()
    work.grant("client", client_id, client_id, scopes=SCOPES, standing=True, secret=secret)
    work.grant("token", token, client_id, scopes=SCOPES, standing=True)
    return {"client_id": client_id, "client_secret": secret, "access_token": token}


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
    known = call.collection("order").first(Is("order_number", "=", call.body["order_number"]))
    if known is not None and not call.setting("numbers_may_repeat"):
        if known["fingerprint"] != said:
            raise Refusal("duplicate_order", order_number=call.body["order_number"])
        return Reply(200, known)

    order = place_order(call, call.body | {"shipping_address": address}, said)
    return Reply(201, order, {"Location": f"{call.base_url}/api/orders/{order.id}"})


@fake.operation("cancelOrder")
def cancel_order(call: Call) -> Reply:
    order = call.collection("order").get(call.path["id"])
    return Reply(200, call_off(call, order, (call.body or {}).get("reason", "")))


@fake.view("guide", "order", schema="Order")
def order_on_the_guide(order: Document) -> dict[str, Any]:
    kept = order.body
    address = kept["shipping_address"]
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


def place_order(work: Work, body: dict[str, Any], said: str) -> Document:
    """Keep a new order and take its stock. An unknown SKU leaves it UNRESOLVED until the product exists (A10)."""
    start = work.fake.contract.profile.facts["order_number_start"].value
    order: dict[str, Any] = {
        "id": str(work.next_number("order", start)),
        "created_at": work.stamp,
        "updated_at": work.stamp,
        "items": [{"sku": item["sku"], "quantity": item["quantity"], "shipped": 0} for item in body["items"]],
        "shipments": [],
        "stage": "new",
        "fingerprint": said,
        **{name: body[name] for name in WRITTEN if name in body},
    }
    return work.collection("order").add(_sourced(work, order))


def _sourced(work: Work, order: dict[str, Any]) -> dict[str, Any]:
    """The order with the warehouse that will ship it and the stock it takes there, if every SKU is known."""
    wanted = _wanted(order)
    if len(work.collection("product").heads(Is("sku", "in", tuple(wanted)))) < len(wanted):
        return _unresolved(order, "MISSING_PRODUCT_INFO")
    warehouse = _warehouse_for(work, wanted)
    if warehouse is None:
        return _unresolved(order, "MISSING_FULFILLMENT_SOURCE")
    for sku, quantity in wanted.items():
        _move(work, _stock(work, warehouse.id, sku), allocated=quantity)
    return _in_state(order, WAITS_AS[warehouse["type"]]) | {"unresolved": "RESOLVED", "warehouse_id": warehouse.id}


def _unresolved(order: dict[str, Any], why: str) -> dict[str, Any]:
    return _in_state(order, "UNRESOLVED") | {"unresolved": why, "warehouse_id": None}


def _warehouse_for(work: Work, wanted: dict[str, int]) -> Document | None:
    """The first warehouse with enough of everything, else the first there is: what it lacks is backordered."""
    warehouses = work.collection("warehouse").rows()
    for warehouse in warehouses:
        if all(available(_stock(work, warehouse.id, sku)) >= quantity for sku, quantity in wanted.items()):
            return warehouse
    return warehouses[0] if warehouses else None


def call_off(work: Work, order: Document, reason: str) -> Document:
    """Cancel what has not shipped; a cancelled order stays as it is. What it had taken is free again (A34)."""
    if order["state"] == "CANCELLED":
        return order
    if order["state"] not in CANCELLABLE or order["shipments"]:
        status = "partly shipped" if order["status"] == "pending" else order["status"]
        raise Refusal("order_not_cancellable", order_number=order["order_number"], status=status)

    if order["warehouse_id"] is not None:
        for sku, quantity in _wanted(order).items():
            _move(work, _stock(work, order["warehouse_id"], sku), allocated=-quantity)
    cancelled = _in_state(order | {"cancel_reason": reason, "updated_at": work.stamp}, "CANCELLED")
    return work.collection("order").save(cancelled)


def _in_state(order: dict[str, Any], state: str) -> dict[str, Any]:
    return order | {"state": state, "status": SEED_STATUS.get(state, "pending")}


def _wanted(order: Any) -> dict[str, int]:
    """What is still to ship, by SKU."""
    wanted: dict[str, int] = {}
    for item in order["items"]:
        left = item["quantity"] - item["shipped"]
        if left:
            wanted[item["sku"]] = wanted.get(item["sku"], 0) + left
    return wanted


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
        | {"inventory": [{"sku": stock["sku"]} | _level(stock) for stock in _shelf(call, warehouse.id)]}
        for warehouse in warehouses.rows(where, limit=window.limit, offset=window.offset)
    ]
    return Reply(200, {"data": rows, **window.envelope})


def _shelf(call: Call, warehouse: str) -> list[Document]:
    """The stock of a warehouse, or what it has of the SKU that was asked for."""
    stock = call.collection("stock")
    if "sku" in call.query:
        found = stock.find(f"{warehouse}:{call.query['sku']}")
        return [found] if found else []
    return stock.rows(All(Is("id", ">=", f"{warehouse}:"), Is("id", "<", f"{warehouse};")))  # `;` follows `:`


@fake.operation("updateInventory")
def update_inventory(call: Call) -> Reply:
    sku = call.body["sku"]
    if call.collection("product").first(Is("sku", "=", sku)) is None:
        raise Refusal("not_found", kind="product", id=sku)
    warehouse = _named_warehouse(call, str(call.body.get("warehouseId", "")))

    # The guide sets what is available; the vendor keeps what is on hand (A40).
    stock = _stock(call, warehouse.id, sku)
    on_hand = call.body["availableQuantity"] + stock["allocated"]
    stock = _move(call, stock, on_hand=on_hand - stock["on_hand"])
    return Reply(200, {"sku": sku, "warehouse_id": int(warehouse.id)} | _level(stock))


@fake.operation("listWarehouses")
def list_warehouses(call: Call) -> Reply:
    return page_of(call, call.collection("warehouse"))


@fake.view("guide", "warehouse", schema="Warehouse")
def warehouse_on_the_guide(warehouse: Document) -> dict[str, Any]:
    return _warehouse(warehouse)


def _warehouse(warehouse: Document) -> dict[str, Any]:
    return {"warehouse_id": int(warehouse.id), "name": warehouse["name"], "type": warehouse["type"]}


def _named_warehouse(work: Work, id: str) -> Document:
    """The warehouse with this id, or the first one where none is named."""
    if id:
        return work.collection("warehouse").get(id)
    first = work.collection("warehouse").rows(limit=1)
    if not first:
        raise Refusal("not_found", kind="warehouse", id="(any)")
    return first[0]


def available(stock: Any) -> int:
    """On hand less what orders have taken; below zero, somebody is waiting (A37)."""
    return int(stock["on_hand"] - stock["allocated"])


def _level(stock: Any) -> dict[str, int]:
    return {"on_hand": stock["on_hand"], "allocated": stock["allocated"], "available": available(stock)}


def _stock(work: Work, warehouse: str, sku: str) -> Any:
    return work.collection("stock").find(f"{warehouse}:{sku}") or _no_stock(warehouse, sku)


def _no_stock(warehouse: str, sku: str) -> dict[str, Any]:
    return {"id": f"{warehouse}:{sku}", "warehouse_id": warehouse, "sku": sku, "on_hand": 0, "allocated": 0}


def _move(work: Work, stock: Any, *, on_hand: int = 0, allocated: int = 0) -> Document:
    """Change a level by these numbers."""
    moved = stock | {"on_hand": stock["on_hand"] + on_hand, "allocated": stock["allocated"] + allocated}
    stocks = work.collection("stock")
    return stocks.save(moved) if isinstance(stock, Document) else stocks.add(moved)


# Products -----------------------------------------------------------------------------------------------------------


@fake.operation("listProducts")
def list_products(call: Call) -> Reply:
    return page_of(call, call.collection("product"), _filters(call, "sku"))


@fake.operation("createProduct")
def create_product(call: Call) -> Reply:
    if call.collection("product").first(Is("sku", "=", call.body["sku"])) is not None:
        raise Refusal("duplicate_product", sku=call.body["sku"])
    return Reply(201, add_product(call, call.body))


@fake.view("guide", "product", schema="Product")
def product_on_the_guide(product: Document) -> dict[str, Any]:
    return product.body


def add_product(work: Work, body: dict[str, Any]) -> Document:
    """Keep a new product, and resolve the orders that were waiting for it."""
    product = work.collection("product").add(
        {
            "id": str(work.next_number("product", 3001)),
            "sku": body["sku"],
            "name": body["name"],
            "price": body.get("price"),
            "barcode": body.get("barcode"),
            "active": True,
            "created_at": work.stamp,
            "updated_at": work.stamp,
        }
    )
    resolve(work, body["sku"])
    return product


def resolve(work: Work, sku: str | None = None) -> None:
    """Source the orders that waited for something, or for this SKU, and can go on now."""
    for order in work.collection("order").rows(Is("state", "=", "UNRESOLVED")):
        if sku is None or any(item["sku"] == sku for item in order["items"]):
            sourced = _sourced(work, order.body)
            if sourced["state"] != "UNRESOLVED":
                work.collection("order").save(sourced | {"updated_at": work.stamp})


# Shipments ----------------------------------------------------------------------------------------------------------


@fake.operation("listShipments")
def list_shipments(call: Call) -> Reply:
    return page_of(call, call.collection("shipment"), _filters(call, "order_number"))


@fake.view("guide", "shipment", schema="Shipment")
def shipment_on_the_guide(shipment: Document) -> dict[str, Any]:
    return {name: value for name, value in shipment.items() if name != "warehouse_id"}


def ship(work: Work, order: Document, quantities: dict[str, int], carrier: str, tracking_number: str) -> Document:
    """One parcel leaves: its stock too, and the order is SHIPPED when nothing is left of it."""
    shipment = work.collection("shipment").add(
        {
            "id": str(work.next_number("shipment", 9001)),
            "order_id": order.id,
            "order_number": order["order_number"],
            "status": "shipped",
            "carrier": carrier,
            "tracking_number": tracking_number,
            "tracking_url": None,
            "shipped_at": work.stamp,
            "updated_at": work.stamp,
            "items": [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()],
            "warehouse_id": order["warehouse_id"],
        }
    )
    for sku, quantity in quantities.items():
        _move(work, _stock(work, order["warehouse_id"], sku), on_hand=-quantity, allocated=-quantity)
    return _with_shipments(work, order, _shipped(order, quantities, +1), shipment)


def void_shipment(work: Work, shipment: Document) -> Document:
    """A parcel comes back before it left: the order waits again (A31), and its stock is taken again."""
    order = work.collection("order").get(shipment["order_id"])
    voided = work.collection("shipment").save(shipment | {"status": "voided", "updated_at": work.stamp})
    quantities = {item["sku"]: item["quantity"] for item in shipment["items"]}
    for sku, quantity in quantities.items():
        _move(work, _stock(work, shipment["warehouse_id"], sku), on_hand=quantity, allocated=quantity)
    _with_shipments(work, order, _shipped(order, quantities, -1), None)
    return voided


def _with_shipments(work: Work, order: Document, items: list[dict[str, Any]], new: Document | None) -> Document:
    live = All(Is("order_id", "=", order.id), Is("status", "=", "shipped"))
    shipments = [
        {name: shipment[name] for name in ("carrier", "tracking_number", "shipped_at")}
        for shipment in work.collection("shipment").rows(live)
    ]
    changed = order | {"items": items, "shipments": shipments, "updated_at": work.stamp}
    waiting = WAITS_AS[work.collection("warehouse").get(order["warehouse_id"])["type"]]
    work.collection("order").save(_in_state(changed, waiting if _wanted(changed) else "SHIPPED"))
    return new or order


def _shipped(order: Document, quantities: dict[str, int], sign: int) -> list[dict[str, Any]]:
    """The order's items with these quantities shipped, or taken back, line after line."""
    left, items = dict(quantities), []
    for item in order["items"]:
        room = item["quantity"] - item["shipped"] if sign > 0 else item["shipped"]
        taken = min(room, left.get(item["sku"], 0))
        if taken:
            left[item["sku"]] -= taken
        items.append(item | {"shipped": item["shipped"] + sign * taken})
    return items


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
