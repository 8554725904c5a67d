"""Parcels as the plugin Advanced Shipment Tracking shows them: the same list as Shipment Tracking's, with a status that
follows when the caller says so (dossier §6b; its REST controller)."""

import re
from datetime import UTC, date, datetime
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import Json, answer, created, fact, fake, links, missing, refuse
from mock_servers.woocommerce.behaviour.notes import order_named
from mock_servers.woocommerce.behaviour.orders import entered, save_order
from mock_servers.woocommerce.behaviour.trackings import day_of, kept_tracking, link_of, template_of

SPECIAL = re.compile(r"[^a-z0-9\- \b]", re.IGNORECASE)
DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})-(\d{1,2})-(\d{4})")


def is_on(work: Work) -> bool:
    """The plugin is active."""
    return bool(work.setting("advanced_shipment_tracking", True))


@fake.operation("listAdvancedShipmentTrackings", "listAliasedShipmentTrackings")
def list_trackings(call: Call) -> Reply:
    order = _order(call)
    return answer(call, 200, [_shown(call, order, each) for each in order["trackings"]])


@fake.operation("createAdvancedShipmentTracking", "createAliasedShipmentTracking")
def create_tracking(call: Call) -> Reply:
    if call.body.get("tracking_id"):
        said = "Cannot create existing order shipment tracking."
        refuse("woocommerce_rest_shop_order_shipment_tracking_exists", said)
    order = _order(call)
    if SPECIAL.search(call.body["tracking_number"]):  # not found, says the plugin
        missing("woocommerce_rest_order_invalid_id", "Special character not allowd in tracking number")
    order, tracking = add_tracking(call, order, call.body)
    return created(call, _shown(call, order, tracking), f"{_path(call, order)}/{tracking['tracking_id']}")


@fake.operation("getAdvancedShipmentTracking", "getAliasedShipmentTracking")
def get_tracking(call: Call) -> Reply:
    order = _order(call)
    return answer(call, 200, _shown(call, order, _named(call, order)))


@fake.operation("deleteAdvancedShipmentTracking", "deleteAliasedShipmentTracking")
def delete_tracking(call: Call) -> Reply:
    order = _order(call)
    tracking = _named(call, order)
    save_order(call, order | {"trackings": [each for each in order["trackings"] if each != tracking]})
    return answer(call, 200, _shown(call, order, tracking))


@fake.operation("listAdvancedShipmentTrackingProviders", "listAliasedShipmentTrackingProviders")
def list_providers(call: Call) -> Reply:
    _order(call)
    return answer(call, 200, fact("tracking_providers"))


def add_tracking(work: Work, order: Document, given: Json) -> tuple[Document, Json]:
    """One parcel more, or instead of all there were; and the order is completed when it is said to have shipped."""
    provider = given.get("custom_tracking_provider") or given.get("tracking_provider") or ""
    tracking = kept_tracking(
        work,
        order,
        {
            "tracking_provider": provider,
            "custom_tracking_link": given.get("custom_tracking_link") or "",
            "tracking_number": given["tracking_number"],
            "date_shipped": _day(work, given.get("date_shipped") or ""),
        },
    )
    before = [] if str(given.get("replace_tracking", 0)) == "1" else order["trackings"]
    changed = order | {"trackings": [*before, tracking]}
    if str(given.get("status_shipped", "")) == "1":
        changed = entered(work, changed, "completed")
    return save_order(work, changed), tracking


def _day(work: Work, given: str) -> str:
    """A day by either order of its parts; today where it is none (PHP strtotime)."""
    found = DAY.match(given.replace("/", "-"))
    try:
        if found:
            year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
            return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        pass
    return day_of(work)


def _order(call: Call) -> Document:
    if not is_on(call):
        raise Refusal("route_not_found")
    return order_named(call)


def _path(call: Call, order: Document) -> str:
    namespace = "wc-ast/v3" if "Advanced" in call.operation.id else "wc/v3"
    return f"/wp-json/{namespace}/orders/{order.id}/shipment-trackings"


def _named(call: Call, order: Document) -> Json:
    wanted = call.path["tracking_id"]
    found = next((each for each in order["trackings"] if each["tracking_id"] == wanted), None)
    if found is None:
        missing("woocommerce_rest_order_shipment_tracking_invalid_id", "Invalid shipment tracking ID.")
    return dict(found)


def _shown(call: Call, order: Document, tracking: Json) -> Json:
    """The provider's name only where the plugin knows it; the day in the site's own format (`F j, Y`)."""
    provider, path = tracking["tracking_provider"], _path(call, order)
    day = datetime.fromisoformat(tracking["date_shipped"]).replace(tzinfo=UTC)
    shown: dict[str, Any] = {
        "tracking_id": tracking["tracking_id"],
        "tracking_provider": template_of(provider)[0],
        "tracking_link": link_of(order, tracking),
        "tracking_number": tracking["tracking_number"],
        "date_shipped": f"{day:%B} {day.day}, {day.year}",
    }
    up = path.removesuffix("/shipment-trackings")
    return shown | {"_links": links(call, f"{path}/{tracking['tracking_id']}", path, up=up)}
