"""Having somebody act at the target: forms filled in from what is known, and which act adds a row to which list."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mock_servers.core.refusal import UsageError
from seatrial.verify.recipes import VARIANTS, Variant
from seatrial.verify.schemas import NoSampleError, Schemas

if TYPE_CHECKING:
    from seatrial.verify.bench import Bench
    from seatrial.verify.control import Acted

Act = tuple[str, Variant]


class Growth:
    """What people can do at one bench's target."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench
        self._done = 0
        self._grows: dict[str, Act | None] = {}
        self._actions: dict[str, Acted] = {each.name: each for each in bench.control.actions()}

    def acts(self) -> Iterator[Act]:
        """Everything that can be tried."""
        return ((name, variant) for name in self._actions for variant in VARIANTS)

    def act(self, act: Act, *, elsewhere: bool = False) -> bool:
        """Have it done, with new words where something new is made; says whether it was."""
        name, variant = act
        self._done += 1
        try:
            arguments = self._arguments(self._actions[name].arguments, variant)
        except NoSampleError:
            return False
        do = self._bench.control.act_elsewhere if elsewhere else self._bench.control.act
        try:
            do(name, arguments)
        except UsageError:
            return False
        return True

    def grows(self, connection: str) -> Act | None:
        """What adds a row to a connection; None when nothing known does."""
        if connection not in self._grows:
            self._grows[connection] = next((act for act in self.acts() if self._adds(act, connection)), None)
        return self._grows[connection]

    def grow(self, connection: str) -> bool:
        """Add a row; says whether one was added."""
        act = self.grows(connection)
        return act is not None and self.act(act)

    def _adds(self, act: Act, connection: str) -> bool:
        before = self._count(connection)
        return self.act(act) and self._count(connection) == before + 1

    def _count(self, connection: str) -> int:
        graph = self._bench.graph
        root = next((each for each in graph.connections() if each.name == connection), None) if graph else None
        return len(graph.walk(root, graph.size_maximum).keys) if graph and root else 0

    def _arguments(self, schema: dict[str, Any], variant: Variant) -> dict[str, Any]:
        form = Schemas(schema)
        filled: dict[str, Any] = form.sample(schema, self._words(variant))
        return filled

    def _words(self, variant: Variant) -> Any:
        def of(name: str) -> tuple[Any, ...]:
            known = self._bench.known.called(name) if variant == "known" else ()
            texts = tuple(each for each in known if isinstance(each, str))
            return (*texts, self._done + 2, f"seatrial-{self._bench.run_mark}{self._done}")

        return of
