"""`python -m bench`: measure, print a table, and keep the result for the next run to be compared with."""

import argparse
import json
import subprocess
import sys
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import endurance, machine, peers, report, rows, surfaces
from bench.bare import KEPT_PATH
from bench.report import Result
from bench.rows import BARE, KEEPING, OURS
from bench.servers import KEPT, ROOT, VENDOR, BenchError, Generator, Ours, Process
from bench.throughput import Cells, Subject, measured
from bench.workload import GRAPHQL_VENDOR, OPERATIONS, ORDERS, Expected, port_of, prepare
from mock_servers.core.clock import iso_seconds, wall_seconds
from mock_servers.core.registry import known

LAST = KEPT / "last.json"
QUICK_ORDERS = 100
PARTS = (*OPERATIONS, "surfaces", "start", "worlds", "crowd", "memory", "inprocess", "sync")
SAYS = {
    "surfaces": "every vendor's surfaces",
    "start": "start to first answer",
    "worlds": "new worlds, resets and seeds",
    "crowd": "creates among 100,000 orders",
    "memory": "memory over a long run",
    "inprocess": "calls without a port",
    "sync": "the sync engine and its ledger",
}


def main() -> None:
    """Parse, measure, print; exit code 1 when a figure cannot be trusted, 0 otherwise, goals met or missed."""
    asked = _parsed()
    before = report.last(LAST)
    try:
        with _progress() as bar, Bench(asked, bar) as bench:
            result = bench.run()
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    report.show(result, before)
    if asked.json:
        report.keep(result, asked.json)
    elif not asked.quick and not asked.only:
        report.keep(result, LAST)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the fakes on this machine.")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure just this; may be said again")
    parser.add_argument("--quick", action="store_true", help="a smoke test of a few seconds; its figures mean little")
    parser.add_argument("--peers", action="store_true", help="other mock servers too, from the npm registry")
    parser.add_argument("--long", action="store_true", help="a million requests and 100,000 orders in the long runs")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the interleaved part (default 5, at least 3)")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each cell is loaded (default 1.5)")
    parser.add_argument("--json", type=Path, help="keep the result here instead of in .bench/last.json")
    asked = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.error("it reads /proc and needs Linux")
    if asked.quick:
        asked.rounds, asked.seconds = 1, 0.4
    elif asked.rounds < 3:
        parser.error("--rounds: at least 3, or its medians mean nothing")
    if asked.seconds < 0.1:
        parser.error("--seconds: at least 0.1")
    return asked


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class Bench:
    """One run: its parts in order, what it has found so far, and everything it has to end."""

    def __init__(self, asked: argparse.Namespace, bar: Progress) -> None:
        self.asked = asked
        self.parts = tuple(asked.only or PARTS)
        self.skipped: dict[str, str] = {}
        self.vendors = self._vendors()
        self.operations = [each for each in OPERATIONS if each in self.parts and each not in self.skipped]
        self.rows: list[rows.Row] = []
        self.stack = ExitStack()
        self.bar = bar
        self.task = bar.add_task("", total=None)

    def __enter__(self) -> "Bench":
        self.generator = Generator()
        self.stack.callback(self.generator.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def run(self) -> Result:
        """Every part that was asked for. Raises BenchError."""
        self.bar.update(self.task, total=self._steps())
        cells = self._interleaved() if self.operations or "crowd" in self.parts else {}
        for part in SAYS:
            if part in self.parts and part != "crowd":
                self._step(SAYS[part])
                getattr(self, f"_{part}")()
        settings = {
            "rounds": self.asked.rounds,
            "seconds a cell": self.asked.seconds,
            "vendors": "+".join(self.vendors),
        }
        at = iso_seconds(wall_seconds())
        return Result(at, machine.described(), settings, self.rows, cells, self.skipped)

    def _vendors(self) -> list[str]:
        """Every vendor whose fake can be loaded: one that is being written must not stop the others' figures."""
        loaded = []
        for vendor in known():
            try:
                import_module(f"mock_servers.{vendor}")
                loaded.append(vendor)
            except Exception as error:
                self.skipped[vendor] = f"its fake does not load: {type(error).__name__}: {error}"
        if "graphql" in self.parts and GRAPHQL_VENDOR not in loaded:
            self.skipped["graphql"] = f"there is no fake of {GRAPHQL_VENDOR} to ask"
        return loaded

    def _steps(self) -> int:
        beside = len(peers.PEERS) if self.asked.peers else 0
        rounds: int = self.asked.rounds
        cells = len(self.operations) * (2 + beside) * rounds
        marks = endurance.MARKS if "memory" in self.parts else 0
        cells += len(surfaces.SURFACES) * 3 * 2 * rounds if "surfaces" in self.parts else 0
        alone = [part for part in SAYS if part in self.parts]
        return 1 + beside + cells + marks + len(alone)

    def _step(self, says: str) -> None:
        self.bar.update(self.task, advance=1, description=f"{says:<44.44}")

    # The interleaved part: ours, the bare server, and peers

    def _interleaved(self) -> Cells:
        self._step("start the servers")
        ours = Ours(self.vendors if "graphql" in self.operations else [VENDOR], orders=0)
        self.stack.callback(ours.process.stop)
        ours.wait()
        expected = prepare(ours, self.generator, QUICK_ORDERS if self.asked.quick else ORDERS)
        bare = self._bare(expected.got, expected.posted)
        names = list(expected.requests)
        ports = {name: port_of(ours, name) for name in names}
        keeping = [text.replace(" /api/orders ", f" {KEPT_PATH} ") for text in expected.requests["create"]]
        asked_of_bare = {**expected.requests, KEEPING: keeping}
        operations = [*self.operations, *([KEEPING] if "create" in self.operations else [])]
        subjects = [
            Subject(BARE, bare, dict.fromkeys([*names, KEEPING], bare.port), asked_of_bare, expected.body_bytes),
            Subject(OURS, ours.process, ports, expected.requests, expected.body_bytes),
        ]
        found = self._peers(expected) if self.asked.peers else []
        cells = measured(
            [*subjects, *found], operations, self.generator,
            rounds=self.asked.rounds, seconds=self.asked.seconds, on_step=self._step,
        )  # fmt: skip
        self.rows += rows.operation_rows(cells) + rows.peer_rows(cells, found)
        for each in [subjects[1], *found]:
            each.process.stop()
        if "crowd" in self.parts:
            self._crowd(expected, subjects[0])
        bare.stop()
        return cells

    def _bare(self, got: dict[str, str], posted: dict[str, tuple[int, str]]) -> Process:
        path = KEPT / "replies.json"
        path.write_text(json.dumps({"got": got, "posted": posted}), encoding="utf-8")
        bare = Process(BARE, [sys.executable, "-m", "bench.bare", str(path)], speaks=True)
        self.stack.callback(bare.stop)
        bare.port = bare.said()["port"]
        return bare

    def _peers(self, expected: Expected) -> list[Subject]:
        found = []
        for each in peers.started(expected, self.generator, self._step):
            if isinstance(each, Subject):
                self.stack.callback(each.process.stop)
                each.process.freeze()
                found.append(each)
            else:
                self.skipped[each[0]] = each[1]
        return found

    # One server at a time

    def _surfaces(self) -> None:
        """The other vendors' orders, against the bare server answering the same bytes."""
        ours = Ours(self.vendors, orders=0, name="surfaces")
        self.stack.callback(ours.process.stop)
        ours.wait()
        asked = surfaces.prepare(ours, self.generator, surfaces.ORDERS)
        bare = self._bare(asked.got, asked.posted)
        subjects = [
            Subject(BARE, bare, dict.fromkeys(asked.ports, bare.port), asked.requests, asked.body_bytes),
            Subject(OURS, ours.process, asked.ports, asked.requests, asked.body_bytes),
        ]
        cells = measured(
            subjects, list(asked.requests), self.generator,
            rounds=self.asked.rounds, seconds=self.asked.seconds, on_step=self._step,
        )  # fmt: skip
        self.rows += rows.operation_rows(cells)
        for each in (ours.process, bare):
            each.stop()

    def _start(self) -> None:
        self.rows += rows.start_rows(endurance.start(self.vendors, 1 if self.asked.quick else 5))

    def _worlds(self) -> None:
        sizes = ("2000", "5") if self.asked.quick else ("100000", "50")
        self.rows += rows.world_rows(_figures("bench.worlds", ",".join(self.vendors), *sizes))

    def _crowd(self, expected: Expected, bare: Subject) -> None:
        self._step(SAYS["crowd"])
        orders, seconds = (2_000, 0.4) if self.asked.quick else (100_000, 3.0)
        crowd = endurance.crowd(orders, expected, self.generator, loads=5, seconds=seconds)
        plain = endurance.tail(bare, self.generator, loads=5, seconds=seconds)
        self.rows += rows.crowd_rows(crowd, plain)

    def _memory(self) -> None:
        requests = endurance.SETTLED_REQUESTS if self.asked.long else 2_000 if self.asked.quick else 50_000
        self.rows += rows.long_rows(endurance.long_run(requests, self.generator, self._step))

    def _inprocess(self) -> None:
        sizes = ("1", "100") if self.asked.quick else ("7", "1000")
        self.rows += rows.inprocess_rows(_figures("bench.inprocess", *sizes))

    def _sync(self) -> None:
        """On every core: PostgreSQL is a process of its own."""
        sizes = ("100", "1", "20") if self.asked.quick else ("500", "5", str(rows.DAY_ORDERS))
        figures = _figures("bench.sync", *sizes, anywhere=True)
        if figures["postgres_missing"]:
            self.skipped["PostgreSQL"] = figures["postgres_missing"]
        self.rows += rows.sync_rows(figures)
        orders = rows.LONG_ORDERS if self.asked.long else 1_000 if self.asked.quick else 10_000
        self.rows += rows.sync_memory_rows(_figures("bench.sync", "long", str(orders), anywhere=True))


def _figures(module: str, *arguments: str, anywhere: bool = False) -> Any:
    """What a measuring process printed, run on the servers' core unless `anywhere`. Raises BenchError."""
    core = None if anywhere else machine.server_core()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: machine.pinned_to(core),
    )
    if done.returncode:
        raise BenchError(f"{module} failed: {(done.stderr.strip() or 'it said nothing').splitlines()[-1]}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
