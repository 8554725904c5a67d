"""What a person does about a sync: the error queue, and comparing both sides."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

from msgspec import Struct, to_builtins
from rich.text import Text

from connectors.core.errors import ConnectorError
from connectors.sync.engine import Engine
from connectors.sync.ledger import Select
from connectors.sync.queue import Letter, NotInTheQueue
from connectors.sync.reconcile import Drift
from mock_servers.core.refusal import UsageError
from seatrial.console import console, progress, say, table
from seatrial.house import asyncio_run
from seatrial.sync.run import Source, load, opened

WORDS_LENGTH_MAXIMUM = 160
DIFFERENT = 1


class Which(Struct, frozen=True):
    """Which letters are meant. `order` is an order's id or its reference, `shop:123`; `all` has to be said."""

    key: str = ""
    reason: str = ""
    kind: str = ""
    order: str = ""
    all: bool = False

    @property
    def empty(self) -> bool:
        return not (self.key or self.reason or self.kind or self.order or self.all)


def list_letters(source: Source, which: Which, limit: int, *, as_json: bool = False) -> int:
    """Print the queue; answers 1 when somebody has something to do."""
    return with_engine(source, lambda engine: _listed(engine, which, limit, as_json=as_json))


def show(source: Source, key: str) -> int:
    """Print everything about one letter."""
    return with_engine(source, lambda engine: _shown(engine, key))


def replay(source: Source, which: Which) -> int:
    """Have them done again."""
    return with_engine(source, lambda engine: _replayed(engine, which))


def resolve(source: Source, key: str, remote: str) -> int:
    """It has been done."""
    return with_engine(source, lambda engine: _resolved(engine, key, remote))


def skip(source: Source, which: Which) -> int:
    """Give them up."""
    return with_engine(source, lambda engine: _skipped(engine, which))


def reconcile(source: Source, window: timedelta | None, *, as_json: bool = False) -> int:
    """Compare both sides and print every difference; answers 1 when one could not be healed."""
    config = load(source)
    codes: list[int] = []

    async def compared() -> None:
        async with opened(config) as engine:
            since = engine.clock.now() - window if window else None
            try:
                with progress() as bar:
                    bar.add_task("Reading both sides", total=None)
                    found = await engine.reconcile(since)
            except ConnectorError as error:
                raise UsageError(f"both sides could not be read to the end. {error}") from error
            codes.append(_reconciled(found, as_json=as_json))

    asyncio_run(compared())
    return codes[0]


def with_engine(source: Source, act: Callable[[Engine], int]) -> int:
    """Ask or change what the ledger knows; answers the exit code. Raises UsageError where there is no ledger yet."""
    config = load(source)
    codes: list[int] = []

    async def acted() -> None:
        async with opened(config, must_exist=True) as engine:
            codes.append(act(engine))

    asyncio_run(acted())
    return codes[0]


def _select(engine: Engine, which: Which) -> Select:
    return Select(key=which.key, kind=which.kind, reason=which.reason, subject=_reference(engine, which.order))


def _reference(engine: Engine, order: str) -> str:
    """An order's id alone is enough where there is one cart. Raises UsageError."""
    if not order or ":" in order:
        return order
    carts = list(engine.merchant.order_sources)
    if len(carts) != 1:
        raise UsageError(f"say of which cart: {' or '.join(f'{cart}:{order}' for cart in carts)}")
    return f"{carts[0]}:{order}"


def _listed(engine: Engine, which: Which, limit: int, *, as_json: bool) -> int:
    letters = engine.queue(_select(engine, which), limit=limit)
    if as_json:
        print(json.dumps(to_builtins(letters), indent=2))  # noqa: T201 - meant for programs
        return DIFFERENT if letters else 0
    if not letters:
        say("The error queue is empty." if which.empty else "Nothing in the error queue is like that.")
    else:
        rows = [
            (each.key, f"{each.since:%Y-%m-%d %H:%M}", each.reason, _short(each.words), _short(each.next_step))
            for each in letters
        ]
        table("Error queue", ("key", "since", "reason", "what went wrong", "next step"), rows)
        say("seatrial queue show KEY · replay KEY · resolve KEY REMOTE-ID · skip KEY")
    _tell_incidents(engine)
    return DIFFERENT if letters else 0


def _tell_incidents(engine: Engine) -> None:
    rows = [
        (each.subject, f"{each.opened:%Y-%m-%d %H:%M}", each.times, _short(each.words), _short(each.next_step))
        for each in engine.ledger.incidents()
    ]
    if rows:
        table("To look at", ("what", "since", "times", "what was seen", "next step"), rows)


def _shown(engine: Engine, key: str) -> int:
    letter = _letter(engine, key)
    rows = [
        ("key", letter.key),
        ("order or SKU", letter.subject),
        ("where", letter.lane),
        ("since", f"{letter.since:%Y-%m-%d %H:%M:%S} UTC"),
        ("attempts", letter.attempts),
        ("reason", letter.reason),
        ("what went wrong", letter.words),
        ("next step", Text(letter.next_step, "bold")),
    ]
    table(f"{letter.kind} of {letter.subject}", ("", ""), rows)
    if letter.payload:
        say("What was to be sent:")
        console.print_json(letter.payload)
    return DIFFERENT


def _letter(engine: Engine, key: str) -> Letter:
    letters = engine.queue(Select(key=key), limit=1)
    if letters:
        return letters[0]
    effect = engine.ledger.effect(key)
    if effect is None or effect.merchant != engine.merchant.name:
        raise UsageError(f"no effect is called {key!r}; the queue's keys: seatrial queue list")
    raise UsageError(f"{key} is not in the error queue: it is {effect.state}")


def _replayed(engine: Engine, which: Which) -> int:
    keys = engine.replay(_chosen(engine, which))
    _said(keys, "to be done again", "a running `seatrial sync` takes it up, or: seatrial sync --once")
    return 0


def _skipped(engine: Engine, which: Which) -> int:
    _said(engine.skip(_chosen(engine, which)), "given up for good", "")
    return 0


def _resolved(engine: Engine, key: str, remote: str) -> int:
    try:
        engine.resolve(key, remote)
    except NotInTheQueue as error:
        raise UsageError(str(error)) from error
    say(f"{key} is done, as {remote}.")
    return 0


def _chosen(engine: Engine, which: Which) -> Select:
    """Raises UsageError for nobody in particular, and for a key that is not in the queue."""
    if which.empty:
        raise UsageError("say which: a KEY, --reason, --kind, --order, or --all")
    if which.key:
        _letter(engine, which.key)
    return _select(engine, which)


def _said(keys: Sequence[str], what: str, then: str) -> None:
    for key in keys:
        say(key)
    say(f"{len(keys)} {what}{f'; {then}' if keys and then else ''}.")


def _reconciled(found: Sequence[Drift], *, as_json: bool) -> int:
    open_ones = [each for each in found if not each.healed]
    if as_json:
        print(json.dumps(to_builtins(found), indent=2))  # noqa: T201
        return DIFFERENT if open_ones else 0
    if not found:
        say("Both sides agree.")
        return 0
    rows = [
        (each.kind.replace("_", " "), each.subject, each.left, each.right,
         Text("asked for again", "green") if each.healed else Text("FOR A PERSON", "bold red"))
        for each in found
    ]  # fmt: skip
    table("Drift", ("what", "order or SKU", "one side", "other side", ""), rows)
    differences = "difference" if len(found) == 1 else "differences"
    say(f"{len(found)} {differences}; {len(found) - len(open_ones)} will be put right by the next sync.")
    return DIFFERENT if open_ones else 0


def _short(text: str) -> str:
    return text if len(text) <= WORDS_LENGTH_MAXIMUM else text[: WORDS_LENGTH_MAXIMUM - 1] + "…"
