"""Several orders at once: imported, confirmed, opened again, put on hold."""

from collections.abc import Callable
from typing import Any

import msgspec

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.refusals import refusal_answer
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import OPEN, Json, alone, fake
from mock_servers.extensiv_warehouse_manager.behaviour.lines import keep
from mock_servers.extensiv_warehouse_manager.behaviour.orders import must_be_open
from mock_servers.extensiv_warehouse_manager.behaviour.placing import place_order
from mock_servers.extensiv_warehouse_manager.behaviour.steps import confirm, confirmation, unconfirm
from mock_servers.extensiv_warehouse_manager.behaviour.stock import deallocate

FAULT = "WMS.V2.Generic.Models.Exceptions.ListEntryFault, WMS.V2.Generic.Models"


@fake.operation("importOrders")
def import_orders(call: Call) -> Reply:
    """All or none, unless the invalid ones are to be skipped; the short ones are skipped when that is asked for."""
    made, faults = [], []
    for number, body in enumerate(call.body["Orders"], 1):
        try:
            with alone(call):
                order = place_order(call, body)
                short = not order["ReadOnly"]["FullyAllocated"] and not order["ReadOnly"]["DeferNotification"]
                if short and call.query.get("skipShortOrders"):
                    raise _Short
            made.append(order["order_id"])
        except _Short:
            continue
        except Refusal as refusal:
            faults.append(fault_of(call, number, body["ReferenceNum"], refusal))
    if faults and not call.query.get("skipInvalidOrders"):
        raise Refusal("list_failed", faults=faults)
    return Reply(201, {"OrderIds": made})


class _Short(Refusal):
    """An order that stock does not reach for."""

    def __init__(self) -> None:
        super().__init__("not_fully_allocated")


def fault_of(call: Call, number: int, about: str, refusal: Refusal) -> Json:
    """What was wrong with one entry of a list, counted from 1: the exception it would have been alone."""
    _, _, body = refusal_answer(call.surface.errors, refusal)
    exception = msgspec.json.decode(body)
    exception["Message"] = exception.get("Hint", "")
    return {"$type": FAULT, "EntryNumber": number, "EntryInfo": about, "WmsException": exception}


@fake.operation("confirmOrders")
def confirm_orders(call: Call) -> Reply:
    body = confirmation(call, call.body)
    _each(call, lambda order: confirm(call, _open(order), body))
    return Reply(204)


@fake.operation("unconfirmOrders")
def unconfirm_orders(call: Call) -> Reply:
    _each(call, lambda order: unconfirm(call, order))
    return Reply(204)


def _open(order: Document) -> Document:
    must_be_open(order, "confirmer")
    return order


def _each(call: Call, does: Callable[[Document], Any]) -> None:
    """One after another. Refuses with `list_failed` when any of them cannot be, and then none is (assumed)."""
    faults = []
    for number, each in enumerate(call.body["OrderIdentifiers"], 1):
        try:
            with alone(call):
                does(order_named(call, each["Id"]))
        except Refusal as refusal:
            faults.append(fault_of(call, number, str(each["Id"]), refusal))
    if faults:
        raise Refusal("list_failed", faults=faults)


def order_named(work: Work, number: int) -> Document:
    """An order out of a list of ids. Refuses with `does_not_exist`."""
    order = work.collection("order").find(str(number))
    if order is None:
        raise Refusal("does_not_exist", property="OrderIdentifiers.Id", value=number)
    return order


@fake.operation("holdOrders")
def hold_orders(call: Call) -> Reply:
    """With `deallocate`, what was set aside for them is given back."""
    held, exceptions = [], []
    for each in call.body["OrderIdentifiers"]:
        order = call.collection("order").find(str(each["Id"]))
        if order is None or order["status"] != OPEN:
            exceptions.append({"OrderId": each["Id"], "ErrorCode": "DoesNotExist" if order is None else "InUse"})
            continue
        release = bool(call.query.get("release"))
        give_back = bool(call.query.get("deallocate")) and not release
        hold(call, order, call.query.get("holdReason", ""), release=release, give_back=give_back)
        held.append(each["Id"])
    return Reply(200, {"HeldOrderIds": held, "Exceptions": exceptions})


def hold(work: Work, order: Document, reason: str, *, release: bool, give_back: bool = False) -> Document:
    """Put an order on hold, or release it."""
    changed = deallocate(work, order.body) if give_back else order.body
    read_only = {name: value for name, value in changed["ReadOnly"].items() if not name.startswith("OnHold")}
    if not release:
        read_only |= {"OnHoldDate": work.stamp, "OnHoldReason": reason}
    return keep(work, changed | {"ReadOnly": read_only})
