"""Extend Commerce as the warehouse system."""

from collections.abc import Mapping
from typing import Any

import httpx

from mock_servers.core.cast import Waiting, WarehousePart, read_json
from mock_servers.core.filters import Is
from mock_servers.core.refusal import UsageError
from mock_servers.core.sides import Job, Parcel, Shelf, WarehouseSide, add_up
from mock_servers.extend_commerce.behaviour.orders import OPEN
from mock_servers.extend_commerce.behaviour.rows import OPEN_ROW
from mock_servers.extend_commerce.behaviour.tenant import CUSTOMER

BASE_URL = "https://s05.extend.se"
PAGE_SIZE = 100
EVER = "2000-01-01T00:00:00"
Json = dict[str, Any]


class ExtendWarehouse(WarehousePart):
    """It ships. Nothing that left comes back: no source knows of a shipment that is taken back."""

    vendor = "extend_commerce"
    creates_orders_by = "createOrder"

    def settings(self) -> dict[str, Any]:
        return {
            "client": self.credentials["client"],
            "username": self.credentials["username"],
            "password": self.credentials["password"],
            "customer_number": CUSTOMER,
            "base_url": f"{BASE_URL}/RESTAPI",
        }

    # People

    def stock(self, sku: str, quantity: int) -> None:
        self.act("add_product", product=sku, quantity=quantity)

    def count(self, sku: str, quantity: int) -> None:
        self.act("count_stock", product=sku, quantity=quantity)

    def waiting(self) -> list[Waiting]:
        """As the screen in the warehouse shows it."""
        orders = self.world.work(self.vendor).collection("order").rows(Is("status", "in", tuple(sorted(OPEN))))
        found = []
        for order in orders:
            rows = [(row["product"], row["quantity"]) for row in order["rows"] if row["status"] in OPEN_ROW]
            found.append(Waiting(order["external"] or order.id, add_up(rows)))
        return found

    def prepare(self, reference: str) -> None:
        self.act("reserve", order=reference)

    def ship(self, reference: str, units: Mapping[str, int], parcels: int, carrier: str) -> dict[str, dict[str, int]]:
        sent = self.act("ship", order=reference, items=dict(units), parcels=parcels, forwarder=carrier)
        return {str(each["shipment"]): each["items"] for each in sent["shipments"]}

    def void(self, parcel: str) -> None:
        raise UsageError(f"nothing is known here of a shipment that is taken back, so {parcel} is not")

    def cancel(self, reference: str) -> None:
        self.act("cancel", order=reference)

    # Looking

    async def read(self, http: httpx.AsyncClient) -> WarehouseSide:
        listed = await self._orders(http)
        orders = [await self._get(http, f"/CustomerOrders/{row['orderNumber']}") for row in listed]
        parcels = [parcel for order in orders for parcel in _parcels(order)]
        return WarehouseSide(tuple(map(_job, orders)), tuple(parcels), await self._shelves(http))

    async def _orders(self, http: httpx.AsyncClient) -> list[Json]:
        rows: list[Json] = []
        while True:
            query = {"modifiedDateFrom": EVER, "pageCount": PAGE_SIZE, "pageOffset": len(rows) // PAGE_SIZE}
            page = await self._get(http, "/CustomerOrders", **query)
            rows += page
            if len(page) < PAGE_SIZE:
                return rows

    async def _shelves(self, http: httpx.AsyncClient) -> dict[str, Shelf]:
        shelves: dict[str, Shelf] = {}
        page = 1
        while True:
            answer = await self._get(http, "/ProductAvailability", pageNumber=page)
            for row in answer["productAvailabilityList"]:
                before = shelves.get(row["productNumber"], Shelf(0, 0))
                shelves[row["productNumber"]] = Shelf(
                    before.on_hand + row["physicalBalance"], before.available + row["availableBalanceNow"]
                )
            if page >= answer["paginationInfo"]["totalPages"]:
                return shelves
            page += 1

    async def _get(self, http: httpx.AsyncClient, path: str, **query: Any) -> Any:
        """Without the cookies of earlier answers: whoever keeps them is refused in the end."""
        http.cookies.clear()
        auth = httpx.BasicAuth(self.credentials["username"], self.credentials["password"])
        shown = next(auth.auth_flow(httpx.Request("GET", BASE_URL))).headers["authorization"]
        url = f"{BASE_URL}/RESTAPI/v1_0/{self.credentials['client']}{path}"
        return await read_json(http, "GET", url, params=query, headers={"ExtendBasicAuthorization": shown})


def _job(order: Json) -> Job:
    header = order["orderHeader"]
    to = header["deliveryAddress"]
    rows = [(row["product"]["productNumber"], int(row["salesData"]["quantity"])) for row in order["orderRows"]]
    return Job(
        id=header["orderNumber"],
        reference=header["orderNumberExternal"],
        cancelled=header["orderStatus"] == "Annulled",
        units=add_up(rows),
        to=f"{to['name1']}, {to['address1']}, {to['city']}, {to['countryCode']}",
    )


def _parcels(order: Json) -> list[Parcel]:
    header = order["orderHeader"]
    found = []
    for shipment in header["shipments"]:
        rows = [row for row in order["orderRows"] if row["shipmentNumber"] == shipment["shipmentNumber"]]
        units = [(row["product"]["productNumber"], int(row["salesData"]["quantity"])) for row in rows]
        found.append(
            Parcel(
                id=shipment["shipmentNumber"],
                reference=header["orderNumberExternal"],
                voided=False,
                number=shipment["packages"][0],
                units=add_up(units),
            )
        )
    return found
