"""`seatrial sync`, `queue` and `reconcile`, as somebody types them, against fakes on real ports."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.sync import Ledger
from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from seatrial import running
from seatrial.cli import main

CART, WMS = "shopify", "extensiv_order_manager"
PATIENCE_SECONDS = 40
Typed = tuple[int, str, str]


class Fakes:
    """A running server: people act on its world, from any thread while nobody else does."""

    def __init__(self) -> None:
        self.sandbox = Sandbox((CART, WMS))
        self.sandbox.fill(Size(orders=0, products=3))
        self.world = self.sandbox.world
        self.world.settings[f"{WMS}.limit.default"] = {"limit": 1_000_000}
        self.server = Server(self.sandbox, admin_token="t" * 24)
        self.sku = self.sandbox.world.store.collection(CART, "variant").rows()[0]["sku"]

    @property
    def described(self) -> dict[str, Any]:
        return self.server.described()

    def act(self, vendor: str, action: str, **arguments: Any) -> Any:
        return self._there(lambda: self.world.act(vendor, action, arguments))

    def documents(self, vendor: str, kind: str) -> list[dict[str, Any]]:
        collection = self.world.store.collection(vendor, kind)
        return self._there(lambda: [row.body for row in collection.rows()])

    def buys(self) -> str:
        made = self.act(CART, "checkout", lines=[{"sku": self.sku}])
        return str(made["id"]).rsplit("/", 1)[-1]

    def fault(self, operation: str, kind: Any, **more: Any) -> None:
        self._there(lambda: self.world.faults.plan(WMS, operation, kind, **more))

    def delivered(self) -> list[str]:
        return [order["order_number"] for order in self.documents(WMS, "order")]

    def serve(self) -> None:
        async def served() -> None:
            self.loop = asyncio.get_running_loop()
            await self.server.run(self.ready.set, signals=False)

        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(served()), daemon=True)
        self.thread.start()
        assert self.ready.wait(20)

    def _there(self, does: Callable[[], Any]) -> Any:
        """In the thread of the server, where the world lives."""

        async def done() -> Any:
            return does()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(20)


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fakes]:
    """Announced, so that `seatrial sync` finds them; servers of others are not found."""
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    made = Fakes()
    made.serve()
    with running.announced(made.described, made.server.ports[""]):
        yield made
    made.server.stop()
    made.thread.join(20)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Typed]:
    """Type a command; answers its exit code and what it printed."""

    def ask(*words: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["seatrial", *words])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return ask


def test_once_brings_everything_to_rest_and_a_second_time_finds_nothing(fakes: Fakes, typed: Any) -> None:
    order = fakes.buys()
    code, out, err = typed("sync", "--once")
    assert code == 0
    assert fakes.delivered() == [f"{CART}:{order}"]
    assert "At rest" in out
    assert "deliver" in out
    assert "Seatrial" in err  # the shop's name, by which the credentials were proved
    fakes.act(WMS, "ship", order=f"{CART}:{order}")
    assert typed("sync", "--once", "--quiet")[0] == 0
    assert fakes.documents(CART, "order")[0]["displayFulfillmentStatus"] == "FULFILLED"
    code, out, err = typed("sync", "--once", "--quiet")
    assert (code, err) == (0, "")
    assert "deliver" not in out
    assert len(fakes.delivered()) == 1


def test_the_status_tells_success_speed_and_freshness_and_what_waits_for_a_person(fakes: Fakes, typed: Any) -> None:
    fakes.buys()
    assert typed("sync", "--once", "--quiet")[0] == 0
    code, out, _ = typed("status")
    assert code == 0
    assert all(word in out for word in ("deliver", "half were done in", "100.00% of", "orders", " ago"))
    fakes.buys()
    fakes.fault("createOrder", "refuse", error="invalid_body")
    assert typed("sync", "--once", "--quiet")[0] == 1
    code, out, _ = typed("status", "--within", "6h")
    assert code == 1
    assert "For a person: 1 invalid. See them: seatrial queue list" in out
    told = json.loads(typed("status", "--json")[1])
    assert (told["dead"], told["done"]["deliver"]) == ({"invalid": 1}, 1)
    assert 0 < told["success"] < 1
    assert "is no length of time" in typed("status", "--within", "soon")[2]


def test_hooks_are_subscribed_once_listed_and_taken_back(fakes: Fakes, typed: Any) -> None:
    here, elsewhere = "http://127.0.0.1:9/in", "http://127.0.0.1:9/other"
    assert "No vendor sends us anything" in typed("hooks", "list")[1]
    for _ in range(2):
        code, out, _ = typed("hooks", "add", f"{here}/")
        assert code == 0
        assert f"{here}/{CART}" in out
    assert typed("hooks", "add", elsewhere)[0] == 0
    told = json.loads(typed("hooks", "list", "--json")[1])
    topics = sorted(each["topic"] for each in told if each["uri"] == f"{here}/{CART}")
    assert topics == ["orders/cancelled", "orders/create", "orders/edited", "orders/paid", "orders/updated"]
    assert len(told) == 2 * len(topics)
    assert "5 taken back." in typed("hooks", "remove", here)[1]
    assert {each["uri"] for each in json.loads(typed("hooks", "list", "--json")[1])} == {f"{elsewhere}/{CART}"}


@pytest.mark.parametrize(
    "address", ["nonsense", "ftp://hooks.example.com", "https://", "https://hooks.example.com/?a=b"]
)
def test_an_address_that_is_none_is_refused_and_nobody_is_asked(fakes: Fakes, typed: Any, address: str) -> None:
    for command in ("add", "remove"):
        code, _, err = typed("hooks", command, address)
        assert code == 2
        assert "is no address" in err
    assert fakes.documents(CART, "webhook_subscription") == []


def test_a_vendor_that_does_not_take_a_subscription_is_named(fakes: Fakes, typed: Any) -> None:
    code, _, err = typed("hooks", "add", "https://hooks.myshopify.com")
    assert code == 2
    assert f"{CART} does not take it. webhookSubscriptionCreate" in err
    assert fakes.documents(CART, "webhook_subscription") == []


def test_what_is_refused_waits_for_a_person_who_can_list_show_and_replay_it(fakes: Fakes, typed: Any) -> None:
    order = fakes.buys()
    key = f"deliver:{CART}:{order}"
    fakes.fault("createOrder", "refuse", error="invalid_body")
    code, out, _ = typed("sync", "--once", "--quiet")
    assert code == 1
    assert "For a person: 1" in out

    code, out, _ = typed("queue", "list")
    assert code == 1
    assert all(word in out for word in ("invalid", "Correct what the answer", "replay KEY"))
    assert typed("queue", "list", "--reason", "unknown")[:2] == (0, "Nothing in the error queue is like that.\n")
    assert [letter["key"] for letter in json.loads(typed("queue", "list", "--json", "--order", order)[1])] == [key]

    code, out, _ = typed("queue", "show", key)
    assert code == 0
    assert all(word in out for word in ("422", "createOrder", fakes.sku, "Correct what the answer complains of"))

    code, out, _ = typed("queue", "replay", "--order", order)
    assert (code, out.splitlines()[0]) == (0, key)
    assert typed("queue", "list")[0] == 0
    assert typed("sync", "--once", "--quiet")[0] == 0
    assert fakes.delivered() == [f"{CART}:{order}"]


def test_a_person_can_say_that_it_is_done_or_given_up(fakes: Fakes, typed: Any) -> None:
    first, second = fakes.buys(), fakes.buys()
    fakes.fault("createOrder", "refuse", error="invalid_body", times=2)
    assert typed("sync", "--once", "--quiet")[0] == 1
    assert "is done, as 4711" in typed("queue", "resolve", f"deliver:{CART}:{first}", "4711")[1]
    assert "1 given up for good" in typed("queue", "skip", f"deliver:{CART}:{second}")[1]
    assert typed("sync", "--once", "--quiet")[0] == 0
    assert fakes.delivered() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("replay",), "say which: a KEY, --reason"),
        (("skip",), "say which: a KEY, --reason"),
        (("show", "deliver:x:1"), "no effect is called 'deliver:x:1'"),
        (("resolve", "deliver:x:1", "5"), "deliver:x:1 is not in the error queue"),
        (("replay", "deliver:x:1"), "no effect is called"),
    ],
)
def test_questions_about_nothing_are_answered_in_words(
    fakes: Fakes, typed: Any, words: tuple[str, ...], said: str
) -> None:
    code, _, err = typed("queue", "list")
    assert code == 2
    assert "seatrial sync` makes it" in err  # a question makes no ledger
    ledger = Ledger.open(next(iter(_missing(err))))
    ledger.close()
    code, _, err = typed("queue", *words)
    assert code == 2
    assert said in err


def _missing(err: str) -> Iterator[str]:
    yield err.split("there is no ledger ")[1].split(" yet")[0]


def test_reconciling_prints_what_differs_and_the_next_sync_puts_it_right(fakes: Fakes, typed: Any) -> None:
    order = fakes.buys()
    assert typed("sync", "--once", "--quiet")[0] == 0
    assert typed("reconcile")[:2] == (0, "Both sides agree.\n")
    fakes.act(CART, "count_stock", sku=fakes.sku, quantity=3)
    code, out, _ = typed("reconcile")
    assert code == 0
    assert all(word in out for word in ("wrong level", fakes.sku, "asked for again", "1 difference; 1 will be put"))
    assert typed("sync", "--once", "--quiet")[0] == 0
    assert json.loads(typed("reconcile", "--json")[1]) == []
    assert fakes.delivered() == [f"{CART}:{order}"]


def configured(fakes: Fakes, folder: Path, every: str = "10m") -> tuple[Path, dict[str, str]]:
    """A configuration of these fakes, and the variables its secrets are in."""
    about = fakes.described["vendors"]
    shop, wms = about[CART]["credentials"], about[WMS]["credentials"]
    place = min(row["id"].rsplit("/", 1)[-1] for row in fakes.documents(CART, "location"))
    path = folder / "acme.toml"
    path.write_text(
        f"""
        merchant = "acme"
        [[carts]]
        connection = "shop"
        vendor = "{CART}"
        shop = "{shop["shop"]}"
        base_url = "{about[CART]["base_url"]}"
        access_token = "env:SHOP_TOKEN"
        location_id = "{place}"
        activate_missing = true
        [wms]
        vendor = "{WMS}"
        client_id = "{wms["client_id"]}"
        client_secret = "env:WMS_SECRET"
        base_url = "{about[WMS]["base_url"]}"
        auth_base_url = "{about[WMS]["base_url"]}"
        [every]
        order_download = "{every}"
        order_delivery = "{every}"
        """
    )
    return path, {"SHOP_TOKEN": shop["access_token"], "WMS_SECRET": wms["client_secret"]}


def test_from_a_file_with_secrets_in_the_environment(
    fakes: Fakes, typed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, secrets = configured(fakes, tmp_path)
    monkeypatch.setenv("SHOP_TOKEN", secrets["SHOP_TOKEN"])
    monkeypatch.setenv("WMS_SECRET", secrets["WMS_SECRET"])
    order = fakes.buys()
    code, out, err = typed("sync", "--once", "--config", str(path))
    assert code == 0
    assert fakes.delivered() == [f"shop:{order}"]
    assert (tmp_path / "acme.ledger").exists()
    assert secrets["SHOP_TOKEN"] not in out + err
    monkeypatch.setenv("WMS_SECRET", "wrong")
    code, _, err = typed("sync", "--once", "--config", str(path))
    assert code == 2
    assert f"{WMS} does not let us in" in err
    assert "Check the credentials" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--runner", "dbos"), "needs a ledger in PostgreSQL"),
        (("--runner", "celery"), "a runner is local or dbos"),
        (("--once", "--workers", "2"), "--once runs in one process"),
        (("--once", "--patience", "soon"), "no length of time"),
        (("--ledger", "mysql://x"), "a file or at postgresql://"),
        (("--fakes", "--config", "x"), "two answers to one question"),
        (("--wms", CART), "is no warehouse system"),
        (("--webhooks", "70000"), "'--webhooks'"),
    ],
)
def test_what_cannot_be_is_one_line(fakes: Fakes, typed: Any, words: tuple[str, ...], said: str) -> None:
    code, out, err = typed("sync", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_without_a_file_and_without_fakes_it_says_what_to_do(
    typed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    code, _, err = typed("sync")
    assert code == 2
    assert "--config FILE" in err
    assert "seatrial serve" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("queue", "lst"), "seatrial: No such command 'lst'. Did you mean 'list'? Try: seatrial queue --help"),
        (("queue", "list", "--resaon", "x"), "seatrial: No such option: --resaon"),
        (("queue", "resolve", "deliver:x:1"), "seatrial: Missing argument 'remote'. Try: seatrial queue resolve"),
        (("reconcile", "--since", "ages"), "seatrial: 'ages' is no length of time; write 90, 15m, 6h or 2d"),
        (("queue", "show", "x", "--config", "none.toml"), "seatrial: none.toml cannot be read: No such file"),
    ],
)
def test_what_is_mistyped_is_one_line_too(typed: Any, words: tuple[str, ...], said: str) -> None:
    code, out, err = typed(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(said)


def test_a_group_without_a_command_answers_with_its_commands(typed: Any) -> None:
    code, _, err = typed("queue")
    assert code == 2
    assert err.startswith("Usage: seatrial queue")
    assert "replay" in err


# Processes of their own -----------------------------------------------------------------------------------------------


class Process:
    """A running `seatrial sync`, and the lines it says."""

    def __init__(self, *words: str, **environ: str) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-m", "seatrial", "sync", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environ,
        )
        self.lines: list[str] = []

    def until(self, word: str) -> str:
        """The line that holds the word; the time limit of the whole is the watchdog's."""
        assert self.running.stderr is not None
        for line in self.running.stderr:
            self.lines.append(line.rstrip())
            if word in line:
                return line.rstrip()
        raise AssertionError(f"it ended without saying {word!r}: {self.lines}")

    def end(self, sign: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and what it printed."""
        self.running.send_signal(sign)
        out, _ = self.running.communicate(timeout=PATIENCE_SECONDS)
        return self.running.returncode, out


@pytest.fixture
def started() -> Iterator[Callable[..., Process]]:
    """Start one; whatever happens it is gone afterwards, and nobody waits for it for ever."""
    made: list[Process] = []
    watchdogs: list[threading.Timer] = []

    def start(*words: str, **environ: str) -> Process:
        made.append(Process(*words, **environ))
        watchdogs.append(threading.Timer(PATIENCE_SECONDS, made[-1].running.kill))
        watchdogs[-1].start()
        return made[-1]

    yield start
    for watchdog, process in zip(watchdogs, made, strict=True):
        watchdog.cancel()
        if process.running.poll() is None:
            process.running.kill()
        process.running.communicate()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_it_is_stopped_and_gives_its_leases_back(fakes: Fakes, started: Any, sign: int) -> None:
    order = fakes.buys()
    process = started()
    path = process.until("Ledger: ").split("Ledger: ")[1]
    process.until(f"deliver:{CART}:{order}: done")
    code, out = process.end(sign)
    assert code == 0
    assert "Effects of fakes" in out
    ledger = Ledger.open(path)
    for lane in (CART, WMS):
        row = ledger.lane(lane)
        assert row is not None
        assert row.owner == ""
    ledger.close()


def test_webhooks_bring_an_order_in_before_its_feed_is_due(fakes: Fakes, started: Any) -> None:
    process = started("--webhooks", "0")
    url = process.until(f"Webhooks of {CART}: ").split(": ")[1]
    _subscribe(fakes, url)
    order = fakes.buys()
    process.until(f"deliver:{CART}:{order}: done")
    assert process.end()[0] == 0
    (delivery,) = fakes.documents(CART, "webhook_delivery")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [200]


def _subscribe(fakes: Fakes, url: str) -> None:
    about = fakes.described["vendors"][CART]
    query = """mutation ($uri: String!) { webhookSubscriptionCreate(topic: ORDERS_CREATE,
      webhookSubscription: {uri: $uri}) { userErrors { message } } }"""
    answer = httpx.post(
        f"{about['base_url']}/admin/api/2026-10/graphql.json",
        json={"query": query, "variables": {"uri": url}},
        headers={"X-Shopify-Access-Token": about["credentials"]["access_token"]},
        trust_env=False,
    )
    assert answer.json()["data"]["webhookSubscriptionCreate"]["userErrors"] == []


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("this system does not say which processes are whose")
    return [int(word) for word in path.read_text().split()]


def test_a_worker_that_is_killed_is_started_anew_and_all_end_together(
    fakes: Fakes, started: Any, tmp_path: Path
) -> None:
    path, secrets = configured(fakes, tmp_path, every="1s")
    order = fakes.buys()
    process = started("--workers", "2", "--config", str(path), **secrets)
    process.until(f"deliver:shop:{order}: done")
    workers = children(process.running.pid)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    assert "ended with -9; it is started anew" in process.until("started anew")
    another = fakes.buys()
    process.until(f"deliver:shop:{another}: done")
    workers += children(process.running.pid)
    code, _ = process.end()
    assert code == 0
    assert not [pid for pid in workers if Path(f"/proc/{pid}/cmdline").exists()]


def test_a_worker_ends_when_the_one_that_watches_it_is_gone(fakes: Fakes, started: Any) -> None:
    """Also when that one was killed and could say nothing: the pipe between them ends."""
    worker = started("--as-worker", "w1").running
    assert json.loads(worker.stdout.readline())["type"] == "PassStarted"
    worker.communicate(timeout=PATIENCE_SECONDS)  # closes its stdin
    assert worker.returncode == 0
