"""Fakes, their worlds and a courier, put together: what a server, a simulation or a test suite stands on."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mock_servers.core.app import VendorApp
from mock_servers.core.clock import Clock
from mock_servers.core.database import open_database
from mock_servers.core.fake import Fake, Size
from mock_servers.core.refusal import UsageError
from mock_servers.core.registry import fakes
from mock_servers.core.webhooks import Courier
from mock_servers.core.world import DEFAULT, World, Worlds

if TYPE_CHECKING:
    import httpx

    from mock_servers.core.transport import FakeTransport

DEFAULT_SEED = 1


class Sandbox:
    """`only` picks vendors, `state` a file or a PostgreSQL URL, `seed` the default world's seed.

    `fixed_credentials` are the printed ones; a sandbox that others can reach has secrets instead. `hooks` replaces the
    wire that webhooks leave by; `extra` are fakes that live outside of `mock_servers/`.
    """

    def __init__(
        self,
        only: Iterable[str] | None = None,
        *,
        state: str | None = None,
        seed: int | None = DEFAULT_SEED,
        make_clock: Callable[[], Clock] = Clock,
        fixed_credentials: bool = True,
        webhook_hosts: Iterable[str] = (),
        hooks: "httpx.AsyncBaseTransport | None" = None,
        extra: Iterable[Fake] = (),
    ) -> None:
        known = fakes(None if only is None else tuple(only)) | {fake.vendor: fake for fake in extra}
        self.fakes = dict(sorted(known.items()))
        kinds = {(vendor, kind): members for vendor, fake in self.fakes.items() for kind, members in fake.kinds.items()}
        self.worlds = Worlds(self.fakes, open_database(state, kinds), make_clock, public=not fixed_credentials)
        self.apps = {vendor: VendorApp(fake, self.worlds) for vendor, fake in self.fakes.items()}
        self.courier = Courier(webhook_hosts, hooks)
        if DEFAULT not in self.worlds:
            self.worlds.create(DEFAULT, seed, fixed_credentials=fixed_credentials)
        elif self.worlds.public and not all(world.secret for world in self.worlds):
            self.worlds.close()
            raise UsageError("this state's worlds open with words that anybody can know; serve them on loopback alone")

    @property
    def world(self) -> World:
        """The default world."""
        return self.worlds.default

    def fill(self, size: Size | None = None, world: World | None = None, vendors: Iterable[str] | None = None) -> None:
        """Seed a world with every vendor, and make that what `reset` comes back to."""
        world = world or self.world
        for vendor in self.fakes if vendors is None else vendors:
            for _ in world.seed_with(vendor, size or Size()):
                pass
        world.settle()
        self.worlds.remember(world)

    def transport(self, vendor: str) -> "FakeTransport":
        """A vendor without a port, for `httpx.Client` and `httpx.AsyncClient`."""
        from mock_servers.core.transport import FakeTransport  # brings httpx, which a server does not need

        return FakeTransport(self.apps[vendor])

    async def advance(self, seconds: float, world: World | None = None) -> None:
        """Move a world's clock, delivering what comes due on the way."""
        await (world or self.world).advance(seconds, self.courier)

    async def deliver(self, world: World | None = None) -> None:
        """Deliver what is due now."""
        await (world or self.world).deliver(self.courier)

    async def quiet(self, world: World | None = None) -> None:
        """Deliver what is due now, and wait for what is being delivered already."""
        await (world or self.world).quiet(self.courier)

    def described(self, base_urls: dict[str, str], world: World | None = None) -> dict[str, Any]:
        """What a program needs to find the vendors: base URL, credentials and real host names of each."""
        world = world or self.world
        return {
            vendor: {
                "base_url": base_urls.get(vendor, ""),
                "credentials": world.credentials.get(vendor, {}),
                "hosts": list(fake.contract.profile.hosts),
            }
            for vendor, fake in self.fakes.items()
        }

    async def aclose(self) -> None:
        """Write the state down and let go of everything."""
        await self.courier.aclose()
        self.worlds.close()
