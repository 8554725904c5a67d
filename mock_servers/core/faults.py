"""Failure on demand: planned for the next calls of an operation, or drawn from the world's seed.

| kind | what happens |
| --- | --- |
| `refuse` | nothing is done; the vendor's own refusal `error` is answered (default `unavailable`) |
| `throttle` | nothing is done; the vendor's 429 |
| `drop` | nothing is done, and nobody answers |
| `revoke` | the token presented dies early, and the call finds it dead |
| `lose` | it is done and committed; the answer never arrives |
| `cut` | it is done and committed; the answer stops in the middle of its body |
| `repeat` | the request arrives twice (a proxy tried again); the first answer is heard |
| `late` | nobody answers, and `seconds` later it is done after all |
| `delay` | the answer comes `seconds` later |

On a webhook (`webhook:<topic>`): `drop`, `delay`, `repeat` (delivered twice), `reorder` (after the one that follows).
"""

import random
from typing import Any, Literal, get_args

from msgspec import Struct

from mock_servers.core.refusal import UsageError

Kind = Literal["refuse", "throttle", "drop", "revoke", "lose", "cut", "repeat", "late", "delay", "reorder"]
ON_WEBHOOKS = frozenset({"drop", "delay", "repeat", "reorder"})
FAULTS_MAXIMUM = 1000


class Fault(Struct):
    """One plan. `times` counts down and null never ends; `chance` is drawn from the world's seed at each call."""

    number: int
    vendor: str
    operation: str
    kind: Kind
    times: int | None = 1
    chance: float = 1.0
    seconds: float = 1.0
    error: str = ""


class Faults:
    """The plans of one world, oldest first. `*` stands for every operation, or every vendor."""

    def __init__(self, chance: random.Random) -> None:
        self.plans: list[Fault] = []
        self._chance = chance
        self._chance_then = chance.getstate()
        self._number = 0

    def plan(
        self,
        vendor: str,
        operation: str,
        kind: Kind,
        *,
        times: int | None = 1,
        chance: float = 1.0,
        seconds: float = 1.0,
        error: str = "",
    ) -> Fault:
        """Plan a fault. Raises UsageError for one that cannot be."""
        if kind not in get_args(Kind):
            raise UsageError(f"no fault is called {kind!r}; there are: {', '.join(get_args(Kind))}")
        if operation.startswith("webhook:") and kind not in ON_WEBHOOKS:
            raise UsageError(f"a webhook cannot {kind!r}; it can: {', '.join(sorted(ON_WEBHOOKS))}")
        if kind == "reorder" and not operation.startswith("webhook:"):
            raise UsageError("only a webhook can be reordered")
        if not 0 <= chance <= 1 or not 0 <= seconds <= 86_400 or not (times is None or 1 <= times <= 1_000_000):
            raise UsageError("a fault needs a chance of 0 to 1, 0 to 86400 seconds, and 1 to 1000000 times or null")
        if len(self.plans) >= FAULTS_MAXIMUM:
            raise UsageError(f"{FAULTS_MAXIMUM} faults are planned already; clear some first")
        self._number += 1
        fault = Fault(self._number, vendor, operation, kind, times, chance, seconds, error)
        self.plans.append(fault)
        return fault

    def strike(self, vendor: str, names: tuple[str, ...]) -> Fault | None:
        """The fault that this call meets, used up by one."""
        for fault in self.plans:
            if _fits(fault, vendor, names) and (fault.chance >= 1 or self._chance.random() < fault.chance):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self.plans.remove(fault)
                return fault
        return None

    def drop(self, number: int) -> None:
        """Take one plan back. Raises UsageError when it is not there."""
        kept = [fault for fault in self.plans if fault.number != number]
        if len(kept) == len(self.plans):
            raise UsageError(f"no fault has the number {number}")
        self.plans = kept

    def clear(self) -> None:
        """Take every plan back."""
        self.plans.clear()

    def reset(self) -> None:
        """As it was in the beginning: nothing planned, and the same chance to come."""
        self.plans.clear()
        self._number = 0
        self._chance.setstate(self._chance_then)


def _fits(fault: Fault, vendor: str, names: tuple[Any, ...]) -> bool:
    if fault.vendor not in {"*", vendor}:
        return False
    if fault.operation == "*":
        return not names[0].startswith("webhook:")
    return fault.operation in names
