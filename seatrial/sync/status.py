"""`seatrial status`: is it working? What was done, how fast, how fresh both sides are known, and what waits."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import to_builtins

from connectors.sync.engine import Engine
from connectors.sync.figures import Figures, figures
from seatrial.console import say, table
from seatrial.sync.desk import DIFFERENT, with_engine
from seatrial.sync.run import Source
from seatrial.sync.screen import span


def status(source: Source, window: timedelta, *, as_json: bool = False) -> int:
    """Print the figures of the last while; answers 1 when something is in the error queue."""
    return with_engine(source, lambda engine: _told(engine, window, as_json=as_json))


def _told(engine: Engine, window: timedelta, *, as_json: bool) -> int:
    found = figures(engine.ledger, engine.merchant, engine.clock.now(), window)
    if as_json:
        print(json.dumps(to_builtins(found), indent=2))  # noqa: T201 - meant for programs
        return DIFFERENT if found.dead else 0
    table(f"{engine.merchant.name}, the last {span(window)}", ("effect", "done", "waiting", *QUICK), _effects(found))
    table("How fresh it is", ("connection", "feed", "read to its end"), _feeds(found))
    say(_success(found))
    if found.oldest_waiting is not None:
        say(f"The oldest that waits was asked for {span(found.oldest_waiting)} ago.")
    if found.dead:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(found.dead.items()))
        say(f"For a person: {reasons}. See them: seatrial queue list")
    return DIFFERENT if found.dead else 0


QUICK = ("half were done in", "nineteen of twenty in")


def _effects(found: Figures) -> list[Sequence[Any]]:
    speed = {each.kind: each for each in found.speed}
    return [
        (
            kind,
            found.done.get(kind, 0),
            found.waiting.get(kind, 0) or "",
            span(speed[kind].median) if kind in speed else "",
            span(speed[kind].slowest_of_20) if kind in speed else "",
        )
        for kind in sorted({*found.done, *found.waiting})
    ]


def _feeds(found: Figures) -> list[Sequence[Any]]:
    return [
        (each.connection, each.feed, f"{span(each.age)} ago" if each.age is not None else "never yet")
        for each in found.freshness
    ]


def _success(found: Figures) -> str:
    if found.success is None:
        return "Nothing was concluded in that time."
    concluded = sum(found.done.values()) + sum(found.dead.values())
    return f"{found.success:.2%} of {concluded} went through without anybody."
