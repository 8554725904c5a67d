"""Rate limits, one class per `kind` of the profile, all on the world's clock.

A limit admits a call or refuses it with `throttled`, whose words carry `retry_after_seconds`; either way it knows what
its headers say.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from contracts.profile import FixedWindow, LeakyBucket, QueryCost, RateLimit
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.wire import RawHeaders, header_line

CALLERS_MAXIMUM = 10_000
NUMBERS_MAXIMUM = 10**9


def struck(rule: RateLimit, now: float, seconds: int) -> dict[str, Any]:
    """The words of a refusal by this rule when nothing is left and the next call may come in so many seconds."""
    words = limit_of(rule).words(now)
    wait = f"{seconds:.1f}" if isinstance(words["retry_after_seconds"], str) else seconds
    now_full = {"used": words["limit"], "remaining": 0, "reset_seconds": seconds}
    if "reset_epoch_seconds" in words:
        now_full["reset_epoch_seconds"] = math.ceil(now + seconds)
    return words | now_full | {"retry_after_seconds": wait, "retry_after_millis": seconds * 1000}


class Window:
    """`limit` calls per window; the window starts with its first call."""

    def __init__(self, rule: FixedWindow) -> None:
        self.rule = rule
        self.started = -math.inf
        self.used = 0

    def take(self, now: float, cost: float = 1) -> None:
        """Count a call. Refuses with `throttled` beyond the limit."""
        if now - self.started >= self.rule.window_seconds:
            self.started, self.used = now, 0
        if self.used >= self.rule.limit:
            raise Refusal("throttled", **self.words(now))
        self.used += int(cost)

    def words(self, now: float) -> dict[str, Any]:
        left = max(0.0, self.started + self.rule.window_seconds - now)
        return {
            "limit": self.rule.limit,
            "used": self.used,
            "remaining": max(0, self.rule.limit - self.used),
            "reset_seconds": math.ceil(left),
            "reset_epoch_seconds": math.ceil(now + left),
            "retry_after_seconds": max(1, math.ceil(left)),
            "retry_after_millis": max(1, math.ceil(left * 1000)),
        }


class Bucket:
    """A bucket that fills with calls and leaks."""

    def __init__(self, rule: LeakyBucket) -> None:
        self.rule = rule
        self.level = 0.0
        self.seen = -math.inf

    def take(self, now: float, cost: float = 1) -> None:
        """Count a call. Refuses with `throttled` when the bucket would run over."""
        self._leak(now)
        if self.level + cost > self.rule.limit + 1e-9:
            raise Refusal("throttled", **self.words(now))
        self.level += cost

    def words(self, now: float) -> dict[str, Any]:
        self._leak(now)
        over = max(0.0, self.level + 1 - self.rule.limit)
        wait = over / self.rule.leak_per_second
        used = math.ceil(self.level - 1e-9)
        return {
            "limit": self.rule.limit,
            "used": used,
            "remaining": self.rule.limit - used,
            "reset_seconds": math.ceil(self.level / self.rule.leak_per_second),
            "retry_after_seconds": f"{max(1.0, math.ceil(wait)):.1f}",
            "retry_after_millis": math.ceil(wait * 1000 - 1e-6),
        }

    def _leak(self, now: float) -> None:
        if now > self.seen:
            self.level = max(0.0, self.level - (now - self.seen) * self.rule.leak_per_second)
            self.seen = now


class Points:
    """A purse of points that fills again. What a call reserved and did not use is given back."""

    def __init__(self, rule: QueryCost) -> None:
        self.rule = rule
        self.available = rule.maximum
        self.seen = -math.inf

    def take(self, now: float, cost: float = 1) -> None:
        """Reserve points. Refuses with `throttled` when they are not there."""
        self.restore(now)
        if cost > self.available:
            missing = (cost - self.available) / self.rule.restore_per_second
            raise Refusal("throttled", **self.words(now) | {"retry_after_seconds": math.ceil(missing)})
        self.available -= cost

    def give_back(self, points: float) -> None:
        """The call cost less than it reserved."""
        self.available = min(self.rule.maximum, self.available + points)

    def restore(self, now: float) -> None:
        """Fill up to this moment."""
        if now > self.seen:
            if self.seen > -math.inf:
                self.give_back((now - self.seen) * self.rule.restore_per_second)
            self.seen = now

    def words(self, now: float) -> dict[str, Any]:
        self.restore(now)
        return {
            "limit": self.rule.maximum,
            "used": self.rule.maximum - self.available,
            "remaining": self.available,
            "reset_seconds": math.ceil((self.rule.maximum - self.available) / self.rule.restore_per_second),
            "retry_after_seconds": 1,
            "retry_after_millis": 1000,
        }


Limit = Window | Bucket | Points
Caller = tuple[str, str, str, str]
"""Vendor, surface, the limit's or the operation's name, and who calls."""


def limit_of(rule: RateLimit) -> Limit:
    """The running limit for a rule."""
    match rule:
        case FixedWindow():
            return Window(rule)
        case LeakyBucket():
            return Bucket(rule)
        case QueryCost():
            return Points(rule)


def check_numbers(rules: Iterable[RateLimit], numbers: Any) -> None:
    """Raises UsageError for numbers that none of these rules could live with."""
    known = {name for rule in rules for name in rule.__struct_fields__} - {
        "evidence",
        "headers",
        "refusal_headers",
        "per",
        "each",
    }
    if not isinstance(numbers, dict) or not numbers or not numbers.keys() <= known:
        raise UsageError(f'a limit has {", ".join(sorted(known))}, as in {{"limit": 100}}; not {numbers!r:.100}')
    for name, value in numbers.items():
        whole = name.startswith(("limit", "single"))
        least = 0 if whole else 0.001
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise UsageError(f"{name} is a {'whole ' if whole else ''}number, not {value!r:.100}")
        if not least <= value <= NUMBERS_MAXIMUM:
            raise UsageError(f"{name} is {least} at least and {NUMBERS_MAXIMUM} at most")


def _with(rule: RateLimit, numbers: Mapping[str, Any]) -> RateLimit:
    """The rule with those numbers of a world that it knows: surfaces may have limits of one name and several kinds."""
    return structs.replace(rule, **{name: value for name, value in numbers.items() if name in rule.__struct_fields__})


class Limits:
    """Who has called how much, in one world. Whoever called first is forgotten first when there are too many."""

    def __init__(self) -> None:
        self._of: dict[Caller, Limit] = {}

    def get(self, caller: Caller) -> Limit | None:
        """The limit that counts a caller, once it has called."""
        return self._of.get(caller)

    def of(self, caller: Caller, rule: RateLimit, changed: dict[str, Any] | None = None) -> Limit:
        """The limit that counts a caller, from its first call on."""
        return self._of.get(caller) or self.add(caller, rule, changed)

    def add(self, caller: Caller, rule: RateLimit, changed: dict[str, Any] | None = None) -> Limit:
        """Begin to count a caller; `changed` are a world's own numbers."""
        if len(self._of) >= CALLERS_MAXIMUM:
            del self._of[next(iter(self._of))]
        limit = self._of[caller] = limit_of(_with(rule, changed) if changed else rule)
        return limit

    def clear(self) -> None:
        """Everybody starts anew."""
        self._of.clear()


def headers_of(templates: Mapping[str, str], words: Mapping[str, Any]) -> RawHeaders:
    """Header templates filled in."""
    return [header_line(name, template.format_map(words)) for name, template in templates.items()]
