"""`seatrial verify`: whom to ask, with which credentials and how much control; then the laws, and what came of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from contracts.contract import vendors
from mock_servers.core.refusal import UsageError
from mock_servers.core.registry import known
from seatrial import running
from seatrial.admin_client import Admin
from seatrial.console import console, progress, say, table
from seatrial.verify import credentials as opening
from seatrial.verify.admin_control import AdminControl
from seatrial.verify.clock import new_mark, today
from seatrial.verify.law import laws
from seatrial.verify.leftovers import Leftover, Made, removed
from seatrial.verify.places import anywhere, in_process
from seatrial.verify.report import as_json, failure_texts, junit, summary, table_rows, unasked
from seatrial.verify.run import Plan, Result, applicable, verify
from seatrial.verify.target import Target, checked_url, is_loopback

SEED = 20261121


class VerifySettings(Struct, frozen=True):
    """What `seatrial verify` was asked for."""

    vendor: str
    target: str = ""
    auth_target: str = ""
    credentials: Path | None = None
    writes: bool = False
    only: tuple[str, ...] = ()
    junit: Path | None = None
    json: Path | None = None
    port_base: int | None = None


def run(settings: VerifySettings) -> int:
    """Hold the target to the laws and print what came of it. Answers the exit code; raises UsageError."""
    with _target(settings) as target:
        ours = target.control is not None
        plan = Plan(settings.only, settings.writes or ours, today(), new_mark())
        _announce(target)
        made = Made()
        results = _with_progress(target, plan, made)
        leftovers = removed(target, made) if not ours else []
        _write(settings, target, results, leftovers)
        _print(target, results, leftovers)
    return 1 if summary(results)["failed"] else 0


def list_laws(only: tuple[str, ...] = ()) -> None:
    """Print every law there is."""
    chosen = Plan(only=only).chosen() if only else laws()
    rows = (
        (
            law.id,
            law.says,
            "writes" if law.writes else "",
            ", ".join(law.needs) or ("" if law.check else "every answer"),
        )
        for law in chosen
    )
    table(f"{len(chosen)} laws", ("law", "what it says", "", "needs"), rows)


# Whom to ask ---------------------------------------------------------------------------------------------------------


@contextmanager
def _target(settings: VerifySettings) -> Iterator[Target]:
    """The target, ready; whatever was set up for it is taken down again."""
    if settings.vendor not in vendors():
        raise UsageError(f"there is no vendor {settings.vendor!r}; there are: {', '.join(vendors())}")
    target = _own_server(settings) or (_elsewhere(settings) if settings.target else _at_hand(settings.vendor))
    try:
        if not target.near or settings.target:
            _knock(target)
        yield target
    finally:
        try:
            if target.control is not None:
                target.control.close()
        finally:
            target.close()


def _at_hand(vendor: str) -> Target:
    if vendor not in known():
        raise UsageError(f"{vendor} has no fake here; say where its API is: --target URL")
    return in_process(vendor)


def _own_server(settings: VerifySettings) -> Target | None:
    """Our own running server, when the target is one of its base URLs, or when none is given and one is running."""
    if settings.target and not is_loopback(checked_url(settings.target)):
        return None
    found = [
        (env, here)
        for env in _running(settings.port_base)
        if (here := env["vendors"].get(settings.vendor, {}).get("base_url"))
        and (not settings.target or _origin(settings.target) == _origin(here))
    ]
    if not found:
        return None
    if len(found) > 1:
        raise UsageError(f"several servers have {settings.vendor}; say which with --target or --port-base")
    env, here = found[0]
    admin = Admin(env)
    try:
        control = AdminControl(admin, settings.vendor, f"verify-{new_mark()}", SEED)
    except BaseException:
        admin.close()
        raise
    return anywhere(settings.vendor, here, None, opening.Credentials(dict(control.credentials)), control)


def _running(port_base: int | None) -> list[dict[str, Any]]:
    """The servers that may be meant, each as its `env`."""
    if port_base is not None:
        return [running.find(port_base)]
    return [env for _, env in running._alive()]  # noqa: SLF001 - one package; `find` wants just one to be running


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    return parts.scheme, host, parts.port


def _elsewhere(settings: VerifySettings) -> Target:
    url = checked_url(settings.target)
    auth_url = checked_url(settings.auth_target) if settings.auth_target else None
    if settings.credentials is None:
        raise UsageError("say with which credentials: --credentials FILE, a JSON object of names and values")
    return anywhere(settings.vendor, url, auth_url, opening.read(settings.credentials, settings.vendor))


def _knock(target: Target) -> None:
    """Whether anybody is there at all. Raises UsageError."""
    for name in target.base_urls:
        exchange = target.send(name, "GET", "/")
        if exchange.status is None:
            raise UsageError(f"{target.base_urls[name]} does not answer: {target.secrets.hidden(exchange.error)}")
    target.heard.clear()


# What came of it -----------------------------------------------------------------------------------------------------


def _announce(target: Target) -> None:
    where = ", ".join(sorted(set(target.base_urls.values())))
    contract = target.contract.profile.title
    if isinstance(target.control, AdminControl):
        say(f"{contract} at {where}, our own server: in a world made for this and removed after it.")
    elif target.control is not None:
        say(f"{contract} in this process: nothing is serving it, and nothing else was named with --target.")
    else:
        say(f"{contract} at {where}")


def _with_progress(target: Target, plan: Plan, made: Made) -> list[Result]:
    total = len(applicable(target, plan))
    with progress() as bar:
        task = bar.add_task("laws", total=total)

        def each(result: Result) -> None:
            if target.control is None:
                made.note(target.contract, target.heard)
            bar.update(task, advance=1, description=result.law.id)

        return verify(target, plan, each)


def _write(settings: VerifySettings, target: Target, results: list[Result], leftovers: list[Leftover]) -> None:
    makes: tuple[tuple[Path | None, Callable[[], bytes]], ...] = (
        (settings.junit, lambda: junit(settings.vendor, results, target.secrets).encode()),
        (settings.json, lambda: as_json(target, results, leftovers)),
    )
    for path, text in makes:
        if path is not None:
            try:
                path.write_bytes(text())
            except OSError as error:
                raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _print(target: Target, results: list[Result], leftovers: list[Leftover]) -> None:
    table("Laws", ("", "law", "surface", "asked", ""), table_rows(results))
    for text in failure_texts(results, target.secrets):
        console.print(f"\n{text}", markup=False, soft_wrap=True)
    if leftovers:
        rows = [(each.operation, each.id, each.became) for each in leftovers]
        table("Made at the target", ("by", "id", "became"), rows)
    if left := unasked(results):
        table("Not asked", ("times", "why", "of"), [(str(times), why, names) for times, why, names in left])
    counted = summary(results)
    say("\n" + ", ".join(f"{number} {outcome}" for outcome, number in counted.items()))
