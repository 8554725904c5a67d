"""Further packages of an order, beside the first."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.v1.order_changes import EDITABLE
from mock_servers.extensiv_order_manager.behaviour.v1.orders import order_by_id
from mock_servers.extensiv_order_manager.behaviour.v1.words import Json, Line, bulk, money

PACKAGE_START = 801
SIZES = ("height", "length", "width", "weight")
OUNCES = 16


@fake.operation("getAdditionalPackages")
def get_additional_packages(call: Call) -> Reply:
    order = order_by_id(call, call.path["orderId"])
    return Reply(200, [_package(row) for row in _of(call, order)])


def _of(call: Call, order: Document) -> list[Document]:
    return call.collection("package").rows(Is("order_id", "=", order.id))


@fake.operation("putAdditionalPackages")
def put_additional_packages(call: Call) -> Reply:
    order = _open(call)
    ids = []
    for line in call.body:
        id = call.next_number("package", PACKAGE_START)
        said = {name: line.get(name) or 0 for name in SIZES} | {"insured": line["insuredValue"]}
        call.collection("package").add({"id": str(id), "order_id": order.id, **said})
        ids.append(id)
    _changed(call, order)
    return Reply(200, {"ids": ids, "message": f"{len(ids)} packages added"})


@fake.operation("postAdditionalPackages")
def post_additional_packages(call: Call) -> Reply:
    order = _open(call)

    def change(line: Mapping[str, Any]) -> Json:
        kept = _in(call, order, line["additionalPackageId"])
        said = {name: line[name] for name in SIZES if line.get(name) is not None}
        if line.get("insuredValue") is not None:
            said["insured"] = line["insuredValue"]
        return _package(call.collection("package").save(kept | said))

    answer = bulk(call.body, change)
    _changed(call, order)
    return answer


@fake.operation("deleteAdditionalPackages")
def delete_additional_packages(call: Call) -> Reply:
    order = _open(call)

    def remove(id: int) -> Json:
        kept = _in(call, order, id)
        call.collection("package").delete(kept.id)
        return _package(kept)

    answer = bulk(list(dict.fromkeys(call.query["additionalPackageId"])), remove)
    _changed(call, order)
    return answer


def _open(call: Call) -> Document:
    """The order, while it can be packed otherwise (assumed: while it can be edited)."""
    order = order_by_id(call, call.path["orderId"])
    if order["state"] not in EDITABLE:
        raise Refusal("unprocessable", reason=f"Packages of an order that is {order['state']} cannot be changed")
    return order


def _in(call: Call, order: Document, id: int) -> Document:
    found = call.collection("package").find(str(id))
    if found is None or found["order_id"] != order.id:
        raise Line("Additional package not found", "additionalPackageId", id)
    return found


def _changed(call: Call, order: Document) -> None:
    call.collection("order").save(order | {"updated_at": call.stamp})


def _package(kept: Mapping[str, Any]) -> Json:
    insured = money(kept["insured"])
    return {
        "id": int(kept["id"]),
        "orderId": int(kept["order_id"]),
        **{name: kept[name] for name in SIZES},
        "pounds": str(int(kept["weight"] // OUNCES)),
        "ounces": f"{kept['weight'] % OUNCES:g}",
        "weightUnitOfMeasure": "OUNCE",
        "insuredValue": insured,
        "insuredValueString": f"{insured['amount']:.2f}",
        "palletId": None,
        "physicalPackagingTypeEnum": None,
    }
