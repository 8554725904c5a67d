"""The whole suite runs offline: no socket of a test process leaves this machine, and one that tries fails its test.

What is refused: connecting or sending anywhere but to loopback, and resolving any name but `localhost`. UNIX sockets
pass. It is done twice: before the call in the methods of `socket.socket`, because `connect` resolves a name before it
says so, and in an audit hook, which nobody can go round by holding on to an older reference. A test whose code swallows
the refusal fails all the same.

What this cannot see: other processes, and libraries that open sockets outside Python (libpq, libuv in uvloop). Other
processes that would fetch something (npm, pip, …) may only be started by tests marked `node`, `wheel` or `client`.

A run of the whole suite is also held against the map of what its tests exercise (`seatrial/fidelity`). And what was
skipped is counted at the end of every run, by its reason: a skip that gives none fails the run.
"""

import ipaddress
import itertools
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import pytest

from seatrial.fidelity.recorder import recorder

MAY_FETCH = ("node", "wheel", "client")
FETCHERS = frozenset({"npm", "npx", "pnpm", "yarn", "pip", "pip3", "uv", "uvx", "curl", "wget"})
MARKERS = (
    "client: installs a vendor's own client under .clients/; needs the package index",
    "wheel: builds the wheel and installs it into a fresh environment; needs the package registry",
    "sweep: calls everything for one property's sake; the fidelity page does not count it as standing behind anything",
)
INTERNET = (socket.AF_INET, socket.AF_INET6)


class LeftTheMachine(OSError):
    """A test tried to reach something beyond loopback."""


class Offline:
    """The guard of one process."""

    def __init__(self) -> None:
        self.leaks: list[str] = []
        self.expected = False
        self.item: pytest.Item | None = None

    def watch(self, event: str, args: tuple[Any, ...]) -> None:
        """The audit hook: raises `LeftTheMachine`."""
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            self.address(args[0], args[1])
        elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
            self.name(args[0])
        elif event == "subprocess.Popen":
            self.process(args[0], args[1])

    def address(self, sock: socket.socket, address: Any) -> None:
        """Refuse an address beyond loopback."""
        if sock.family in INTERNET and isinstance(address, tuple) and not _is_loopback(address[0]):
            self.refuse(f"connected or sent to {address[0]}, port {address[1]}")

    def name(self, host: Any) -> None:
        """Refuse to ask anybody for a name's address. A number is no name: nobody is asked for it."""
        if host and not _is_number(host) and not _is_local(host):
            self.refuse(f"looked up {_text(host)}")

    def process(self, executable: Any, args: Any) -> None:
        """Refuse programs that fetch, save in tests that say so."""
        words = args.split() if isinstance(args, (str, bytes)) else list(args or ())
        may = self.item is not None and any(self.item.get_closest_marker(name) for name in MAY_FETCH)
        if not may and _fetches([executable, *words]):
            said = " ".join(_text(word) for word in words[:4])
            self.refuse(f"started {said}, without a marker {' or '.join(MAY_FETCH)}")

    def refuse(self, what: str) -> None:
        """Remember it, and refuse."""
        self.leaks.append(what)
        raise LeftTheMachine(f"the tests run offline: something {what}")

    def guarded(self, method: str) -> Any:
        """A method of `socket.socket` that looks at the address before the call."""
        original = getattr(socket.socket, method)

        def call(sock: socket.socket, *args: Any) -> Any:
            self.address(sock, args[0] if method != "sendto" else args[-1])
            return original(sock, *args)

        return call


offline = Offline()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-exercised", metavar="FILE", help="write which tests exercised what, for the fidelity page"
    )


def pytest_configure(config: pytest.Config) -> None:
    watching = recorder(config, config.getoption("record_exercised"))
    if watching is not None:
        watching.watch()
        config.pluginmanager.register(watching, "seatrial-recorder")
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    for method in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, method, offline.guarded(method))
    sys.addaudithook(offline.watch)


@pytest.fixture
def leaks() -> Iterator[list[str]]:
    """What was refused during this test, for tests that leak on purpose: it does not fail them."""
    offline.expected = True
    yield offline.leaks
    offline.expected = False
    offline.leaks.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    offline.item = item
    try:
        return (yield)
    finally:
        offline.item = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    yield
    _judge()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    yield
    _judge()


def _judge() -> None:
    if offline.leaks and not offline.expected:
        leaks = "; ".join(offline.leaks)
        offline.leaks.clear()
        pytest.fail(f"the tests run offline, and this one would have left the machine: {leaks}", pytrace=False)


# What was skipped ----------------------------------------------------------------------------------------------------

NO_REASONS = frozenset({"", "unconditional skip", "<Skipped instance>"})


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.OK and not NO_REASONS.isdisjoint(_skipped(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    counted = _skipped(config)
    if counted:
        said = "; ".join(f"{times} × {why or 'NO REASON'}" for why, times in sorted(counted.items()))
        terminalreporter.line(f"skipped, by reason: {counted.total()} in all: {said}")
    if not NO_REASONS.isdisjoint(counted):
        terminalreporter.line("a test was skipped and does not say why: that fails the run", red=True)


def _skipped(config: pytest.Config) -> Counter[str]:
    """How many tests were skipped for each reason; none in a process of xdist's, whose reports are the controller's."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter is not None else []
    reasons = (each.longrepr[2] if isinstance(each.longrepr, tuple) else str(each.longrepr) for each in reports)
    return Counter(reason.removeprefix("Skipped").removeprefix(":").strip() for reason in reasons)


def _is_loopback(host: Any) -> bool:
    return _is_local(host) or (_is_number(host) and ipaddress.ip_address(_text(host).split("%")[0]).is_loopback)


def _is_number(host: Any) -> bool:
    try:
        ipaddress.ip_address(_text(host).split("%")[0])
    except ValueError:
        return False
    return True


def _is_local(host: Any) -> bool:
    name = _text(host).lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def _text(word: Any) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, (bytes, bytearray)) else os.fspath(word)


def _fetches(words: list[Any]) -> bool:
    """Whether one of the first words, or of a shell's script, is a program that fetches."""
    names = [PurePath(part).name for word in words if word for part in _text(word).split()]
    return any(name in FETCHERS for name in names[:6]) or ("-m", "pip") in itertools.pairwise(names)
