"""What Shopify's stories are told with: a shop at noon, and an app that asks it."""

from typing import Any

import httpx

from mock_servers.core.fake import Size
from tests.support import Bench, bench

Json = dict[str, Any]
CURRENT = "2026-10"


class Shop(Bench):
    """A bench with an app's words: `ask` for data, `refused` for top-level errors."""

    def __init__(self, of: Bench) -> None:
        self.__dict__.update(of.__dict__)
        self.version = CURRENT

    def send(self, query: str, variables: Json | None = None, **kwargs: Any) -> httpx.Response:
        version = kwargs.pop("version", self.version)
        body = {"query": query, "variables": variables or {}} | kwargs.pop("body", {})
        return self.post(f"/admin/api/{version}/graphql.json", json=body, **kwargs)

    def answer(self, query: str, /, **variables: Any) -> Json:
        """The whole body of a 200."""
        reply = self.send(query, variables)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def ask(self, query: str, /, **variables: Any) -> Json:
        """The data of an answer without errors."""
        body = self.answer(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def refused(self, query: str, /, **variables: Any) -> Json:
        """The first top-level error."""
        return self.answer(query, **variables)["errors"][0]

    def change(self, query: str, /, **variables: Any) -> Json:
        """The payload of a mutation of one field, which had no user errors."""
        payload = self.payload(query, **variables)
        assert payload["userErrors"] == [], payload
        return payload

    def payload(self, query: str, /, **variables: Any) -> Json:
        return next(iter(self.ask(query, **variables).values()))

    def error(self, query: str, /, **variables: Any) -> Json:
        """The first user error of a mutation, which changed nothing."""
        before = self.books()
        error = self.payload(query, **variables)["userErrors"][0]
        assert self.books() == before
        return error

    def books(self) -> dict[str, list[Json]]:
        kinds = ("order", "fulfillment_order", "fulfillment", "inventory_level", "refund", "webhook_subscription")
        return {kind: self.documents(kind) for kind in kinds}

    # The usual furniture

    def product(self, sku: str = "MUG-BLU", quantity: int = 10, **about: Any) -> Json:
        return self.act("add_product", sku=sku, quantity=quantity, **about)

    def order(self, *lines: tuple[str, int], **about: Any) -> Json:
        """A shopper buys; answers the stored order."""
        basket = [{"sku": sku, "quantity": count} for sku, count in lines or (("MUG-BLU", 2),)]
        made = self.act("checkout", lines=basket, **about)
        return self.kept_order(made["id"])

    def kept_order(self, id: str) -> Json:
        return self.world.store.collection("shopify", "order").get(id).body

    def waiting(self, order: Json) -> list[Json]:
        """The order's fulfilment orders, oldest first."""
        return [row for row in self.documents("fulfillment_order") if row["orderId"] == order["id"]]

    def level(self, sku: str = "MUG-BLU") -> Json:
        """Quantities of a SKU at the first location that stocks it."""
        item = next(row for row in self.documents("inventory_item") if row["sku"] == sku)
        level = next(row for row in self.documents("inventory_level") if row["itemId"] == item["id"])
        return level["quantities"]


def shop(fill: Size | None = None, *, scopes: str | None = None, **kwargs: Any) -> Shop:
    """A shop without goods, or seeded. `scopes` is what the calling app was granted instead of everything."""
    made = Shop(bench("shopify", headers={"X-Shopify-Access-Token": "shpat_seatrial"}, fill=fill, **kwargs))
    if scopes is not None:
        work = made.world.work("shopify")
        work.grant("token", "shpat_narrow", "seatrial-client-id", scopes=scopes.split(), sort_of="offline")
        made.client.headers["X-Shopify-Access-Token"] = "shpat_narrow"
    return made


def stocked(**kwargs: Any) -> Shop:
    """A shop with ten blue mugs and ten red ones."""
    made = shop(**kwargs)
    made.product("MUG-BLU", 10)
    made.product("MUG-RED", 10)
    return made
