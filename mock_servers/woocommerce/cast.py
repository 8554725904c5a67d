"""WooCommerce as a cart: one store, with a key that may read and write."""

from collections.abc import Mapping
from typing import Any

import httpx

from mock_servers.core.cast import CartPart, Person, read_json
from mock_servers.core.refusal import UsageError
from mock_servers.core.sides import CartLine, CartOrder, CartSide, Told, add_up

API = "/wp-json/wc/v3"
SHIPMENT = "_seatrial_shipment_"
"""Where a shipment that was told of stands in an order's meta data, in words of ours: core knows no shipments."""
PAID = frozenset({"processing", "completed", "refunded"})
CALLED_OFF = frozenset({"cancelled", "trash"})
PAGE_SIZE = 100
Json = dict[str, Any]


class WooCommerceCart(CartPart):
    """A store, reached by TLS."""

    vendor = "woocommerce"
    topics = ("order.created", "order.updated", "order.deleted", "order.restored")

    @property
    def base_url(self) -> str:
        return self.credentials["site_url"]

    def settings(self) -> dict[str, Any]:
        known = self.credentials
        names = ("consumer_key", "consumer_secret", "webhook_secret")
        return {"base_url": self.base_url} | {name: known[name] for name in names}

    # People

    def offer(self, sku: str, price: str) -> None:
        self.act("add_product", sku=sku, price=price)

    def check_out(self, person: Person, basket: Mapping[str, int], *, paid: bool) -> str:
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in basket.items()]
        return str(self.act("checkout", lines=lines, address=_address(person), paid=paid)["id"])

    def pay(self, order: str) -> None:
        self.act("pay", order=order)

    def cancel(self, order: str) -> None:
        """What has left is not cancelled by anybody who looks at the order first."""
        if self._has_left(order):
            raise UsageError(f"something of {order} has left")
        self.act("cancel", order=order)

    def edit(self, order: str, quantities: Mapping[str, int], person: Person | None) -> None:
        """The same goes for changes."""
        if self._has_left(order):
            raise UsageError(f"something of {order} has left")
        address = {} if person is None else {"address": _address(person)}
        self.act("edit", order=order, quantities=dict(quantities), **address)

    def _has_left(self, order: str) -> bool:
        found = self.world.work(self.vendor).collection("order").find(order)
        return found is not None and bool(_shipments(found["meta_data"]))

    # Looking

    async def read(self, http: httpx.AsyncClient) -> CartSide:
        orders = [*await self._rows(http, "/orders"), *await self._rows(http, "/orders", status="trash")]
        refunds = {row["id"]: await self._refunded(http, row) for row in orders}
        levels: dict[str, int] = {}
        for product in await self._rows(http, "/products"):
            rows = [product]
            if product["type"] == "variable":
                rows = await self._rows(http, f"/products/{product['id']}/variations")
            levels |= {row["sku"]: row["stock_quantity"] for row in rows if row["stock_quantity"] is not None}
        return CartSide(tuple(_order(row, refunds[row["id"]]) for row in orders), levels)

    async def _refunded(self, http: httpx.AsyncClient, order: Json) -> dict[str, int]:
        """How many of each line were given back; a refund's lines count below zero."""
        rows = await self._rows(http, f"/orders/{order['id']}/refunds") if order["refunds"] else []
        return add_up(
            [
                (str(meta["value"]), -line["quantity"])
                for row in rows
                for line in row["line_items"]
                for meta in line["meta_data"]
                if meta["key"] == "_refunded_item_id"
            ]
        )

    async def _rows(self, http: httpx.AsyncClient, path: str, **query: str) -> list[Json]:
        headers = {"Authorization": f"Basic {self.credentials['access_token']}"}
        rows: list[Json] = []
        while True:
            asked = {"per_page": PAGE_SIZE, "offset": len(rows), "orderby": "id", "order": "asc"} | query
            page = await read_json(http, "GET", self.base_url + API + path, params=asked, headers=headers)
            rows += page
            if len(page) < PAGE_SIZE:
                return rows


def _order(row: Json, refunded: Mapping[str, int]) -> CartOrder:
    to = row["shipping"]
    cancelled = row["status"] in CALLED_OFF
    return CartOrder(
        id=str(row["id"]),
        name=row["number"],
        cancelled=cancelled,
        paid=row["date_paid"] is not None or row["status"] in PAID,
        lines=tuple(_line(line, refunded, cancelled=cancelled) for line in row["line_items"]),
        to=f"{to['first_name']} {to['last_name']}, {to['address_1']}, {to['city']}, {to['country']}",
        told=tuple(_told(meta) for meta in _shipments(row["meta_data"])),
    )


def _line(line: Json, refunded: Mapping[str, int], *, cancelled: bool) -> CartLine:
    wanted = line["quantity"] - refunded.get(str(line["id"]), 0)
    return CartLine(str(line["id"]), line["sku"], 0 if cancelled else wanted)


def _shipments(meta_data: list[Json]) -> list[Json]:
    return [meta for meta in meta_data if meta["key"].startswith(SHIPMENT)]


def _told(meta: Json) -> Told:
    numbers = frozenset(parcel["number"] for parcel in meta["value"]["parcels"] if parcel["number"])
    return Told(str(meta["id"]), numbers, add_up(list(meta["value"]["lines"].items())))


def _address(person: Person) -> Json:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "address_1": person.street,
        "city": person.city,
        "state": person.region,
        "postcode": person.postal_code,
        "country": person.country,
    }
