"""The command `seatrial`. Each command parses, asks the part that does the work, and prints what came of it."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mock_servers.core.refusal import UsageError
from seatrial import __version__
from seatrial.console import console, errors, fail, progress, say, table
from seatrial.sync import commands as sync_commands

if TYPE_CHECKING:
    from seatrial.admin_client import Admin

app = typer.Typer(
    name="seatrial",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Faithful fakes of commerce vendors, real connectors, and a sync engine: the whole integration, offline.",
)

World = Annotated[str, typer.Option("--world", "-w", help="Which world.")]
PortBase = Annotated[int | None, typer.Option("--port-base", help="The admin port of the server that is meant.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Only = Annotated[str, typer.Option("--only", help="Just these vendors, with commas between.")]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Faithful fakes of commerce vendors, real connectors, and a sync engine: the whole integration, offline."""
    if version:
        say(f"seatrial {__version__}")
        raise typer.Exit


@app.command()
def serve(
    only: Only = "",
    host: Annotated[
        str, typer.Option(help="Where to listen. Beyond loopback, credentials are secret ones.")
    ] = "127.0.0.1",
    port_base: Annotated[
        int | None,
        typer.Option(help="Admin here, the vendors on the next ports in alphabetical order. [default: 8400]"),
    ] = None,
    state: Annotated[str, typer.Option(help="Keep the state in a SQLite file, or at a postgresql:// URL.")] = "",
    seed: Annotated[int, typer.Option(help="The default world's seed: the same seed is the same world.")] = 1,
    orders: Annotated[int, typer.Option(min=0, help="Orders to begin with, for each vendor that has any.")] = 20,
    products: Annotated[int, typer.Option(min=1, help="Products to begin with.")] = 50,
    clock: Annotated[
        str, typer.Option(help="real, or manual: it stands still until `seatrial clock` moves it.")
    ] = "real",
    webhook_host: Annotated[
        list[str] | None, typer.Option(help="A host beyond loopback that webhooks may be delivered to.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Serve the fakes until interrupted: one port for each vendor, one for the admin API."""
    from seatrial import house

    settings = house.ServeSettings(
        only=_names(only),
        host=host,
        port_base=port_base,
        state=state or None,
        seed=seed,
        orders=orders,
        products=products,
        clock=clock,
        webhook_hosts=tuple(webhook_host or ()),
    )
    house.serve(settings, on_ready=None if quiet else _announce)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the fakes up afterwards, to poke at.")] = False,
    port_base: Annotated[int | None, typer.Option(help="Admin here, the vendors on the next ports.")] = None,
    cart: Annotated[str, typer.Option(help="Just the story of this cart (a vendor).")] = "",
    warehouse: Annotated[str, typer.Option(help="Just the story of this warehouse system (a vendor).")] = "",
) -> None:
    """A shop's day for each vendor, offline: orders, parcels, stock, everything that goes wrong; then compare sides."""
    from seatrial import demo as story

    raise typer.Exit(story.run(story.chosen(cart, warehouse), keep=keep, port_base=port_base))


@app.command()
def env(as_json: AsJson = False, world: World = "default", port_base: PortBase = None) -> None:
    """Where the running fakes are and with which credentials: as shell exports, or as JSON."""
    with _admin(port_base) as admin:
        described = admin.get("/env", world=world)
    if as_json:
        print(json.dumps(described, indent=2))  # noqa: T201 - meant for programs, without any dressing
        return
    for name, value in _exports(described):
        print(f"export {name}={shlex.quote(value)}")  # noqa: T201


@app.command()
def seed(
    orders: Annotated[int, typer.Option(min=0, help="How many orders.")] = 20,
    products: Annotated[int, typer.Option(min=1, help="How many products.")] = 50,
    vendor: Annotated[str, typer.Option(help="Only this vendor.")] = "",
    world: World = "default",
    port_base: PortBase = None,
) -> None:
    """Fill a world with made-up shops, people, products and orders."""
    form = {"orders": orders, "products": products, "vendor": vendor or None}
    with _admin(port_base) as admin, progress() as bar:
        tasks: dict[str, Any] = {}
        for step in admin.lines(f"/worlds/{world}/seed", form):
            if "vendor" in step:
                name = step["vendor"]
                if name not in tasks:
                    tasks[name] = bar.add_task(name, total=step["of"])
                bar.update(tasks[name], completed=step["made"])
    say(f"World {world} is seeded; `seatrial reset` comes back to this.")


@app.command()
def reset(world: World = "default", port_base: PortBase = None) -> None:
    """Put a world back as it was seeded."""
    with _admin(port_base) as admin:
        admin.post(f"/worlds/{world}/reset")
    say(f"World {world} is as it was seeded.")


@app.command()
def worlds(
    create: Annotated[str, typer.Option(help="Make a new world of this name.")] = "",
    delete: Annotated[str, typer.Option(help="End a world.")] = "",
    port_base: PortBase = None,
) -> None:
    """List the worlds of the running server, make one, or end one."""
    with _admin(port_base) as admin:
        if create:
            admin.post("/worlds", {"name": create})
            say(f"World {create} is there; `seatrial env --world {create}` prints its credentials.")
        if delete:
            admin.delete(f"/worlds/{delete}")
            say(f"World {delete} is gone.")
        if create or delete:
            return
        found = admin.get("/worlds")
    rows = [(each["name"], each["seed"], each["clock"]["mode"], each["clock"]["now"]) for each in found]
    table("Worlds", ("name", "seed", "clock", "now"), rows)


@app.command()
def clock(
    advance: Annotated[str, typer.Option(help="Move on by 90, 15m, 6h or 2d; what comes due on the way is done.")] = "",
    mode: Annotated[str, typer.Option(help="real or manual.")] = "",
    now: Annotated[str, typer.Option(help="Move on to this moment, ISO-8601.")] = "",
    world: World = "default",
    port_base: PortBase = None,
) -> None:
    """Read a world's clock, move it, make it stand still or run."""
    change = {
        "advance_seconds": _seconds(advance) if advance else None,
        "mode": mode or None,
        "now": now or None,
    }
    changed = any(value is not None for value in change.values())
    with _admin(port_base) as admin:
        read = admin.post(f"/worlds/{world}/clock", change) if changed else admin.get(f"/worlds/{world}/clock")
    say(f"{read['now']} ({read['mode']})")


@app.command()
def faults(
    vendor: Annotated[str, typer.Argument(help="The vendor, or *.")] = "",
    operation: Annotated[str, typer.Argument(help="The operation, webhook:<topic>, or *.")] = "*",
    kind: Annotated[
        str, typer.Argument(help="refuse, throttle, drop, revoke, lose, cut, repeat, late, delay, reorder.")
    ] = "",
    times: Annotated[int, typer.Option(help="For how many calls; 0 for all to come.")] = 1,
    chance: Annotated[float, typer.Option(help="How likely at each call, drawn from the world's seed.")] = 1.0,
    seconds: Annotated[float, typer.Option(help="For late, delay and throttle.")] = 1.0,
    error: Annotated[str, typer.Option(help="For refuse: the refusal's name in the contract.")] = "",
    clear: Annotated[bool, typer.Option("--clear", help="Take every plan back.")] = False,
    world: World = "default",
    port_base: PortBase = None,
) -> None:
    """List the failures to come, plan one, or clear them."""
    if vendor and not kind:
        raise UsageError("say which fault: seatrial faults VENDOR OPERATION KIND")
    with _admin(port_base) as admin:
        if clear:
            admin.delete(f"/worlds/{world}/faults")
        if vendor:
            form = {"vendor": vendor, "operation": operation, "kind": kind, "times": times or None, "chance": chance}
            admin.post(f"/worlds/{world}/faults", form | {"seconds": seconds, "error": error})
        planned = admin.get(f"/worlds/{world}/faults")
    rows = [
        (each["number"], each["vendor"], each["operation"], each["kind"], each["times"] or "all", each["chance"])
        for each in planned
    ]
    table(f"Faults to come in {world}", ("no.", "vendor", "operation", "kind", "times", "chance"), rows)


@app.command()
def journal(
    vendor: Annotated[str, typer.Option(help="Only this vendor.")] = "",
    operation: Annotated[str, typer.Option(help="Only this operation.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The last so many.")] = 20,
    as_json: AsJson = False,
    world: World = "default",
    port_base: PortBase = None,
) -> None:
    """What was asked and answered, with the rule behind each refusal; secrets are left out."""
    with _admin(port_base) as admin:
        entries = admin.get(f"/worlds/{world}/journal", vendor=vendor or None, operation=operation or None, limit=limit)
    if as_json:
        print(json.dumps(entries, indent=2))  # noqa: T201
        return
    rows = [
        (each["number"], each["at"], each["vendor"], f"{each['method']} {each['target']}", each["operation"],
         each["status"] or "none", each["rule"], each["fault"])
        for each in entries
    ]  # fmt: skip
    columns = ("no.", "at", "vendor", "request", "operation", "status", "refused by", "fault")
    table(f"Journal of {world}", columns, rows)


@app.command()
def deliveries(
    vendor: Annotated[str, typer.Option(help="Only this vendor.")] = "",
    state: Annotated[str, typer.Option(help="pending, delivered, failed or dropped.")] = "",
    redeliver: Annotated[str, typer.Option(help="Send this one again (needs --vendor).")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The last so many.")] = 20,
    as_json: AsJson = False,
    world: World = "default",
    port_base: PortBase = None,
) -> None:
    """Webhooks that left or are to leave, with every attempt; or send one again."""
    if redeliver and not vendor:
        raise UsageError("say whose: seatrial deliveries --vendor VENDOR --redeliver NUMBER")
    with _admin(port_base) as admin:
        if redeliver:
            admin.post(f"/worlds/{world}/deliveries/{vendor}/{redeliver}/redeliver")
        found = admin.get(f"/worlds/{world}/deliveries", vendor=vendor or None, state=state or None, limit=limit)
    if as_json:
        print(json.dumps(found, indent=2))  # noqa: T201
        return
    rows = [
        (each["id"], each["vendor"], each["topic"], each["url"], each["state"], len(each["attempts"]), _last(each))
        for each in found
    ]
    table(f"Webhooks of {world}", ("no.", "vendor", "topic", "to", "state", "tries", "last answer"), rows)


@app.command()
def act(
    vendor: Annotated[str, typer.Argument(help="The vendor; without one, every action is listed.")] = "",
    action: Annotated[str, typer.Argument(help="What somebody does there.")] = "",
    arguments: Annotated[list[str] | None, typer.Argument(help="name=value; a value may be JSON.")] = None,
    world: World = "default",
    port_base: PortBase = None,
) -> None:
    """Do what people do at a vendor: a shopper checks out, a clerk ships, somebody cancels or counts stock."""
    with _admin(port_base) as admin:
        if not vendor or not action:
            _list_actions(admin.get(f"/worlds/{world}/actions"), vendor)
            return
        result = admin.post(f"/worlds/{world}/actions/{vendor}/{action}", _form(arguments or []))
    console.print_json(data=result)


@app.command()
def fidelity(
    vendor: Annotated[str, typer.Argument(help="The vendor, with every row; without one, the numbers of all.")] = "",
    as_json: AsJson = False,
    html: Annotated[str, typer.Option(help="Write a page of HTML to this file.")] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Bring the tables in the vendors' READMEs up to date.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Run our own tests, note which stand behind what, and --write.")
    ] = False,
) -> None:
    """How sure we are of each thing we imitate: where it was read, when, and which tests stand behind it."""
    from seatrial.fidelity import command

    command.run(command.Wanted(vendor=vendor, as_json=as_json, html=html, write=write, record=record))


@app.command()
def verify(
    vendor: Annotated[str, typer.Argument(help="Whose contract.")] = "",
    target: Annotated[
        str, typer.Option(help="The API's base URL. [default: the running server's, else a fake in this process]")
    ] = "",
    auth_target: Annotated[str, typer.Option(help="Where tokens are given, if somewhere else.")] = "",
    credentials: Annotated[
        Path | None, typer.Option(help="A JSON file of names and values, as `seatrial env --json` prints them.")
    ] = None,
    writes: Annotated[
        bool,
        typer.Option("--writes", help="Change things there too; what was made is listed, and removed if it can be."),
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help="Just this law or family; may be repeated.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON to this file.")] = None,
    list_laws: Annotated[bool, typer.Option("--list", help="List the laws and ask nobody.")] = False,
    port_base: PortBase = None,
) -> None:
    """Hold an API to its vendor's contract: a fake, a sandbox of the vendor's, or a stand-in of your own."""
    from seatrial.verify import command

    if list_laws:
        command.list_laws(tuple(only or ()))
        return
    if not vendor:
        raise UsageError("say whose contract: seatrial verify VENDOR")
    code = command.run(
        command.VerifySettings(
            vendor, target, auth_target, credentials, writes, tuple(only or ()), junit, json_file, port_base
        )
    )
    if code:
        sys.exit(code)


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="The first seed: the same seed is the same run, to the last byte.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, one after the other, on every core.")] = 1,
    days: Annotated[float, typer.Option(min=0.05, max=60, help="Days of traffic, in virtual time.")] = 1.0,
    orders: Annotated[int, typer.Option(min=1, max=100_000, help="Orders in all, spread over the days.")] = 40,
    faults: Annotated[str, typer.Option(help="none, mild or harsh.")] = "harsh",
    twice: Annotated[bool, typer.Option("--twice", help="Run each seed again and compare the traces.")] = False,
    story: Annotated[
        str, typer.Option(help="Tell what became of one order of the first seed: shop:6100000000001.")
    ] = "",
    cart: Annotated[list[str] | None, typer.Option(help="Who sells (a vendor); may be repeated.")] = None,
    warehouse: Annotated[str, typer.Option(help="Who ships (a vendor).")] = "",
    as_json: AsJson = False,
) -> None:
    """A merchant's days in virtual time, with everything going wrong; then both sides are compared."""
    from seatrial.simulation import command

    wanted = command.Wanted(
        seed, seeds, days, orders, command.checked_profile(faults), twice, as_json, story,
        carts=tuple(cart or ()), warehouse=warehouse,
    )  # fmt: skip
    raise typer.Exit(command.run(wanted))


@app.command()
def matrix(
    call: Annotated[
        list[str] | None, typer.Option(help="Just this write (deliver, fulfill, …); may be repeated.")
    ] = None,
    vendor: Annotated[list[str] | None, typer.Option(help="Just this vendor's writes; may be repeated.")] = None,
    sweep: Annotated[bool, typer.Option(help="Also re-run a whole day with a fault at each of its calls.")] = True,
    as_json: AsJson = False,
) -> None:
    """Every write of every connector under every fault, through the engine: exactly once, or told to a person."""
    from seatrial.matrix import command as every

    raise typer.Exit(every.run(every.Wanted(sweep, as_json, tuple(call or ()), tuple(vendor or ()))))


sync_commands.add_to(app)

# Typer brings a click of its own, or uses the one installed; its public `BadParameter` leads to either's base class.
CommandLineError: Any = typer.BadParameter.__mro__[2]


def main() -> None:
    """The command's entry. What cannot be done is one clear line and exit code 2."""
    try:
        code = app(prog_name="seatrial", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except UsageError as error:
        fail(str(error))
    except CommandLineError as error:
        context, words = getattr(error, "ctx", None), error.format_message().rstrip(".")
        if context and words.startswith("Usage:"):  # nothing was asked for: what could be is the answer
            errors.print(words, markup=False, soft_wrap=True)
            sys.exit(2)
        help_line = f" Try: {context.command_path} --help" if context else ""
        fail(f"{words}{'' if words.endswith('?') else '.'}{help_line}")
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)


def _admin(port_base: int | None) -> "Admin":
    from seatrial.admin_client import Admin

    return Admin.of_running(port_base)


def _names(text: str) -> tuple[str, ...] | None:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return names or None


def _seconds(text: str) -> float:
    """90, 90s, 15m, 6h, 2d."""
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(text[-1:])
    try:
        return float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no length of time; write 90, 15m, 6h or 2d") from None


def _form(arguments: list[str]) -> dict[str, Any]:
    form = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise UsageError(f"{argument!r} is not name=value")
        form[name] = _json(name, value) if value[:1] in {"{", "["} else value
    return form


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{name} begins like JSON but is none: {error}") from error


def _list_actions(actions: list[dict[str, Any]], vendor: str) -> None:
    rows = [
        (each["vendor"], each["action"], _arguments(each["arguments"]), each["says"].splitlines()[0])
        for each in actions
        if vendor in {"", each["vendor"]}
    ]
    table("What people can do", ("vendor", "action", "arguments", ""), rows)


def _arguments(schema: dict[str, Any]) -> str:
    form = next(iter(schema.get("$defs", {}).values()), schema)
    form = schema["$defs"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else form
    needed = set(form.get("required", ()))
    return " ".join(name if name in needed else f"[{name}]" for name in form.get("properties", {}))


def _exports(described: dict[str, Any]) -> list[tuple[str, str]]:
    exports = [
        ("SEATRIAL_ADMIN_URL", described["admin"]["base_url"]),
        ("SEATRIAL_ADMIN_TOKEN", described["admin"]["token"]),
    ]
    for vendor, about in described["vendors"].items():
        prefix = f"SEATRIAL_{vendor.upper()}"
        exports.append((f"{prefix}_URL", about["base_url"]))
        exports += [(f"{prefix}_{name.upper()}", value) for name, value in about["credentials"].items()]
    return exports


def _last(delivery: dict[str, Any]) -> str:
    attempts = delivery["attempts"]
    return str(attempts[-1]["status"] or attempts[-1]["error"]) if attempts else ""


def _announce(described: dict[str, Any]) -> None:
    rows = [
        (vendor, about["base_url"], "\n".join(f"{name}: {value}" for name, value in about["credentials"].items()))
        for vendor, about in described["vendors"].items()
    ]
    table("Seatrial is up", ("vendor", "base URL", "credentials"), rows)
    say(f"Admin API: {described['admin']['base_url']} (its pages at /docs; `seatrial env` prints the token)")
    say("Ctrl-C ends it.")
