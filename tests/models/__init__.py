"""The fakes against the smallest thing that could be right: dicts, driven at random through the connectors.

`tests/models/<vendor>.py` has one facade, a `Play`: what somebody with a connector does there, what people do, and what
goes wrong, each as one call with literals. It keeps the model beside it, and compares both after every call, through
the connector's own reads. The machines in the test modules only choose; whatever they did can be done again by hand:

    om = Account()
    x1 = om.deliver({"A": 2}, trouble=("lose", 0))
    om.cancel_delivery(x1)

Any call may meet `trouble`: a kind of fault, and which of the connector's requests meets it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ClassVar, TypeVar

from connectors.core.errors import ConnectorError, NotApplied, Refused, Unauthorized, Unknown
from mock_servers.core.refusal import Refusal, UsageError
from seatrial import virtual_time
from tests.ports.rig import Rig
from tests.ports.stage import Edge, Stage, staged

T = TypeVar("T")
ROUNDS_MAXIMUM = 12


SECONDS = {"late": 20.0, "slow": 4.0, "too slow": 40.0}
"""How late and how slow; nothing that is later than `settle` can be helped."""

Trouble = tuple[str, int] | None


def step(method: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    """One call of the facade: done whole in the play's own virtual time, and then everything is compared."""

    @wraps(method)
    def call(self: "Play", *arguments: Any, trouble: Trouble = None, **named: Any) -> Any:
        async def whole() -> Any:
            self.meet(trouble)
            answer = await method(self, *arguments, **named)
            self.meet(None)
            await self.compare()
            return answer

        return self.runner.run(whole())

    return call


class Play:
    """A world, a connector in it, somebody who only looks, and the model. `kind` is another connector's class."""

    rig: ClassVar[Rig]

    def __init__(self, kind: type[Any] | None = None) -> None:
        rig = self.rig if kind is None else self.rig.of(kind)
        self.runner = asyncio.Runner(loop_factory=virtual_time.new_event_loop)
        self._staged = staged(rig, **self.settings())
        self.stage: Stage = self.runner.run(self._staged.__aenter__())
        self.runner.run(self._open(rig))
        self.begin()

    def settings(self) -> dict[str, Any]:
        """The connector's."""
        return {}

    async def _open(self, rig: Rig) -> None:
        self.connector = await self.connect(self.stage.edge)
        self.looking = await self.connect(Edge(self.stage.edge.inner), self.rig)

    async def connect(self, edge: Edge, rig: Rig | None = None) -> Any:
        """A connector whose token can be revoked without harm."""
        way = next(iter(self.rig.renewing()))
        return await (rig or self.stage.rig).renewing()[way](self.stage, edge)

    def close(self) -> None:
        """Give everything back."""
        self.runner.run(self.connector.aclose())
        self.runner.run(self.looking.aclose())
        self.runner.run(self._staged.__aexit__(None, None, None))
        self.runner.close()

    # What a vendor's facade adds

    def begin(self) -> None:
        """The model of a world in which nothing has happened yet."""
        raise NotImplementedError

    async def compare(self) -> None:
        """What the vendor says, against the model."""
        raise NotImplementedError

    # What anybody can do anywhere

    @step
    async def wait(self, seconds: float) -> None:
        """Time goes by for everybody."""
        await asyncio.sleep(seconds)

    @step
    async def skew(self, seconds: float) -> None:
        """The vendor's clock is put forward, and ours is not."""
        self.stage.world.clock.shift(seconds)

    # How it is done

    def meet(self, trouble: Trouble) -> None:
        """Have one of the connector's next requests go wrong; for None none of them does any more."""
        edge = self.stage.edge
        edge.forget()
        self.stage.heal()
        if trouble is not None:
            kind, at = trouble
            seconds = SECONDS.get(kind, 1.0)
            fault = "delay" if "slow" in kind else kind
            edge.before = lambda number, _: None if number != at else self.stage.fault(fault, seconds=seconds)

    async def once(self, do: Callable[[], Awaitable[T]], found: Callable[[], Awaitable[T | None]]) -> T:
        """A write made once, by the rule of the ports: repeat what was not applied, look for what is unknown."""
        for _ in range(ROUNDS_MAXIMUM):
            try:
                return await do()
            except NotApplied as error:
                await asyncio.sleep(error.retry_after_seconds or 60)
            except Unauthorized:  # renewed once and revoked again: the call changed nothing, and another may do
                await asyncio.sleep(60)
            except Unknown:
                await asyncio.sleep(self.connector.settle.total_seconds())
                there = await self.read(found)
                if there is not None:
                    return there
        raise AssertionError("a write does not come to its end")

    async def read(self, ask: Callable[[], Awaitable[T]]) -> T:
        """A question, asked again for as long as it is not refused."""
        for _ in range(ROUNDS_MAXIMUM):
            try:
                return await ask()
            except (NotApplied, Unauthorized, Unknown):
                await asyncio.sleep(60)
        raise AssertionError("a question is never answered")

    async def attempt(self, write: Awaitable[T]) -> tuple[T | None, Refused | None]:
        """What a write answered, or what it was refused with."""
        try:
            return await write, None
        except Refused as error:
            return None, error

    def act(self, action: str, **arguments: Any) -> Any:
        """People do something; None when the vendor does not let them."""
        try:
            return self.stage.act(action, **arguments)
        except (UsageError, Refusal):
            return None

    async def look(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """Somebody looks, whom no trouble meets."""
        try:
            return await ask(self.looking)
        except ConnectorError as error:
            raise AssertionError(f"who only looks cannot: {error}") from error

    def sound(self) -> list[str]:
        """What is wrong with the vendor's own books."""
        return list(self.stage.problems())


async def rows_of(feed: Any) -> list[Any]:
    """Every row of a walk."""
    return [row async for page in feed for row in page.rows]
