"""What one sees of a running sync: lanes, effects by state, what happened last; and the table it ends with.

On a terminal it is drawn anew twice a second; elsewhere each thing that matters is a line.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from connectors.sync.engine import Engine
from connectors.sync.events import EffectMoved, Event, LaneHeld, PassEnded, PassStarted
from connectors.sync.ledger import State
from seatrial.console import errors, say, table

STATES: Mapping[State, str] = {
    "todo": "to do",
    "sent": "under way",
    "done": "done",
    "void": "needless",
    "dead": "for a person",
}
LAST_MAXIMUM = 8
ERROR_LENGTH_MAXIMUM = 90
Counted = Mapping[str, Mapping[State, int]]


class Screen:
    """Told of events; draws what the ledger says. `quiet` shows nothing until the end."""

    def __init__(self, engine: Engine, *, quiet: bool = False) -> None:
        self._engine = engine
        self._began = engine.clock.now()
        self._doing: dict[str, str] = {}
        self._last: deque[tuple[datetime, str]] = deque(maxlen=LAST_MAXIMUM)
        self._quiet = quiet
        self._failing: dict[tuple[str, str], str] = {}
        self._live = Live(console=errors, auto_refresh=False, transient=True) if errors.is_terminal else None

    def __enter__(self) -> "Screen":
        if self._live and not self._quiet:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live and not self._quiet:
            self._live.stop()

    def tell(self, event: Event) -> None:
        """What the runner tells. Given to it as `tell`."""
        match event:
            case PassStarted(_, lane, name):
                self._doing[lane] = name
            case PassEnded(at, lane, name, _, _, error):
                self._doing.pop(lane, None)
                self._ended(at, lane, name, error)
            case EffectMoved(_, key, _, "done") if key.startswith("level:"):
                pass  # they come by the hundred, and are counted below
            case EffectMoved(at, key, _, state, reason):
                self.note(at, f"{key}: {STATES[state]}{f' ({reason})' if reason else ''}")
            case LaneHeld():
                pass

    def note(self, at: datetime, words: str) -> None:
        """Something worth a line."""
        self._last.append((at, words))
        if self._live is None and not self._quiet:
            errors.print(f"{at:%H:%M:%S} {words}", markup=False, soft_wrap=True)

    def draw(self) -> None:
        """The picture as it is now."""
        if self._live and not self._quiet:
            self._live.update(self._picture(), refresh=True)

    def _ended(self, at: datetime, lane: str, name: str, error: str) -> None:
        """A function that fails is said once, and once more when it works again."""
        before = self._failing.get((lane, name), "")
        if error and error != before:
            self.note(at, f"{name} on {lane} failed: {error}")
        if before and not error:
            self.note(at, f"{name} on {lane} works again")
        self._failing[lane, name] = error

    def _picture(self) -> RenderableType:
        now = self._engine.clock.now()
        parts: list[RenderableType] = [self._lanes(now), _drawn("Effects", *effects_table(self.counted()))]
        if self._last:
            lines = [f"{at:%H:%M:%S} {words}" for at, words in self._last]
            parts.append(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"))
        return Group(*parts)

    def _lanes(self, now: datetime) -> Table:
        rows = []
        for lane in self._engine.lanes:
            row, passes = self._engine.ledger.lane(lane), self._engine.ledger.passes(lane)
            if row is None:
                continue
            held = row.owner if row.owner and row.lease > now else ""
            doing = self._doing.get(lane, "" if not held else "working")
            waits = _until(row.not_before, now)
            due = min((each.due for each in passes), default=now)
            trouble = next((each.error for each in passes if each.error), row.error)
            state = f"left alone {waits}" if waits else doing or f"next {_until(due, now) or 'now'}"
            rows.append((lane, held, state, trouble[:ERROR_LENGTH_MAXIMUM]))
        return _drawn("Lanes", ("lane", "held by", "", "trouble"), rows)

    def counted(self) -> Counted:
        """Effects by kind and state: what is open, and what was settled since this began."""
        found: dict[str, dict[State, int]] = {}
        for kind, state, _, many in self._engine.ledger.counts(self._engine.merchant.name, self._began):
            states = found.setdefault(kind, {})
            states[state] = states.get(state, 0) + many
        return found

    def close(self, *, at_rest: bool | None) -> None:
        """The last table, and one line of what it means. `at_rest` None: nobody waited for that."""
        columns, rows = effects_table(self.counted())
        took = self._engine.clock.now() - self._began
        table(f"Effects of {self._engine.merchant.name}, {span(took)}", columns, rows)
        letters = self._engine.queue(limit=1000)
        if letters:
            say(f"For a person: {len(letters)}. See them: seatrial queue list")
        incidents = [each for each in self._engine.ledger.incidents() if _ours(self._engine, each.subject)]
        for incident in incidents[:LAST_MAXIMUM]:
            say(f"{incident.words} {incident.next_step}")
        left = self._engine.left()
        if at_rest:
            say("At rest: nothing is left to do.")
        elif left:
            say(f"{left} effects are left to do; the next run goes on with them.")


def effects_table(counted: Counted) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """Columns and rows: a kind each, and how many are in which state."""
    rows = [(kind, *(states.get(state, 0) or "" for state in STATES)) for kind, states in sorted(counted.items())]
    return ("effect", *STATES.values()), rows


def _ours(engine: Engine, subject: str) -> bool:
    return subject.split(":")[0] in engine.merchant.connections


def _drawn(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    drawn = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="ellipsis", no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text(str(cell)) for cell in row))
    return drawn


def _until(moment: datetime, now: datetime) -> str:
    return f"in {span(moment - now)}" if moment > now else ""


def span(length: timedelta) -> str:
    """A length of time as people say it: `4.2 s`, `17 min`, `3 h`."""
    seconds = max(0.0, length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
