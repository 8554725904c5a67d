"""Extensiv 3PL Warehouse Manager as the warehouse system."""

from collections.abc import Mapping
from typing import Any

import httpx

from mock_servers.core.cast import Waiting, WarehousePart, read_json
from mock_servers.core.fake import Size
from mock_servers.core.filters import Is
from mock_servers.core.refusal import UsageError
from mock_servers.core.sides import Job, Parcel, Shelf, WarehouseSide, add_up
from mock_servers.core.store import Document
from mock_servers.extensiv_warehouse_manager.behaviour.base import OPEN

BASE_URL = "https://secure-wms.com"
PAGE_SIZE = 500
SETTINGS = ("client_id", "client_secret", "customer_id", "facility_id", "user_login", "tpl")
Json = dict[str, Any]


class WarehouseManagerWarehouse(WarehousePart):
    """It ships, an order at a time and whole: what would leave a part behind cannot be done here."""

    vendor = "extensiv_warehouse_manager"
    creates_orders_by = "createOrder"

    def move_in(self) -> None:
        """Facilities and customers come with the vendor's seed only, and with them one item nobody here sells."""
        for _ in self.world.seed_with(self.vendor, Size(orders=0, products=1)):
            pass

    def settings(self) -> dict[str, Any]:
        return {name: self.credentials[name] for name in SETTINGS} | {"base_url": BASE_URL}

    # People

    def stock(self, sku: str, quantity: int) -> None:
        self.act("add_item", sku=sku, quantity=quantity)

    def count(self, sku: str, quantity: int) -> None:
        self.act("count_stock", sku=sku, quantity=quantity)

    def waiting(self) -> list[Waiting]:
        """As the screen at the bench shows it."""
        orders = self.world.work(self.vendor).collection("order").rows(Is("status", "=", OPEN))
        return [Waiting(order["ReferenceNum"], _units(order)) for order in orders]

    def prepare(self, reference: str) -> None:
        order = self._order(reference)
        self.act("pack" if order is not None and order["ReadOnly"]["PickStarted"] else "pick", order=reference)

    def ship(self, reference: str, units: Mapping[str, int], parcels: int, carrier: str) -> dict[str, dict[str, int]]:
        order = self._order(reference)
        if order is not None and dict(units) != _units(order):
            raise UsageError(f"order {reference} leaves whole or not at all")
        sent = self.act("ship", order=reference, parcels=parcels, carrier=carrier)
        return {
            str(each["package"]): {sku: int(many) for sku, many in each["items"].items()} for each in sent["packages"]
        }

    def void(self, parcel: str) -> None:
        """Only the one package of an order: opening it again brings back all of them."""
        for order in self.world.work(self.vendor).collection("order").rows(Is("closed", "=", True)):
            live = [str(each["PackageId"]) for each in order["ReadOnly"]["Packages"] if each["PackageContents"]]
            if parcel in live and len(live) > 1:
                raise UsageError(f"package {parcel} left with others of its order")
        self.act("void", package=parcel)

    def cancel(self, reference: str) -> None:
        self.act("cancel", order=reference)

    def _order(self, reference: str) -> Document | None:
        found = self.world.work(self.vendor).collection("order").rows(Is("reference_key", "=", reference.lower()))
        return next((each for each in found if each["ReferenceNum"] == reference), None)

    # Looking

    async def read(self, http: httpx.AsyncClient) -> WarehouseSide:
        rows = await self._rows(http, "/orders", "ResourceList", {"detail": "OrderItems,Packages"})
        shelves: dict[str, Shelf] = {}
        for row in await self._rows(http, "/inventory/stocksummaries", "Summaries", {}):
            sku = row["ItemIdentifier"]["Sku"]
            before = shelves.get(sku, Shelf(0, 0))
            shelves[sku] = Shelf(before.on_hand + int(row["OnHand"]), before.available + int(row["Available"]))
        parcels = [parcel for row in rows for parcel in _parcels(row)]
        return WarehouseSide(tuple(_job(row) for row in rows), tuple(parcels), shelves)

    async def _rows(self, http: httpx.AsyncClient, path: str, member: str, query: Json) -> list[Json]:
        """In the dialect that connectors do not use."""
        headers = {"Authorization": f"Bearer {self.credentials['access_token']}", "Accept": "application/json"}
        rows: list[Json] = []
        page = 1
        while True:
            asked = query | {"pgnum": page, "pgsiz": PAGE_SIZE}
            answer = await read_json(http, "GET", BASE_URL + path, params=asked, headers=headers)
            rows += answer[member]
            if len(rows) >= answer["TotalResults"] or not answer[member]:
                return rows
            page += 1


def _units(order: Mapping[str, Any]) -> dict[str, int]:
    return add_up([(line["ItemIdentifier"]["Sku"], int(line["Qty"])) for line in order["OrderItems"]])


def _job(row: Json) -> Job:
    to = row["ShipTo"]
    return Job(
        id=str(row["ReadOnly"]["OrderId"]),
        reference=row["ReferenceNum"],
        cancelled=row["ReadOnly"]["Status"] == 2,
        units=_units(row),
        to=f"{to['Name']}, {to['Address1']}, {to['City']}, {to['Country']}",
    )


def _parcels(row: Json) -> list[Parcel]:
    """Packages of an order: gone once it is confirmed, and there is something in them."""
    skus = {line["ReadOnly"]["OrderItemId"]: line["ItemIdentifier"]["Sku"] for line in row["OrderItems"]}
    return [
        Parcel(
            id=str(package["PackageId"]),
            reference=row["ReferenceNum"],
            voided=not (row["ReadOnly"]["IsClosed"] and package["PackageContents"]),
            number=package.get("TrackingNumber", ""),
            units=add_up([(skus[each["OrderItemId"]], int(each["Qty"])) for each in package["PackageContents"]]),
        )
        for package in row["ReadOnly"]["Packages"]
    ]
