"""Extend Commerce, rigged for the suites of ports."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

import httpx

from connectors.canonical import Address, Delivery, DeliveryLine, Level, Ref
from connectors.extend_commerce import ExtendCommerce, Settings
from contracts.contract import load
from mock_servers.core.fake import Size
from tests.ports.rig import UNLIMITED, Rig
from tests.ports.stage import Stage

HOME = Address("Ana Ruiz", "Storgatan 5", "Borås", "50332", "SE", street2="2 tr", company="Acme AB", phone="0331234")
HOOK_SECRET = "hook-secret-0123456789"
LIMITS = tuple(load("extend_commerce").profile.surfaces["v1"].rate_limits)
HOST = "https://s05.extend.se"


class ExtendRig(Rig):
    """Orders arrive by the API only, so somebody else's arrive by another client's call."""

    vendor = "extend_commerce"
    kind = ExtendCommerce
    wrong: ClassVar = {"password": "not-the-password"}
    unsafe = "http://s05.extend.se/RESTAPI"
    errors_inside = (
        {"Message": "An error has occurred."},
        {"Message": "Error getting order row list: There is no row at position 0."},
        {"productAvailabilityList": None, "paginationInfo": None, "Message": "Slow down."},
    )
    refusals: ClassVar[Mapping[str, str]] = {"deadlock": "NotApplied", "sql_timeout": "Unknown"}
    bare_lists = True
    keeps = frozenset({"CustomerOrders", "ProductAvailability"})
    crowd = 400
    tells_when = False
    counts_attempts = True
    signature_minds_case = False
    voids = False

    def restore_limits(self, stage: Stage) -> None:
        for name in LIMITS:
            if stage.world.settings.get(f"{self.vendor}.limit.{name}") == {"limit": UNLIMITED}:
                del stage.world.settings[f"{self.vendor}.limit.{name}"]

    def furnish(self, stage: Stage) -> None:
        stage.sandbox.fill(Size(orders=0, products=3))
        self._limit(stage, UNLIMITED)

    def _limit(self, stage: Stage, limit: int) -> None:
        for name in LIMITS:
            stage.world.settings[f"{self.vendor}.limit.{name}"] = {"limit": limit}

    def settings(self, stage: Stage) -> Settings:
        about = stage.credentials
        return Settings(
            "extend", about["client"], about["username"], about["password"], "C-1001", webhook_secret=HOOK_SECRET
        )

    # What goes over the wire

    knows = ("password",)
    surface, token_surface = "v1", "v1"

    def complaints(self, request: httpx.Request, words: str) -> Sequence[httpx.Response]:
        return [
            httpx.Response(400, json={"Message": words}),
            httpx.Response(400, json={"Message": "The request is invalid.", "ModelState": {words: [words]}}),
            httpx.Response(500, json={"Message": words}),
        ]

    def is_page(self, reply: httpx.Response) -> bool:
        body = reply.json()
        return isinstance(body, list) or "paginationInfo" in body

    def endless(self, page: httpx.Response, number: int) -> httpx.Response:
        body = page.json()
        rows = body if isinstance(body, list) else next(each for each in body.values() if isinstance(each, list))
        for place, row in enumerate(rows):
            for name in {"orderNumber", "productNumber"} & row.keys():
                row[name] = str(10_000 + 10 * number + place)
        if isinstance(body, dict):
            body["paginationInfo"]["totalPages"] = 10**9
        return httpx.Response(200, json=body)

    def told_to_wait(self, reply: httpx.Response) -> float | None:
        if reply.status_code != 429:
            return None
        return float(reply.headers["x-ratelimit-reset"]) - parsedate_to_datetime(reply.headers["date"]).timestamp()

    def tighten(self, stage: Stage) -> None:
        self._limit(stage, 8)

    def is_token_request(self, request: httpx.Request) -> bool:
        return False

    def is_change(self, request: httpx.Request) -> bool:
        return request.method != "GET"

    # OrderDestination

    def new_delivery(self, stage: Stage) -> Delivery:
        number = stage.number()
        first, second, _ = self.skus(stage)
        lines = (DeliveryLine(first, 2, "1"), DeliveryLine(second, 3, "2"), DeliveryLine(first, 1, "3"))
        return Delivery(f"shop:{number}", Ref("shop", str(number)), f"#{number}", lines, HOME)

    def other_delivery(self, delivery: Delivery) -> Delivery:
        return Delivery(delivery.reference, delivery.order, delivery.number, delivery.lines[:1], delivery.ship_to)

    def place_delivery(self, stage: Stage) -> str:
        reference = f"else:{stage.number()}"
        address = {"name1": "Bo", "address1": "Vägen 1", "city": "Kil", "countryCode": "SE"}
        header = {"customerNumber": "C-1001", "orderNumberExternal": reference, "deliveryAddress": address}
        rows = [{"product": {"productNumber": self.skus(stage)[0]}, "salesData": {"quantity": 9, "unit": "ST"}}]
        about = stage.credentials
        shown = base64.b64encode(f"{about['username']}:{about['password']}".encode()).decode()
        request = httpx.Request(
            "POST",
            f"{HOST}/RESTAPI/v1_0/{about['client']}/CustomerOrders",
            json={"orderHeader": header, "orderRows": rows},
            headers={"ExtendBasicAuthorization": f"Basic {shown}"},
        )
        made = stage.sandbox.transport(self.vendor).handle_request(request)
        assert made.status_code == 200, made.text
        return str(made.json()["orderHeader"]["orderNumber"])

    def touch_delivery(self, stage: Stage, id: str) -> None:
        stage.act("expect_delivery", order=id, day="2026-12-24")

    def ship_delivery(self, stage: Stage, id: str) -> None:
        stage.act("ship", order=id)

    def deliveries_there(self, stage: Stage, reference: str) -> list[Any]:
        found = []
        for order in stage.documents("order"):
            if order["external"] != reference:
                continue
            items: Counter[str] = Counter()
            for row in order["rows"]:
                items[row["product"]] += row["quantity"]
            address = order["header"]["deliveryAddress"]
            note = order["header"].get("notations", {}).get("notes", "")
            found.append((dict(items), {name: address.get(name, "") for name in ADDRESS}, note))
        return found

    def wanted_delivery(self, delivery: Delivery) -> Any:
        items: Counter[str] = Counter()
        for line in delivery.lines:
            items[line.sku] += line.quantity
        to = delivery.ship_to
        return dict(items), {name: getattr(to, member) for name, member in ADDRESS.items()}, delivery.note

    def is_delivery_cancelled(self, stage: Stage, remote: Ref) -> bool:
        return any(order["id"] == remote.id and order["status"] == "Annulled" for order in stage.documents("order"))

    # ShipmentSource

    def place_shipment(self, stage: Stage) -> str:
        made = stage.act("ship", order=self.place_delivery(stage), items={self.skus(stage)[0]: 2})
        return str(made["shipments"][0]["shipment"])

    def touch_shipment(self, stage: Stage, id: str) -> None:
        stage.act("add_package", shipment=id, package=f"PKG{stage.number()}")

    # Stock

    def skus(self, stage: Stage) -> Sequence[str]:
        return [product["id"] for product in stage.documents("product")[:3]]

    def count_stock(self, stage: Stage, sku: str, quantity: int) -> None:
        """What is counted is the shelf; what orders have taken of it is not available."""
        ordered = sum(row["ordered"] for row in stage.documents("stock") if row["id"] == f"MAIN:{sku}")
        stage.act("count_stock", product=sku, quantity=quantity + ordered)

    def available(self, stage: Stage, sku: str) -> int:
        return sum(row["physical"] - row["ordered"] for row in stage.documents("stock") if row["product"] == sku)

    def warehouse_ids(self, stage: Stage) -> Sequence[str]:
        return ["MAIN", "OUTLET"]

    def level(self, stage: Stage, sku: str, available: int) -> Level:
        return Level(sku, "MAIN", available, available, stage.clock.now())

    def place_level(self, stage: Stage) -> str:
        return f"MAIN:{stage.act('add_product', product=f'NEW-{stage.number()}', quantity=5)['product']}"

    # WebhookSource

    async def listen(self, stage: Stage, address: str) -> None:
        """Nobody can over the API: somebody sets it up in the back office."""
        stage.act("create_webhook", url=address, secret=HOOK_SECRET)

    def happen(self, stage: Stage) -> Sequence[tuple[str, str]]:
        sku = self.skus(stage)[0]
        order, other = self.place_delivery(stage), self.place_delivery(stage)
        stage.act("reserve", order=order)
        stage.act("ship", order=order)
        stage.act("cancel", order=other)
        stage.act("change_product", product=sku, name="Renamed")
        return [
            ("OrderCreated", order),
            ("OrderReserved", order),
            ("OrderPicked", order),
            ("OrderCancelled", other),
            ("ProductChanged", sku),
            ("AvailableBalanceChanged", sku),
            ("BalanceChanged", sku),
        ]

    def listener(self, secret: str | None, account: str | None) -> Mapping[str, Any]:
        """Each installation's hook has its own secret: that is what tells them apart."""
        if account is not None:
            return {"webhook_secret": "another-secret-0123"}
        return {} if secret is None else {"webhook_secret": secret}


ADDRESS = {
    "name1": "name",
    "name2": "company",
    "address1": "street1",
    "address2": "street2",
    "postalCode": "postal_code",
    "city": "city",
    "state": "region",
}

RIG = ExtendRig()
