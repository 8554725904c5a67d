"""What a run made at a target that is not ours: listed, and removed where the API allows it."""

from collections.abc import Iterable

from msgspec import Struct

from contracts.contract import Contract, Operation
from seatrial.verify.bench import Bench
from seatrial.verify.conditions import makes
from seatrial.verify.exchange import Exchange
from seatrial.verify.target import Target

ENDINGS = ("", "/cancel", "/archive", "/close")
"""What may stand behind a thing's own path to be rid of it; nothing at all is DELETE."""


class Leftover(Struct, frozen=True):
    """One thing that was made, and what became of it: removed, called off, or left."""

    operation: str
    id: str
    became: str


class Made(Struct):
    """Things made so far, by the operation that made them, each once."""

    things: dict[tuple[str, str], None] = {}

    def note(self, contract: Contract, exchanges: Iterable[Exchange]) -> None:
        """Remember what these answers say was made."""
        for exchange in exchanges:
            operation = contract.operations.get(exchange.operation)
            body = exchange.json if exchange.status == 201 else None
            if operation is not None and makes(contract, operation) and isinstance(body, dict) and "id" in body:
                self.things.setdefault((operation.id, str(body["id"])))


def removed(target: Target, made: Made) -> list[Leftover]:
    """Be rid of what was made, the newest first."""
    return [_removed(target, *thing) for thing in reversed(made.things)]


def _removed(target: Target, operation_id: str, id: str) -> Leftover:
    operation = target.contract.operations[operation_id]
    bench = Bench(target, operation.surface, writes=True)
    for ending in ENDINGS:
        remover = _remover(target.contract, operation, ending)
        if remover is None:
            continue
        exchange = bench.ask(remover, bench.recipes.about(remover, id))
        if exchange.good:
            return Leftover(operation_id, id, "removed" if not ending else f"called off ({remover.id})")
    return Leftover(operation_id, id, "left: nothing of the API removes it")


def _remover(contract: Contract, operation: Operation, ending: str) -> Operation | None:
    """DELETE of the thing's own path, or POST to a word behind it."""
    method = "POST" if ending else "DELETE"
    for each in contract.surfaces[operation.surface].operations:
        parts = each.path.removeprefix(f"{operation.path}/").partition("/")
        own = parts[0].startswith("{") and parts[0].endswith("}") and each.path.startswith(f"{operation.path}/")
        if each.built and each.method == method and own and f"/{parts[2]}".rstrip("/") == ending:
            return each
    return None
