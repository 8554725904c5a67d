"""Extensiv Order Manager as the warehouse system, and as an outlet that is told of stock."""

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from mock_servers.core.cast import CartPart, Part, Person, Waiting, WarehousePart, read_json
from mock_servers.core.fake import Size
from mock_servers.core.filters import Is
from mock_servers.core.refusal import UsageError
from mock_servers.core.sides import CartSide, Job, Parcel, Shelf, WarehouseSide, add_up
from mock_servers.core.world import World
from mock_servers.extensiv_order_manager.behaviour import OPEN

BASE_URL = "https://api.extensiv.io"
V1_URL = "https://api.skubana.com"
AUTH_URL = "https://auth.extensiv.io"
PAGE_SIZE = 500
EASY_CALLS_PER_MINUTE = 60_000
Json = dict[str, Any]


class _Account(Part):
    """An account with the warehouse it is made with."""

    vendor = "extensiv_order_manager"

    def move_in(self) -> None:
        """A warehouse comes with the vendor's seed only, and with it one product nobody here sells."""
        for _ in self.world.seed_with(self.vendor, Size(orders=0, products=1)):
            pass

    def ease_limits(self) -> dict[str, Any]:
        self.world.settings[f"{self.vendor}.limit.default"] = {"limit": EASY_CALLS_PER_MINUTE}
        return {"calls_per_minute": EASY_CALLS_PER_MINUTE}

    def settings(self) -> dict[str, Any]:
        return {
            "client_id": self.credentials["client_id"],
            "client_secret": self.credentials["client_secret"],
            "base_url": BASE_URL,
            "auth_base_url": AUTH_URL,
        }

    async def _rows(self, http: httpx.AsyncClient, path: str) -> list[Json]:
        headers = {"Authorization": f"Bearer {self.credentials['access_token']}"}
        rows: list[Json] = []
        page = 1
        while True:
            query = {"page": page, "pageSize": PAGE_SIZE}
            answer = await read_json(http, "GET", BASE_URL + path, params=query, headers=headers)
            rows += answer["data"]
            if page >= answer["totalPages"]:
                return rows
            page += 1

    async def _shelves(self, http: httpx.AsyncClient) -> dict[str, Shelf]:
        shelves: dict[str, Shelf] = {}
        for warehouse in await self._rows(http, "/api/inventory/warehouses"):
            for level in warehouse["inventory"]:
                before = shelves.get(level["sku"], Shelf(0, 0))
                shelves[level["sku"]] = Shelf(before.on_hand + level["on_hand"], before.available + level["available"])
        return shelves


class OrderManagerWarehouse(_Account, WarehousePart):
    """It ships."""

    creates_orders_by = "createOrder"

    def forget_numbers(self) -> None:
        self.world.settings["extensiv_order_manager.numbers_may_repeat"] = True

    # People

    def stock(self, sku: str, quantity: int) -> None:
        self.act("add_product", sku=sku, quantity=quantity)

    def count(self, sku: str, quantity: int) -> None:
        self.act("count_stock", sku=sku, quantity=quantity)

    def waiting(self) -> list[Waiting]:
        """As the screen at the bench shows it."""
        orders = self.world.work(self.vendor).collection("order").rows(Is("state", "in", tuple(sorted(OPEN))))
        return [
            Waiting(
                order["order_number"],
                add_up([(item["sku"], item["quantity"] - item["shipped"]) for item in order["items"]]),
            )
            for order in orders
        ]

    def prepare(self, reference: str) -> None:
        order = self.world.work(self.vendor).collection("order").first(Is("order_number", "=", reference))
        self.act("pick" if order is None or order["stage"] == "new" else "pack", order=reference)

    def ship(self, reference: str, units: Mapping[str, int], parcels: int, carrier: str) -> dict[str, dict[str, int]]:
        sent = self.act("ship", order=reference, items=dict(units), parcels=parcels, carrier=carrier)
        return {str(each["shipment"]): each["items"] for each in sent["shipments"]}

    def void(self, parcel: str) -> None:
        self.act("void", shipment=parcel)

    def cancel(self, reference: str) -> None:
        self.act("cancel", order=reference, reason="NO_INVENTORY")

    # Looking

    async def read(self, http: httpx.AsyncClient) -> WarehouseSide:
        jobs = [_job(row) for row in await self._rows(http, "/api/orders")]
        parcels = [_parcel(row) for row in await self._rows(http, "/api/shipments")]
        return WarehouseSide(tuple(jobs), tuple(parcels), await self._shelves(http))


class OrderManagerV1Warehouse(OrderManagerWarehouse):
    """The same warehouse, told of orders by the vendor's own API; what became of it is read by the guide's dialect."""

    dialect = "v1"
    renews = False  # it lives until the app is uninstalled
    creates_orders_by = "putOrder"

    def settings(self) -> dict[str, Any]:
        return {
            "access_token": self.credentials["access_token"],
            "sales_channel_id": int(self.credentials["sales_channel_id"]),
            "base_url": V1_URL,
        }

    def ease_limits(self) -> dict[str, Any]:
        super().ease_limits()
        for quota in ("totals", "adjust", "create_stock"):
            self.world.settings[f"{self.vendor}.limit.{quota}"] = {"limit": EASY_CALLS_PER_MINUTE}
        return {"paced": False}


class OrderManagerOutlet(_Account, CartPart):
    """Another account, which is told what may be sold and sells by ways of its own: a cart without orders."""

    takes_orders: ClassVar[bool] = False

    def __init__(self, name: str, world: World) -> None:
        super().__init__(name, world)
        self.offered: set[str] = set()

    def offer(self, sku: str, price: str) -> None:  # noqa: ARG002 - an account has no prices to begin with
        self.act("add_product", sku=sku)
        self.act("count_stock", sku=sku, quantity=0)
        self.offered.add(sku)

    def check_out(self, person: Person, basket: Mapping[str, int], *, paid: bool) -> str:
        raise UsageError(f"{self.name} takes no orders from {person.first_name}: {len(basket)} SKUs, {paid}")

    def pay(self, order: str) -> None:
        raise UsageError(f"{self.name} has no order {order}")

    def cancel(self, order: str) -> None:
        raise UsageError(f"{self.name} has no order {order}")

    def edit(self, order: str, quantities: Mapping[str, int], person: Person | None) -> None:
        raise UsageError(f"{self.name} has no order {order} to change: {len(quantities)}, {person}")

    async def read(self, http: httpx.AsyncClient) -> CartSide:
        shelves = await self._shelves(http)
        return CartSide((), {sku: shelf.available for sku, shelf in shelves.items() if sku in self.offered})


def _job(row: Json) -> Job:
    to = row["shipping_address"]
    return Job(
        id=row["id"],
        reference=row["order_number"],
        cancelled=row["status"] == "cancelled",
        units=add_up([(item["sku"], item["quantity"]) for item in row["items"]]),
        to=f"{to['name']}, {to['street1']}, {to['city']}, {to['country']}",
    )


def _parcel(row: Json) -> Parcel:
    return Parcel(
        id=row["id"],
        reference=row["order_number"],
        voided=row["status"] == "voided",
        number=row["tracking_number"],
        units=add_up([(item["sku"], item["quantity"]) for item in row["items"]]),
    )
