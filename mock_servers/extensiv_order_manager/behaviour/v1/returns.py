"""Returns: what a customer sends back of what was shipped, and what becomes of it when it is there.

An RMA has a shipment of its own, of type RETURN. "Mark shipped" is the path's word, "mark received" what the spec says
that it does; what is to be reinserted then lies on the shelf of the warehouse it came back to (help: Creating and
Receiving an RMA: the items' actions dictate how returned inventory is handled). An exchange is no order here: nothing
shows what it would look like.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.products import product_of
from mock_servers.extensiv_order_manager.behaviour.shipping import SHIPMENT_START, returned_of
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.stock import move, shelf_of
from mock_servers.extensiv_order_manager.behaviour.v1 import carriers, goods, shapes
from mock_servers.extensiv_order_manager.behaviour.v1.words import (
    Json,
    Line,
    each_line,
    every,
    given,
    ids_given,
    moment,
    money,
    number,
    one_of,
    page,
    stamped,
    within,
)

RMA_START = 4001
CONFIRMATIONS = (
    "NO_CONFIRMATION",
    "DELIVERY_CONFIRMATION",
    "SIGNATURE_CONFIRMATION",
    "ADULT_SIGNATURE_CONFIRMATION",
    "DIRECT_SIGNATURE_CONFIRMATION",
)
INSURERS = ("NO_INSURANCE_PROVIDER", "CARRIER_INSURANCE", "OTHER_EXTERNAL_INSURANCE")
"""Numbers in a request and words in an answer; that the numbers count the words from nought is assumed."""
REINSERTED = frozenset({"REINSERT", "REINSERT_WITH_NEW_PACKAGING"})
KEPT = ("notes", "forwardToEmail", "inStoreReturn", "insuranceCost", "insuredValue", "confirmationCost", "height")
KEPT_TOO = ("length", "width", "lbs", "oz", "deliveryConfirmation", "insuranceProvider")


@fake.operation("getRmas")
def get_rmas(call: Call) -> Reply:
    for name in ("createdFromDate", "createdToDate"):
        moment(call.query[name], name)
    ids, orders, channel = ids_given(call, "rmaId"), ids_given(call, "orderId"), number(call, "salesChannelId")
    where = every(
        within(call, "created", "created_at", start="FromDate", end="ToDate"),
        Is("id", "in", tuple(ids)) if ids else None,
        Is("order_id", "in", tuple(orders)) if orders else None,
        one_of(call, "rmaNumber", "number"),
        one_of(call, "orderNumber", "order_number"),
        Is("channel_id", "=", channel) if channel else None,
        Is("warehouse_id", "=", str(call.query["returnsLocationId"])) if "returnsLocationId" in call.query else None,
        _sent(call),
    )
    return page(call, "rma", where, lambda row: shown(call, row))


def _sent(call: Call) -> Condition | None:
    """What is asked of the parcel, and of whom it comes from: looked at one by one."""
    provider, tracking = number(call, "shippingProviderId"), call.query.get("trackingNumber", "")
    of_order = {"returner": "name", "city": "city", "state": "state", "country": "country"}
    asked = {ours: call.query[theirs].lower() for theirs, ours in of_order.items() if call.query.get(theirs)}
    if not provider and not tracking and not asked:
        return None

    def fits(row: Document) -> bool:
        parcel = call.collection("return_shipment").get(row["shipment_id"])
        to = call.collection("order").get(row["order_id"])["shipping_address"] if asked else {}
        return (
            provider in {0, parcel["ship_method"].get("shippingProviderId")}
            and tracking in {"", parcel["tracking_number"]}
            and all(str(to.get(name) or "").lower() == text for name, text in asked.items())
        )

    return Is("id", "in", tuple(row.id for row in call.collection("rma").rows() if fits(row)))


# Create ---------------------------------------------------------------------------------------------------------------


@fake.operation("putRma")
def put_rma(call: Call) -> Reply:
    """Those that can be made are answered, with 201 when others could not; a list has no place to say which and why."""
    made, errors = each_line(call.body, lambda line: shown(call, _created(call, line)))
    return _list(made, errors)


def _list(rows: list[Json], errors: list[Json]) -> Reply:
    if errors and not rows:
        error = errors[0]
        raise Refusal(
            "unprocessable", reason=error["message"], details=((error["fieldName"] or "items", error["message"]),)
        )
    return Reply(201 if errors else 200, rows)


def _created(call: Call, line: Mapping[str, Any]) -> Document:
    order = _order_of(call, line)
    taken = line.get("rmaNumber")
    if taken and call.collection("rma").first(Is("number", "=", taken)) is not None:
        raise Line("RMA number exists already", "rmaNumber", taken)
    house = str(line.get("warehouseId") or order["warehouse_id"])
    if call.collection("warehouse").find(house) is None:
        raise Line("Warehouse not found", "warehouseId", line.get("warehouseId"))
    for name, words in (("deliveryConfirmation", CONFIRMATIONS), ("insuranceProvider", INSURERS)):
        if not 0 <= (line.get(name) or 0) < len(words):
            raise Line(f"{name} is none there is", name, line[name])
    chosen = _chosen(call, order, line["items"])
    method, parcel = _parcel(call, line)
    try:
        issued = stamped(call, line.get("issueDate"), "issueDate") or call.stamp
    except Refusal as refusal:
        raise Line("issueDate is not a moment", "issueDate", line["issueDate"]) from refusal

    id = str(call.next_number("rma", RMA_START))
    shipment = str(call.next_number("shipment", SHIPMENT_START))
    call.collection("return_shipment").add(
        {
            "id": shipment,
            "rma_id": id,
            "order_id": order.id,
            "order_number": order["order_number"],
            "warehouse_id": house,
            "created_at": call.stamp,
            "shipped_at": call.stamp,
            "received_at": None,
            "ship_method": method,
            **parcel,
        }
    )
    return call.collection("rma").add(
        {
            "id": id,
            "number": taken or f"RMA-{id}",
            "order_id": order.id,
            "order_number": order["order_number"],
            "channel_id": order["channel_id"],
            "warehouse_id": house,
            "shipment_id": shipment,
            "issued_at": issued,
            "created_at": call.stamp,
            "received_at": None,
            "items": [item | {"id": call.next_number("rma_item", 1)} for item in chosen],
            "said": {name: line[name] for name in (*KEPT, *KEPT_TOO) if line.get(name) is not None},
        }
    )


def _order_of(call: Call, line: Mapping[str, Any]) -> Document:
    """The order that it is about: named, or the one whose item is the first."""
    orders = call.collection("order")
    if line.get("orderId"):
        found = orders.find(str(line["orderId"]))
    else:
        first = line["items"][0].get("orderItemId")
        found = next((row for row in orders.rows() if any(first == id for id, _ in _items_of(row))), None)
    if found is None:
        raise Line("Order not found", "orderId", line.get("orderId"))
    if not any(item["shipped"] for item in found["items"]):
        raise Line("Nothing of the order was shipped", "orderId", int(found.id))
    return found


def _items_of(order: Document) -> list[tuple[int, Json]]:
    return [(shapes.item_id(order, item, place), item) for place, item in enumerate(order["items"], 1)]


def _chosen(call: Call, order: Document, lines: list[Json], but: str = "") -> list[Json]:
    """The items as they are kept. No more comes back than was shipped, whatever other RMAs there are but one."""
    known = dict(_items_of(order))
    back = returned_of(call, order.id, but=but)
    chosen = []
    for line in lines:
        item = known.get(line.get("orderItemId") or 0)
        if item is None:
            raise Line("Order item not found", "orderItemId", line.get("orderItemId"))
        quantity = line.get("returnedQuantity") or 0
        back[line["orderItemId"]] += quantity
        if quantity < 1 or back[line["orderItemId"]] > item["shipped"]:
            raise Line("No more is returned than was shipped, and one at least", "returnedQuantity", quantity)
        chosen.append(
            {
                "order_item_id": line["orderItemId"],
                "sku": item["sku"],
                "listing_sku": shapes.listing_sku(item),
                "quantity_ordered": item["quantity"],
                "quantity": quantity,
                "reason": line.get("reason") or "OTHER",
                "action": line.get("action") or "REINSERT",
                "type": line.get("type") or "REFUND",
                "loss": line.get("lossToSeller"),
            }
        )
    return chosen


def _parcel(call: Call, line: Mapping[str, Any]) -> tuple[Json, Json]:
    """How it comes back. A label is bought of a provider; without one, whoever sends it says by whom."""
    method = line.get("shipMethod") or {}
    if line.get("generateShippingLabels"):
        carrier, problem = carriers.carrier_of_method(call, method)
        if problem:
            raise Line(problem, "shipMethod")
        tracking = carriers.tracking_number(call)
        bought = {"tracking_number": tracking, "label": True, "carrier_fee": None, "transaction_id": f"T{tracking}"}
        return dict(method) | {"shippingCarrier": carrier}, bought
    if method and not method.get("shippingCarrier"):
        raise Line("shippingCarrier is required without shipping labels", "shipMethod.shippingCarrier")
    told = {"tracking_number": line.get("trackingNumber") or "", "label": False}
    return dict(method), told | {"carrier_fee": line.get("carrierFee"), "transaction_id": line.get("transactionId")}


# Change and receive ---------------------------------------------------------------------------------------------------


@fake.operation("postRmaNotes")
def post_rma_notes(call: Call) -> Reply:
    kept = _there(call, call.body["rmaId"])
    kept = call.collection("rma").save(kept | {"said": kept["said"] | {"notes": call.body.get("notes")}})
    return Reply(200, [_item(call, kept, item) for item in kept["items"]])


@fake.operation("putRmaItems")
def put_rma_items(call: Call) -> Reply:
    """Other items take the place of those there were, RMA by RMA."""
    made, errors = each_line(call.body, lambda line: {"items": _rewritten(call, line)})
    return _list([item for each in made for item in each["items"]], errors)


def _rewritten(call: Call, line: Mapping[str, Any]) -> list[Json]:
    kept = call.collection("rma").find(str(line["rmaId"]))
    if kept is None:
        raise Line("RMA not found", "rmaId", line["rmaId"])
    if kept["received_at"]:
        raise Line("An RMA that was received stays as it is", "rmaId", line["rmaId"])
    order = call.collection("order").get(kept["order_id"])
    known = {item["id"]: item["order_item_id"] for item in kept["items"]}
    by_name: dict[str | None, int] = {shapes.listing_sku(item): id for id, item in reversed(_items_of(order))}
    lines = []
    for item in line["items"]:
        named = (item.get("rmaOrderItem") or {}).get("listingSku")
        id = known.get(item.get("rmaItemId") or 0) or by_name.get(named)
        lines.append(item | {"orderItemId": id, "rmaItemId": item.get("rmaItemId")})
    chosen = _chosen(call, order, lines, but=kept.id)
    items = [
        item | {"id": asked["rmaItemId"] if asked["rmaItemId"] in known else call.next_number("rma_item", 1)}
        for item, asked in zip(chosen, lines, strict=True)
    ]
    saved = call.collection("rma").save(kept | {"items": items})
    return [_item(call, saved, item) for item in items]


@fake.operation("postRmasMarkShipped")
def post_rmas_mark_shipped(call: Call) -> Reply:
    """They have come; all of them or, when one is not there or has come before, none."""
    kept = [_there(call, id) for id in dict.fromkeys(call.body)]
    return Reply(200, [shown(call, receive(call, rma)) for rma in kept])


def _there(call: Call, id: int) -> Document:
    found = call.collection("rma").find(str(id))
    if found is None:
        raise Refusal("not_found", kind="RMA", id=str(id))
    return found


def receive(work: Work, rma: Document) -> Document:
    """What is to be reinserted lies on the shelf from now on; what is written off does not. Refuses what has come."""
    if rma["received_at"]:
        raise Refusal("unprocessable", reason=f"RMA {rma['number']} was received already")
    back: Counter[str] = Counter()
    for item in rma["items"]:
        if item["action"] in REINSERTED:
            back[item["sku"]] += item["quantity"]
    for sku, quantity in back.items():
        move(work, shelf_of(work, rma["warehouse_id"], sku), on_hand=quantity, why="Return received")
    parcels = work.collection("return_shipment")
    parcels.save(parcels.get(rma["shipment_id"]) | {"received_at": work.stamp})
    return work.collection("rma").save(rma | {"received_at": work.stamp})


# As they are shown ----------------------------------------------------------------------------------------------------


def shown(work: Work, kept: Document) -> Json:
    """An RMA; what the spec shows of one has no word for whether it has come: its shipment has."""
    said = kept["said"]
    parcel = work.collection("return_shipment").get(kept["shipment_id"])
    house = work.collection("warehouse").get(kept["warehouse_id"])
    return {
        "rmaId": int(kept.id),
        "rmaNumber": kept["number"],
        "shipmentId": int(kept["shipment_id"]),
        "issueDate": kept["issued_at"],
        "notes": said.get("notes"),
        "forwardToEmail": said.get("forwardToEmail"),
        "inStoreReturn": bool(said.get("inStoreReturn")),
        "returnsLocation": shapes.returns_location(house),
        "shippingLabelUrls": label_urls(parcel),
        **{name: money(said.get(name)) for name in ("insuranceCost", "insuredValue", "confirmationCost")},
        "insuranceProvider": INSURERS[said.get("insuranceProvider", 0)],
        "deliveryConfirmation": CONFIRMATIONS[said.get("deliveryConfirmation", 0)],
        **{name: said.get(name, 0) for name in ("height", "length", "width")},
        "weight": said.get("lbs", 0) * 16 + said.get("oz", 0),
        "items": [_item(work, kept, item) for item in kept["items"]],
    }


def label_urls(parcel: Mapping[str, Any]) -> list[str]:
    """Where the label would be; there is none to be had here."""
    return [f"https://labels.invalid/{parcel['id']}.pdf"] if parcel["label"] else []


def _item(work: Work, kept: Document, item: Mapping[str, Any]) -> Json:
    product = product_of(work, item["sku"])
    return {
        "rmaItemId": item["id"],
        "rmaId": int(kept.id),
        "returnedQuantity": item["quantity"],
        "reason": item["reason"],
        "action": item["action"],
        "type": item["type"],
        "lossToSeller": money(item["loss"]),
        "rmaOrderItem": {
            "orderId": int(kept["order_id"]),
            "listingSku": item["listing_sku"],
            "quantityOrdered": item["quantity_ordered"],
            "product": goods.product_ref(product) if product else None,
        },
    }


def return_shipment(kept: Mapping[str, Any]) -> Json:
    """The parcel that a return comes in, as shipments are shown."""
    return shapes.shipment_row(
        kept,
        type="RETURN",
        received=kept["received_at"],
        delivery="DELIVERED" if kept["received_at"] else "UNKNOWN",
        labels=label_urls(kept),
        fee=kept["carrier_fee"],
        method=kept["ship_method"],
        transaction=kept["transaction_id"],
        rma=int(kept["rma_id"]),
        external=not kept["label"],
    )


def return_shipments(call: Call, where: Condition | None) -> list[Json]:
    """Parcels of returns among the shipments that were asked for."""
    wanted = given(call, "deliveryStatus")
    rows = [return_shipment(row) for row in call.collection("return_shipment").rows(where)]
    return [row for row in rows if not wanted or row["deliveryStatus"] in wanted]
