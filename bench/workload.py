"""What is asked for, and the world it is asked in: a thousand orders of about a kilobyte, two lines each."""

import json
from typing import Any

from msgspec import Struct

from bench.load import NUMBER, Job
from bench.servers import VENDOR, BenchError, Generator, Ours, fetch

ORDERS = 1000
PAGE = 10
PRODUCTS = 50
FIRST_NUMBER = ORDERS + 1
"""Orders made by the load count on from here."""
GRAPHQL_VENDOR = "shopify"
GRAPHQL_PATH = "/admin/api/2026-10/graphql.json"
OPERATIONS = {
    "get": "get one order",
    "list": "list ten orders",
    "create": "create an order",
    "graphql": "ten orders by GraphQL",
}
READS = frozenset({"get", "list", "graphql"})
NOTES = (
    "Leave with the neighbour at number 14 if nobody opens; the bell is broken, so knock twice. Gift wrap the smaller "
    "parcel and put the card inside, face up. The customer asked on the phone for one delivery, not two, and for an "
    "invoice without prices in the box; the priced one goes by e-mail to the billing office. Fragile: this side up. "
    "Do not stack. Call a quarter of an hour before arriving, please. "
)
NO_LIMIT = {
    f"{VENDOR}.limit.default": {"limit": 10**9},
    f"{GRAPHQL_VENDOR}.limit.cost": {"maximum": 1e9, "restore_per_second": 1e9},
}
GRAPHQL_QUERY = """
query TenOrders($first: Int!) {
  orders(first: $first) {
    pageInfo { hasNextPage endCursor }
    edges {
      cursor
      node {
        id
        name
        createdAt
        updatedAt
        displayFinancialStatus
        displayFulfillmentStatus
        email
        note
        tags
        totalPriceSet { shopMoney { amount currencyCode } }
        shippingAddress { name address1 city provinceCode zip countryCodeV2 }
        lineItems(first: 5) { edges { node { id sku title quantity originalUnitPriceSet { shopMoney { amount } } } } }
      }
    }
  }
}
"""


class Expected(Struct, frozen=True):
    """What the fake answered before the load began; the bare server answers the same."""

    got: dict[str, str]
    posted: dict[str, tuple[int, str]]
    body_bytes: dict[str, int]
    """By operation: the size that replies must keep to."""
    requests: dict[str, list[str]]
    """By operation: whole requests, all but the port in Host."""


def new_order(number: str, skus: list[str], turn: int) -> dict[str, Any]:
    """An order of two lines, about 0.9 KB of JSON."""
    return {
        "order_number": number,
        "items": [{"sku": skus[(turn + step * 7) % len(skus)], "quantity": 1 + turn % 2} for step in range(2)],
        "shipping_address": {
            "name": "Margarethe Österreicher",
            "company": "Nordlicht Handels GmbH",
            "street1": "4711 Harbour Crossing Boulevard",
            "street2": "Building C, third floor, left",
            "city": "Portland",
            "state": "OR",
            "postal_code": "97201-4410",
            "country": "US",
            "phone": "+1 503 555 0142",
            "email": "margarethe@nordlicht.example",
        },
        "shipping_method": "Ground, three to five days",
        "notes": NOTES,
    }


def compact(value: Any) -> bytes:
    """JSON without spaces, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def prepare(ours: Ours, generator: Generator, orders: int = ORDERS) -> Expected:
    """Lift the limits, fill the world through the API, make that what a reset comes back to, and take down replies."""
    limits = {name: value for name, value in NO_LIMIT.items() if name.split(".")[0] in ours.vendors}
    ours.admin("PUT", "/worlds/default/settings", limits)
    port, headers = ours.process.port, _headers(ours, VENDOR)
    skus = [each["sku"] for each in _rows(port, f"/api/products?pageSize={PRODUCTS}", headers)]
    for sku in skus:
        _text(fetch(port, "POST", "/api/inventory/update", headers, compact({"sku": sku, "availableQuantity": 10**8})))
    creates = [request_text("POST", "/api/orders", headers, _numbered(skus, turn)) for turn in range(PRODUCTS)]
    load = generator.drive(Job(port, creates, connections=1, times=orders))
    if load.errors:
        raise BenchError(f"the fake refused an order while the world was prepared: {load.first_error}")
    if GRAPHQL_VENDOR in ours.vendors:
        ours.admin("POST", "/worlds/default/seed", {"vendor": GRAPHQL_VENDOR, "orders": orders, "products": PRODUCTS})
    ours.admin("POST", "/worlds/default/seed", {"vendor": VENDOR, "orders": 0, "products": PRODUCTS})
    return _expected(ours, creates, _numbered(skus, 0))


def _numbered(skus: list[str], turn: int) -> str:
    return compact(new_order(NUMBER.decode(), skus, turn)).decode()


def _expected(ours: Ours, creates: list[str], create: str) -> Expected:
    port, headers = ours.process.port, _headers(ours, VENDOR)
    ids = [each["id"] for page in (1, 2) for each in _rows(port, f"/api/orders?pageSize=500&page={page}", headers)]
    got = {f"/api/orders/{id}": _text(fetch(port, "GET", f"/api/orders/{id}", headers)) for id in ids}
    page = f"/api/orders?pageSize={PAGE}"
    body = create.replace(NUMBER.decode(), f"{FIRST_NUMBER - 1:010d}").encode()
    created = _text(fetch(port, "POST", "/api/orders", headers, body))
    sizes = {"get": sum(len(text.encode()) for text in got.values()) // len(got), "create": len(created.encode())}
    got["/api/orders"] = _text(fetch(port, "GET", page, headers))
    sizes["list"] = len(got["/api/orders"].encode())
    posted = {"/api/orders": (201, created)}
    requests = {
        "get": [request_text("GET", f"/api/orders/{id}", headers) for id in ids],
        "list": [request_text("GET", page, headers)],
        "create": creates,
    }
    if GRAPHQL_VENDOR in ours.vendors:
        asked, headers = _graphql_body(), _headers(ours, GRAPHQL_VENDOR)
        answered = _text(fetch(port_of(ours, "graphql"), "POST", GRAPHQL_PATH, headers, asked.encode()))
        if "errors" in json.loads(answered):
            raise BenchError(f"the GraphQL query is refused: {answered[:300]}")
        posted[GRAPHQL_PATH] = (200, answered)
        sizes["graphql"] = len(answered.encode())
        requests["graphql"] = [request_text("POST", GRAPHQL_PATH, headers, asked)]
    return Expected(got, posted, sizes, requests)


def port_of(ours: Ours, operation: str) -> int:
    """Which of the fake's ports an operation is asked at."""
    vendor = GRAPHQL_VENDOR if operation == "graphql" else VENDOR
    return ours.admin_port + 1 + ours.vendors.index(vendor)


def _graphql_body() -> str:
    return compact({"query": GRAPHQL_QUERY, "variables": {"first": PAGE}}).decode()


def _headers(ours: Ours, vendor: str) -> dict[str, str]:
    credentials = ours.env()["vendors"][vendor]["credentials"]
    if vendor == GRAPHQL_VENDOR:
        return {"X-Shopify-Access-Token": credentials["access_token"]}
    return {"Authorization": f"Bearer {credentials['access_token']}"}


def request_text(method: str, path: str, headers: dict[str, str], body: str = "") -> str:
    """A whole request as Latin-1 text, so that it travels in JSON whatever its bytes are."""
    raw = body.encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: seatrial-bench"]
    lines += [f"{name}: {value}" for name, value in ({"Accept": "application/json"} | dict(headers)).items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(raw)}"] if body else []
    return "\r\n".join([*lines, "", ""]) + raw.decode("latin-1")


def _text(answer: tuple[int, bytes]) -> str:
    status, body = answer
    if not 200 <= status < 300:
        raise BenchError(f"the fake answered {status} while the world was prepared: {body[:300]!r}")
    return body.decode()


def _rows(port: int, path: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_text(fetch(port, "GET", path, headers)))["data"]
    return rows
