"""Order Manager, rigged for the suites of ports."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx

from connectors.canonical import Address, Delivery, DeliveryLine, Level, Ref
from connectors.extensiv_order_manager import OrderManager, Settings, v1
from connectors.extensiv_order_manager.v1 import OrderManagerV1
from mock_servers.core.fake import Size
from tests.ports.rig import UNLIMITED, Rig
from tests.ports.stage import Edge, Stage

HOME = Address("Ana Ruiz", "5 Pine Rd", "Albany", "12207", "US", region="NY", street2="Apt 4", company="Acme")


class OrderManagerRig(Rig):
    """Orders arrive by the API only, so somebody else's arrive by another client's call."""

    vendor = "extensiv_order_manager"
    kind = OrderManager
    wrong: ClassVar[Mapping[str, Any]] = {"client_secret": "not-the-secret"}
    unsafe = "http://api.extensiv.io"
    quotas: ClassVar[Sequence[str]] = ("default",)
    errors_inside = (
        {"error": {"code": "internal_error", "message": "Something went wrong on our side."}},
        {"error": "server_error", "error_description": "Something went wrong."},
        {"data": None, "error": {"code": "rate_limited", "message": "Slow down."}},
    )

    def renewing(self) -> Mapping[str, Any]:
        async def client_credentials(stage: Stage, edge: Edge) -> Any:
            return self.connect(stage, edge)

        return {"client_credentials": client_credentials}

    def restore_limits(self, stage: Stage) -> None:
        for name in self.quotas:
            if stage.world.settings.get(f"{self.vendor}.limit.{name}") == {"limit": UNLIMITED}:
                del stage.world.settings[f"{self.vendor}.limit.{name}"]

    def furnish(self, stage: Stage) -> None:
        stage.sandbox.fill(Size(orders=0, products=3))
        for name in self.quotas:
            stage.world.settings[f"{self.vendor}.limit.{name}"] = {"limit": UNLIMITED}

    def settings(self, stage: Stage) -> Any:
        about = stage.credentials
        return Settings("om", about["client_id"], about["client_secret"])

    # What goes over the wire

    knows = ("client_secret",)
    surface, token_surface = "guide", "auth"

    def complaints(self, request: httpx.Request, words: str) -> Sequence[httpx.Response]:
        detail = {"field": words, "message": words}
        error = {"error": {"code": words, "message": words, "details": [detail]}}
        return [
            httpx.Response(400, json=error),
            httpx.Response(409, json=error),
            httpx.Response(500, json={"error": words, "error_description": words}),
        ]

    def is_page(self, reply: httpx.Response) -> bool:
        return "totalPages" in reply.json()

    def endless(self, page: httpx.Response, number: int) -> httpx.Response:
        body = page.json()
        for place, row in enumerate(body["data"]):
            for name in {"id", "warehouse_id"} & row.keys():
                row[name] = 10_000 + 10 * number + place
        return httpx.Response(200, json=body | {"totalPages": 10**9})

    def told_to_wait(self, reply: httpx.Response) -> float | None:
        return float(reply.headers["retry-after"]) if reply.status_code == 429 else None

    def tighten(self, stage: Stage) -> None:
        stage.world.settings[f"{self.vendor}.limit.default"] = {"limit": 8}

    def is_token_request(self, request: httpx.Request) -> bool:
        return request.url.path == "/oauth/token"

    def is_change(self, request: httpx.Request) -> bool:
        return request.method != "GET" and not self.is_token_request(request)

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
        address = {"name": "Bo", "street1": "1 Way", "city": "Reno", "state": "NV", "postal_code": "1", "country": "US"}
        items = [{"sku": self.skus(stage)[0], "quantity": 9}]
        form = {"order_number": reference, "items": items, "shipping_address": address}
        headers = {"Authorization": f"Bearer {stage.credentials['access_token']}"}
        transport = stage.sandbox.transport(self.vendor)
        request = httpx.Request("POST", "https://api.extensiv.io/api/orders", json=form, headers=headers)
        made = transport.handle_request(request)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def touch_delivery(self, stage: Stage, id: str) -> None:
        stage.act("ship", order=id, items={self.skus(stage)[0]: 1})

    def ship_delivery(self, stage: Stage, id: str) -> None:
        stage.act("ship", order=id)

    def deliveries_there(self, stage: Stage, reference: str) -> list[Any]:
        found = []
        for order in stage.documents("order"):
            if order["order_number"] != reference:
                continue
            items: Counter[str] = Counter()
            for item in order["items"]:
                items[item["sku"]] += item["quantity"]
            address = order["shipping_address"]
            names = ("name", "street1", "city", "state", "postal_code")
            found.append((dict(items), {name: address.get(name, "") for name in names}))
        return found

    def wanted_delivery(self, delivery: Delivery) -> Any:
        """The guide's address has a line for the name and one for the street (dossier S2); others are not kept."""
        items: Counter[str] = Counter()
        for line in delivery.lines:
            items[line.sku] += line.quantity
        to = delivery.ship_to
        address = {
            "name": ", ".join(filter(None, (to.name, to.company))),
            "street1": ", ".join(filter(None, (to.street1, to.street2))),
            "city": to.city,
            "state": to.region,
            "postal_code": to.postal_code,
        }
        return dict(items), address

    def is_delivery_cancelled(self, stage: Stage, remote: Ref) -> bool:
        return any(order["id"] == remote.id and order["state"] == "CANCELLED" for order in stage.documents("order"))

    # ShipmentSource

    def place_shipment(self, stage: Stage) -> str:
        made = stage.act("ship", order=self.place_delivery(stage), items={self.skus(stage)[0]: 2})
        return str(made["shipments"][0]["shipment"])

    def touch_shipment(self, stage: Stage, id: str) -> None:
        """Voiding is all that can happen to a parcel, once."""
        if next(row for row in stage.documents("shipment") if row["id"] == id)["status"] == "shipped":
            stage.act("void", shipment=id)

    # Stock

    def skus(self, stage: Stage) -> Sequence[str]:
        return [product["sku"] for product in stage.documents("product")[:3]]

    def count_stock(self, stage: Stage, sku: str, quantity: int) -> None:
        """What is counted is the shelf; what orders have taken of it is not available."""
        allocated = sum(row["allocated"] for row in stage.documents("stock") if row["id"] == f"501:{sku}")
        stage.act("count_stock", sku=sku, quantity=quantity + allocated)

    def available(self, stage: Stage, sku: str) -> int:
        return sum(row["on_hand"] - row["allocated"] for row in stage.documents("stock") if row["sku"] == sku)

    def warehouse_ids(self, stage: Stage) -> Sequence[str]:
        return [row["id"] for row in stage.documents("warehouse")]

    def level(self, stage: Stage, sku: str, available: int) -> Level:
        return Level(sku, "501", available, available, stage.clock.now())

    def place_level(self, stage: Stage) -> str:
        return f"501:{stage.act('add_product', sku=f'NEW-{stage.number()}', quantity=5)['sku']}"

    # ProductSource

    def place_product(self, stage: Stage) -> str:
        return str(stage.act("add_product", sku=f"NEW-{stage.number()}")["product"])


RIG = OrderManagerRig()


class OrderManagerV1Rig(OrderManagerRig):
    """The same account by the vendor's own API: a token that does not end, bare arrays, a quota for each endpoint."""

    dialect = "v1"
    kind = OrderManagerV1
    lifted: ClassVar[Mapping[str, Any]] = {"paced": False}
    wrong: ClassVar[Mapping[str, Any]] = {"access_token": "not-the-token"}
    unsafe = "http://api.skubana.com"
    quotas = ("default", "totals", "adjust", "create_stock")
    errors_inside = (
        {"message": "Request quota exceeded"},
        {"error": "invalid_token", "error_description": "Invalid access token"},
        {"message": "Order number exists already", "errors": [{"errorCode": "X", "fieldName": "y", "message": "z"}]},
    )

    def renewing(self) -> Mapping[str, Any]:
        """The token lives until the app is uninstalled."""
        return {}

    def settings(self, stage: Stage) -> Any:
        return v1.Settings("om", stage.credentials["access_token"], int(stage.credentials["sales_channel_id"]))

    # What goes over the wire

    knows = ("access_token",)
    surface = "v1"
    bare_lists = True

    def share_a_limit(self, one: httpx.Request, other: httpx.Request) -> bool:
        """Each endpoint has its own; an id in the path makes no other endpoint."""
        paths = [re.sub(r"/\d+(?=/|$)", "/{id}", each.url.path) for each in (one, other)]
        return one.method == other.method and paths[0] == paths[1]

    def complaints(self, request: httpx.Request, words: str) -> Sequence[httpx.Response]:
        error = {"errorCode": words, "fieldName": words, "message": words, "severity": "CRITICAL"}
        return [
            httpx.Response(400, json={"message": words, "errors": [error]}),
            httpx.Response(422, json={"message": words, "errors": [error]}),
            httpx.Response(500, json={"error": words, "error_description": words}),
        ]

    def is_page(self, reply: httpx.Response) -> bool:
        return isinstance(reply.json(), list) and "limit=" in str(reply.request.url)

    def endless(self, page: httpx.Response, number: int) -> httpx.Response:
        rows = page.json()
        for place, row in enumerate(rows):
            for name in {"orderId", "shipmentId", "productId"} & row.keys():
                row[name] = 10_000 + 10 * number + place
            if "product" in row:
                row["product"]["productId"] = 10_000 + 10 * number + place
        return httpx.Response(200, json=rows)

    def told_to_wait(self, reply: httpx.Response) -> float | None:
        return float(reply.headers["x-skubana-quota-retryafter"]) / 1000 if reply.status_code == 429 else None

    def tighten(self, stage: Stage) -> None:
        for name in self.quotas:
            stage.world.settings[f"{self.vendor}.limit.{name}"] = {"limit": 2}

    # OrderDestination

    def wanted_delivery(self, delivery: Delivery) -> Any:
        """Each part of the address has a line of its own."""
        items: Counter[str] = Counter()
        for line in delivery.lines:
            items[line.sku] += line.quantity
        to = delivery.ship_to
        address = {
            "name": to.name,
            "street1": to.street1,
            "city": to.city,
            "state": to.region,
            "postal_code": to.postal_code,
        }
        return dict(items), address


RIGS = (RIG, OrderManagerV1Rig())
