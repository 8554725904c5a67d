"""Shopify as a cart: one shop, one location, a custom app that renews its own tokens."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from mock_servers.core.cast import READ_ATTEMPTS_MAXIMUM, CartPart, Person, read_json
from mock_servers.core.refusal import UsageError
from mock_servers.core.sides import CartLine, CartOrder, CartSide, Told, add_up

PATH = "/admin/api/2026-10/graphql.json"
ORDERS = """
query($after: String) { orders(first: 20, after: $after, sortKey: ID) {
  pageInfo { hasNextPage endCursor }
  nodes { legacyResourceId name cancelledAt displayFinancialStatus
    shippingAddress { name address1 city countryCodeV2 }
    lineItems(first: 20) { nodes { id sku currentQuantity } }
    fulfillments(first: 30) { id status trackingInfo(first: 5) { number }
      fulfillmentLineItems(first: 20) { nodes { quantity lineItem { id } } } } } } }
"""
LEVELS = """
query($after: String) { inventoryItems(first: 50, after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes { sku inventoryLevels(first: 5) { nodes { quantities(names: ["available"]) { quantity } } } } } }
"""
EASY_POINTS = 1_000_000
PAID = frozenset({"PAID", "PARTIALLY_REFUNDED", "REFUNDED"})
Json = dict[str, Any]


class ShopifyCart(CartPart):
    """A shop."""

    vendor = "shopify"
    topics = ("orders/create", "orders/updated", "orders/cancelled", "orders/edited", "orders/paid")

    @property
    def base_url(self) -> str:
        return f"https://{self.credentials['shop']}"

    def ease_limits(self) -> dict[str, Any]:
        """Its connector keeps to what each answer says of the bucket."""
        easy = {"maximum": EASY_POINTS, "single_maximum": EASY_POINTS, "restore_per_second": EASY_POINTS}
        self.world.settings[f"{self.vendor}.limit.cost"] = easy
        return {}

    def lag_by(self, seconds: float) -> None:
        self.world.settings["shopify.search_lag_seconds"] = seconds

    def settings(self) -> dict[str, Any]:
        known = self.credentials
        return {
            "shop": known["shop"],
            "client_id": known["client_id"],
            "client_secret": known["client_secret"],
            "base_url": self.base_url,
        }

    # People

    def offer(self, sku: str, price: str) -> None:
        self.act("add_product", sku=sku, price=price)

    def check_out(self, person: Person, basket: Mapping[str, int], *, paid: bool) -> str:
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in basket.items()]
        made = self.act("checkout", lines=lines, address=_address(person), paid=paid, email=_email(person))
        return str(made["id"]).rsplit("/", 1)[-1]

    def pay(self, order: str) -> None:
        self.act("pay", order=order)

    def cancel(self, order: str) -> None:
        self.act("cancel", order=order)

    def edit(self, order: str, quantities: Mapping[str, int], person: Person | None) -> None:
        """An archived order is over: whoever wants more orders anew."""
        found = self.world.work(self.vendor).collection("order").find(f"gid://shopify/Order/{order}")
        if found is None or found["closed"]:
            raise UsageError(f"{order} is archived")
        address = {} if person is None else {"address": _address(person)}
        self.act("edit", order=order, quantities=dict(quantities), **address)

    # Looking

    async def read(self, http: httpx.AsyncClient) -> CartSide:
        orders = [_order(node) for node in await self._nodes(http, ORDERS, "orders")]
        levels = {}
        for item in await self._nodes(http, LEVELS, "inventoryItems"):
            at = item["inventoryLevels"]["nodes"]
            if at:
                levels[item["sku"]] = sum(level["quantities"][0]["quantity"] for level in at)
        return CartSide(tuple(orders), levels)

    async def _nodes(self, http: httpx.AsyncClient, query: str, field: str) -> list[Json]:
        nodes: list[Json] = []
        after = None
        while True:
            answer = await self._ask(http, query, {"after": after})
            connection = answer[field]
            nodes += connection["nodes"]
            if not connection["pageInfo"]["hasNextPage"]:
                return nodes
            after = connection["pageInfo"]["endCursor"]

    async def _ask(self, http: httpx.AsyncClient, query: str, variables: Json) -> Json:
        headers = {"X-Shopify-Access-Token": self.credentials["access_token"]}
        for _ in range(READ_ATTEMPTS_MAXIMUM):
            body = {"query": query, "variables": variables}
            answer: Json = await read_json(http, "POST", self.base_url + PATH, json=body, headers=headers)
            if not answer.get("errors"):
                return dict(answer["data"])
            if answer["errors"][0].get("extensions", {}).get("code") != "THROTTLED":
                raise RuntimeError(f"Shopify refused to be read: {answer['errors'][0]['message']}")
            await asyncio.sleep(10)
        raise RuntimeError("Shopify is throttled for ever")


def _order(node: Json) -> CartOrder:
    to = node["shippingAddress"]
    return CartOrder(
        id=str(node["legacyResourceId"]),
        name=node["name"],
        cancelled=node["cancelledAt"] is not None,
        paid=node["displayFinancialStatus"] in PAID,
        lines=tuple(CartLine(line["id"], line["sku"], line["currentQuantity"]) for line in node["lineItems"]["nodes"]),
        to=f"{to['name']}, {to['address1']}, {to['city']}, {to['countryCodeV2']}",
        told=tuple(_told(each) for each in node["fulfillments"] if each["status"] == "SUCCESS"),
    )


def _told(fulfillment: Json) -> Told:
    lines = fulfillment["fulfillmentLineItems"]["nodes"]
    return Told(
        id=fulfillment["id"].rsplit("/", 1)[-1],
        numbers=frozenset(info["number"] for info in fulfillment["trackingInfo"] if info["number"]),
        units=add_up([(line["lineItem"]["id"], line["quantity"]) for line in lines]),
    )


def _address(person: Person) -> Json:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "address1": person.street,
        "city": person.city,
        "province_code": person.region,
        "zip": person.postal_code,
        "country_code": person.country,
    }


def _email(person: Person) -> str:
    return f"{person.postal_code.replace(' ', '').lower()}@example.com"
