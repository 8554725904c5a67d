"""How shipments are followed: a row for each package of a confirmed order that has a number."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.rql import condition_of
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import Json, fake, listed, properties, shown


@fake.operation("listShipmentsTrackingInfo")
def list_shipments_tracking_info(call: Call) -> Reply:
    if call.query.get("pgnum") == 0:
        return Reply(200, {"TotalResults": _total(call)})
    return listed(call, call.collection("tracking"), "Tracking")


def _total(call: Call) -> int:
    """How many rows there are; of page 0 nothing else is told (rels/orders/shipmentstrackinginfo)."""
    asked = call.query.get("rql")
    return call.collection("tracking").count(condition_of(asked, properties("Tracking")) if asked else None)


@fake.view("rest", "tracking", schema="Tracking")
def tracking_on_rest(row: Document) -> Json:
    return shown(row)


def follow(work: Work, order: Document) -> None:
    """A confirmed order can be followed."""
    routing, read_only = order["RoutingInfo"], order["ReadOnly"]
    about = {
        "OrderId": order["order_id"],
        "CustomerIdentifier": read_only["CustomerIdentifier"],
        "FacilityIdentifier": read_only["FacilityIdentifier"],
        "ReferenceNum": order["ReferenceNum"],
        **({"PoNum": order["PoNum"]} if "PoNum" in order else {}),
        "ShipTo": order["ShipTo"],
        "Carrier": routing.get("Carrier", ""),
        "CarrierService": routing.get("Mode", ""),
        "ShipDate": read_only["ShipDate"],
        "CreationDate": read_only["CreationDate"],
        "order_id": order["order_id"],
    }
    labelled = [package for package in read_only["Packages"] if "TrackingNumber" in package]
    for package in labelled:
        uri = f"/orders/{order.id}/packages/{package['PackageId']}"
        row = {"PackageId": package["PackageId"], "PackageUri": uri, "TrackingNumber": package["TrackingNumber"]}
        work.collection("tracking").add(about | row | {"id": f"{order.id}:{package['PackageId']}"})
    if "TrackingNumber" in routing and not labelled:
        row = {"TrackingNumber": routing["TrackingNumber"]}
        work.collection("tracking").add(about | row | {"id": f"{order.id}:"})


def forget(work: Work, order: Document) -> None:
    """It has not left after all."""
    rows = work.collection("tracking")
    for row in rows.rows(Is("order_id", "=", order["order_id"])):
        rows.delete(row.id)
