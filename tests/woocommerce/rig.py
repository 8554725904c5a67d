"""WooCommerce, rigged for the suites of ports."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx

from connectors.canonical import Address, Fulfillment, Level, Parcel, Ref
from connectors.woocommerce import Settings, WooCommerce
from mock_servers.core.webhooks import Courier
from tests.ports.rig import Rig
from tests.ports.stage import Stage

SKUS = ("MUG-BLU", "MUG-RED", "SOCKS")
STOCK = 10_000
HOST = "store.wpcomstaging.com"
SHIPMENT = "_seatrial_shipment_"
TOPICS = ("order.created", "order.updated", "product.created", "product.updated")


class WooCommerceRig(Rig):
    vendor = "woocommerce"
    kind = WooCommerce
    wrong: ClassVar = {"consumer_secret": "cs_not_the_secret"}
    unsafe = f"http://{HOST}"
    errors_inside = (
        {"code": "internal_server_error", "message": "<p>There has been a critical error on this website.</p>"},
        {"success": False, "data": None},
        {"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}},
    )

    def furnish(self, stage: Stage) -> None:
        for sku in SKUS[:2]:
            stage.act("add_product", sku=sku, quantity=STOCK)
        stage.act("add_product", sku="CLOTHES")
        stage.act("add_product", sku=SKUS[2], quantity=STOCK, parent="CLOTHES", option="Wool")

    def settings(self, stage: Stage) -> Settings:
        about = stage.credentials
        return Settings(
            "shop",
            f"https://{HOST}",
            about["consumer_key"],
            about["consumer_secret"],
            site_url=about["site_url"],
            webhook_secret=about["webhook_secret"],
        )

    # What goes over the wire

    knows = ("consumer_secret", "webhook_secret")
    surface, token_surface = "rest", "rest"
    crowd = 300

    def complaints(self, request: httpx.Request, words: str) -> Sequence[httpx.Response]:
        return [
            httpx.Response(400, json={"code": words, "message": words, "data": {"status": 400}}),
            httpx.Response(400, json={"code": "x", "message": "Invalid", "data": {"params": {words: words}}}),
            httpx.Response(500, json={"code": "internal_server_error", "message": words}),
        ]

    def is_page(self, reply: httpx.Response) -> bool:
        return isinstance(reply.json(), list) and bool(reply.json())

    def endless(self, page: httpx.Response, number: int) -> httpx.Response:
        row = page.json()[0]
        first = 100_000 * (number + 1)
        rows = [row | {"id": first + place} for place in range(100)]
        return httpx.Response(200, json=rows, headers={"X-WP-Total": "1000000"})

    def told_to_wait(self, reply: httpx.Response) -> float | None:
        return float(reply.headers["retry-after"]) if reply.status_code == 429 else None

    def tighten(self, stage: Stage) -> None:
        """The store has no limit; its host, or a plugin, sends the next few away."""
        stage.fault("throttle", times=5, seconds=7)

    def is_token_request(self, request: httpx.Request) -> bool:
        return False

    def is_change(self, request: httpx.Request) -> bool:
        return request.method != "GET"

    # OrderSource

    def place_order(self, stage: Stage) -> str:
        lines = [{"sku": "MUG-BLU", "quantity": 3}, {"sku": "SOCKS", "quantity": 2}]
        return str(stage.act("checkout", lines=lines)["id"])

    def buy(self, stage: Stage, to: Address, lines: Mapping[str, int], email: str, note: str, shipping: str) -> str:
        address = {
            "first_name": to.name,
            "last_name": "",
            "company": to.company,
            "address_1": to.street1,
            "address_2": to.street2,
            "city": to.city,
            "state": to.region,
            "postcode": to.postal_code,
            "country": to.country,
            "phone": to.phone,
        }
        basket = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
        bought = stage.act("checkout", lines=basket, address=address, email=email, note=note, shipping=shipping)
        return str(bought["id"])

    def touch_order(self, stage: Stage, id: str) -> None:
        stage.act("edit", order=id, note=f"note {stage.number()}")

    def ship_order(self, stage: Stage, id: str) -> None:
        stage.act("ship", order=id, tracking_number="1Z")

    def is_order_cancelled(self, stage: Stage, id: str) -> bool:
        return self._order(stage, id)["status"] == "cancelled"

    def _order(self, stage: Stage, id: str) -> Any:
        return next(order for order in stage.documents("order") if order["id"] == id)

    # ShipmentSink

    def fulfillments(self) -> Mapping[str, Any]:
        def told_of(stage: Stage, lines: Sequence[tuple[int, int]], *numbers: str) -> Fulfillment:
            order = self.place_order(stage)
            ids = [str(line["id"]) for line in self._order(stage, order)["line_items"]]
            return Fulfillment(
                Ref("shop", order),
                tuple((ids[place], quantity) for place, quantity in lines),
                tuple(Parcel(number, "UPS", f"https://ups.example/{number}") for number in numbers),
                stage.clock.now(),
            )

        return {
            "whole, one parcel": lambda stage: told_of(stage, [(0, 3), (1, 2)], "1Z-1"),
            "a part, two parcels": lambda stage: told_of(stage, [(0, 1), (1, 1)], "1Z-2", "1Z-3"),
            "a part, without tracking": lambda stage: told_of(stage, [(0, 2)]),
        }

    def told(self, stage: Stage, fulfillment: Fulfillment) -> dict[str, int]:
        told: dict[str, int] = {}
        for _, _, lines in self.telling(stage, fulfillment.order):
            for line, quantity in lines.items():
                told[line] = told.get(line, 0) + quantity
        return told

    def telling(self, stage: Stage, order: Ref) -> list[Any]:
        found = []
        for meta in self._order(stage, order.id)["meta_data"]:
            if meta["key"].startswith(SHIPMENT):
                parcels = meta["value"]["parcels"]
                carriers = {parcel["carrier"] for parcel in parcels}
                carrier = carriers.pop() or None if len(carriers) == 1 else None
                found.append(([parcel["number"] for parcel in parcels], carrier, meta["value"]["lines"]))
        return found

    # InventorySink

    def skus(self, stage: Stage) -> Sequence[str]:
        return SKUS

    def count_stock(self, stage: Stage, sku: str, quantity: int) -> None:
        stage.act("count_stock", sku=sku, quantity=quantity)

    def available(self, stage: Stage, sku: str) -> int:
        return sum(row["stock_quantity"] or 0 for row in stage.documents("product") if row["sku"] == sku)

    def warehouse_ids(self, stage: Stage) -> Sequence[str]:
        return ["store"]

    def level(self, stage: Stage, sku: str, available: int) -> Level:
        return Level(sku, "", available, available, stage.clock.now())

    # ProductSource

    def place_product(self, stage: Stage) -> str:
        return str(stage.act("add_product", sku=f"NEW-{stage.number()}")["product"])

    def touch_product(self, stage: Stage, id: str) -> None:
        sku = next(row["sku"] for row in stage.documents("product") if row["id"] == id)
        stage.act("edit_product", sku=sku, title=f"Title {stage.number()}")

    # WebhookSource

    async def listen(self, stage: Stage, address: str) -> None:
        """Each new webhook is greeted with a ping, which tells of nothing and is over before anything happens."""
        for topic in TOPICS:
            await stage.connector.subscribe(topic, address)
        greeted = Courier(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
        await stage.world.deliver(greeted)
        await greeted.aclose()

    def happen(self, stage: Stage) -> Sequence[tuple[str, str]]:
        order, other = self.place_order(stage), self.place_order(stage)
        self.touch_order(stage, order)
        stage.act("cancel", order=other)
        product = stage.act("add_product", sku="TOLD-OF")["product"]
        stage.act("count_stock", sku="TOLD-OF", quantity=12)
        return [
            ("order.created", order),
            ("order.updated", order),
            ("order.updated", other),
            ("product.created", str(product)),
            ("product.updated", str(product)),
        ]

    def listener(self, secret: str | None, account: str | None) -> Mapping[str, Any]:
        said = {} if secret is None else {"webhook_secret": secret}
        return said if account is None else said | {"site_url": f"https://{account}"}


RIG = WooCommerceRig()
