"""What the REST stories are told with: the same shop, asked by paths and numbers."""

from typing import Any

import httpx

from tests.shopify.shop import CURRENT, Json, Shop, shop

ROOT = f"/admin/api/{CURRENT}"


class RestShop(Shop):
    """`rest` for what a GET shows, `made` for what a change answers, `refusal` for one that changed nothing."""

    def rest(self, path: str, **query: Any) -> Json:
        answer = self.get(f"{ROOT}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def does(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.client.request(method, f"{ROOT}/{path}", **({"json": body} if body is not None else {}))

    def made(self, path: str, body: Any = None, *, method: str = "POST", status: int = 201) -> Json:
        answer = self.does(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def refusal(self, path: str, body: Any = None, *, method: str = "POST") -> tuple[int, Any]:
        """Status and `errors` of a change that was refused, and left everything as it was."""
        before = self.kept()
        answer = self.does(method, path, body)
        assert self.kept() == before
        assert "x-seatrial-broke" not in answer.headers
        return answer.status_code, answer.json()["errors"]

    def narrow(self, scopes: str) -> None:
        """From now on the caller is an app that was granted these scopes and no others."""
        self.world.work("shopify").grant("token", "shpat_narrow", "seatrial-client-id", scopes=scopes.split())
        self.world.store.commit()
        self.client.headers["X-Shopify-Access-Token"] = "shpat_narrow"

    def number(self, document: Json) -> int:
        return int(document["id"].rsplit("/", 1)[1])


def links(answer: httpx.Response) -> dict[str, str]:
    """Where the Link header leads, by its relation, read as strictly as the official client reads it."""
    header = answer.headers.get("link")
    parts = [part.split("; ") for part in header.split(", ")] if header else []
    return {rel.split('"')[1]: url[1:-1] for url, rel in parts}


def rest_shop(**kwargs: Any) -> RestShop:
    """A shop with ten blue mugs and ten red ones."""
    made = RestShop(shop(**kwargs))
    made.product("MUG-BLU", 10)
    made.product("MUG-RED", 10)
    return made


# What several stories need

CHART = {"title": "Chart", "price": "12.50", "quantity": 2}


def gid(type_name: str, number: int) -> str:
    return f"gid://shopify/{type_name}/{number}"


def waiting(shop: RestShop, number: int) -> list[Json]:
    """The fulfilment orders of an order."""
    return shop.rest(f"orders/{number}/fulfillment_orders.json")["fulfillment_orders"]


def parcel(row: Json, *units: int, **more: Any) -> Json:
    """The body of a fulfilment of so many units of each line, or of all of them."""
    lines = [{"id": line["id"], "quantity": count} for line, count in zip(row["line_items"], units, strict=False)]
    entry = {"fulfillment_order_id": row["id"]} | ({"fulfillment_order_line_items": lines} if units else {})
    return {"fulfillment": {"line_items_by_fulfillment_order": [entry]} | more}


def stocked(shop):
    item = shop.rest("products.json")["products"][0]["variants"][0]["inventory_item_id"]
    place = shop.rest("locations.json")["locations"][0]["id"]
    return {"inventory_item_id": item, "location_id": place}
