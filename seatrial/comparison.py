"""Both sides of a sync, read through their public APIs and laid side by side.

Nothing here uses the connectors or looks inside a fake: it is plain HTTP as the vendors document it, so that what it
finds is what anybody else would find.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
from msgspec import Struct

ORDERS_QUERY = """
query($after: String) { orders(first: 50, after: $after, sortKey: ID) {
  pageInfo { hasNextPage endCursor }
  nodes { legacyResourceId name cancelledAt displayFulfillmentStatus
    shippingAddress { name city countryCodeV2 }
    lineItems(first: 20) { nodes { sku quantity } }
    fulfillments(first: 10) { status trackingInfo(first: 10) { number }
      fulfillmentLineItems(first: 20) { nodes { quantity lineItem { sku } } } } } } }
"""
LEVELS_QUERY = """
query($after: String, $location: ID!) { productVariants(first: 50, after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes { sku inventoryItem {
    inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } } } } } }
"""
PAGES_MAXIMUM = 1000


class Line(Struct, frozen=True):
    """One thing compared, as each side has it."""

    what: str
    subject: str
    cart: str
    warehouse: str

    @property
    def agrees(self) -> bool:
        return self.cart == self.warehouse


class Sides(Struct, frozen=True):
    """Where the two sides are: base URLs, the tokens to read them with, the location published to."""

    shopify_url: str
    shopify_token: str
    shopify_location: str
    order_manager_url: str
    order_manager_token: str


async def compare(sides: Sides, connection: str, sku_names: Mapping[str, tuple[str, int]]) -> list[Line]:
    """Every order, parcel and level on both sides. `sku_names` is the cart's SKU → the warehouse's, and how many."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        carted = await _shopify_orders(client, sides)
        stored = {order["order_number"]: order for order in await _pages(client, sides, "/api/orders")}
        parcels = await _pages(client, sides, "/api/shipments")
        published = await _shopify_levels(client, sides)
        counted = await _pages(client, sides, "/api/inventory/warehouses")
    lines = []
    for order in carted:
        lines += _order_lines(order, stored.pop(f"{connection}:{order['legacyResourceId']}", None), parcels, sku_names)
    lines += [Line("order", number, "absent", order["status"]) for number, order in stored.items() if ":" in number]
    return lines + _level_lines(published, counted, sku_names)


def _order_lines(
    order: dict[str, Any],
    stored: dict[str, Any] | None,
    parcels: list[dict[str, Any]],
    sku_names: Mapping[str, tuple[str, int]],
) -> list[Line]:
    name, cancelled = order["name"], order["cancelledAt"] is not None
    if stored is None:  # cancelled before it was delivered, or it should be there
        return [Line("order", name, "cancelled" if cancelled else "open", "cancelled" if cancelled else "absent")]
    fulfilled = order["displayFulfillmentStatus"] == "FULFILLED"
    status = "cancelled" if cancelled else "fulfilled" if fulfilled else "pending"
    mine = [parcel for parcel in parcels if parcel["order_number"] == stored["order_number"]]
    live = [parcel for parcel in mine if parcel["status"] == "shipped"]
    told = [each for each in order["fulfillments"] if each["status"] == "SUCCESS"]
    address, kept = order["shippingAddress"], stored["shipping_address"]
    shipped = Counter[str]()
    for fulfillment in told:
        for line in fulfillment["fulfillmentLineItems"]["nodes"]:
            sku, times = sku_names.get(line["lineItem"]["sku"], (line["lineItem"]["sku"], 1))
            shipped[sku] += line["quantity"] * times
    lines = [
        Line("status", name, status, stored["status"]),
        Line("items", name, _wanted(order, sku_names), _sorted(stored["items"])),
        Line(
            "ship to",
            name,
            f"{address['name']}, {address['city']}, {address['countryCodeV2']}",
            f"{kept['name']}, {kept['city']}, {kept['country']}",
        ),
    ]
    if told or live:
        tracking = sorted(info["number"] for each in told for info in each["trackingInfo"])
        lines.append(Line("tracking", name, " ".join(tracking), " ".join(sorted(p["tracking_number"] for p in live))))
        left = [item for parcel in live for item in parcel["items"]]
        lines.append(Line("shipped", name, _text(shipped), _sorted(left)))
    return lines


def _wanted(order: dict[str, Any], sku_names: Mapping[str, tuple[str, int]]) -> str:
    wanted = Counter[str]()
    for line in order["lineItems"]["nodes"]:
        sku, times = sku_names.get(line["sku"], (line["sku"], 1))
        wanted[sku] += line["quantity"] * times
    return _text(wanted)


def _sorted(items: list[dict[str, Any]]) -> str:
    counted = Counter[str]()
    for item in items:
        counted[item["sku"]] += item["quantity"]
    return _text(counted)


def _text(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{quantity} {sku}" for sku, quantity in sorted(counted.items()))


def _level_lines(
    published: dict[str, int], warehouses: list[dict[str, Any]], sku_names: Mapping[str, tuple[str, int]]
) -> list[Line]:
    available = Counter[str]()
    for warehouse in warehouses:
        for level in warehouse["inventory"]:
            available[level["sku"]] += level["available"]
    lines = []
    for sku, quantity in sorted(published.items()):
        name, times = sku_names.get(sku, (sku, 1))
        if name in available:
            lines.append(Line("available", sku, str(quantity), str(max(0, available[name] // times))))
    return lines


# Reading ------------------------------------------------------------------------------------------------------------


async def _shopify_orders(client: httpx.AsyncClient, sides: Sides) -> list[dict[str, Any]]:
    return await _nodes(client, sides, ORDERS_QUERY, "orders")


async def _shopify_levels(client: httpx.AsyncClient, sides: Sides) -> dict[str, int]:
    published: dict[str, int] = {}
    location = f"gid://shopify/Location/{sides.shopify_location}"
    for variant in await _nodes(client, sides, LEVELS_QUERY, "productVariants", location=location):
        level = variant["inventoryItem"]["inventoryLevel"]
        if level is not None:
            published[variant["sku"]] = level["quantities"][0]["quantity"]
    return published


async def _nodes(
    client: httpx.AsyncClient, sides: Sides, query: str, field: str, **variables: str
) -> list[dict[str, Any]]:
    url = f"{sides.shopify_url}/admin/api/2026-10/graphql.json"
    nodes: list[dict[str, Any]] = []
    after = None
    for _ in range(PAGES_MAXIMUM):
        reply = await client.post(
            url,
            json={"query": query, "variables": {"after": after} | variables},
            headers={"X-Shopify-Access-Token": sides.shopify_token},
        )
        reply.raise_for_status()
        answer = reply.json()
        if answer.get("errors"):
            raise RuntimeError(f"Shopify refused to be read: {answer['errors'][0]['message']}")
        connection = answer["data"][field]
        nodes += connection["nodes"]
        if not connection["pageInfo"]["hasNextPage"]:
            break
        after = connection["pageInfo"]["endCursor"]
    return nodes


async def _pages(client: httpx.AsyncClient, sides: Sides, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for page in range(1, PAGES_MAXIMUM):
        reply = await client.get(
            f"{sides.order_manager_url}{path}",
            params={"page": page, "pageSize": 200},
            headers={"Authorization": f"Bearer {sides.order_manager_token}"},
        )
        reply.raise_for_status()
        answer = reply.json()
        rows += answer["data"]
        if page >= answer["totalPages"]:
            break
    return rows
