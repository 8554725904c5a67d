"""How a store is set up: taxes, shipping, payment. Callers read it here; the owner's screens are not imitated.

What is set up is this fake's choice; how it is shown is the vendor's (REST API docs).
"""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.paging import Window
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import API, Json, answer, fake, links, missing, must_be_number
from mock_servers.woocommerce.behaviour.totals import tax_rates

TAX_CLASSES = {"standard": "Standard rate", "reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}
METHODS = {
    "flat_rate": ("Flat rate", "Lets you charge a fixed rate for shipping."),
    "free_shipping": (
        "Free shipping",
        "Free shipping is a special method which can be triggered with coupons and minimum spends.",
    ),
    "local_pickup": (
        "Local pickup",
        "Allow customers to pick up orders themselves. By default, when using local pickup store base taxes will "
        "apply regardless of customer address.",
    ),
}
ZONES = {1: ("United States (US)", 0), 0: ("Locations not covered by your other zones", 0)}
LOCATIONS: dict[int, list[tuple[str, str]]] = {1: [("US", "country")], 0: []}
ZONE_METHODS = {1: [(3, "flat_rate", "3.00")], 0: []}
GATEWAYS = {
    "bacs": (
        "Direct bank transfer",
        "Make your payment directly into our bank account. Please use your Order ID as the payment reference.",
        True,
        "Take payments in person via BACS. More commonly known as direct bank/wire transfer.",
    ),
    "cheque": (
        "Check payments",
        "Please send a check to Store Name, Store Street, Store Town, Store State / County, Store Postcode.",
        False,
        "Take payments in person via checks. This offline gateway can also be useful to test purchases.",
    ),
    "cod": (
        "Cash on delivery",
        "Pay with cash upon delivery.",
        False,
        "Let your shoppers pay upon delivery — by cash or other methods of payment.",
    ),
    "stripe": ("Credit card", "Pay with your credit card.", True, "Accept cards by Stripe."),
}


# Taxes ----------------------------------------------------------------------------------------------------------------


@fake.operation("listTaxRates")
def list_tax_rates(call: Call) -> Reply:
    """By their order, which is that of the list."""
    query = call.query
    rates = [rate for rate in _rates(call) if query.get("class", rate["class"]) == rate["class"]]
    by = query.get("orderby", "order")
    rates.sort(key=lambda rate: rate[by], reverse=query.get("order", "asc") == "desc")
    window = Window(call, len(rates))
    return answer(call, 200, rates[window.offset : window.offset + window.limit], window.headers)


@fake.operation("getTaxRate")
def get_tax_rate(call: Call) -> Reply:
    id = int(must_be_number(call.path["id"]))
    found = next((rate for rate in _rates(call) if rate["id"] == id), None)
    if found is None:
        missing("woocommerce_rest_invalid_id", "Invalid resource ID.")
    return answer(call, 200, found)


@fake.operation("listTaxClasses")
def list_tax_classes(call: Call) -> Reply:
    path = f"{API}/taxes/classes"
    rows = [{"slug": slug, "name": name, "_links": _collection(call, path)} for slug, name in TAX_CLASSES.items()]
    return answer(call, 200, rows)


def _rates(call: Call) -> list[Json]:
    """Those by which orders are taxed: the profile's, or the world's setting."""
    path = f"{API}/taxes"
    return [
        {
            "id": rate["id"],
            "country": rate["country"],
            "state": rate["state"],
            "postcode": "",
            "city": "",
            "postcodes": [],
            "cities": [],
            "rate": f"{float(rate['rate']):.4f}",
            "name": rate["name"],
            "priority": 1,
            "compound": False,
            "shipping": rate["shipping"],
            "order": place,
            "class": "standard",
            "_links": links(call, f"{path}/{rate['id']}", path),
        }
        for place, rate in enumerate(tax_rates(call))
    ]


# Shipping -------------------------------------------------------------------------------------------------------------


@fake.operation("listShippingMethods")
def list_methods(call: Call) -> Reply:
    return answer(call, 200, [_method(call, id) for id in METHODS])


@fake.operation("getShippingMethod")
def get_method(call: Call) -> Reply:
    if call.path["method_id"] not in METHODS:
        missing("woocommerce_rest_shipping_method_invalid", "Resource does not exist.")
    return answer(call, 200, _method(call, call.path["method_id"]))


@fake.operation("listShippingZones")
def list_zones(call: Call) -> Reply:
    return answer(call, 200, [_zone(call, id) for id in sorted(ZONES)])


@fake.operation("getShippingZone")
def get_zone(call: Call) -> Reply:
    return answer(call, 200, _zone(call, _zone_named(call, "id")))


@fake.operation("listShippingZoneLocations")
def list_locations(call: Call) -> Reply:
    id = _zone_named(call, "zone_id")
    path = f"{API}/shipping/zones/{id}"
    about = _collection(call, f"{path}/locations") | _collection(call, path, "describes")
    return answer(call, 200, [{"code": code, "type": kind, "_links": about} for code, kind in LOCATIONS[id]])


@fake.operation("listShippingZoneMethods")
def list_zone_methods(call: Call) -> Reply:
    id = _zone_named(call, "zone_id")
    return answer(call, 200, [_zone_method(call, id, place) for place in range(len(ZONE_METHODS[id]))])


@fake.operation("getShippingZoneMethod")
def get_zone_method(call: Call) -> Reply:
    id, wanted = _zone_named(call, "zone_id"), int(must_be_number(call.path["id"]))
    place = next((place for place, (instance, *_) in enumerate(ZONE_METHODS[id]) if instance == wanted), None)
    if place is None:
        missing("woocommerce_rest_shipping_zone_method_invalid", "Resource does not exist.")
    return answer(call, 200, _zone_method(call, id, place))


def _method(call: Call, id: str) -> Json:
    title, said = METHODS[id]
    path = f"{API}/shipping_methods"
    return {"id": id, "title": title, "description": said, "_links": links(call, f"{path}/{id}", path)}


def _zone_named(call: Call, name: str) -> int:
    id = int(must_be_number(call.path[name]))
    if id not in ZONES:
        missing("woocommerce_rest_shipping_zone_invalid", "Resource does not exist.")
    return id


def _zone(call: Call, id: int) -> Json:
    name, order = ZONES[id]
    path = f"{API}/shipping/zones"
    about = links(call, f"{path}/{id}", path) | _collection(call, f"{path}/{id}/locations", "describedby")
    return {"id": id, "name": name, "order": order, "_links": about}


def _zone_method(call: Call, zone: int, place: int) -> Json:
    instance, method, cost = ZONE_METHODS[zone][place]
    title, said = METHODS[method]
    path = f"{API}/shipping/zones/{zone}"
    about = links(call, f"{path}/methods/{instance}", f"{path}/methods") | _collection(call, path, "describes")
    settings = {
        "title": _option("title", "Name", "text", title, title, "Your customers will see the name of this method."),
        "tax_status": _option("tax_status", "Tax status", "select", "taxable", "taxable", "")
        | {"options": {"taxable": "Taxable", "none": "None"}},
        "cost": _option("cost", "Cost", "text", cost, "", "Enter a cost (excl. tax) or sum."),
    }
    return {
        "id": instance,
        "instance_id": instance,
        "title": title,
        "order": place + 1,
        "enabled": True,
        "method_id": method,
        "method_title": title,
        "method_description": f"<p>{said}</p>\n",
        "settings": settings,
        "_links": about,
    }


# Payment --------------------------------------------------------------------------------------------------------------


@fake.operation("listPaymentGateways")
def list_gateways(call: Call) -> Reply:
    return answer(call, 200, [_gateway(call, id) for id in GATEWAYS])


@fake.operation("getPaymentGateway")
def get_gateway(call: Call) -> Reply:
    if call.path["gateway_id"] not in GATEWAYS:
        missing("woocommerce_rest_payment_gateway_invalid", "Resource does not exist.")
    return answer(call, 200, _gateway(call, call.path["gateway_id"]))


def _gateway(call: Call, id: str) -> Json:
    title, said, enabled, about = GATEWAYS[id]
    path = f"{API}/payment_gateways"
    instructions = "Instructions that will be added to the thank you page and emails."
    settings = {
        "title": _option("title", "Title", "safe_text", title, title, "What the user sees during checkout."),
        "instructions": _option("instructions", "Instructions", "textarea", "", "", instructions),
    }
    return {
        "id": id,
        "title": title,
        "description": said,
        "order": list(GATEWAYS).index(id),
        "enabled": enabled,
        "method_title": title,
        "method_description": about,
        "method_supports": ["products", "refunds"] if id == "stripe" else ["products"],
        "settings": settings,
        "_links": links(call, f"{path}/{id}", path),
    }


def _option(id: str, label: str, kind: str, value: Any, default: Any, tip: str) -> Json:
    said = {"id": id, "label": label, "description": tip, "type": kind, "value": value, "default": default}
    return said | {"tip": tip, "placeholder": ""}


def _collection(call: Call, path: str, name: str = "collection") -> Json:
    return {name: [{"href": f"{call.base_url}{path}"}]}
