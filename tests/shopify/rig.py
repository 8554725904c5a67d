"""Shopify, rigged for the suites of ports."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx

from connectors.canonical import Address, Fulfillment, Level, Parcel, Ref
from connectors.shopify import App, OAuth, Settings, Shopify
from tests.ports.rig import Rig
from tests.ports.stage import Edge, Stage

SKUS = ("MUG-BLU", "MUG-RED", "SOCKS")
STOCK = 10_000
TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/edited",
    "orders/cancelled",
    "orders/fulfilled",
    "fulfillments/create",
    "inventory_levels/update",
    "products/create",
    "products/update",
)


class ShopifyRig(Rig):
    vendor = "shopify"
    kind = Shopify
    lifted: ClassVar = {}
    wrong: ClassVar = {"access_token": "shpat_not_the_token"}
    refusals: ClassVar = {
        "throttled": "NotApplied",
        "graphql_internal_error": "Unknown",
        "graphql_timeout": "Unknown",
        "shop_inactive": "Refused",
    }
    arrangements = frozenset({"fulfillment_order"})  # what is shipped is split off first
    errors_inside = (
        {"errors": [{"message": "Internal error.", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]},
        {"errors": "Not Found"},
        {"errors": {"query": "Required parameter missing or invalid"}},
        {"data": None, "errors": [{"message": "Timeout", "extensions": {"code": "TIMEOUT"}}]},
        {"data": {}, "errors": [{"message": "of a kind nobody knows"}]},
    )

    def unencrypted(self, stage: Stage) -> Any:
        settings = self.settings(stage)
        return self.made(stage, replace(settings, base_url=f"http://{settings.shop}"))

    def renewing(self) -> Mapping[str, Any]:
        async def client_credentials(stage: Stage, edge: Edge) -> Any:
            return self.connect(stage, edge, access_token="", client_id=stage.credentials["client_id"])

        async def refresh_token(stage: Stage, edge: Edge) -> Any:
            about = stage.credentials
            app = App(about["client_id"], about["client_secret"])
            async with OAuth(app, about["shop"], transport=stage.edge, clock=stage.clock) as oauth:
                token = await oauth.migrate(about["access_token"])
            stage.edge.closed = 0
            return self.connect(
                stage,
                edge,
                access_token=token.access_token,
                refresh_token=token.refresh_token,
                client_id=about["client_id"],
            )

        return {"client_credentials": client_credentials, "refresh_token": refresh_token}

    def restore_limits(self, stage: Stage) -> None:
        """A shop on the smallest plan, so that a crowd meets its limits soon."""
        stage.world.settings.setdefault(f"{self.vendor}.limit.cost", {"maximum": 1000, "restore_per_second": 50})

    def furnish(self, stage: Stage) -> None:
        for sku in SKUS:
            stage.act("add_product", sku=sku, quantity=STOCK)

    def settings(self, stage: Stage) -> Settings:
        about = stage.credentials
        return Settings("shop", about["shop"], access_token=about["access_token"], client_secret=about["client_secret"])

    # What goes over the wire

    knows = ("client_secret", "access_token")
    surface, token_surface = "admin", "oauth"
    crowd = 400

    def complaints(self, request: httpx.Request, words: str) -> Sequence[httpx.Response]:
        ways = [
            httpx.Response(400, json={"errors": words}),
            httpx.Response(403, json={"errors": {words: [words]}}),
            httpx.Response(400, json={"error": words, "error_description": words}),
            httpx.Response(200, json={"errors": [{"message": words, "extensions": {"code": words}}]}),
        ]
        if self.is_change(request):
            name = json.loads(request.content)["query"].split("mutation ", 1)[1].split("(", 1)[0]
            no = [{"message": words, "field": ["input", words], "code": words}]
            ways[-1] = httpx.Response(200, json={"data": {name: {"userErrors": no, "orderCancelUserErrors": no}}})
        return ways

    def is_page(self, reply: httpx.Response) -> bool:
        return any("nodes" in field for field in reply.json()["data"].values())

    def endless(self, page: httpx.Response, number: int) -> httpx.Response:
        body = page.json()
        for connection in body["data"].values():
            connection["nodes"] *= 20
            connection["pageInfo"] = {"hasNextPage": True, "endCursor": f"cursor {number}"}
        return httpx.Response(200, json=body)

    def told_to_wait(self, reply: httpx.Response) -> float | None:
        """Shopify says it in points; `Retry-After` only outside GraphQL."""
        if reply.status_code == 429:
            return float(reply.headers["retry-after"])
        body = json.loads(reply.content)
        if not any(each.get("extensions", {}).get("code") == "THROTTLED" for each in body.get("errors", ())):
            return None
        cost = body["extensions"]["cost"]
        purse = cost["throttleStatus"]
        return (cost["requestedQueryCost"] - purse["currentlyAvailable"]) / purse["restoreRate"]

    def tighten(self, stage: Stage) -> None:
        stage.world.settings[f"{self.vendor}.limit.cost"] = {"maximum": 120, "restore_per_second": 5}

    def is_token_request(self, request: httpx.Request) -> bool:
        return request.url.path == "/admin/oauth/access_token"

    def is_change(self, request: httpx.Request) -> bool:
        return not self.is_token_request(request) and "mutation " in json.loads(request.content)["query"]

    # OrderSource

    def place_order(self, stage: Stage) -> str:
        lines = [{"sku": "MUG-BLU", "quantity": 3}, {"sku": "MUG-RED", "quantity": 2}]
        return _number(stage.act("checkout", lines=lines)["id"])

    def buy(self, stage: Stage, to: Address, lines: Mapping[str, int], email: str, note: str, shipping: str) -> str:
        address = {
            "first_name": to.name,
            "last_name": "",
            "company": to.company,
            "address1": to.street1,
            "address2": to.street2,
            "city": to.city,
            "province_code": to.region,
            "zip": to.postal_code,
            "country_code": to.country,
            "phone": to.phone,
        }
        basket = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
        bought = stage.act("checkout", lines=basket, address=address, email=email, note=note, shipping=shipping)
        return _number(bought["id"])

    def touch_order(self, stage: Stage, id: str) -> None:
        stage.act("edit", order=id, note=f"note {stage.number()}")

    def ship_order(self, stage: Stage, id: str) -> None:
        stage.act("fulfill", order=id, items={"MUG-RED": 1}, tracking_number="1Z")

    def is_order_cancelled(self, stage: Stage, id: str) -> bool:
        return bool(self._order(stage, id)["cancelledAt"])

    def _order(self, stage: Stage, id: str) -> Any:
        return next(order for order in stage.documents("order") if _number(order["id"]) == id)

    # ShipmentSink

    def fulfillments(self) -> Mapping[str, Any]:
        def told_of(
            stage: Stage, lines: Sequence[tuple[int, int]], *numbers: str, order: str | None = None
        ) -> Fulfillment:
            order = order or self.place_order(stage)
            ids = [_number(line["id"]) for line in self._order(stage, order)["lines"]]
            return Fulfillment(
                Ref("shop", order),
                tuple((ids[place], quantity) for place, quantity in lines),
                tuple(Parcel(number, "UPS", f"https://ups.example/{number}") for number in numbers),
                stage.clock.now(),
            )

        def from_two_locations(stage: Stage) -> Fulfillment:
            elsewhere = stage.act("add_location", name="Elsewhere")["name"]
            stage.act("count_stock", sku="SOCKS", quantity=0)
            stage.act("count_stock", sku="SOCKS", quantity=50, location=elsewhere)
            lines = [{"sku": "MUG-BLU", "quantity": 3}, {"sku": "SOCKS", "quantity": 2}]
            return told_of(stage, [(0, 3), (1, 2)], "1Z-7", order=_number(stage.act("checkout", lines=lines)["id"]))

        return {
            "whole, one parcel": lambda stage: told_of(stage, [(0, 3), (1, 2)], "1Z-1"),
            "a part, two parcels": lambda stage: told_of(stage, [(0, 1), (1, 1)], "1Z-2", "1Z-3"),
            "whole, without tracking": lambda stage: told_of(stage, [(0, 3), (1, 2)]),
            "whole, from two locations": from_two_locations,
        }

    def told(self, stage: Stage, fulfillment: Fulfillment) -> dict[str, int]:
        told: dict[str, int] = {}
        for _, _, lines in self.telling(stage, fulfillment.order):
            for line, quantity in lines.items():
                told[line] = told.get(line, 0) + quantity
        return told

    def telling(self, stage: Stage, order: Ref) -> list[Any]:
        return [
            (
                [parcel["number"] for parcel in each["tracking"]],
                next((parcel["company"] for parcel in each["tracking"]), None),
                {_number(line["lineItemId"]): line["quantity"] for line in each["lines"]},
            )
            for each in stage.documents("fulfillment")
            if _number(each["orderId"]) == order.id and each["status"] == "SUCCESS"
        ]

    # InventorySink

    def skus(self, stage: Stage) -> Sequence[str]:
        return SKUS

    def count_stock(self, stage: Stage, sku: str, quantity: int) -> None:
        stage.act("count_stock", sku=sku, quantity=quantity)

    def available(self, stage: Stage, sku: str) -> int:
        items = {row["id"] for row in stage.documents("inventory_item") if row["sku"] == sku}
        levels = [row for row in stage.documents("inventory_level") if row["itemId"] in items]
        return sum(row["quantities"]["available"] for row in levels)

    def warehouse_ids(self, stage: Stage) -> Sequence[str]:
        return [_number(row["id"]) for row in stage.documents("location")]

    def level(self, stage: Stage, sku: str, available: int) -> Level:
        return Level(sku, "", available, available, stage.clock.now())

    # ProductSource

    def place_product(self, stage: Stage) -> str:
        return _number(stage.act("add_product", sku=f"NEW-{stage.number()}")["variant"])

    def touch_product(self, stage: Stage, id: str) -> None:
        variant = next(row for row in stage.documents("variant") if _number(row["id"]) == id)
        stage.act("edit_product", sku=variant["sku"], title=f"Title {stage.number()}")

    # WebhookSource

    async def listen(self, stage: Stage, address: str) -> None:
        for topic in TOPICS:
            await stage.connector.subscribe(topic, address)

    def happen(self, stage: Stage) -> Sequence[tuple[str, str]]:
        order, other = self.place_order(stage), self.place_order(stage)
        self.touch_order(stage, order)
        self.ship_order(stage, order)
        stage.act("cancel", order=other)
        product = stage.act("add_product", sku="TOLD-OF")["product"]
        stage.act("count_stock", sku="TOLD-OF", quantity=12)
        return [
            ("orders/create", order),
            ("orders/updated", order),
            ("fulfillments/create", order),
            ("orders/cancelled", other),
            ("products/create", _number(product)),
        ]

    def listener(self, secret: str | None, account: str | None) -> Mapping[str, Any]:
        said = {} if secret is None else {"client_secret": secret}
        return said if account is None else said | {"shop": account}


def _number(global_id: str) -> str:
    return global_id.rpartition("/")[2]


RIG = ShopifyRig()
