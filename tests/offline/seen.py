"""What answers have shown so far: things by their kind, so that paths and bodies can name what is really there."""

import re
from collections.abc import Iterator
from typing import Any

from seatrial.verify.known import plain_name, singular

THINGS_KEPT = 40
ROWS_LOOKED_AT = 10
PARAMETER = re.compile(r"\{(\w+)\}")


class Seen:
    """Things by kind, newest last. A kind is the word a thing stands under: `orders: [{id: 1}]` is an `order`."""

    def __init__(self) -> None:
        self._things: dict[str, dict[Any, dict[str, Any]]] = {}

    def look(self, answer: Any, kind: str, within: dict[str, Any] | None = None) -> None:
        """Remember every thing in an answer, and whose it is."""
        match answer:
            case list():
                for each in answer[:ROWS_LOOKED_AT]:
                    self.look(each, kind, within)
            case dict():
                own = {plain_name(name): each for name, each in answer.items() if isinstance(each, str | int)}
                thing = (within or {}) | own
                holder = next((name for name in reversed(within or {}) if name.endswith("id") and name != "id"), "")
                if "id" in own:
                    self._keep(kind, own["id"], thing)
                    self._keep(holder.removesuffix("id") + kind, own["id"], thing)
                above = (within or {}) | ({f"{kind}id": own["id"]} if "id" in own else {})
                for name, each in answer.items():
                    self.look(each, plain_name(singular(name)), above)

    def _keep(self, kind: str, id: Any, thing: dict[str, Any]) -> None:
        things = self._things.setdefault(kind, {})
        things.pop(id, None)
        things[id] = thing
        if len(things) > THINGS_KEPT:
            del things[next(iter(things))]

    def ids(self, kind: str) -> list[Any]:
        """Ids of a kind, newest first; of the kind its name ends with, where there is none called just so."""
        return [each["id"] for each in self._of(kind)]

    def _of(self, kind: str) -> list[dict[str, Any]]:
        wanted = plain_name(kind)
        known = max((name for name in self._things if name and wanted.endswith(name)), key=len, default="")
        return list(reversed(self._things.get(known, {}).values()))

    def _ending(self, kind: str) -> Iterator[dict[str, Any]]:
        """Things of every kind whose name ends so: an `event` may be called a `fulfillment_event` where it is shown."""
        for name, things in self._things.items():
            if name.endswith(plain_name(kind)):
                yield from reversed(things.values())

    def paths(self, path: str) -> Iterator[str]:
        """The path with its parameters filled in from one thing and those it belongs to, newest first."""
        kinds = {name: _kind(path, name) for name in PARAMETER.findall(path)}
        if not kinds:
            return
        last = list(kinds)[-1]
        found = dict.fromkeys(
            filled
            for thing in self._ending(kinds[last])
            if (filled := _filled(path, kinds, thing | {plain_name(last): thing["id"]}))
        )
        yield from found


def _kind(path: str, name: str) -> str:
    """What a parameter of a path is an id of, by the word before it."""
    before = path.split("{" + name + "}")[0].rstrip("/").rsplit("/", 1)[-1]
    return singular(before.split(".")[0])


def named(template: str, path: str) -> dict[str, Any]:
    """What a path that was asked names, by its parameters: whose the answer is."""
    asked = zip(template.split("/"), path.split("/"), strict=False)
    return {plain_name(name[1:-1]): value for name, value in asked if name.startswith("{") and name.endswith("}")}


def _filled(path: str, kinds: dict[str, str], thing: dict[str, Any]) -> str:
    for name, kind in kinds.items():
        value = thing.get(plain_name(name), thing.get(plain_name(kind) + "id"))
        if value is None:
            return ""
        path = path.replace("{" + name + "}", str(value))
    return path
