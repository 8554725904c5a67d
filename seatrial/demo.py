"""The story `make demo` tells: one shop's day, from checkout to parcel, offline and over real HTTP.

The fakes listen on loopback ports. The real connectors and the real engine move what shoppers order to the warehouse,
and parcels and stock back, while the story arranges what goes wrong in life: a storm of 429s, a token that expires, an
answer that is lost after the order was made. In the end both sides are read through their public APIs and compared.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from msgspec import Struct
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from connectors import extensiv_order_manager as order_manager
from connectors import shopify
from connectors.core.clock import LoopClock
from connectors.core.http import HttpLimits
from connectors.sync.engine import Engine
from connectors.sync.ledger import Ledger
from connectors.sync.merchant import Merchant, Part, Settings, SkuMap, SkuRule
from connectors.sync.runners.local import LocalRunner
from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from seatrial.comparison import Line, Sides, compare
from seatrial.console import errors, say, table

CART, WMS = "shop", "warehouse"
PATIENCE_SECONDS = 40.0
ROUND_SECONDS = 0.1
SETTLES_SECONDS = timedelta(seconds=0.2)
TWO_HOURS_SECONDS = 7200
LIMITS = HttpLimits(timeout_seconds=2.0, connect_seconds=1.0, write_patience_seconds=1.0, backoff_first_seconds=0.1)

GIFT_SKU = "GIFT-SET"
"""What the shop sells under a name the warehouse does not know: two pieces of the catalogue's first item."""

NAMES = (
    ("Ana", "Ruiz", "5 Pine Rd", "Albany", "NY", "12207", "US"),
    ("Jürgen", "Müller", "Königstraße 12", "Köln", "", "50667", "DE"),
    ("Zoë", "Ødegård", "Åsgårdsveien 3", "Tromsø", "", "9008", "NO"),
    ("Jane", "Doe", "77 Hill St", "Austin", "TX", "78701", "US"),
    ("三郎", "山田", "千代田1-1", "東京", "", "100-0001", "JP"),
    ("Paul", "Kent", "1 Dock Ln", "Boston", "MA", "02110", "US"),
    ("Mara", "Lind", "9 Lake Ave", "Chicago", "IL", "60601", "US"),
    ("Iris", "Wolf", "4 Moss Way", "Denver", "CO", "80202", "US"),
)


class Survived(Struct, frozen=True):
    """Something that went wrong on purpose, and how often it was met."""

    what: str
    times: int
    outcome: str


class Report(Struct, frozen=True):
    """How the day ended."""

    lines: list[Line]
    survived: list[Survived]
    figures: list[tuple[str, str]]

    @property
    def good(self) -> bool:
        """Every line agrees, something was compared, and nothing that was arranged failed to happen."""
        return (
            bool(self.lines) and all(line.agrees for line in self.lines) and all(each.times for each in self.survived)
        )


def run(*, keep: bool = False, port_base: int | None = None) -> int:
    """Tell the story, print what came of it, and answer the exit code."""
    from seatrial.house import asyncio_run

    codes: list[int] = []

    async def told() -> None:
        codes.append(await _told(keep, port_base))

    asyncio_run(told())
    return codes[0]


async def _told(keep: bool, port_base: int | None) -> int:
    async with _served(port_base) as server:
        story = Story(server)
        report = await story.tell()
        _print(report)
        if keep:
            await _kept(server)
    return 0 if report.good else 1


@asynccontextmanager
async def _served(port_base: int | None) -> AsyncIterator[Server]:
    """The fakes of both vendors on loopback ports, for as long as the block runs."""
    sandbox = Sandbox(("extensiv_order_manager", "shopify"))
    sandbox.fill(Size(orders=0, products=12))
    server = Server(sandbox, port_base=port_base, admin_token=secrets.token_urlsafe(24))
    ready = asyncio.Event()
    serving = asyncio.create_task(server.run(ready.set, signals=False))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        waiting.cancel()
        serving.result()
    try:
        yield server
    finally:
        server.stop()
        await serving


async def _kept(server: Server) -> None:
    from seatrial.running import announced

    rows = [(vendor, url) for vendor, url in server.base_urls.items() if vendor]
    table("Still up", ("vendor", "base URL"), rows)
    say("Try: seatrial env, seatrial journal, seatrial act. Ctrl-C ends it.")
    with announced(server.described(), server.ports[""]), suppress(asyncio.CancelledError, KeyboardInterrupt):
        await asyncio.Event().wait()


class Story:
    """One day of one shop. Shoppers and clerk act through the admin API, everything else is the vendors' own."""

    def __init__(self, server: Server) -> None:
        self.described = server.described()
        self.orders: list[dict[str, Any]] = []
        self.skus: list[str] = []
        self.sku_map = SkuMap(())
        admin = self.described["admin"]
        self.admin = httpx.AsyncClient(
            base_url=admin["base_url"],
            headers={"Authorization": f"Bearer {admin['token']}"},
            timeout=30,
            trust_env=False,
        )

    async def tell(self) -> Report:
        """Every chapter in its turn, with a bar that moves."""
        chapters: list[tuple[str, Callable[[], Any]]] = [
            ("The shop opens", self.open_shop),
            ("Shoppers check out", self.check_out),
            ("One changes their mind before delivery", self.cancel_before),
            ("Trouble is arranged", self.arrange_trouble),
            ("Orders are downloaded and delivered", self.sync),
            ("One is cancelled after delivery", self.cancel_after),
            ("The clerk picks, packs and ships", self.ship),
            ("Parcels, stock and cancellations travel back", self.sync),
            ("Both sides are compared", self.compare),
        ]
        bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=errors)
        async with self.admin, self._connected():
            with bar:
                task = bar.add_task("", total=len(chapters))
                for title, chapter in chapters:
                    bar.update(task, description=f"{title:<46}")
                    await chapter()
                    bar.advance(task)
        return self.report

    # Chapters

    async def open_shop(self) -> None:
        """The catalogue is the same on both sides, but for one thing the shop sells under a name of its own."""
        await self._put("/worlds/default/settings", {"extensiv_order_manager.limit.default": {"limit": 600}})
        levels = await self._read_levels()
        self.skus = sorted(levels)[:8]
        await self._act("shopify", "add_product", sku=GIFT_SKU, title="Gift set", price="49.00", quantity=10)
        self.sku_map = SkuMap([SkuRule(GIFT_SKU, (Part(self.skus[0], 2),), CART)], known=levels)
        self.engine = Engine(self._merchant(), Ledger.open(":memory:"), LoopClock())
        self.runner = LocalRunner(self.engine)

    async def check_out(self) -> None:
        """Eight shoppers from five countries, with one line or several, one of them the mapped SKU."""
        for number, name in enumerate(NAMES):
            lines = [{"sku": self.skus[number % len(self.skus)], "quantity": 1 + number % 3}]
            if number % 2:
                lines.append({"sku": self.skus[(number + 3) % len(self.skus)], "quantity": 2})
            if number == 3:
                lines.append({"sku": GIFT_SKU, "quantity": 1})
            self.orders.append(await self._checkout(name, lines))

    async def cancel_before(self) -> None:
        """Learnt by the engine, not yet delivered, and taken back by its shopper."""
        await self.runner.once()
        await self._act("shopify", "cancel", order=self.orders[5]["name"])

    async def arrange_trouble(self) -> None:
        """The next order is made but its answer lost; then five 429s; and the token is two hours old."""
        await self._fault("createOrder", "lose")
        await self._fault("createOrder", "throttle", times=5)
        await self._post("/worlds/default/clock", {"advance_seconds": TWO_HOURS_SECONDS})

    async def sync(self) -> None:
        """Rounds of the engine until nothing is left to do. Raises when it does not come to rest."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        quiet = 0
        while quiet < 2:
            ended = await self.runner.once()
            busy = self.engine.left() or any(each.settled or each.error for each in ended)
            quiet = 0 if busy else quiet + 1
            if asyncio.get_running_loop().time() > deadline:
                return  # the comparison will say what is missing
            await asyncio.sleep(ROUND_SECONDS)

    async def cancel_after(self) -> None:
        """The warehouse has it; the shop calls it off."""
        await self._act("shopify", "cancel", order=self.orders[6]["name"])
        await self.sync()

    async def ship(self) -> None:
        """All of most, one in two parcels, one only in part, one cancelled at the desk, and a shelf counted anew."""
        numbers = [f"{CART}:{order['number']}" for order in self.orders]
        await self._act("extensiv_order_manager", "pick", order=numbers[0])
        await self._act("extensiv_order_manager", "pack", order=numbers[0])
        await self._act("extensiv_order_manager", "ship", order=numbers[0])
        await self._act("extensiv_order_manager", "ship", order=numbers[1], parcels=2, carrier="DHL")
        first = self.orders[3]["lines"][0]
        await self._act("extensiv_order_manager", "ship", order=numbers[3], items={first["sku"]: 1})
        await self._act("extensiv_order_manager", "ship", order=numbers[4], carrier="Yamato")
        await self._act("extensiv_order_manager", "cancel", order=numbers[7], reason="NO_INVENTORY")
        await self._act("extensiv_order_manager", "count_stock", sku=self.skus[2], quantity=77)

    async def compare(self) -> None:
        """Read both sides as anybody could."""
        names = {GIFT_SKU: (self.skus[0], 2)}
        lines = await compare(await self._sides(), CART, names)
        self.report = Report(lines, await self._survived(), self._figures(lines))

    # Who takes part

    def _merchant(self) -> Merchant:
        settings = Settings(delivery_delay=timedelta(seconds=1))
        return Merchant("demo", (self.cart,), self.wms, self.sku_map, settings)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        cart, wms = self.described["vendors"]["shopify"], self.described["vendors"]["extensiv_order_manager"]
        shop = shopify.Settings(
            connection=CART,
            shop=cart["credentials"]["shop"],
            access_token=cart["credentials"]["access_token"],
            client_secret=cart["credentials"]["client_secret"],
            base_url=cart["base_url"],
            margin=SETTLES_SECONDS,
            http=LIMITS,
        )
        account = order_manager.Settings(
            connection=WMS,
            client_id=wms["credentials"]["client_id"],
            client_secret=wms["credentials"]["client_secret"],
            base_url=wms["base_url"],
            auth_base_url=wms["base_url"],
            calls_per_minute=600,
            margin=SETTLES_SECONDS,
            http=LIMITS,
        )
        async with shopify.Shopify(shop) as looking:
            self.location = min(place.id for place in await looking.warehouses())
        shop = replace(shop, location_id=self.location, activate_missing=True)
        async with shopify.Shopify(shop) as self.cart, order_manager.OrderManager(account) as self.wms:
            yield

    async def _sides(self) -> Sides:
        vendors = self.described["vendors"]
        return Sides(
            vendors["shopify"]["base_url"],
            vendors["shopify"]["credentials"]["access_token"],
            self.location,
            vendors["extensiv_order_manager"]["base_url"],
            vendors["extensiv_order_manager"]["credentials"]["access_token"],
        )

    async def _read_levels(self) -> list[str]:
        return [level.sku async for page in self.wms.levels() for level in page.rows]

    async def _checkout(self, name: tuple[str, ...], lines: list[dict[str, Any]]) -> dict[str, Any]:
        first, last, street, city, region, postal_code, country = name
        address = {
            "first_name": first, "last_name": last, "address1": street, "city": city, "province_code": region,
            "zip": postal_code, "country_code": country,
        }  # fmt: skip
        made = await self._act(
            "shopify", "checkout", lines=lines, address=address, email=f"{secrets.token_hex(3)}@example.com"
        )
        return {"name": made["name"], "number": made["id"].rsplit("/", 1)[-1], "lines": lines}

    async def _survived(self) -> list[Survived]:
        journal = await self._get("/worlds/default/journal", vendor="extensiv_order_manager", limit=1000)
        met = [entry["fault"] or entry["rule"] for entry in journal]
        return [
            Survived("answer lost after the order was made", met.count("lose"), "looked up, not repeated"),
            Survived("429 on creating an order", met.count("throttle"), "waited as told"),
            Survived("access token expired", met.count("expired_token"), "fetched a new one"),
        ]

    def _figures(self, lines: list[Line]) -> list[tuple[str, str]]:
        agreeing = sum(line.agrees for line in lines)
        letters = self.engine.queue()
        return [
            ("lines compared", f"{len(lines)}, {agreeing} agree"),
            ("error queue", f"{len(letters)} letters" if letters else "empty"),
        ]

    # The admin API

    async def _act(self, vendor: str, action: str, **arguments: Any) -> Any:
        return await self._post(f"/worlds/default/actions/{vendor}/{action}", arguments)

    async def _fault(self, operation: str, kind: str, times: int = 1) -> None:
        form = {"vendor": "extensiv_order_manager", "operation": operation, "kind": kind, "times": times}
        await self._post("/worlds/default/faults", form)

    async def _get(self, path: str, **query: Any) -> Any:
        return _told_by(await self.admin.get(path, params=query))

    async def _post(self, path: str, form: Any) -> Any:
        return _told_by(await self.admin.post(path, json=form))

    async def _put(self, path: str, form: Any) -> Any:
        return _told_by(await self.admin.put(path, json=form))


def _told_by(response: httpx.Response) -> Any:
    if response.is_error:
        raise RuntimeError(f"{response.request.url.path} answered {response.status_code}: {response.text}")
    return json.loads(response.content) if response.content else None


def _print(report: Report) -> None:
    from rich.text import Text

    columns = ("compared", "of", "Shopify", "Order Manager", "")
    rows = [
        (line.what, line.subject, line.cart, line.warehouse,
         Text("agrees", "green") if line.agrees else Text("DIFFERS", "bold red"))
        for line in report.lines
    ]  # fmt: skip
    table("Both sides, through their public APIs", columns, rows)
    survived = [(each.what, each.times, each.outcome if each.times else "DID NOT HAPPEN") for each in report.survived]
    table("Survived", ("what went wrong", "times", "what the engine did"), survived)
    for what, figure in report.figures:
        say(f"{what}: {figure}")
    say("Every line agrees." if report.good else "The two sides differ, or something arranged did not happen.")
