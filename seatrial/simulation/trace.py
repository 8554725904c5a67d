"""What happened, in order: one hash over all of it, the figures, and, for those who ask, the story.

Everything that leaves a mark is taken in: each exchange the vendors journalled, each event the engine told, each deed
of people, each webhook. Two runs with the same hash did the same to the last byte.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from connectors.sync.events import EffectMoved, Event, PassEnded
from mock_servers.core.journal import Journal
from seatrial.simulation.scenario import MORNING

STORY_LINES_MAXIMUM = 400
EXCERPT_LETTERS = 180
BEGAN = MORNING.timestamp()


class Moment(Struct, frozen=True):
    """A line of the story. `at` is seconds since 1970."""

    at: float
    who: str
    what: str

    @property
    def clock(self) -> str:
        """Day and time of the run: `1 08:14:03.2`."""
        since = timedelta(seconds=self.at - BEGAN) + timedelta(hours=MORNING.hour)
        rest = since.total_seconds() % 86_400
        return f"{since.days + 1} {int(rest // 3600):02d}:{int(rest % 3600 // 60):02d}:{rest % 60:04.1f}"


class Trace:
    """`watch` are the names (ids, references, numbers) whose story is to be told; nothing is kept without any. A name
    like `shop2/6001` is looked for in what that connection's vendor says only."""

    def __init__(self, watch: Iterable[str] = ()) -> None:
        self.watch = tuple(dict.fromkeys(watch))
        self.roles: dict[tuple[str, str], str] = {}
        """Which connection a vendor plays in a world: `(world, vendor)` → name."""
        self.story: deque[Moment] = deque(maxlen=STORY_LINES_MAXIMUM)
        self.exchanges = 0
        self.refusals: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.broke: list[str] = []
        self.deeds: Counter[str] = Counter()
        self.now: Callable[[], float] = lambda: BEGAN
        self._hash = hashlib.sha256()
        self._said: dict[tuple[str, str], str] = {}

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()[:16]

    def exchange(self, world: str, kept: tuple[Any, ...]) -> None:
        """One line of a vendor's journal, as the journal keeps it: without secrets."""
        _, at, vendor, operation, method, target, status, rule, fault, _, sent, _, reply = kept
        self._mark(f"{world} {at:.6f} {vendor} {operation} {method} {target} {status} {rule} {fault}".encode())
        self._mark(sent)
        self._mark(reply)
        self.exchanges += 1
        if rule:
            self.refusals[rule] += 1
        if fault:
            self.faults[fault] += 1
        if rule.startswith("broke"):
            self.broke.append(f"{vendor} {operation}: {rule}")
        who = self.roles.get((world, vendor), vendor)
        if self.watch and self._place(who, target.encode(), sent, reply):
            self._tell_exchange(at, who, operation or f"{method} {target}", status, rule, fault, sent, reply)

    def event(self, event: Event) -> None:
        """What the engine tells while it works."""
        self._mark(msgspec.json.encode(event))
        if not self.watch:
            return
        match event:
            case EffectMoved(_, key, subject, state, reason) if self._place("", key.encode(), subject.encode()):
                self.say("ledger", f"{key} is {state}" + (f" ({reason})" if reason else ""))
            case PassEnded(_, lane, name, _, _, error) if error and self._place(lane, error.encode()):
                self.say("engine", f"{name} on {lane} failed: {error[:EXCERPT_LETTERS]}")

    def deed(self, who: str, what: str, name: str) -> None:
        """Somebody did something to what has this name."""
        self.deeds[who] += 1
        self.heard(who, what, name)

    def heard(self, who: str, what: str, name: str) -> None:
        """Something came that is about what has this name."""
        self._mark(f"{self.now():.6f} {who} {what} {name}".encode())
        if self.watch and (name in self.watch or self._place("", what.encode())):
            self.say(who, what)

    def note(self, who: str, what: str) -> None:
        """Something that concerns everybody: the engine dies."""
        self._mark(f"{self.now():.6f} {who} {what}".encode())
        if self.watch:
            self.say(who, what)

    def say(self, who: str, what: str) -> None:
        self.story.append(Moment(self.now(), who, what))

    def conclude(self, rows: Iterable[Any]) -> None:
        """How the ledger looks in the end."""
        for row in rows:
            self._mark(msgspec.json.encode(row))

    def _mark(self, text: bytes) -> None:
        self._hash.update(len(text).to_bytes(4, "big"))
        self._hash.update(text)

    def _place(self, who: str, *texts: bytes) -> bytes:
        """The first of the watched names that occurs in one of these texts; empty for none."""
        for name in self.watch:
            owner, slash, rest = name.partition("/")
            word = (rest if slash else name).encode()
            if (not slash or owner == who) and any(word in text for text in texts):
                return word
        return b""

    def _tell_exchange(
        self, at: float, who: str, operation: str, status: int, rule: str, fault: str, sent: bytes, reply: bytes
    ) -> None:
        """One line for an exchange; a list that says the same as the last time is not told again."""
        marks = ", ".join(filter(None, (f"refused: {rule}" if rule else "", f"fault: {fault}" if fault else "")))
        words = f"{operation} → {status or 'no answer'}" + (f" [{marks}]" if marks else "")
        for body in (sent, reply if status else b""):
            if word := self._place(who, body):
                words += f"  …{_excerpt(body, word)}…"
        if self._said.get((who, operation)) != words:
            self._said[who, operation] = words
            self.story.append(Moment(at, who, words))


def _excerpt(body: bytes, word: bytes) -> str:
    """What is said around a name."""
    start = max(0, body.index(word) - 20)
    return " ".join(body[start : start + EXCERPT_LETTERS].decode("utf-8", "replace").split())


class TracingJournal(Journal):
    """A world's journal, each line of which the trace hears of as it is kept."""

    def __init__(self, trace: Trace, world: str) -> None:
        super().__init__(entries_maximum=1)
        self._trace = trace
        self._world = world

    def keep(self, *exchange: Any) -> None:
        super().keep(*exchange)
        self._trace.exchange(self._world, self._kept[-1])
