"""A world's journal as a failing test shows it: bounded, in order, and without anything that opens a door."""

import re
from typing import TYPE_CHECKING

from mock_servers.core.clock import iso_millis
from mock_servers.core.journal import HIDDEN, Entry

if TYPE_CHECKING:
    from seatrial.pytest_plugin.trial import Seatrial

EXCHANGES_MAXIMUM = 50
LISTED_MAXIMUM = 20
BODY_MAXIMUM = 600
SECRET_MINIMUM = 6
SECRET_NAME = re.compile(r"token|secret|password|key")
SECRET_MEMBER = re.compile(r'("\w*(?:token|secret|password)"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE)


def told(trial: "Seatrial") -> str:
    """The last exchanges, the webhooks, and the failures that were still to come."""
    world = trial.world
    entries = trial.journal
    lines = [f"seed {world.seed}, clock {moment(world.clock.now())}, {len(entries)} exchanges"]
    if len(entries) > EXCHANGES_MAXIMUM:
        lines.append(f"… {len(entries) - EXCHANGES_MAXIMUM} earlier ones left out")
    for entry in entries[-EXCHANGES_MAXIMUM:]:
        lines += _exchange(entry)
    planned = trial.faults.pending[:LISTED_MAXIMUM]
    lines += [f"planned fault: {each.vendor} {each.operation} {each.kind}" for each in planned]
    if not trial.over:  # once the test's world is gone its documents are too
        lines += [
            f"webhook {each.id} {each.vendor} {each.topic} to {each.url}: {each.state}, {len(each.attempts)} attempts"
            for each in trial.deliveries[-LISTED_MAXIMUM:]
        ]
    return _hidden("\n".join(lines), trial)


def moment(seconds: float) -> str:
    """A world's moment, for people."""
    return iso_millis(seconds)


def _exchange(entry: Entry) -> list[str]:
    marks = [
        entry.operation,
        f"refused by {entry.rule}" if entry.rule else "",
        f"fault: {entry.fault}" if entry.fault else "",
    ]
    said = ", ".join(mark for mark in marks if mark)
    lines = [
        f"{entry.number:>4}  {moment(entry.at)}  {entry.vendor}  {entry.method} {entry.target}"
        f"  {entry.status or 'no answer'}  ({said or 'no operation'})"
    ]
    lines += [f"        > {_clipped(entry.request_body)}"] if entry.request_body else []
    lines += [f"        < {_clipped(entry.reply_body)}"] if entry.reply_body else []
    return lines


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= BODY_MAXIMUM else f"{text[:BODY_MAXIMUM]} … ({len(text)} characters)"


def _hidden(text: str, trial: "Seatrial") -> str:
    """Once more without secrets: the journal searches the bodies of open operations, this those of all others too."""
    text = SECRET_MEMBER.sub(rf"\1{HIDDEN}", text)
    for vendor in trial:
        for name, value in vendor.credentials.items():
            if len(value) >= SECRET_MINIMUM and SECRET_NAME.search(name):
                text = text.replace(value, HIDDEN)
    return text
