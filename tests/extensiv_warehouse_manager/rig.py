"""Warehouse Manager, rigged for the suites of ports."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx

from connectors.canonical import Address, Delivery, DeliveryLine, Ref
from connectors.extensiv_warehouse_manager import Settings, WarehouseManager
from mock_servers.core.fake import Size
from mock_servers.core.rsa import key_of, public_pem
from mock_servers.extensiv_warehouse_manager.behaviour.token import signer_of
from tests.ports.rig import UNLIMITED, Rig
from tests.ports.stage import Edge, Stage

HOME = Address("Ana Ruiz", "5 Pine Rd", "Albany", "12207", "US", region="NY", street2="Apt 4", company="Acme")
BASE_URL = "https://secure-wms.com"
NAMES = {
    "companyName": "CompanyName",
    "name": "Name",
    "address1": "Address1",
    "address2": "Address2",
    "city": "City",
    "state": "State",
    "zip": "Zip",
    "country": "Country",
}


class WarehouseManagerRig(Rig):
    """Orders arrive by the API only, so somebody else's arrive by another client's call."""

    vendor = "extensiv_warehouse_manager"
    kind = WarehouseManager
    wrong: ClassVar = {"client_secret": "not-the-secret"}
    unsafe = "http://secure-wms.com"
    errors_inside = (
        {"Message": "An error has occurred."},
        {"$type": "WMS.V2.Generic.Models.Exceptions.OperationException", "ErrorCode": "InUse", "Hint": "Later."},
        {"error": "server_error"},
    )

    def renewing(self) -> Mapping[str, Any]:
        async def client_credentials(stage: Stage, edge: Edge) -> Any:
            return self.connect(stage, edge)

        return {"client_credentials": client_credentials}

    def restore_limits(self, stage: Stage) -> None:
        if stage.world.settings.get(f"{self.vendor}.limit.default") == {"limit": UNLIMITED}:
            stage.world.settings[f"{self.vendor}.limit.default"] = {"limit": 400}

    def furnish(self, stage: Stage) -> None:
        stage.sandbox.fill(Size(orders=0, products=3))
        stage.world.settings[f"{self.vendor}.limit.default"] = {"limit": UNLIMITED}

    def settings(self, stage: Stage) -> Settings:
        about = stage.credentials
        names = ("client_id", "client_secret", "customer_id", "facility_id", "user_login", "tpl")
        return Settings("wm", **{name: about[name] for name in names}, webhook_public_key=self._public_key(stage))

    def _public_key(self, stage: Stage) -> str:
        work = stage.world.work(self.vendor)
        return public_pem(key_of(stage.world.secret_of(self.vendor, signer_of(work))))

    # What goes over the wire

    knows = ("client_secret",)
    surface, token_surface = "rest", "auth"
    crowd = 450
    keeps = frozenset()  # the vendor publishes no limit: the pace is the connector's own

    def complaints(self, request: httpx.Request, words: str) -> Sequence[httpx.Response]:
        properties = [{"Name": words, "Value": words}]
        error = {"$type": words, "ErrorCode": words, "Hint": words, "Properties": properties, "Parameters": [words]}
        return [
            httpx.Response(400, json=error),
            httpx.Response(403, json=error),
            httpx.Response(401, json={"Message": words}),
            httpx.Response(500, text=words),
        ]

    def is_page(self, reply: httpx.Response) -> bool:
        return "totalResults" in reply.json()

    def endless(self, page: httpx.Response, number: int) -> httpx.Response:
        body = page.json()
        rows = [*body.get("summaries", ()), *(row for each in body.get("_embedded", {}).values() for row in each)]
        for place, row in enumerate(rows):
            for name in {"itemId", "facilityId"} & row.keys():
                row[name] = 10_000 + 10 * number + place
            if "orderId" in row.get("readOnly", {}):
                row["readOnly"]["orderId"] = 10_000 + 10 * number + place
        return httpx.Response(200, json=body | {"totalResults": 10**9})

    def told_to_wait(self, reply: httpx.Response) -> float | None:
        return float(reply.headers["retry-after"]) if reply.status_code == 429 else None

    def tighten(self, stage: Stage) -> None:
        stage.world.settings[f"{self.vendor}.limit.default"] = {"limit": 8}

    def is_token_request(self, request: httpx.Request) -> bool:
        return request.url.path == "/AuthServer/api/Token"

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
        address = {"companyName": "Bo", "name": "Bo", "address1": "1 Way", "city": "Reno", "state": "NV", "zip": "1"}
        form = {
            "customerIdentifier": {"id": 4},
            "facilityIdentifier": {"id": 1},
            "referenceNum": f"else:{stage.number()}",
            "shipTo": address | {"country": "US"},
            "orderItems": [{"itemIdentifier": {"sku": self.skus(stage)[0]}, "qty": 2}],
        }
        headers = {"Authorization": f"Bearer {stage.credentials['access_token']}"}
        request = httpx.Request("POST", f"{BASE_URL}/orders", json=form, headers=headers)
        made = stage.sandbox.transport(self.vendor).handle_request(request)
        assert made.status_code == 201, made.text
        return str(made.json()["ReadOnly"]["OrderId"])

    def touch_delivery(self, stage: Stage, id: str) -> None:
        stage.act("hold", order=id, reason="wait")
        stage.act("hold", order=id, release=True)

    def ship_delivery(self, stage: Stage, id: str) -> None:
        stage.act("ship", order=id)

    def deliveries_there(self, stage: Stage, reference: str) -> list[Any]:
        found = []
        for order in stage.documents("order"):
            if order["ReferenceNum"] != reference:
                continue
            items: Counter[str] = Counter()
            for line in order["OrderItems"]:
                items[line["ItemIdentifier"]["Sku"]] += line["Qty"]
            address = {small: order["ShipTo"].get(name, "") for small, name in NAMES.items()}
            found.append((dict(items), address, order.get("Notes", "")))
        return found

    def wanted_delivery(self, delivery: Delivery) -> Any:
        items: Counter[str] = Counter()
        for line in delivery.lines:
            items[line.sku] += line.quantity
        to = delivery.ship_to
        address = {
            "companyName": to.company or to.name,
            "name": to.name,
            "address1": to.street1,
            "address2": to.street2,
            "city": to.city,
            "state": to.region,
            "zip": to.postal_code,
            "country": to.country,
        }
        return dict(items), address, delivery.note

    def is_delivery_cancelled(self, stage: Stage, remote: Ref) -> bool:
        return any(str(order["order_id"]) == remote.id and order["status"] == 2 for order in stage.documents("order"))

    # ShipmentSource

    def place_shipment(self, stage: Stage) -> str:
        made = stage.act("ship", order=self.place_delivery(stage))
        return f"{made['order']}:{made['packages'][0]['package']}"

    def touch_shipment(self, stage: Stage, id: str) -> None:
        """An order that left can be opened again, once: then nothing of it has left."""
        order = id.partition(":")[0]
        if any(str(each["order_id"]) == order and each["closed"] for each in stage.documents("order")):
            stage.act("unconfirm", order=order)

    # Stock

    def skus(self, stage: Stage) -> Sequence[str]:
        return [item["Sku"] for item in stage.documents("item")[:3]]

    def count_stock(self, stage: Stage, sku: str, quantity: int) -> None:
        """What is counted is the shelf; what orders have set aside of it is not available."""
        rows = [row for row in stage.documents("stock") if row["ItemIdentifier"]["Sku"] == sku]
        held = sum(row["OnHand"] - row["Available"] for row in rows)
        stage.act("count_stock", sku=sku, quantity=int(quantity + held))

    def available(self, stage: Stage, sku: str) -> int:
        rows = stage.documents("stock")
        return int(sum(row["Available"] for row in rows if row["ItemIdentifier"]["Sku"] == sku))

    def warehouse_ids(self, stage: Stage) -> Sequence[str]:
        return ["1"]

    def place_level(self, stage: Stage) -> str:
        return f"1:{stage.act('add_item', sku=f'NEW-{stage.number()}', quantity=5)['sku']}"

    # ProductSource

    def place_product(self, stage: Stage) -> str:
        return str(stage.act("add_item", sku=f"NEW-{stage.number()}")["item"])

    # WebhookSource

    async def listen(self, stage: Stage, address: str) -> None:
        stage.act("listen", url=address)

    def happen(self, stage: Stage) -> Sequence[tuple[str, str]]:
        order, other = self.place_delivery(stage), self.place_delivery(stage)
        self.ship_delivery(stage, order)
        stage.act("cancel", order=other)
        item = stage.act("add_item", sku="TOLD-OF")["item"]
        return [
            ("OrderCreate", order),
            ("OrderConfirm", order),
            ("OrderCancel", other),
            ("ItemCreate", str(item)),
        ]

    def listener(self, secret: str | None, account: str | None) -> Mapping[str, Any]:
        """Events are signed with the warehouse's key: another account's is another key."""
        if account is not None:
            return {"webhook_public_key": public_pem(key_of(account))}
        return {} if secret is None else {"webhook_public_key": secret}


RIG = WarehouseManagerRig()
