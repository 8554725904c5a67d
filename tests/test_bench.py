"""The benchmark measures what it says: a run gives figures, and a server that refuses or falters gives none."""

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bench.load import NUMBER, Job, body_size, drive
from bench.rows import Goal, sync_memory_rows, sync_rows

ROOT = Path(__file__).parent.parent
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the benchmark reads /proc")


@linux
def test_a_quick_run_of_one_operation_gives_figures_for_both_servers(tmp_path):
    kept = tmp_path / "result.json"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "get", "--json", str(kept)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    result = json.loads(kept.read_text())
    assert {name: len(cells) for name, cells in result["cells"]["get"].items()} == {"bare": 1, "seatrial": 1}
    for (cell,) in result["cells"]["get"].values():
        assert cell["replies"] > 100
        assert cell["per_cpu_second"] > 100
    (row,) = result["rows"]
    assert row["figure"] > 0
    assert "get one order" in done.stdout


def test_what_syncing_costs_is_held_against_its_goals():
    ledger = {"transaction_seconds": 0.0004, "effects_per_second": [900.0], "orders_per_second": [290.0, 310.0, 320.0]}
    figures = {
        "sqlite": ledger,
        "fakes": [90.0],
        "waiting": 0.94,
        "simulated": {"orders": 1000, "seconds": 29.0, "cpu_seconds": 28.0},
    }
    verdicts = {row.name: row.met for row in sync_rows(figures)}
    assert verdicts == {
        "a ledger transaction, SQLite": None,
        "effects, SQLite": None,
        "orders through all functions, SQLite": True,
        "orders through fakes and connectors as well": None,
        "time a binding limit is all that counts": False,
        "a simulated day with 1,000 orders": True,
    }


@pytest.mark.parametrize(
    ("orders", "last", "met"), [(100_000, 101.0, True), (100_000, 105.0, False), (10_000, 105.0, None)]
)
def test_memory_is_judged_by_its_second_half_and_after_many_orders(orders, last, met):
    (row,) = sync_memory_rows({"orders": orders, "resident_mib": [60.0, 90.0, 100.0, 100.0, 100.0, last]})
    assert row.met is met


def test_a_wrong_command_line_gets_one_clear_line():
    command = [sys.executable, "-m", "bench", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "python -m bench: error: --rounds: at least 3, or its medians mean nothing"


@linux
def test_the_load_counts_every_reply_that_is_not_a_2xx():
    refused = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nslow"
    with answering([OK, refused, OK, refused, OK]) as (port, _):
        load = drive(Job(port, ["GET / HTTP/1.1\r\n\r\n"], connections=1, times=5))
    assert (load.replies, load.errors, load.body_bytes) == (5, 2, 3 * 2 + 2 * 4)
    assert load.first_error.startswith("HTTP/1.1 429")


@linux
def test_each_request_with_a_number_has_its_own():
    request = f"POST / HTTP/1.1\r\n\r\n{NUMBER.decode()}"
    with answering([OK] * 3) as (port, heard):
        load = drive(Job(port, [request], connections=1, times=3, number_from=41))
    assert [text[-10:] for text in heard] == [b"0000000041", b"0000000042", b"0000000043"]
    assert load.number_next == 44


@linux
def test_a_server_that_hangs_up_is_no_figure():
    with answering([OK, b""]) as (port, _), pytest.raises(ConnectionResetError, match="hung up after 1 replies"):
        drive(Job(port, ["GET / HTTP/1.1\r\n\r\n"], connections=1, times=2))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-le", None),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nb\r\n hello world", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 6),
    ],
)
def test_a_reply_is_counted_when_it_has_come_whole(text, size):
    assert body_size(text) == size


def test_a_goal_is_met_on_its_own_side_of_the_number():
    assert Goal("≥ 0.60", "least", 0.6).met_by(0.6)
    assert not Goal("≥ 0.60", "least", 0.6).met_by(0.59)
    assert Goal("≤ 5", "most", 5).met_by(5)
    assert not Goal("≤ 5", "most", 5).met_by(5.1)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class answering:
    """A server on loopback that answers one connection with these replies in turn; an empty one hangs up."""

    def __init__(self, replies):
        self.replies = replies
        self.heard = []

    def __enter__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        return self.listening.getsockname()[1], self.heard

    def __exit__(self, *_):
        self.thread.join(10)
        self.listening.close()

    def _serve(self):
        connection, _ = self.listening.accept()
        with connection:
            for reply in self.replies:
                self.heard.append(connection.recv(65536))
                if not reply:
                    return
                connection.sendall(reply)
            connection.recv(1)
