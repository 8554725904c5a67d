"""One merchant's engine on a ledger in memory, run by hand: one function at a time, and time only when asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.sync import Engine, Ledger, Merchant, Settings, SkuMap
from connectors.sync.events import Event, PassEnded
from connectors.sync.ledger import Effect, Fact
from connectors.sync.schedule import PASSES
from tests.sync.world import World

OWNER = "office"


class Office:
    def __init__(
        self,
        world: World,
        *,
        ledger: Ledger | None = None,
        skus: SkuMap | None = None,
        carts: Sequence[Any] | None = None,
        wms: Any = None,
        **settings: Any,
    ) -> None:
        self.world = world
        self.ledger = ledger or Ledger.open()
        merchant = Merchant(
            "acme",
            tuple(carts or world.shops),
            wms or world.depot,
            skus=skus or SkuMap(),
            settings=Settings(**settings),
        )
        self.engine = Engine(merchant, self.ledger, world.clock)
        self.events: list[Event] = []

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    async def run(self, *names: str) -> list[PassEnded]:
        """Run these functions now, on every lane that has them, whatever is planned."""
        ended = []
        for name in names:
            for lane in self.engine.lanes_with(name):
                with self.ledger.transaction():
                    lease = self.ledger.take(lane, OWNER, now=self.now, until=self.now + timedelta(seconds=30))
                assert lease is not None
                ended.append(await self.engine.run_pass(lease, name, tell=self.events.append))
                with self.ledger.transaction():
                    self.ledger.give_back(lease)
        return ended

    async def round(self, times: int = 1) -> None:
        for _ in range(times):
            await self.run(*PASSES)

    async def wait(self, seconds: float) -> None:
        await self.world.clock.sleep(seconds)

    async def settle(self) -> None:
        """As long as it takes for a look-up to be trusted."""
        await self.wait(self.world.depot.settle.total_seconds() + 1)

    def effect(self, key: str) -> Effect:
        found = self.ledger.effect(key)
        assert found is not None, f"{key} was never asked for"
        return found

    def state(self, key: str) -> str:
        """Its state, and the reason if there is one: `dead: unknown`."""
        effect = self.ledger.effect(key)
        if effect is None:
            return "never asked for"
        return f"{effect.state}: {effect.reason}" if effect.reason else effect.state

    def fact(self, kind: str, connection: str, id: str) -> Fact:
        found = self.ledger.fact(kind, connection, id)
        assert found is not None
        return found

    def incidents(self) -> list[str]:
        return [incident.key for incident in self.ledger.incidents()]
