"""`seatrial verify` against servers: ours, which it controls, and somebody's, which it only asks."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from mock_servers.core.refusal import UsageError
from mock_servers.core.registry import known
from seatrial import house, running
from seatrial.cli import main
from seatrial.verify import command
from seatrial.verify.law import laws

DEEP = bool(os.environ.get("SEATRIAL_DEEP"))
FAMILIES = ("auth", "lost", "versions", "webhooks")
"""What is asked of a server in every run; deep, it is everything."""
ASKED_OF_SOMEBODY = (
    "answers.are_as_documented",
    "auth.absent_credential_is_refused",
    "errors.unknown_query_is_taken_as_the_profile_says",
)
"""Fewer calls than a minute allows: a server that is not ours is waited for in real time."""


@contextmanager
def served(vendor: str, *, announced: bool = True) -> Iterator[dict[str, Any]]:
    """A vendor's fake on free ports, found by `seatrial env` when it is announced."""
    server = house.made(house.ServeSettings(only=(vendor,), port_base=0))
    ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(server.run(ready.set, signals=False)), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        if announced:
            with running.announced(server.described(), server.ports[""]):
                yield server.described()
        else:
            yield server.described()
    finally:
        server.stop()
        thread.join(20)


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Servers of other tests, or of whoever sits here, are not found."""
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))


def settings(vendor: str, **how: Any) -> command.VerifySettings:
    return command.VerifySettings(vendor, **how)


@pytest.mark.parametrize("vendor", known())
def test_our_own_server_is_what_its_contract_says(vendor, tmp_path):
    only = () if DEEP else tuple(name for name in FAMILIES if any(law.family == name for law in laws()))
    told = tmp_path / "told.json"
    with served(vendor) as env:
        code = command.run(settings(vendor, only=only, json=told))
        admin = env["admin"]
        assert code == 0, told.read_text()
        worlds = _get(admin, "/worlds")
    counted = json.loads(told.read_text())["summary"]
    assert counted["failed"] == 0
    assert counted["passed"] > 10  # fewest where a password opens everything: no token to expire, to renew, to narrow
    assert [world["name"] for world in worlds] == ["default"], "the world that was made for it is gone"


def test_somebodys_server_is_only_asked(tmp_path, capsys):
    vendor = "extensiv_order_manager"
    with served(vendor, announced=False) as env:
        file = _credentials(tmp_path, env)
        url = env["vendors"][vendor]["base_url"]
        before = _get(env["admin"], "/worlds/default/journal?limit=1000")
        code = command.run(settings(vendor, target=url, credentials=file, only=ASKED_OF_SOMEBODY))
        journal = _get(env["admin"], "/worlds/default/journal?limit=1000")
    assert code == 0, capsys.readouterr().out
    asked = {(each["method"], each["operation"]) for each in journal[len(before) :]}
    assert {method for method, operation in asked if operation not in {"issueToken", ""}} == {"GET"}


def test_what_was_made_at_somebodys_is_listed(tmp_path, capsys):
    vendor = "extensiv_order_manager"
    with served(vendor, announced=False) as env:
        file = _credentials(tmp_path, env)
        url = env["vendors"][vendor]["base_url"]
        how = {"target": url, "credentials": file, "writes": True, "only": ("answers.to_changes_are_as_documented",)}
        code = command.run(settings(vendor, **how))
    said = capsys.readouterr().out
    assert code == 0, said
    assert "Made at the target" in said
    assert "called off (cancelOrder)" in said
    assert "YOUR_" not in said


def test_a_wrong_server_fails_and_says_how_to_ask_again(tmp_path, capsys):
    vendor = "extensiv_order_manager"
    report = tmp_path / "junit.xml"
    with served(vendor, announced=False) as env:
        file = tmp_path / "wrong.json"
        file.write_text('{"access_token": "not-a-token", "client_id": "x", "client_secret": "not-a-secret"}')
        url = env["vendors"][vendor]["base_url"]
        code = command.run(
            settings(vendor, target=url, credentials=file, only=("answers.are_as_documented", "paging"), junit=report)
        )
    said = capsys.readouterr().out
    assert code == 1
    assert "$ACCESS_TOKEN" in said
    assert "not-a-token" not in said + report.read_text()
    assert ElementTree.parse(report).getroot().get("failures") != "0"


def test_without_a_server_the_fake_is_asked_in_this_process(capsys):
    assert command.run(settings("extensiv_order_manager", only=("limits.call_after_the_last_is_refused",))) == 0
    assert "in this process" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody"], "there is no vendor 'nobody'"),
        ([], "say whose contract"),
        (["extensiv_order_manager", "--only", "nonsense"], "no law is called 'nonsense'"),
        (["extensiv_order_manager", "--target", "http://127.0.0.1:9"], "say with which credentials"),
        (["extensiv_order_manager", "--target", "nonsense"], "is not a base URL"),
        (["extensiv_order_manager", "--port-base", "9"], "no seatrial is running"),
        (
            ["extensiv_order_manager", "--target", "http://127.0.0.1:9", "--credentials", "absent.json"],
            "cannot be read",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(arguments, says, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["seatrial", "verify", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_a_target_that_is_not_there_is_one_sentence(tmp_path):
    file = tmp_path / "c.json"
    file.write_text('{"access_token": "a"}')
    with pytest.raises(UsageError, match="does not answer: ConnectError"):
        command.run(settings("extensiv_order_manager", target="http://127.0.0.1:9", credentials=file))


def test_a_server_that_went_away_is_one_sentence(tmp_path):
    with served("extensiv_order_manager", announced=False) as env:
        pass
    with running.announced(env, 0), pytest.raises(UsageError, match=r"does not answer \(ConnectError\)"):
        command.run(settings("extensiv_order_manager"))


def test_the_laws_are_listed_without_asking_anybody(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["seatrial", "verify", "--list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"{len(laws())} laws" in said
    assert all(law.id[:40] in said for law in laws())


def _credentials(folder: Path, env: dict[str, Any]) -> Path:
    file = folder / "env.json"
    file.write_text(json.dumps(env))
    return file


def _get(admin: dict[str, str], path: str) -> Any:
    import httpx

    headers = {"Authorization": f"Bearer {admin['token']}"}
    with httpx.Client(trust_env=False) as client:
        return client.get(f"{admin['base_url']}{path}", headers=headers).raise_for_status().json()
