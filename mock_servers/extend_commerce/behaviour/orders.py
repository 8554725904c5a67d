"""Orders: created by the web shop, listed in short, read whole with their shipments.

An order that is created is Incoming at once; one with review notes waits for a review. Its rows take stock.
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour import conduct
from mock_servers.extend_commerce.behaviour.balances import Moves, available
from mock_servers.extend_commerce.behaviour.base import (
    asked_moment,
    between,
    equal,
    every,
    fact,
    kept,
    one,
    operation,
    page,
    page_of_rows,
    shown,
)
from mock_servers.extend_commerce.behaviour.hooks import tell
from mock_servers.extend_commerce.behaviour.prices import best_price, lists_of
from mock_servers.extend_commerce.behaviour.products import VAT_PERCENT

CREATING = "creating customer order"
OPEN = frozenset({"Incoming", "Reserved", "PendingForReview", "PartiallyDelivered"})
"""An order that still waits for something to be shipped."""
OPEN_ROW = frozenset({"Incoming", "Reserved"})
WITHOUT_WAREHOUSE = frozenset({"Freight", "Service", "Discount", "Package", "Round"})
ROW_FILTERS = {"productNumber": "product", "productName": "name", "warehouse": "warehouse", "supplyMode": "mode"}
Row = dict[str, Any]


# Listed and read ------------------------------------------------------------------------------------------------------


@operation("listOrders")
def list_orders(call: Call) -> Reply:
    """Without a date or another filter the list takes so long, where there are many orders, that it fails (Q5)."""
    conditions = _asked(call)
    orders = call.collection("order")
    if not conditions and not call.query.keys() & {*ROW_FILTERS, "shippingNumber"}:
        conduct.notice(call, "unfiltered_list", "CustomerOrders")
        if orders.count() > call.setting("unfiltered_orders_maximum", fact(call, "unfiltered_orders_maximum")):
            raise Refusal("sql_timeout")
    rows_wanted = {name: call.query[name] for name in ROW_FILTERS if name in call.query}
    number = call.query.get("shippingNumber")
    if not rows_wanted and number is None:
        return page(call, orders, lambda order: listed(call, order), every(conditions))
    found = [
        listed(call, order)
        for order in orders.rows(every(conditions))
        if any(all(row[ROW_FILTERS[name]] == value for name, value in rows_wanted.items()) for row in order["rows"])
        and (number is None or number in {each["number"] for each in order["shipments"]})
    ]
    return page_of_rows(call, found)


def _asked(call: Call) -> list[Condition]:
    conditions = equal(
        call,
        id="orderNumber",
        external="orderNumberExternal",
        status="orderStatus",
        customer="customerNumber",
        customer_name="customerName",
        country="deliveryCountryCode",
    )
    conditions += between(call, "changed", "modifiedDateFrom")
    conditions += between(call, "placed", "orderDateFrom", "orderDateTo")
    asked_moment(call, "askedDeliveryDate"), asked_moment(call, "endDate")  # checked; what they mean is not known
    if call.query.keys() & {"companyGroup", "invoiceNumber"}:
        conditions.append(Is("id", "=", ""))  # no order here has any
    return conditions


def listed(work: Work, order: Document) -> dict[str, Any]:
    """An order in short."""
    return {
        "orderNumber": order.id,
        "orderNumberExternal": order["external"],
        "orderType": order["header"].get("orderType", "Normal"),
        "orderStatus": order["status"],
        "orderDate": shown(work, order["placed"]),
        "askedDeliveryDate": order["header"].get("askedDeliveryDate"),
        "customerNumber": order["customer"],
        "customerName": order["customer_name"],
        "totalPrice": float(order["total"]),
        "changeDate": shown(work, order["changed"]),
    }


@operation("getOrder")
def get_order(call: Call) -> Reply:
    return Reply(200, whole(call, one(call, "order", "orderNumber", "customer order")))


def whole(work: Work, order: Document) -> dict[str, Any]:
    """An order with its rows and shipments. Two of its names end in a blank, for ever (Q11)."""
    header = order["header"] | {
        "orderNumber": order.id,
        "orderNumberExternal": order["external"],
        "orderType": order["header"].get("orderType", "Normal"),
        "orderStatus": order["status"],
        "orderDate": shown(work, order["placed"]),
        "customerNumber": order["customer"],
        "totalPrice": float(order["total"]),
        "changeDate": shown(work, order["changed"]),
        "shipments": [_shipment(work, each) for each in order["shipments"]],
        "invoiceAdressGLN": None,
        "deliveryLocationId ": order["header"].get("deliveryLocationId "),
        "orderedByCustomer ": order["header"].get("orderedByCustomer "),
    }
    return {"orderHeader": header, "orderRows": [row_shown(work, row) for row in order["rows"]]}


def _shipment(work: Work, shipment: dict[str, Any]) -> dict[str, Any]:
    return {
        "shipmentNumber": shipment["number"],
        "shipmentReference": None,
        "createDate": shown(work, shipment["at"]),
        "packages": shipment["packages"],
        "numberPackages": len(shipment["packages"]),
        "pickDate": shown(work, shipment["at"]),
        "forwarder": shipment["forwarder"],
        "deliveryMethod": None,
    }


def row_shown(work: Work, row: Row) -> dict[str, Any]:
    """A row; quantities are doubles (Q16), prices without VAT (Q19)."""
    sales = {
        "quantity": float(row["quantity"]),
        "unit": row["unit"],
        "unitPrice": float(row["price"]),
        "vatPercent": float(row["vat"]),
        "currency": row["currency"],
    }
    return {
        "position": row["position"],
        "subPosition": row["sub"],
        "rowOperation": "Inactive" if row["status"] == "Annulled" else "Active",
        "orderRowStatus": row["status"],
        "supplyMode": row["mode"],
        "warehouse": row["warehouse"],
        "product": {"productNumber": row["product"], "productName": row["name"]},
        "salesData": sales,
        "deliveryData": sales if row["shipment"] else None,
        "shipmentNumber": row["shipment"],
        "orderRowId": row["id"],
        "changeDate": shown(work, row["changed"]),
    }


# Created --------------------------------------------------------------------------------------------------------------


@operation("createOrder")
def create_order(call: Call) -> Reply:
    order = _new_order(call, CREATING)
    if order["external"] and call.setting("duplicate_external", "refuse") == "refuse":
        _refuse_duplicate(call, order["external"])
    return Reply(200, whole(call, place(call, order)))


def _refuse_duplicate(call: Call, external: str) -> None:
    """Whether Extend refuses a second order of one external number is not known; a setting lets it pass."""
    if call.collection("order").first(Is("external", "=", external)) is not None:
        raise Refusal("duplicate_order", external=external)


def place(work: Work, order: dict[str, Any]) -> Document:
    """Keep a new order, take its stock, and tell."""
    start = fact(work, "order_number_start")
    made = work.collection("order").add(order | {"id": str(work.next_number("order", start))})
    moves = Moves(work)
    for row in made["rows"]:
        moves.add(row["warehouse"], row["product"], ordered=row["quantity"])
    tell(work, "OrderCreated", OrderNumber=made.id, warehouses=warehouses_of(made["rows"]))
    moves.make()
    return made


def _new_order(call: Call, doing: str) -> dict[str, Any]:
    """What was sent, as an order is kept. Refuses what it names and is not there."""
    header = call.body["orderHeader"]
    customer = call.collection("customer").find(header["customerNumber"])
    if customer is None:
        raise Refusal("unknown_customer", doing=doing, customer=header["customerNumber"])
    rows: list[Row] = []
    for given in call.body["orderRows"]:
        rows.append(new_row(call, given, rows, customer.id, doing))
    return {
        "external": header.get("orderNumberExternal"),
        "customer": customer.id,
        "customer_name": customer["body"]["name"],
        "country": header.get("deliveryAddress", {}).get("countryCode"),
        "status": "PendingForReview" if header.get("reviewReasonNotes") else "Incoming",
        "placed": kept(call.now),
        "changed": kept(call.now),
        "header": known_header(call, header),
        "rows": rows,
        "shipments": [],
        "total": total_of(rows),
    }


def known_header(call: Call, header: dict[str, Any]) -> dict[str, Any]:
    """The members the model has; unknown ones pass and are not kept (Q21)."""
    model = call.fake.contract.surfaces["v1"].document["components"]["schemas"]["HeaderMembers"]["properties"]
    return {name: value for name, value in header.items() if name in model and name != "orderNumberExternal"}


def new_row(work: Work, given: dict[str, Any], rows: list[Row], customer: str, doing: str) -> Row:
    """A row after these. A price that is given wins; else the customer's best one."""
    number = given["product"]["productNumber"]
    product = work.collection("product").find(number)
    if product is None:
        raise Refusal("unknown_product", doing=doing, product=number)
    mode = given.get("supplyMode") or product["mode"]
    sales = given["salesData"]
    price = sales.get("unitPrice")
    if price is None:
        price = best_price(product, lists_of(work, customer), sales["quantity"])
    position, sub = _position(given, rows, fact(work, "position_step"))
    return {
        "position": position,
        "sub": sub,
        "status": "Incoming",
        "mode": mode,
        "product": number,
        "name": product["name"],
        "quantity": int(sales["quantity"]),
        "unit": sales["unit"],
        "price": price,
        "vat": VAT_PERCENT if sales.get("vatPercent") is None else sales["vatPercent"],
        "currency": sales.get("currency") or product["currency"],
        "warehouse": None if mode in WITHOUT_WAREHOUSE else _warehouse(work, given.get("warehouse"), doing),
        "shipment": None,
        "changed": kept(work.now),
        "id": _guid(work),
    }


def _position(given: dict[str, Any], rows: list[Row], step: int) -> tuple[int, int]:
    """As given, when nobody has it; else the next one: 10, 20, 30."""
    position, sub = given.get("position"), given.get("subPosition", 0)
    if position is not None and (position, sub) not in {(row["position"], row["sub"]) for row in rows}:
        return int(position), int(sub)
    highest = max((row["position"] for row in rows), default=0)
    return (highest // step + 1) * step, 0


def _warehouse(work: Work, named: str | None, doing: str) -> str:
    """The one that is named, else the installation's first."""
    if named is None:
        return work.collection("warehouse").rows(limit=1)[0].id
    if work.collection("warehouse").find(named) is None:
        raise Refusal("unknown_warehouse", doing=doing, warehouse=named)
    return named


def _guid(work: Work) -> str:
    text = f"{work.chance.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def total_of(rows: list[Row]) -> float:
    """What the rows that stand come to, without VAT (Q19)."""
    return round(float(sum(row["quantity"] * row["price"] for row in rows if row["status"] != "Annulled")), 2)


def warehouses_of(rows: list[Row]) -> list[str]:
    """Where its rows are picked."""
    return sorted({row["warehouse"] for row in rows if row["warehouse"]})


# Asked, and not kept --------------------------------------------------------------------------------------------------


@operation("promiseOrder")
def promise_order(call: Call) -> Reply:
    """What could be delivered of it now; nothing is stored. It may be below zero."""
    order = _new_order(call, "promising customer order")
    answer = whole(call, Document("order", 0, "", 0, encode(order)))
    for row, kept_row in zip(answer["orderRows"], order["rows"], strict=True):
        stock = call.collection("stock").find(f"{kept_row['warehouse']}:{kept_row['product']}")
        row["availableBalance"] = None if stock is None else available(stock) - kept_row["quantity"]
    return Reply(200, answer)
