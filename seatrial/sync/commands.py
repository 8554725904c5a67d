"""The commands about syncing, as typer has them: they parse, and ask the part that does the work."""

import inspect
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from mock_servers.core.refusal import UsageError

ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="Whose connections: a TOML file.")]
LedgerAt = Annotated[str, typer.Option("--ledger", help="A SQLite file, or postgresql://…, instead of the file's own.")]
Fakes = Annotated[bool, typer.Option("--fakes", help="The running fakes. [default: when no --config is given]")]
World = Annotated[str, typer.Option("--world", "-w", help="Which world of the fakes.")]
Wms = Annotated[str, typer.Option("--wms", help="Which of the fakes is the warehouse, where several could be.")]
PortBase = Annotated[int | None, typer.Option("--port-base", help="The admin port of the fakes that are meant.")]
Reason = Annotated[str, typer.Option("--reason", help="All of this reason.")]
Kind = Annotated[str, typer.Option("--kind", help="All of this kind: deliver, ship, level, …")]
Order = Annotated[str, typer.Option("--order", help="All of this order: the id its cart has for it, or cart:id.")]
All = Annotated[bool, typer.Option("--all", help="Every one there is.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Address = Annotated[str, typer.Argument(help="Where `seatrial sync --webhooks` is reached: https://hooks.example.com.")]
Key = Annotated[str, typer.Argument(help="Its key, as the list has it.")]

queue = typer.Typer(
    no_args_is_help=True, help="The error queue: what a person has to look at, and what to do about it."
)
hooks = typer.Typer(
    no_args_is_help=True, help="The webhooks that vendors send us: which there are, and having them sent."
)
Command = Callable[..., None]


def add_to(app: typer.Typer) -> None:
    """Add `sync`, `status`, `queue …`, `hooks …`, `reconcile` and `crash`."""
    app.command()(sync)
    app.command()(status)
    app.add_typer(queue, name="queue")
    app.add_typer(hooks, name="hooks")
    app.command()(reconcile)
    app.command()(crash)


def about_a_sync(does: Command) -> Command:
    """The command with the options that say whose connections, which ledger and which fakes; it is given them as one
    `source`."""
    own = [each for each in inspect.signature(does).parameters.values() if each.name != "source"]

    @wraps(does)
    def command(**given: Any) -> None:
        from seatrial.sync.run import Source

        does(source=Source(**{name: given.pop(name) for name in SOURCE}), **given)

    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=usual, annotation=kind)
        for name, (kind, usual) in SOURCE.items()
    ]
    words = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    command.__signature__ = inspect.Signature([*words, *options])  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in (*words, *options)}
    return command


SOURCE: dict[str, tuple[Any, Any]] = {
    "config": (ConfigFile, None),
    "fakes": (Fakes, False),
    "ledger": (LedgerAt, ""),
    "world": (World, "default"),
    "wms": (Wms, ""),
    "port_base": (PortBase, None),
}


@about_a_sync
def sync(
    source: Any,
    once: Annotated[bool, typer.Option("--once", help="Until everything is at rest, and no longer.")] = False,
    patience: Annotated[str, typer.Option(help="With --once: how long at most; 90, 15m, 6h or 2d.")] = "10m",
    runner: Annotated[str, typer.Option(help="local, or dbos: several machines on one PostgreSQL.")] = "local",
    workers: Annotated[int, typer.Option(min=1, max=64, help="So many processes.")] = 1,
    webhooks: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Take webhooks in on this port, at /<connection>.")
    ] = None,
    webhooks_host: Annotated[str, typer.Option(help="Where to listen for them.")] = "127.0.0.1",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but the table in the end.")] = False,
    as_worker: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Keep orders, parcels and stock in step: real connectors, against real vendors or the running fakes.

    Ends with 0, with 1 when something is in the error queue or nothing came to rest, with 2 when it cannot start.
    """
    from seatrial.sync.run import SyncSettings, run

    if runner not in ("local", "dbos"):
        raise UsageError(f"a runner is local or dbos, not {runner!r}")
    settings = SyncSettings(
        source=source,
        once=once,
        patience=_length(patience),
        runner="dbos" if runner == "dbos" else "local",
        workers=workers,
        webhooks_port=webhooks,
        webhooks_host=webhooks_host,
        quiet=quiet,
        worker=as_worker,
    )
    _ended(run(settings))


@about_a_sync
def status(
    source: Any,
    within: Annotated[str, typer.Option("--within", help="Of what was concluded in so long: 90m, 6h or 7d.")] = "1d",
    as_json: AsJson = False,
) -> None:
    """Is it working? Success, speed and freshness, out of the ledger alone; ends with 1 when a person has to look."""
    from seatrial.sync import status as figures

    _ended(figures.status(source, _length(within), as_json=as_json))


@hooks.command("list")
@about_a_sync
def list_hooks(source: Any, as_json: AsJson = False) -> None:
    """Every webhook that the vendors know of."""
    from seatrial.sync import subscribing

    _ended(subscribing.listed(source, as_json=as_json))


@hooks.command("add")
@about_a_sync
def add_hooks(source: Any, address: Address) -> None:
    """Have the vendors send what tells of orders there, to /<connection>. Twice is once."""
    from seatrial.sync import subscribing

    _ended(subscribing.added(source, address))


@hooks.command("remove")
@about_a_sync
def remove_hooks(source: Any, address: Address) -> None:
    """Have them send nothing there any more."""
    from seatrial.sync import subscribing

    _ended(subscribing.removed(source, address))


@queue.command("list")
@about_a_sync
def list_letters(
    source: Any,
    reason: Reason = "",
    kind: Kind = "",
    order: Order = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What went wrong and waits for somebody; ends with 1 when there is anything."""
    from seatrial.sync import desk

    which = desk.Which(reason=reason, kind=kind, order=order)
    _ended(desk.list_letters(source, which, limit, as_json=as_json))


@queue.command()
@about_a_sync
def show(
    source: Any,
    key: Key,
) -> None:
    """Everything about one of them: what was to be sent, what came back, what to do next."""
    from seatrial.sync import desk

    desk.show(source, key)


@queue.command()
@about_a_sync
def replay(
    source: Any,
    key: Annotated[str, typer.Argument(help="Its key; without one, all that the options say.")] = "",
    reason: Reason = "",
    kind: Kind = "",
    order: Order = "",
    every: All = False,
) -> None:
    """Have it done again with what is known now. One whose outcome nobody knows is looked up first."""
    from seatrial.sync import desk

    which = desk.Which(key, reason, kind, order, every)
    _ended(desk.replay(source, which))


@queue.command()
@about_a_sync
def resolve(
    source: Any,
    key: Key,
    remote: Annotated[str, typer.Argument(help="The id it has at the vendor.")],
) -> None:
    """It has been done, by hand or by somebody else."""
    from seatrial.sync import desk

    _ended(desk.resolve(source, key, remote))


@queue.command()
@about_a_sync
def skip(
    source: Any,
    key: Annotated[str, typer.Argument(help="Its key; without one, all that the options say.")] = "",
    reason: Reason = "",
    kind: Kind = "",
    order: Order = "",
    every: All = False,
) -> None:
    """Give it up for good."""
    from seatrial.sync import desk

    which = desk.Which(key, reason, kind, order, every)
    _ended(desk.skip(source, which))


@about_a_sync
def reconcile(
    source: Any,
    since: Annotated[str, typer.Option(help="What changed in the last 90m, 6h or 2d. [default: all there is]")] = "",
    as_json: AsJson = False,
) -> None:
    """Compare both sides, ask again for what is missing, and print every difference found."""
    from seatrial.sync import desk

    _ended(desk.reconcile(source, _length(since) if since else None, as_json=as_json))


def crash(
    kills: Annotated[int, typer.Option(min=1, max=10_000, help="So many for each runner.")] = 50,
    seed: Annotated[int, typer.Option(help="What people do is drawn from it.")] = 1,
    runner: Annotated[str, typer.Option(help="local (SQLite), dbos (PostgreSQL) or both.")] = "both",
    workers: Annotated[int, typer.Option(min=1, max=16, help="Processes on DBOS.")] = 3,
    orders_per_second: Annotated[float, typer.Option(min=0.1, max=100, help="How fast shoppers come.")] = 4.0,
    cart: Annotated[str, typer.Option(help="Which vendor sells.")] = "shopify",
    wms: Annotated[str, typer.Option(help="Which vendor ships.")] = "extensiv_order_manager",
    as_json: AsJson = False,
) -> None:
    """Kill workers of `seatrial sync` with SIGKILL while people act, and see whether anybody can tell.

    One worker on SQLite, several on DBOS and PostgreSQL (its own, or that of SEATRIAL_POSTGRES). Half of the kills
    come when a call has been committed and not a byte of its answer has left. Ends with 1 when something was lost,
    doubled, or differs.
    """
    from seatrial.crash.command import CrashSettings, run

    _ended(run(CrashSettings(kills, runner, workers, seed, orders_per_second, cart, wms, as_json)))


def _length(text: str) -> timedelta:
    """Raises UsageError for what is no length of time."""
    from seatrial.sync.config import duration

    try:
        return duration(text)
    except ValueError:
        raise UsageError(f"{text!r} is no length of time; write 90, 15m, 6h or 2d") from None


def _ended(code: int) -> None:
    if code:
        sys.exit(code)
