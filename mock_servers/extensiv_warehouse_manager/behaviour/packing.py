"""Packages of an order: what is in each, and the number on its label."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import Json, at_id, dated, fake, link_to
from mock_servers.extensiv_warehouse_manager.behaviour.orders import answered, must_be_open
from mock_servers.extensiv_warehouse_manager.behaviour.stock import TINY, touched

PACKAGE = 2
"""The vendor's usual package type."""
WRITTEN = (
    "PackageTypeId",
    "PackageDefIdentifier",
    "Length",
    "Width",
    "Height",
    "Weight",
    "CodAmount",
    "InsuredAmount",
    "TrackingNumber",
    "Description",
)
CONTENT_WRITTEN = ("ReceiveItemId", "LotNumber", "SerialNumber", "ExpirationDate", "SerialNumbers")
READ_ONLY = ("Oversize", "Cod", "Ucc128", "CartonId", "Label")
"""Beside the rest in an order's own list of packages, and under ReadOnly in a package that is read alone."""


@fake.operation("startPacking")
def start_packing(call: Call) -> Reply:
    order = _order(call, "packstarter")
    must_match(call, order)
    return answered(call, _started(call, order.body), 200, "")


@fake.operation("setPackDate")
def set_pack_date(call: Call) -> Reply:
    """Packing is done, now. It asks for no tag."""
    order = _order(call, "packdatesetter")
    _packed(call, order | {"ReadOnly": order["ReadOnly"] | {"PackDoneDate": call.stamp}})
    return Reply(204)


@fake.operation("listOrderPackages")
def list_order_packages(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    rows = [_alone(order, package) for package in order["ReadOnly"]["Packages"]]
    return Reply(200, {"ResourceList": rows}, {"ETag": etag(call, order)})


@fake.operation("getOrderPackage")
def get_order_package(call: Call) -> Reply:
    order = at_id(call.collection("order"), call.path["orderId"])
    return _answered(call, order, _package_at(call, order), 200)


@fake.operation("createOrderPackage")
def create_order_package(call: Call) -> Reply:
    order = _order(call, "packages")
    _must_match_if_said(call, order)
    number = call.next_number("package", call.fake.contract.profile.facts["package_id_start"].value)
    package = new_package(call, number, _written(call.body), _contents(call, order, call.body, number))
    read_only = order["ReadOnly"] | {"Packages": [*order["ReadOnly"]["Packages"], package]}
    return _answered(call, _started(call, order | {"ReadOnly": read_only}), package, 201)


@fake.operation("updateOrderPackage")
def update_order_package(call: Call) -> Reply:
    """Contents that are given replace what was in it; `deleteAllContents` empties it first."""
    order = _order(call, "packages")
    _must_match_if_said(call, order)
    package = _package_at(call, order)
    number = package["PackageId"]
    contents = [] if call.query.get("deleteAllContents") else package["PackageContents"]
    if "PackageContents" in call.body:
        contents = _contents(call, order, call.body, number)
    changed = package | _written(call.body) | {"PackageContents": contents}
    kept = _kept(call, order, [changed if each is package else each for each in order["ReadOnly"]["Packages"]])
    return _answered(call, kept, changed, 200)


@fake.operation("deleteOrderPackage")
def delete_order_package(call: Call) -> Reply:
    order = _order(call, "packages")
    _must_match_if_said(call, order)
    package = _package_at(call, order)
    _kept(call, order, [each for each in order["ReadOnly"]["Packages"] if each is not package])
    return Reply(204)


def _order(call: Call, action: str) -> Document:
    order = at_id(call.collection("order"), call.path["orderId"])
    must_be_open(order, action)
    return order


def _must_match_if_said(call: Call, order: Document) -> None:
    """A client sends the tag when it has one, and leaves it out otherwise (ExtensivSharp POST_Package)."""
    if call.request.header(b"if-match") is not None:
        must_match(call, order)


def _package_at(call: Call, order: Document) -> Json:
    for package in order["ReadOnly"]["Packages"]:
        if str(package["PackageId"]) == call.path["packageId"]:
            found: Json = package
            return found
    raise Refusal("not_found", kind="package")


def _alone(order: Document, package: Json) -> Json:
    """A package as a resource of its own."""
    here = f"/orders/{order.id}"
    apart = {name: value for name, value in package.items() if name not in READ_ONLY}
    links = [link_to("self", f"{here}/packages/{package['PackageId']}"), link_to("orders/order", here)]
    return apart | {"ReadOnly": {name: package[name] for name in READ_ONLY if name in package}, "_links": links}


def _answered(call: Call, order: Document, package: Json, status: int) -> Reply:
    return Reply(status, _alone(order, package), {"ETag": etag(call, order)})


def _written(body: Json) -> Json:
    return {name: body[name] for name in WRITTEN if body.get(name) is not None}


def _contents(call: Call, order: Document, body: Json, number: int) -> list[Json]:
    """What goes into a package. Refuses with `does_not_exist`, or with `incompatible` what is more than is unpacked."""
    left = unpacked(order, but=number)
    contents = []
    for each in body.get("PackageContents", ()):
        line = each["OrderItemId"]
        if line not in left:
            raise Refusal("does_not_exist", property="PackageContents.OrderItemId", value=line)
        left[line] -= each["Qty"]
        if left[line] < -TINY:
            hint = "There is not so much of the line left to pack."
            raise Refusal("incompatible", property="PackageContents.Qty", value=each["Qty"], hint=hint)
        more = dated({name: each[name] for name in CONTENT_WRITTEN if each.get(name) is not None}, "ExpirationDate")
        contents.append(new_content(call, number, line, each["Qty"], more))
    return contents


def unpacked(order: Document, but: int = 0) -> dict[int, float]:
    """Quantities by line that are in no package but, perhaps, this one."""
    left = {line["ReadOnly"]["OrderItemId"]: float(line["Qty"]) for line in order["OrderItems"]}
    for package in order["ReadOnly"]["Packages"]:
        for each in package["PackageContents"] if package["PackageId"] != but else ():
            left[each["OrderItemId"]] -= each["Qty"]
    return left


def new_package(work: Work, number: int, written: Json, contents: list[Json]) -> Json:
    """A package, as an order keeps it."""
    return {
        "PackageId": number,
        "PackageTypeId": PACKAGE,
        **written,
        "CreateDate": work.stamp,
        "Oversize": False,
        "Cod": False,
        "PackageContents": contents,
    }


def new_content(work: Work, package: int, line: int, quantity: float, more: Json) -> Json:
    return {
        "PackageContentId": work.next_number("package_content", 1),
        "PackageId": package,
        "OrderItemId": line,
        "Qty": float(quantity),
        **more,
        "CreateDate": work.stamp,
    }


def _started(work: Work, order: Json) -> Document:
    """`PackStarted` is set when the first package is made (rels/orders/orderpackstarter); it is told of once."""
    before = order["ReadOnly"]["PackStarted"]
    kept = work.collection("order").save(touched(work, order | {"ReadOnly": order["ReadOnly"] | {"PackStarted": True}}))
    work.emit("OrderUpdate" if before else "OrderPackStarted", kept)
    return kept


def _packed(work: Work, order: Json) -> Document:
    kept = work.collection("order").save(touched(work, order))
    work.emit("OrderPackComplete", kept)
    return kept


def _kept(work: Work, order: Document, packages: list[Json]) -> Document:
    changed = order | {"ReadOnly": order["ReadOnly"] | {"Packages": packages}}
    kept = work.collection("order").save(touched(work, changed))
    work.emit("OrderUpdate", kept)
    return kept


# What is done, whoever asks for it ----------------------------------------------------------------------------------


def pack(work: Work, order: Document, parcels: list[dict[int, float]], tracking: list[str]) -> Document:
    """Packages with what is in each, by line, and the number on each label."""
    packages = [*order["ReadOnly"]["Packages"]]
    for contents, label in zip(parcels, tracking, strict=True):
        number = work.next_number("package", work.fake.contract.profile.facts["package_id_start"].value)
        written: dict[str, Any] = {"Weight": 1.0} | ({"TrackingNumber": label} if label else {})
        held = [new_content(work, number, line, quantity, {}) for line, quantity in contents.items()]
        packages.append(new_package(work, number, written, held))
    read_only = order["ReadOnly"] | {"PackStarted": True, "PackDoneDate": work.stamp, "Packages": packages}
    return _packed(work, order | {"ReadOnly": read_only})


def unpack(work: Work, order: Document, package_id: int) -> Document:
    """A label is void and its box empty: the package stays in the order, with nothing in it."""
    packages = [
        {name: value for name, value in each.items() if name != "TrackingNumber"} | {"PackageContents": []}
        if each["PackageId"] == package_id
        else each
        for each in order["ReadOnly"]["Packages"]
    ]
    changed = order | {"ReadOnly": order["ReadOnly"] | {"Packages": packages}}
    return work.collection("order").save(touched(work, changed))
