"""Parcels of an order, as the vendor's Shipment Tracking extension keeps them. They do not change its status (§6a)."""

import hashlib
from datetime import date
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import (
    Json,
    answer,
    created,
    fact,
    fake,
    links,
    missing,
    refuse,
    site_time,
)
from mock_servers.woocommerce.behaviour.notes import order_named
from mock_servers.woocommerce.behaviour.orders import save_order

PATH = "/wp-json/wc-shipment-tracking/v3/orders"


@fake.operation("listShipmentTrackings")
def list_trackings(call: Call) -> Reply:
    order = _order(call)
    return answer(call, 200, [_shown(call, order, each) for each in order["trackings"]])


@fake.operation("createShipmentTracking")
def create_tracking(call: Call) -> Reply:
    order = _order(call)
    tracking = add_tracking(call, order, call.body)
    path = f"{PATH}/{order.id}/shipment-trackings/{tracking['tracking_id']}"
    return created(call, _shown(call, order, tracking), path)


@fake.operation("getShipmentTracking")
def get_tracking(call: Call) -> Reply:
    order = _order(call)
    return answer(call, 200, _shown(call, order, _named(call, order)))


@fake.operation("deleteShipmentTracking")
def delete_tracking(call: Call) -> Reply:
    order = _order(call)
    tracking = _named(call, order)
    save_order(call, order | {"trackings": [each for each in order["trackings"] if each != tracking]})
    return answer(call, 200, _shown(call, order, tracking))


@fake.operation("listShipmentTrackingProviders")
def list_providers(call: Call) -> Reply:
    _order(call)
    return answer(call, 200, fact("tracking_providers"))


def is_on(work: Work) -> bool:
    """The extension is active."""
    return bool(work.setting("shipment_tracking", True))


def _order(call: Call) -> Document:
    if not is_on(call):
        raise Refusal("route_not_found")
    return order_named(call)


def add_tracking(work: Work, order: Document, given: Json) -> Json:
    """One parcel more, even where its number is there already: nothing guards against telling twice (§10)."""
    provider = given.get("tracking_provider", "") or ""
    if provider and not template_of(provider)[1]:
        refuse("woocommerce_rest_shipment_tracking_invalid_provider", "Invalid tracking provider.")
    tracking = kept_tracking(
        work,
        order,
        {
            "tracking_provider": provider,
            "custom_tracking_provider": given.get("custom_tracking_provider", "") or "",
            "custom_tracking_link": given.get("custom_tracking_link", "") or "",
            "tracking_number": given["tracking_number"],
            "date_shipped": _day(work, given.get("date_shipped", "")),
        },
    )
    save_order(work, order | {"trackings": [*order["trackings"], tracking]})
    return tracking


def kept_tracking(work: Work, order: Document, tracking: Json) -> Json:
    """A parcel with an id of its own, as either plugin keeps it."""
    blank = dict.fromkeys(("tracking_provider", "custom_tracking_provider", "custom_tracking_link"), "")
    words = f"{order.id}:{len(order['trackings'])}:{work.next_number('tracking')}:{tracking['tracking_number']}"
    id = hashlib.md5(words.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return blank | tracking | {"tracking_id": id}


def day_of(work: Work) -> str:
    """Today, on the site's calendar."""
    return str(site_time(work, work.stamp))[:10]


def _day(work: Work, given: str) -> str:
    if not given:
        return day_of(work)
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        refuse("rest_invalid_param", "Invalid parameter(s): date_shipped")


def template_of(provider: str) -> tuple[str, str]:
    """A provider's name and its address for a number; providers are known by name, whatever its capitals."""
    for providers in fact("tracking_providers").values():
        for name, template in providers.items():
            if name.lower() == provider.lower():
                return name, str(template)
    return "", ""


def link_of(order: Document, tracking: Json) -> str:
    """Where a parcel can be followed."""
    template = template_of(tracking["tracking_provider"])[1] or tracking["custom_tracking_link"]
    address: dict[str, Any] = order["shipping"] if order["shipping"]["postcode"] else order["billing"]
    return template.replace("%1$s", tracking["tracking_number"]).replace("%2$s", address["postcode"])


def _shown(call: Call, order: Document, tracking: Json) -> Json:
    path = f"{PATH}/{order.id}/shipment-trackings"
    return {
        "tracking_id": tracking["tracking_id"],
        "tracking_provider": tracking["tracking_provider"] or tracking["custom_tracking_provider"],
        "tracking_link": link_of(order, tracking),
        "tracking_number": tracking["tracking_number"],
        "date_shipped": tracking["date_shipped"],
        "_links": links(call, f"{path}/{tracking['tracking_id']}", path, up=f"/wp-json/wc/v3/orders/{order.id}"),
    }


def _named(call: Call, order: Document) -> Json:
    wanted = call.path["tracking_id"]
    found = next((each for each in order["trackings"] if each["tracking_id"] == wanted), None)
    if found is None:
        missing("woocommerce_rest_shipment_tracking_invalid_id", "Invalid shipment tracking ID.")
    return dict(found)
