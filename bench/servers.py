"""Servers under measurement: processes on one core, stopped while another is measured, ended by their numbers."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import machine
from bench.load import Job, Load

ROOT = Path(__file__).parent.parent
KEPT = ROOT / ".bench"
RUNTIME = KEPT / "run"
VENDOR = "extensiv_order_manager"
READY_SECONDS = 60.0
LOOK_SECONDS = 0.004


class BenchError(Exception):
    """A measurement that cannot be trusted, or could not be made; the message says which."""


class Process:
    """A server's process tree, on the servers' core."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        folder: Path = ROOT,
        speaks: bool = False,
    ) -> None:
        """`speaks`: its first line is waited for with `said`; of others, what they print goes to a log."""
        self.name = name
        KEPT.mkdir(exist_ok=True)
        self._log = (KEPT / f"{name}.log").open("w+b")
        self.begun = time.perf_counter()
        core = machine.server_core()
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if speaks else self._log,
            stderr=self._log,
            preexec_fn=lambda: machine.pinned_to(core),
        )
        self.pid = self._process.pid
        self.port = 0

    def said(self) -> Any:
        """The first line it printed, as JSON. Raises BenchError when it printed none."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self.fallen()
        return json.loads(line)

    def wait_until(self, ready: Callable[[], bool]) -> float:
        """Look again and again; answer for how many seconds it took since the start. Raises BenchError."""
        while not ready():
            if self._process.poll() is not None:
                raise self.fallen()
            if time.perf_counter() - self.begun > READY_SECONDS:
                raise BenchError(f"{self.name} did not answer within {READY_SECONDS:.0f} s: {self._last_words()}")
            time.sleep(LOOK_SECONDS)
        return time.perf_counter() - self.begun

    def freeze(self) -> None:
        """Take no more part until thawed."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the process and all it started, each by its own number."""
        pids = machine.tree(self.pid) if self._process.poll() is None else []
        self.thaw()
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                _told(pid, wanted)
            try:
                self._process.wait(5)
                break
            except subprocess.TimeoutExpired:
                continue
        for pid in pids[1:]:
            _told(pid, signal.SIGKILL)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def fallen(self) -> BenchError:
        self._process.wait(5)
        return BenchError(f"{self.name} ended with {self._process.returncode}: {self._last_words()}")

    def _signal(self, wanted: signal.Signals) -> None:
        if self._process.poll() is None:
            for pid in machine.tree(self.pid):
                _told(pid, wanted)

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _told(pid: int, wanted: signal.Signals) -> None:
    try:
        os.kill(pid, wanted)
    except ProcessLookupError:
        return


def answers(port: int, path: str = "/", headers: Mapping[str, str] | None = None) -> bool:
    """Whether a GET is answered with 200 now."""
    try:
        return fetch(port, "GET", path, headers)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def fetch(
    port: int, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> tuple[int, bytes]:
    """One request of its own; status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
    try:
        typed = {} if body is None else {"content-type": "application/json"}
        connection.request(method, path, body, {**typed, **(headers or {})})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody listens on."""
    for first in range(21_000, 32_000, count):
        if all(_free(port) for port in range(first, first + count)):
            return first
    raise BenchError(f"there are no {count} free ports in a row between 21000 and 32000")


def _free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class Ours:
    """`seatrial serve` as anybody starts it, then told over its own admin API what the run needs."""

    def __init__(self, vendors: Sequence[str], *, orders: int = 20, name: str = "seatrial") -> None:
        self.vendors = sorted(vendors)
        base = free_ports(len(vendors) + 1)
        RUNTIME.mkdir(parents=True, exist_ok=True, mode=0o700)
        RUNTIME.chmod(0o700)
        command = [sys.executable, "-m", "seatrial", "serve", "--quiet", "--port-base", str(base)]
        command += ["--only", ",".join(self.vendors), "--orders", str(orders)]
        self.process = Process(name, command, env={"XDG_RUNTIME_DIR": str(RUNTIME)})
        self.process.port = base + 1 + self.vendors.index(VENDOR)
        self.admin_port = base

    def wait(self) -> float:
        """Seconds from the start to the first 200 of a vendor's own operation. Raises BenchError."""
        headers = {"authorization": "Bearer YOUR_ACCESS_TOKEN"}  # the words printed in the vendor's guide
        return self.process.wait_until(lambda: answers(self.process.port, "/api/orders?pageSize=1", headers))

    def env(self) -> dict[str, Any]:
        """Where each vendor is and with which credentials, as `seatrial env` reads it."""
        path = RUNTIME / "seatrial" / f"{self.admin_port}.json"
        described: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["env"]
        return described

    def admin(self, method: str, path: str, form: Any = None) -> bytes:
        """Ask the admin API. Raises BenchError."""
        headers = {"authorization": f"Bearer {self.env()['admin']['token']}"}
        body = None if form is None else json.dumps(form).encode()
        status, said = fetch(self.admin_port, method, path, headers, body)
        if not 200 <= status < 300:
            raise BenchError(f"the admin API answered {status} to {method} {path}: {said[:200]!r}")
        return said


class Generator:
    """The load generator's process, on the other core."""

    def __init__(self) -> None:
        core = machine.load_core()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: machine.pinned_to(core),
        )

    def drive(self, job: Job) -> Load:
        """Have a job done. Raises BenchError when the server failed in the middle of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = {name: getattr(job, name) for name in job.__struct_fields__}
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"failed": "the load generator ended"}')
        if "failed" in answer:
            raise BenchError(answer["failed"])
        return Load(**answer)

    def stop(self) -> None:
        """Let it end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def running(ours: Ours) -> Iterator[Ours]:
    """Up and answering within the block, ended after it."""
    try:
        ours.wait()
        yield ours
    finally:
        ours.process.stop()
