"""The load generator: a process of its own that keeps some connections busy and counts what comes back.

It reads a job in JSON per line of its input and answers each with a line. Nothing but sockets and epoll, so that it is
quicker than the quickest server measured and never what limits it.
"""

import gc
import json
import re
import select
import socket
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import count, cycle

from msgspec import Struct

NUMBER = b"##########"
"""Where a request carries this, each one sent has its own number in ten digits."""
PERCENTILES = (0.5, 0.9, 0.99, 0.999)
STALLED_SECONDS = 60.0
BUFFER_BYTES = 1 << 18
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)


class Job(Struct, frozen=True):
    """Whole requests as text, sent in turn over `connections` for so many seconds, or so many times."""

    port: int
    requests: list[str]
    connections: int = 16
    seconds: float = 1.0
    times: int | None = None
    number_from: int = 0


class Load(Struct, frozen=True):
    """What came of a job. `latencies_seconds` are the percentiles 50, 90, 99 and 99.9."""

    replies: int
    errors: int
    body_bytes: int
    seconds: float
    latencies_seconds: list[float]
    number_next: int
    first_error: str = ""


def drive(job: Job) -> Load:
    """Do one job. Raises OSError when the server cannot be reached or hangs up."""
    return _Drive(job).run()


class _Drive:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.numbers = count(job.number_from)
        self.requests = cycle([_sender(text.encode("latin-1"), self.numbers) for text in job.requests])
        self.latencies = array("d")
        self.replies = self.errors = self.body_bytes = self.sent = 0
        self.first_error = ""

    def run(self) -> Load:
        job, poll = self.job, select.epoll()
        opened = [socket.create_connection(("127.0.0.1", job.port)) for _ in range(job.connections)]
        begun = time.perf_counter()
        self.until = begun + job.seconds if job.times is None else float("inf")
        self.most = job.times or sys.maxsize
        try:
            for each in opened:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                poll.register(each, select.EPOLLIN)
            self._pump(poll, {each.fileno(): each for each in opened})
        finally:
            poll.close()
            for each in opened:
                each.close()
        return self._said(time.perf_counter() - begun)

    def _pump(self, poll: select.epoll, sockets: dict[int, socket.socket]) -> None:
        started: dict[int, float] = {}
        partly: dict[int, bytes] = {}
        busy = 0
        for fd, each in sockets.items():
            busy += self._send(each, started, fd)
        while busy:
            events = poll.poll(STALLED_SECONDS)
            if not events:
                raise TimeoutError(f"no answer in {STALLED_SECONDS:.0f} s on port {self.job.port}")
            for fd, _ in events:
                text = sockets[fd].recv(BUFFER_BYTES)
                if not text:
                    raise ConnectionResetError(f"port {self.job.port} hung up after {self.replies} replies")
                if partly:
                    text = partly.pop(fd, b"") + text
                size = body_size(text)
                if size is None:
                    partly[fd] = text
                    continue
                self.latencies.append(time.perf_counter() - started[fd])
                self._count(text, size)
                busy += self._send(sockets[fd], started, fd) - 1

    def _send(self, to: socket.socket, started: dict[int, float], fd: int) -> int:
        now = time.perf_counter()
        if now >= self.until or self.sent >= self.most:
            return 0
        self.sent += 1
        started[fd] = now
        to.sendall(next(self.requests)())
        return 1

    def _count(self, text: bytes, size: int) -> None:
        self.replies += 1
        self.body_bytes += size
        if text[9:10] != b"2":
            self.errors += 1
            self.first_error = self.first_error or text[:400].decode("latin-1")

    def _said(self, seconds: float) -> Load:
        ordered = sorted(self.latencies)
        at = [ordered[min(len(ordered) - 1, int(each * len(ordered)))] for each in PERCENTILES] if ordered else []
        return Load(
            self.replies, self.errors, self.body_bytes, seconds, at, next(self.numbers), self.first_error
        )  # fmt: skip


def _sender(text: bytes, numbers: Iterator[int]) -> Callable[[], bytes]:
    if NUMBER not in text:
        return lambda: text
    head, tail = text.split(NUMBER)
    return lambda: b"%b%010d%b" % (head, next(numbers), tail)


def body_size(text: bytes) -> int | None:
    """How long the body of a reply is; None while it has not come whole."""
    head = text.find(HEAD_END)
    if head < 0:
        return None
    found = LENGTH.search(text, 0, head + 2)
    if found is not None:
        size = int(found[1])
        return size if len(text) >= head + 4 + size else None
    if CHUNKED.search(text, 0, head + 2):
        return _unchunked_size(text, head + 4)
    return 0


def _unchunked_size(text: bytes, at: int) -> int | None:
    total = 0
    while (line := text.find(b"\r\n", at)) >= 0:
        size = int(text[at:line].split(b";")[0], 16)
        at = line + 4 + size
        if at > len(text):
            return None
        if size == 0:
            return total
        total += size
    return None


def main() -> None:
    """Jobs in, figures out, until the input ends."""
    gc.disable()
    for line in sys.stdin:
        wanted = json.loads(line)
        try:
            load = drive(Job(**wanted))
            answer = {name: getattr(load, name) for name in load.__struct_fields__}
        except OSError as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
