"""One line of the result: a figure, what it is held against, the goal, and whether it was reached."""

from typing import Any, Literal

from msgspec import Struct

from bench.endurance import SETTLED_MARK, SETTLED_REQUESTS, Crowd, Long, Start, Tail
from bench.throughput import Cells, Subject, middle, ratio
from bench.workload import OPERATIONS, READS

BARE, OURS = "bare", "seatrial"
KEEPING = "keep"
"""The bare server's create that keeps what it is sent."""
OF_BARE_GOAL = 0.60
PEERS_READ_GOAL, PEERS_CREATE_GOAL = 5.0, 3.0
START_GOAL_SECONDS, RESET_GOAL_SECONDS, NEW_WORLD_GOAL_SECONDS = 1.0, 0.005, 0.002
SYNC_GOAL, WAITING_GOAL, DAY_GOAL_SECONDS = 300.0, 0.95, 30.0
DAY_ORDERS, LONG_ORDERS = 1_000, 100_000
SPREAD_GOAL, GROWTH_GOAL, RESPX_GOAL = 5.0, 0.02, 1.0


class Goal(Struct, frozen=True):
    """At least or at most so much, in words and as a number."""

    says: str
    at: Literal["least", "most"]
    number: float

    def met_by(self, figure: float) -> bool:
        return figure >= self.number if self.at == "least" else figure <= self.number


class Row(Struct, frozen=True):
    """`figure` is the number the goal is about, and that is compared from run to run."""

    name: str
    ours: str
    reference: str
    figure: float
    shown: str
    """The figure as a ratio or a share; empty where `ours` says it already."""
    goal: Goal | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.goal.met_by(self.figure)


def operation_rows(cells: Cells) -> list[Row]:
    """Each operation against the bare server."""
    rows = []
    for operation, by_subject in cells.items():
        if operation == KEEPING:
            continue
        share = ratio(by_subject[OURS], by_subject[BARE])
        goal = Goal(f"≥ {OF_BARE_GOAL:.2f} of bare", "least", OF_BARE_GOAL)
        ours, bare = (middle(by_subject[name], "per_cpu_second") for name in (OURS, BARE))
        note = f"{1e6 / ours:.0f} against {1e6 / bare:.0f} µs"
        rows.append(
            Row(OPERATIONS.get(operation, operation), _rate(ours), _rate(bare), share, f"{share:.2f}", goal, note)
        )
        if operation == "create":
            rows.append(_keeping_row(cells))
    return rows


def _keeping_row(cells: Cells) -> Row:
    """Creates against a bare server that at least decodes, keeps and encodes what it is sent."""
    share = ratio(cells["create"][OURS], cells[KEEPING][BARE])
    ours, bare = (middle(each, "per_cpu_second") for each in (cells["create"][OURS], cells[KEEPING][BARE]))
    note = f"{1e6 / ours:.0f} against {1e6 / bare:.0f} µs"
    return Row("… against a bare dict that keeps it", _rate(ours), _rate(bare), share, f"{share:.2f}", None, note)


def peer_rows(cells: Cells, subjects: list[Subject]) -> list[Row]:
    """Ours against each peer; the goal is held against the fastest of them, warmed up for as long as it gains by it."""
    rows = []
    peers = {subject.name: subject for subject in subjects}
    for operation, by_subject in cells.items():
        having = [peer for peer in peers if peer in by_subject]
        if not having:
            continue
        fastest = max(having, key=lambda peer: middle(by_subject[peer], "per_cpu_second"))
        number = PEERS_READ_GOAL if operation in READS else PEERS_CREATE_GOAL
        for peer in having:
            times = ratio(by_subject[OURS], by_subject[peer])
            ours, theirs = (middle(by_subject[name], "per_cpu_second") for name in (OURS, peer))
            goal = Goal(f"≥ {number:.0f} x the fastest peer", "least", number) if peer == fastest else None
            name = f"{OPERATIONS[operation]}, against {peer}"
            cold = peers[peer].cold[operation]
            note = f"its first {peers[peer].warm_up_seconds:.0f} s: {_rate(cold)}, {ours / cold:.1f} x"
            rows.append(Row(name, _rate(ours), _rate(theirs), times, f"{times:.1f} x", goal, note))
    return rows


def _rate(per_cpu_second: float) -> str:
    return f"{per_cpu_second:,.0f} /cpu-s"


def start_rows(start: Start) -> list[Row]:
    goal = Goal(f"≤ {START_GOAL_SECONDS:.1f} s", "most", START_GOAL_SECONDS)
    memory = f"{start.resident_mib:.0f} MiB"
    return [
        Row("start to first answer", f"{start.seconds:.2f} s", "", start.seconds, "", goal,
            f"{start.cpu_seconds:.2f} s of CPU"),
        Row("memory at the first answer", memory, "", start.resident_mib, "", None,
            f"{start.proportional_mib:.0f} MiB proportional"),
    ]  # fmt: skip


def world_rows(figures: dict[str, float]) -> list[Row]:
    def timed(name: str, key: str, goal_seconds: float | None) -> Row:
        goal = Goal(f"≤ {goal_seconds * 1000:.0f} ms", "most", goal_seconds) if goal_seconds else None
        return Row(name, f"{figures[key] * 1000:.2f} ms", "", figures[key], "", goal)

    rate, orders = figures["seed_orders_per_second"], int(figures["seed_orders"])
    return [
        timed("new world", "new_world", NEW_WORLD_GOAL_SECONDS),
        timed("new world with the default seed", "new_world_seeded", None),
        timed("reset to the default seed", "reset", RESET_GOAL_SECONDS),
        timed("reset to 10,000 documents", "reset_large", RESET_GOAL_SECONDS),
        Row(f"seeding {orders:,} orders", f"{rate:,.0f} /s", "", rate, "", None, f"{orders / rate:.1f} s"),
    ]


def crowd_rows(crowd: Crowd, bare: Tail) -> list[Row]:
    ours = crowd.tail
    goal = Goal(f"p99 ≤ {SPREAD_GOAL:.0f} x median", "most", SPREAD_GOAL)
    return [
        Row(f"slowest creates, {crowd.orders:,} live orders", f"p99 {ours.p99_ms:.1f} ms",
            f"p99 {bare.p99_ms:.1f} ms", ours.spread, f"{ours.spread:.1f} x", goal,
            f"median {ours.median_ms:.1f} ms; bare p99 is {bare.spread:.1f} x its median of {bare.median_ms:.1f} ms"),
        Row("memory per stored order", f"{crowd.bytes_per_order:,.0f} bytes", "", crowd.bytes_per_order, ""),
    ]  # fmt: skip


def long_rows(long: Long) -> list[Row]:
    settled = long.requests >= SETTLED_REQUESTS
    goal = Goal(f"≤ {GROWTH_GOAL:.0%} after mark {SETTLED_MARK}", "most", GROWTH_GOAL) if settled else None
    first, last = long.resident_mib[0], long.resident_mib[-1]
    marks = " ".join(f"{mib:.0f}" for mib in long.resident_mib)
    filling = "" if settled else "; caches fill, --long judges"
    return [
        Row(f"memory over {long.requests:,} requests", f"{first:.0f} to {last:.0f} MiB", "", long.growth,
            f"{long.growth:+.1%}", goal, f"MiB at its marks: {marks}{filling}"),
        Row("peak memory under that load", f"{long.peak_mib:.0f} MiB", "", long.peak_mib, "", None,
            f"{long.proportional_mib:.0f} MiB proportional at its end"),
    ]  # fmt: skip


def inprocess_rows(figures: dict[str, list[float]]) -> list[Row]:
    goal = Goal("no dearer than respx", "most", RESPX_GOAL)
    ways = {"transport": "in-process call, our transport", "asgi": "in-process call, httpx.ASGITransport"}
    rows = []
    for way, name in ways.items():
        share = _middle([ours / canned for ours, canned in zip(figures[way], figures["respx"], strict=True)])
        ours, canned = _middle(figures[way]) * 1e6, _middle(figures["respx"]) * 1e6
        rows.append(Row(name, f"{ours:.0f} µs", f"{canned:.0f} µs", share, f"{share:.2f}", goal, "against respx"))
    return rows


def sync_rows(figures: dict[str, Any]) -> list[Row]:
    """What the engine and its ledger cost, and how well the limits of others are used."""
    rows = []
    for name, words in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        if name not in figures:
            continue
        found = figures[name]
        seconds, effects, orders = (
            found["transaction_seconds"], _middle(found["effects_per_second"]), _middle(found["orders_per_second"]),
        )  # fmt: skip
        goal = Goal(f"≥ {SYNC_GOAL:.0f} /s", "least", SYNC_GOAL)
        rows += [
            Row(f"a ledger transaction, {words}", f"{seconds * 1e6:,.0f} µs", "", seconds, "", None,
                "every second one waits for the disk, as an effect's do"),
            Row(f"effects, {words}", f"{effects:,.0f} /s", "", effects, ""),
            Row(f"orders through all functions, {words}", f"{orders:,.0f} /s", "", orders, "", goal,
                "one process; vendors that answer at once"),
        ]  # fmt: skip
    through, day = _middle(figures["fakes"]), figures["simulated"]
    return [
        *rows,
        Row("orders through fakes and connectors as well", f"{through:,.0f} /s", "", through, "", None,
            "one process; limits lifted; of that most is HTTP, GraphQL and contracts"),
        Row("time a binding limit is all that counts", f"{figures['waiting']:.1%}", "", figures["waiting"], "",
            Goal(f"≥ {WAITING_GOAL:.2f}", "least", WAITING_GOAL), "virtual time, while orders are delivered"),
        Row(f"a simulated day with {day['orders']:,} orders", f"{day['seconds']:.1f} s", "", day["seconds"], "",
            Goal(f"≤ {DAY_GOAL_SECONDS:.0f} s", "most", DAY_GOAL_SECONDS) if day["orders"] >= DAY_ORDERS else None,
            f"harsh faults and crashes, judged; {day['cpu_seconds']:.1f} s of CPU"),
    ]  # fmt: skip


def sync_memory_rows(long: dict[str, Any]) -> list[Row]:
    """Growth from the middle mark on: by then whatever is bounded is full."""
    held, orders = long["resident_mib"], int(long["orders"])
    growth = held[-1] / held[len(held) // 2 - 1] - 1
    goal = Goal(f"≤ {GROWTH_GOAL:.0%} in the second half", "most", GROWTH_GOAL) if orders >= LONG_ORDERS else None
    note = f"MiB at its marks: {' '.join(f'{mib:.0f}' for mib in held)}" + ("" if goal else "; --long judges")
    return [Row(f"memory over {orders:,} orders", f"{held[0]:.0f} to {held[-1]:.0f} MiB", "", growth,
                f"{growth:+.1%}", goal, note)]  # fmt: skip


def _middle(figures: list[float]) -> float:
    return sorted(figures)[len(figures) // 2]
