"""The suite's own proof that it stays on this machine: a planted leak is caught, however it is hidden."""

import _socket
import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

ELSEWHERE = "192.0.2.1"
"""An address nobody has (RFC 5737): should the guard fail, nobody is called."""
NAME = "leak.invalid"
CONFTEST = Path(__file__).parents[1] / "conftest.py"

PLANTED = {
    "a connection to an address": f"socket.create_connection(({ELSEWHERE!r}, 80), timeout=1)",
    "a connection without an exception": f"opened().connect_ex(({ELSEWHERE!r}, 80))",
    "a connection to a name, resolved inside connect": f"opened().connect(({NAME!r}, 80))",
    "a connection past socket.socket": f"_socket.socket.connect(opened(), ({ELSEWHERE!r}, 80))",
    "a datagram": f"opened(type=socket.SOCK_DGRAM).sendto(b'?', ({ELSEWHERE!r}, 53))",
    "a datagram with flags": f"opened(type=socket.SOCK_DGRAM).sendto(b'?', 0, ({ELSEWHERE!r}, 53))",
    "a message": f"opened(type=socket.SOCK_DGRAM).sendmsg([b'?'], [], 0, ({ELSEWHERE!r}, 53))",
    "an address over IPv6": "opened(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "a name": f"socket.getaddrinfo({NAME!r}, 443)",
    "a name, asked for the old way": f"socket.gethostbyname({NAME!r})",
    "a package": "subprocess.run([sys.executable, '-m', 'pip', 'download', 'nothing'])",
    "a page": "subprocess.run('curl http://leak.invalid', shell=True)",
}


@pytest.mark.parametrize("leak", PLANTED.values(), ids=PLANTED)
def test_a_leak_is_refused(leak: str, leaks: list[str]) -> None:
    with contextlib.ExitStack() as sockets, pytest.raises(OSError, match="the tests run offline"):

        def opened(*family: int, **more: int) -> socket.socket:
            return sockets.enter_context(socket.socket(*family, **more))

        exec(leak, {"opened": opened, "socket": socket, "_socket": _socket, "subprocess": subprocess, "sys": sys})
    assert leaks


@pytest.mark.parametrize("url", [f"http://{ELSEWHERE}/", f"https://{NAME}/"])
def test_a_client_that_leaves_is_refused(url: str, leaks: list[str]) -> None:
    with pytest.raises(httpx.ConnectError, match="the tests run offline"):
        httpx.get(url, trust_env=False)

    async def ask() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(url)

    with pytest.raises(httpx.ConnectError):
        asyncio.run(ask())
    assert len(leaks) >= 2


def test_a_leak_in_another_thread_is_remembered(leaks: list[str]) -> None:
    def leak() -> None:
        with contextlib.suppress(OSError):
            socket.create_connection((ELSEWHERE, 80))

    thread = threading.Thread(target=leak)
    thread.start()
    thread.join()
    assert leaks == [f"connected or sent to {ELSEWHERE}, port 80"]


def test_loopback_is_let_through_by_number_and_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port)).close()


def test_unix_sockets_are_let_through(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


SWALLOWED = f"""
import socket

def test_that_swallows_its_leak():
    try:
        socket.create_connection(("{ELSEWHERE}", 80), timeout=1)
    except OSError:
        pass

def test_that_asks_for_a_name_and_goes_on():
    try:
        socket.getaddrinfo("{NAME}", 80)
    except OSError:
        pass

def test_that_stays():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_leak_that_the_code_under_test_swallows_fails_its_test(processes: str, tmp_path: Path) -> None:
    """A suite of its own under the very same guard, alone and spread over processes."""
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    (tmp_path / "test_planted.py").write_text(SWALLOWED)
    bare = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # only what is tried: other plugins take seconds
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist.plugin", "-n", processes, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=bare, check=False, timeout=120)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "2 failed, 1 passed" in ran.stdout
    assert f"connected or sent to {ELSEWHERE}" in ran.stdout
    assert f"looked up {NAME}" in ran.stdout
