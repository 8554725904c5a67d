"""The stories `make demo` tells: a shop's day each, from checkout to parcel, offline and over real HTTP.

The fakes listen on loopback ports. The real connectors and the real engine move what shoppers order to the warehouse,
and parcels and stock back, while the story arranges what goes wrong in life: a storm of 429s, a token that expires, an
answer that is lost after the order was made. In the end both sides are read through their public APIs and compared.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import httpx
from msgspec import Struct
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from connectors.core.clock import LoopClock
from connectors.core.http import HttpLimits
from connectors.sync.engine import Engine
from connectors.sync.ledger import Ledger
from connectors.sync.merchant import Merchant, Part, Settings, SkuMap, SkuRule
from connectors.sync.runners.local import LocalRunner
from mock_servers.core.cast import Part as Role
from mock_servers.core.cast import Person
from mock_servers.core.refusal import UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from mock_servers.core.world import World
from seatrial.comparison import Line, compare
from seatrial.console import errors, say, table
from seatrial.loopback import Loopback
from seatrial.simulation.cast import CART as CART_VENDOR
from seatrial.simulation.cast import WAREHOUSE as WAREHOUSE_VENDOR
from seatrial.simulation.cast import Cast, cast_of, casts, connect
from seatrial.simulation.stage import Goods

CART, WMS = "shop", "warehouse"
PATIENCE = timedelta(seconds=40)
TICK = timedelta(seconds=0.1)
SETTLES = timedelta(seconds=0.2)
TWO_HOURS_SECONDS = 7200
STORM_LENGTH = 5
LIMITS = HttpLimits(timeout_seconds=2.0, connect_seconds=1.0, write_patience_seconds=1.0, backoff_first_seconds=0.1)

GOODS = Goods(
    {"MUG": 120, "TEE": 90, "CAP": 60, "TOTE": 40, "LAMP": 25, "SOCKS": 200},
    {"GIFT-SET": {"MUG": 2}, "STARTER-KIT": {"TEE": 1, "CAP": 1}},
)
"""What is sold; two things under names that the warehouse does not know."""

PEOPLE = (
    Person("Ana", "Ruiz", "5 Pine Rd", "Albany", "NY", "12207", "US"),
    Person("Jürgen", "Müller", "Königstraße 12", "Köln", "", "50667", "DE"),
    Person("Zoë", "Ødegård", "Åsgårdsveien 3", "Tromsø", "", "9008", "NO"),
    Person("Jane", "Doe", "77 Hill St", "Austin", "TX", "78701", "US"),
    Person("三郎", "山田", "千代田1-1", "東京", "", "100-0001", "JP"),
    Person("Paul", "Kent", "1 Dock Ln", "Boston", "MA", "02110", "US"),
    Person("Mara", "Lind", "9 Lake Ave", "Chicago", "IL", "60601", "US"),
    Person("Iris", "Wolf", "4 Moss Way", "Denver", "CO", "80202", "US"),
)
BASKETS: tuple[dict[str, int], ...] = (
    {"MUG": 1},
    {"TEE": 2, "LAMP": 2},
    {"CAP": 3},
    {"TOTE": 2, "GIFT-SET": 1, "STARTER-KIT": 1},
    {"LAMP": 1, "SOCKS": 2},
    {"SOCKS": 3, "MUG": 2},
    {"STARTER-KIT": 1},
    {"TEE": 2, "TOTE": 1},
)


class Survived(Struct, frozen=True):
    """Something that went wrong on purpose, and how often it was met."""

    what: str
    times: int
    outcome: str


class Report(Struct, frozen=True):
    """How a day ended."""

    cart: str
    warehouse: str
    lines: Sequence[Line]
    survived: Sequence[Survived]
    letters: int

    @property
    def good(self) -> bool:
        """Every line agrees, something was compared, and nothing that was arranged failed to happen."""
        return (
            bool(self.lines) and all(line.agrees for line in self.lines) and all(each.times for each in self.survived)
        )


def chosen(cart: str = "", warehouse: str = "") -> Sequence[Cast]:
    """One story when somebody is named, else as many as it takes for every vendor to be in one. Raises UsageError."""
    if cart or warehouse:
        return (cast_of((cart or CART_VENDOR,), warehouse or WAREHOUSE_VENDOR),)
    return [cast for cast in casts() if cast.carts[0].takes_orders]


def run(stories: Sequence[Cast], *, keep: bool = False, port_base: int | None = None) -> int:
    """Tell the stories, print what came of them, and answer the exit code."""
    from seatrial.house import asyncio_run

    codes: list[int] = []

    async def told() -> None:
        codes.append(await _told(stories, keep, port_base))

    asyncio_run(told())
    return codes[0]


async def _told(stories: Sequence[Cast], keep: bool, port_base: int | None) -> int:
    vendors = sorted(frozenset[str]().union(*(cast.vendors for cast in stories)))
    async with _served(vendors, port_base) as server:
        told = [Story(server, _world(server, number), cast) for number, cast in enumerate(stories)]
        with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=errors) as bar:
            reports = await asyncio.gather(*(story.tell(bar) for story in told))
        for number, report in enumerate(reports):
            _print(report, brief=number > 0)
        good = all(report.good for report in reports)
        say("Every line agrees." if good else "The two sides differ, or something arranged did not happen.")
        if keep:
            await _kept(server)
    return 0 if good else 1


@asynccontextmanager
async def _served(vendors: Sequence[str], port_base: int | None) -> AsyncIterator[Server]:
    """The fakes on loopback ports, for as long as the block runs."""
    server = Server(Sandbox(vendors), port_base=port_base, admin_token=secrets.token_urlsafe(24))
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


def _world(server: Server, number: int) -> World:
    """A story's own; the first is told in the one that everybody can look into afterwards."""
    return server.sandbox.worlds.create(f"story-{number + 1}", 1) if number else server.sandbox.world


async def _kept(server: Server) -> None:
    from seatrial.running import announced

    rows = [(vendor, url) for vendor, url in server.base_urls.items() if vendor]
    table("Still up", ("vendor", "base URL"), rows)
    say("Try: seatrial env, seatrial journal, seatrial act. Ctrl-C ends it.")
    with announced(server.described(), server.ports[""]), suppress(asyncio.CancelledError, KeyboardInterrupt):
        await asyncio.Event().wait()


class Story:
    """One day of one shop. What shoppers and clerks do is their part's; everything else is the vendors' own."""

    def __init__(self, server: Server, world: World, cast: Cast) -> None:
        self.server = server
        self.world = world
        self.cart = cast.carts[0](CART, world)
        self.wms = cast.warehouse(WMS, world)
        self.orders: list[str] = []

    async def tell(self, bar: Progress) -> Report:
        """Every chapter in its turn, with a bar that moves."""
        chapters: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("Shoppers check out", self.check_out),
            ("One changes their mind before delivery", self.cancel_before),
            ("Trouble is arranged", self.arrange_trouble),
            ("Orders are downloaded and delivered", self.sync),
            ("One is cancelled after delivery", self.cancel_after),
            ("The clerk picks, packs and ships", self.ship),
            ("Parcels, stock and cancellations travel back", self.sync),
        ]
        task = bar.add_task(self._titled("The shop opens"), total=len(chapters) + 1)
        async with self._opened():
            await self.sync()
            for title, chapter in chapters:
                bar.update(task, advance=1, description=self._titled(title))
                await chapter()
            bar.update(task, advance=1, description=self._titled("Both sides are compared"))
            return await self._report()

    @property
    def pair(self) -> str:
        """Who sells → who ships."""
        fakes = self.server.sandbox.fakes
        return " → ".join(fakes[part.vendor].contract.profile.title for part in (self.cart, self.wms))

    def _titled(self, chapter: str) -> str:
        return f"{self.pair:<46} {chapter:<46}"

    # Chapters

    async def check_out(self) -> None:
        """Eight shoppers from five countries, with one line or several, some of them mapped SKUs."""
        for person, basket in zip(PEOPLE, BASKETS, strict=True):
            self.orders.append(self.cart.check_out(person, basket, paid=True))

    async def cancel_before(self) -> None:
        """Learnt by the engine, not yet delivered, and taken back by its shopper."""
        await self.runner.once()
        self.cart.cancel(self.orders[5])

    async def arrange_trouble(self) -> None:
        """The next order is made but its answer lost; then five 429s; and every token is two hours old."""
        creates = self.wms.creates_orders_by
        self.world.faults.plan(self.wms.vendor, creates, "lose")
        self.world.faults.plan(self.wms.vendor, creates, "throttle", times=STORM_LENGTH)
        await self.server.sandbox.advance(TWO_HOURS_SECONDS, self.world)

    async def sync(self) -> None:
        """Rounds of the engine until nothing is left to do. When patience ends, the comparison says what is missing."""
        await self.runner.settle(PATIENCE)

    async def cancel_after(self) -> None:
        """The warehouse has it; the shop calls it off."""
        self.cart.cancel(self.orders[6])
        await self.sync()

    async def ship(self) -> None:
        """Some whole, one in two parcels, one only in part, one cancelled at the desk, and a shelf counted anew."""
        waiting = {each.reference: dict(each.left) for each in self.wms.waiting()}
        first, second, third, fourth, fifth = (f"{CART}:{self.orders[place]}" for place in (0, 1, 3, 4, 7))
        for _ in ("picked", "packed"):
            with suppress(UsageError):  # not every warehouse system knows of both
                self.wms.prepare(first)
        self.wms.ship(first, waiting[first], 1, "UPS")
        self.wms.ship(second, waiting[second], 2, "DHL")
        try:
            self.wms.ship(third, {"TOTE": 1}, 1, "UPS")
        except UsageError:  # where an order leaves whole or not at all
            self.wms.ship(third, waiting[third], 1, "UPS")
        self.wms.ship(fourth, waiting[fourth], 1, "Yamato")
        self.wms.cancel(fifth)
        self.wms.count("CAP", 77)

    # How it is put together

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        """The warehouse has goods, the shop lists them, and the engine is connected to both."""
        eased = {part.name: part.ease_limits() for part in (self.cart, self.wms)}
        for part in (self.cart, self.wms):
            part.move_in()
        for sku, quantity in GOODS.shelves.items():
            self.wms.stock(sku, quantity)
        for number, sku in enumerate(GOODS.listed):
            self.cart.offer(sku, f"{10 + number}.00")
        async with AsyncExitStack() as stack:
            made = []
            for part in (self.cart, self.wms):
                wire = self._wire(part)
                chance = random.Random(part.name)  # noqa: S311
                ours = eased[part.name]
                connector = connect(part, LoopClock(), chance, wire, margin=SETTLES, http=LIMITS, **ours)
                stack.push_async_callback(connector.aclose)
                made.append(connector)
            settings = Settings(delivery_delay=timedelta(seconds=1))
            merchant = Merchant("demo", (made[0],), made[1], _sku_map(), settings)
            ledger = Ledger.open(":memory:")
            stack.callback(ledger.close)
            self.engine = Engine(merchant, ledger, LoopClock())
            self.runner = LocalRunner(self.engine, tick=TICK)
            yield

    def _wire(self, part: Role) -> Loopback:
        hosts = self.server.sandbox.fakes[part.vendor].contract.profile.hosts
        return Loopback(self.server.base_urls[part.vendor], hosts)

    async def _report(self) -> Report:
        """Read both sides as anybody could."""
        async with (
            httpx.AsyncClient(transport=self._wire(self.cart)) as at_cart,
            httpx.AsyncClient(transport=self._wire(self.wms)) as at_warehouse,
        ):
            lines = compare(await self.cart.read(at_cart), await self.wms.read(at_warehouse), CART, GOODS)
        titles = {vendor: fake.contract.profile.title for vendor, fake in self.server.sandbox.fakes.items()}
        return Report(
            titles[self.cart.vendor], titles[self.wms.vendor], lines, list(self._survived()), len(self.engine.queue())
        )

    def _survived(self) -> Sequence[Survived]:
        entries = self.world.journal.entries(self.wms.vendor)
        met = [entry.fault or entry.rule for entry in entries]
        survived = [
            Survived("answer lost after the order was made", met.count("lose"), "looked up, not repeated"),
            Survived("429 on creating an order", met.count("throttle"), "waited as told"),
        ]
        if self._token_ends():
            survived.append(Survived("access token expired", met.count("expired_token"), "fetched a new one"))
        return survived

    def _token_ends(self) -> bool:
        """Whether the warehouse's access tokens live shorter than the story's jump."""
        lifetimes = self.server.sandbox.fakes[self.wms.vendor].contract.profile.lifetimes_seconds
        token = lifetimes.get("access_token")
        return (
            self.wms.renews and token is not None and token.seconds is not None and token.seconds <= TWO_HOURS_SECONDS
        )


def _sku_map() -> SkuMap:
    rules = [
        SkuRule(sku, tuple(Part(theirs, many) for theirs, many in parts.items())) for sku, parts in GOODS.named.items()
    ]
    return SkuMap(rules, known=list(GOODS.shelves))


def _print(report: Report, *, brief: bool) -> None:
    """The whole comparison, or of a brief one only what differs."""
    shown = [line for line in report.lines if not (brief and line.agrees)]
    rows = [
        (line.what, line.subject, line.cart, line.warehouse,
         Text("agrees", "green") if line.agrees else Text("DIFFERS", "bold red"))
        for line in shown
    ]  # fmt: skip
    if rows:
        columns = ("compared", "of", report.cart, report.warehouse, "")
        table("Both sides, through their public APIs", columns, rows)
    survived = [(each.what, each.times, each.outcome if each.times else "DID NOT HAPPEN") for each in report.survived]
    pair = f"{report.cart} → {report.warehouse}"
    table(f"{pair}: survived", ("what went wrong", "times", "what the engine did"), survived)
    agreeing = sum(line.agrees for line in report.lines)
    letters = f"{report.letters} letters" if report.letters else "empty"
    say(f"{pair}: {agreeing} of {len(report.lines)} lines agree; error queue: {letters}.")
