"""Every vendor's surfaces as their integrations load them: one order, a list of orders with their lines, a new order.

    WooCommerce: get, list of 10, create
    Warehouse Manager, HAL: get, list of 100, create
    …

Each is the same order of two lines in its vendor's words. What the fake answers before the load begins is what the bare
server answers under it.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from bench.load import NUMBER, Job
from bench.servers import BenchError, Generator, Ours, fetch
from bench.workload import FIRST_NUMBER, compact, request_text

SKUS = ("BENCH-1", "BENCH-2")
STOCK = 10**6
ORDERS = 200
"""Before the load begins; each create adds one."""
LIMITLESS = 10**9
Row = dict[str, Any]
Ask = Callable[[str], Any]


class Surface(Struct, frozen=True):
    """How a vendor's orders are asked for. `ids` reads them out of a list, `one` makes the path of one."""

    name: str
    vendor: str
    headers: Callable[[Row], dict[str, str]]
    """Of the credentials."""
    list_path: str
    listed: int
    one: str
    ids: Callable[[Any], list[Any]]
    create: tuple[str, str]
    order: Callable[[Ask, Row], Any]
    """A new order, its number being `NUMBER`: of what a GET shows, and of the credentials."""
    stocked: Callable[[str], Sequence[tuple[str, Row]]]
    """What people do so that there is enough of this SKU for ever."""
    limits: Row = {}

    def operation(self, what: str) -> str:
        """What a figure is called."""
        return f"{self.name}: {f'list of {self.listed}' if what == 'list' else what}"


class Prepared(Struct, frozen=True):
    """What is asked at which port, and what was answered, by path."""

    got: dict[str, str]
    posted: dict[str, tuple[int, str]]
    requests: dict[str, list[str]]
    ports: dict[str, int]
    body_bytes: dict[str, int]


def prepare(ours: Ours, generator: Generator, orders: int) -> Prepared:
    """Fill every surface through its own API, and take down what it answers. Raises BenchError."""
    whole = Prepared({}, {}, {}, {}, {})
    for surface in SURFACES:
        if surface.vendor in ours.vendors:
            _prepared(surface, ours, generator, orders, whole)
    return whole


def _prepared(surface: Surface, ours: Ours, generator: Generator, orders: int, whole: Prepared) -> None:
    described = ours.env()["vendors"][surface.vendor]
    credentials, port = described["credentials"], ours.admin_port + 1 + ours.vendors.index(surface.vendor)
    root = surface.list_path.format(**credentials), surface.create[1].format(**credentials)
    headers = {"Accept": "application/json"} | surface.headers(credentials)
    limits = {f"{surface.vendor}.limit.{name}": each for name, each in surface.limits.items()}
    ours.admin("PUT", "/worlds/default/settings", limits)
    for sku in SKUS:
        for action, form in surface.stocked(sku):
            ours.admin("POST", f"/worlds/default/actions/{surface.vendor}/{action}", form)
    order = surface.order(lambda path: json.loads(_text(fetch(port, "GET", path, headers))), credentials)
    create = request_text(surface.create[0], root[1], headers, compact(order).decode())
    load = generator.drive(Job(port, [create], connections=1, times=orders))
    if load.errors:
        raise BenchError(f"{surface.name} refused an order while the world was prepared: {load.first_error}")

    listed = _text(fetch(port, "GET", root[0], headers))
    ids = surface.ids(json.loads(listed))
    if len(ids) != surface.listed:
        raise BenchError(f"{surface.name} lists {len(ids)} orders, not {surface.listed}: {listed[:200]}")
    paths = [surface.one.format(id=id, **credentials) for id in ids]
    shown = {path: _text(fetch(port, "GET", path, headers)) for path in paths}
    body = compact(order).replace(NUMBER, f"{FIRST_NUMBER - 1:010d}".encode())
    status, created = fetch(port, surface.create[0], root[1], headers, body)

    whole.got.update(shown | {root[0].partition("?")[0]: listed})
    whole.posted[root[1]] = (status, _text((status, created)))
    asked = {
        "get": [request_text("GET", path, headers) for path in paths],
        "list": [request_text("GET", root[0], headers)],
        "create": [create],
    }
    sizes = {
        "get": sum(len(text.encode()) for text in shown.values()) // len(shown),
        "list": len(listed.encode()),
        "create": len(created),
    }
    for what, requests in asked.items():
        name = surface.operation(what)
        whole.requests[name], whole.ports[name], whole.body_bytes[name] = requests, port, sizes[what]


def _text(answer: tuple[int, bytes]) -> str:
    status, body = answer
    if not 200 <= status < 300:
        raise BenchError(f"a fake answered {status} while the world was prepared: {body[:300]!r}")
    return body.decode()


# The same order in each vendor's words ------------------------------------------------------------------------------

NAME, STREET, CITY, STATE, ZIP = "Margarethe Oesterreicher", "4711 Harbour Crossing", "Portland", "OR", "97201-4410"
NO_LIMIT = {"limit": LIMITLESS}


def _basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def _bearer(credentials: Row) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['access_token']}"}


def _ids(name: str, *under: str) -> Callable[[Any], list[Any]]:
    """The member `name` of each row, the rows being under these members."""

    def read(body: Any) -> list[Any]:
        for member in under:
            body = body[member]
        return [row[name] for row in body]

    return read


def _extend(ask: Ask, credentials: Row) -> Row:  # noqa: ARG001 - its customer is in every seed
    to = {"name1": NAME, "address1": STREET, "city": CITY, "postalCode": ZIP, "countryCode": "US"}
    rows = [{"product": {"productNumber": sku}, "salesData": {"quantity": 1, "unit": "ST"}} for sku in SKUS]
    header = {"customerNumber": "C-1001", "orderNumberExternal": NUMBER.decode(), "deliveryAddress": to}
    return {"orderHeader": header, "orderRows": rows}


def _warehouse_manager(ask: Ask, credentials: Row) -> Row:  # noqa: ARG001 - items are known by their SKUs
    return {
        "customerIdentifier": {"id": int(credentials["customer_id"])},
        "facilityIdentifier": {"id": int(credentials["facility_id"])},
        "referenceNum": NUMBER.decode(),
        "shipTo": {
            "companyName": "Nordlicht",
            "name": NAME,
            "address1": STREET,
            "city": CITY,
            "state": STATE,
            "zip": ZIP,
            "country": "US",
        },
        "orderItems": [{"itemIdentifier": {"sku": sku}, "qty": 1} for sku in SKUS],
    }


def _order_manager_v1(ask: Ask, credentials: Row) -> list[Row]:  # noqa: ARG001 - products are known by their SKUs
    nothing = {"amount": 0, "currency": "USD"}
    costs = ("orderTotal", "shippingCost", "insuranceCost", "insuredValue", "confirmationCost")
    line = {"listingName": "x", "quantityOrdered": 1, "tax": nothing, "unitPrice": nothing}
    order = dict.fromkeys(costs, nothing) | {
        "salesChannelId": int(credentials["sales_channel_id"]),
        "orderNumber": NUMBER.decode(),
        "paymentDate": "2026-01-05T10:00:00Z",
        "orderItems": [line | {"listingSku": sku} for sku in SKUS],
        "shipName": NAME,
        "shipAddress1": STREET,
        "shipCity": CITY,
        "shipState": STATE,
        "shipZipCode": ZIP,
        "shipCountry": "USA",
    }
    return [order]  # it takes several at once


def _shopify(ask: Ask, credentials: Row) -> Row:  # noqa: ARG001 - lines are variants
    products = ask("/admin/api/2026-10/products.json?limit=250")["products"]
    variants = [each["id"] for row in products for each in row["variants"] if each["sku"] in SKUS]
    to = {"first_name": "Margarethe", "last_name": "Oesterreicher", "address1": STREET, "city": CITY, "zip": ZIP}
    lines = [{"variant_id": id, "quantity": 1} for id in variants]
    address = to | {"province_code": STATE, "country_code": "US"}
    more = {"inventory_behaviour": "decrement_ignoring_policy", "note": NUMBER.decode()}
    return {"order": more | {"line_items": lines, "shipping_address": address}}


def _woocommerce(ask: Ask, credentials: Row) -> Row:  # noqa: ARG001 - lines are products
    products = ask("/wp-json/wc/v3/products?per_page=100")
    to = {"first_name": "Margarethe", "last_name": "Oesterreicher", "address_1": STREET, "city": CITY, "postcode": ZIP}
    lines = [{"product_id": row["id"], "quantity": 1} for row in products if row["sku"] in SKUS]
    paid = {"set_paid": True, "customer_note": NUMBER.decode()}
    return paid | {"shipping": to | {"state": STATE, "country": "US"}, "line_items": lines}


def _added(action: str, name: str) -> Callable[[str], Sequence[tuple[str, Row]]]:
    """By one action that takes the SKU under this name and says how many there are."""
    return lambda sku: [(action, {name: sku, "quantity": STOCK})]


SURFACES = (
    Surface(
        "Extend Commerce",
        "extend_commerce",
        lambda each: {"ExtendBasicAuthorization": _basic(each["username"], each["password"])},
        "/RESTAPI/v1_0/{client}/CustomerOrders?modifiedDateFrom=2000-01-01&pageCount=10&pageOffset=0",
        10,
        "/RESTAPI/v1_0/{client}/CustomerOrders/{id}",
        _ids("orderNumber"),
        ("POST", "/RESTAPI/v1_0/{client}/CustomerOrders"),
        _extend,
        _added("add_product", "product"),
        {"CustomerOrders": NO_LIMIT},
    ),
    Surface(
        "Warehouse Manager, HAL",
        "extensiv_warehouse_manager",
        lambda each: _bearer(each) | {"Accept": "application/hal+json"},
        "/orders?pgsiz=100&pgnum=1&detail=OrderItems",
        100,
        "/orders/{id}",
        lambda body: [row["readOnly"]["orderId"] for row in next(iter(body["_embedded"].values()))],
        ("POST", "/orders"),
        _warehouse_manager,
        _added("add_item", "sku"),
    ),
    Surface(
        "Order Manager v1",
        "extensiv_order_manager",
        _bearer,
        "/v1.1/orders?limit=10&page=1",
        10,
        "/v1.1/orders/{id}",
        _ids("orderId"),
        ("PUT", "/v1/order"),
        _order_manager_v1,
        lambda sku: [("add_product", {"sku": sku}), ("count_stock", {"sku": sku, "quantity": STOCK})],
        dict.fromkeys(("default", "totals", "adjust", "create_stock"), NO_LIMIT),
    ),
    Surface(
        "Shopify REST",
        "shopify",
        lambda each: {"X-Shopify-Access-Token": each["access_token"]},
        "/admin/api/2026-10/orders.json?limit=10&status=any",
        10,
        "/admin/api/2026-10/orders/{id}.json",
        _ids("id", "orders"),
        ("POST", "/admin/api/2026-10/orders.json"),
        _shopify,
        _added("add_product", "sku"),
        {"default": {"limit": LIMITLESS, "leak_per_second": LIMITLESS}},
    ),
    Surface(
        "WooCommerce",
        "woocommerce",
        lambda each: {
            "Authorization": _basic(each["consumer_key"], each["consumer_secret"]),
            "X-Forwarded-Proto": "https",
        },
        "/wp-json/wc/v3/orders?per_page=10",
        10,
        "/wp-json/wc/v3/orders/{id}",
        _ids("id"),
        ("POST", "/wp-json/wc/v3/orders"),
        _woocommerce,
        _added("add_product", "sku"),
    ),
)
