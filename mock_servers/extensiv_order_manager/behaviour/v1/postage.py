"""Labels that the account buys itself: accounts with providers, presets, and shipments of its own house."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.shipping import ship
from mock_servers.extensiv_order_manager.behaviour.state import fake, wanted
from mock_servers.extensiv_order_manager.behaviour.v1 import shapes
from mock_servers.extensiv_order_manager.behaviour.v1.carriers import (
    CARRIERS,
    PACKAGES,
    SERVICES,
    carrier_of_method,
    provider,
    tracking_number,
)
from mock_servers.extensiv_order_manager.behaviour.v1.order_changes import batched
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, Line, bulk_told, each_line

PROVIDER_START = 3


# Accounts with providers ----------------------------------------------------------------------------------------------


@fake.operation("putProviderAccount")
def put_provider_account(call: Call) -> Reply:
    """A new one, or one there is connected anew. What connects it (`connectionSchema`) is read by nobody and not kept:
    it is made of secrets."""
    if call.body.get("shippingProviderId"):
        return _changed(call)
    name, type = call.body.get("name"), call.body.get("providerType")
    if not name:
        raise Refusal("unprocessable", reason="name is required without a shippingProviderId")
    carrier = next((id for id, each in CARRIERS.items() if each == type), None)
    if carrier is None:
        raise Refusal("unprocessable", reason=f"There are no shipping providers of type {type}")
    id = str(call.next_number("provider", PROVIDER_START))
    made = call.collection("provider").add({"id": id, "name": name, "carrier_id": carrier, "active": True})
    return Reply(200, provider(made))


@fake.operation("postProviderAccount")
def post_provider_account(call: Call) -> Reply:
    return _changed(call)


def _changed(call: Call) -> Reply:
    known = _provider(call, call.body["shippingProviderId"])
    named = {"name": call.body["name"]} if call.body.get("name") else {}
    return Reply(200, provider(call.collection("provider").save(known | named | {"active": True})))


@fake.operation("deleteProviderAccount")
def delete_provider_account(call: Call) -> Reply:
    if "shippingProviderId" not in call.query:
        raise Refusal("invalid_query", details=(("shippingProviderId", "is required"),))
    call.collection("provider").delete(_provider(call, call.query["shippingProviderId"]).id)
    return Reply(200, {})


def _provider(call: Call, id: int) -> Document:
    found = call.collection("provider").find(str(id))
    if found is None:
        raise Refusal("not_found", kind="Shipping provider", id=str(id))
    return found


# Presets --------------------------------------------------------------------------------------------------------------


@fake.operation("postValidationShippingPresets")
def post_validation_shipping_presets(call: Call) -> Reply:
    """What they name has to be there, and to be the provider's; which rules the vendor has beside is not known."""
    _, errors = each_line(call.body, lambda preset: _valid(call, preset))
    return Reply(200, errors)


def _valid(call: Call, preset: Mapping[str, Any]) -> Json:
    named = preset.get("id") or preset.get("name")
    provider = preset.get("shippingProviderId")
    found = call.collection("provider").find(str(provider)) if provider else None
    if provider and found is None:
        raise Line("Shipping provider not found", "shippingProviderId", named)
    for name, known in (("shippingServiceId", SERVICES), ("packageTypeId", PACKAGES)):
        carrier = known.get(preset.get(name) or 0, (0,))[0]
        if preset.get(name) and (not carrier or (found and carrier != found["carrier_id"])):
            raise Line(f"{name} is none of the provider's", name, named)
    for name in ("length", "width", "height"):
        if (preset.get(name) or 0) < 0:
            raise Line(f"{name} is below zero", name, named)
    return {}


# Standard shipments ---------------------------------------------------------------------------------------------------


@fake.operation("putStandardShipment")
def put_standard_shipment(call: Call) -> Reply:
    """A label for each order that waits in a house of its own and says by which provider, service and package it goes.
    What could not be bought stays in the batch, unless failed orders are to be discarded (assumed, as are results)."""
    ids = list(dict.fromkeys(call.body["orderIds"]))
    number = _batch(call, call.body.get("orderBatchNumber"))
    results, errors = each_line(ids, lambda order: _bought(call, order, number))
    if not call.body.get("completeBatchAndDiscardFailedOrders"):
        failed = {error["identifier"] for error in errors}
        for order in filter(None, (call.collection("order").find(str(id)) for id in failed)):
            if order["state"] == "AWAITING_SHIPMENT":
                call.collection("order").save(order | {"batch": str(number), "updated_at": call.stamp})
    return bulk_told(results, errors, len(ids))


def _batch(call: Call, number: int | None) -> int:
    """The batch that goes on, or a new one."""
    if number is None:
        return call.next_number("batch", 1)
    same = Is("batch", "=", str(number))
    if not any(call.collection(kind).count(same) for kind in ("order", "shipment")):
        raise Refusal("unprocessable", reason=f"There is no batch {number}")
    return number


def _bought(call: Call, id: int, number: int) -> Json:
    order = call.collection("order").find(str(id))
    if order is None:
        raise Line("Order not found", "orderIds", id)
    if order["state"] != "AWAITING_SHIPMENT":
        raise Line(f"An order that is {order['state']} is not shipped from here", "orderIds", id)
    method = order.get("v1", {}).get("shipMethod") or {}
    carrier, problem = carrier_of_method(call, method)
    if problem:
        raise Line(problem, "shipMethod", id)
    parcel = _labelled(call, order, method, carrier, number)
    return batched(order, "SHIPPED", batch=number, shipment=shapes.shipment(parcel))


def _labelled(work: Work, order: Document, method: Mapping[str, Any], carrier: str, number: int) -> Document:
    work.collection("order").save(order | {"batch": str(number)})
    tracking = tracking_number(work)
    return ship(
        work,
        work.collection("order").get(order.id),
        wanted(order),
        carrier,
        tracking,
        batch=str(number),
        provider=method["shippingProviderId"],
        external=False,
        label=True,
        v1={"shipMethod": dict(method) | {"shippingCarrier": carrier}, "transactionId": f"T{tracking}"},
    )
