"""Not faster than a real vendor allows: the gaps between calls that the profile's limits ask for."""

from contracts.profile import FixedWindow, LeakyBucket, QueryCost, RateLimit
from seatrial.verify.clock import Timing

SHARE = 0.8
"""How much of a limit is ours: others may be calling with the same credential."""
WAIT_MAXIMUM_SECONDS = 120.0
COST_GUESSED = 50.0


class Pace:
    """Waits before each call as long as the slowest limit of the surface asks."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._free_at: dict[str, float] = {}

    def before(self, name: str, rules: tuple[RateLimit, ...]) -> None:
        """Wait for the next call on a surface."""
        gap = max((gap_seconds(rule) for rule in rules), default=0.0)
        now = self._timing.seconds()
        wait = self._free_at.get(name, now) - now
        if wait > 0:
            self._timing.wait(min(wait, WAIT_MAXIMUM_SECONDS))
        self._free_at[name] = max(now, self._free_at.get(name, now)) + gap

    def refused(self, seconds: float) -> None:
        """The target asked for patience."""
        self._timing.wait(min(max(seconds, 0.0), WAIT_MAXIMUM_SECONDS))


def gap_seconds(rule: RateLimit) -> float:
    """Seconds from one call to the next that keep within the rule for ever."""
    match rule:
        case FixedWindow():
            return rule.window_seconds / rule.limit / SHARE
        case LeakyBucket():
            return 1 / rule.leak_per_second / SHARE
        case QueryCost():
            return COST_GUESSED / rule.restore_per_second / SHARE


def refill_seconds(rule: RateLimit) -> float:
    """Seconds after which the rule has forgotten everything."""
    match rule:
        case FixedWindow():
            return rule.window_seconds
        case LeakyBucket():
            return rule.limit / rule.leak_per_second
        case QueryCost():
            return rule.maximum / rule.restore_per_second
