"""How hard the suites of ports and models try: the same runs in CI, longer and fresh ones with SEATRIAL_DEEP=1."""

import os
from typing import Any

from hypothesis import HealthCheck, settings

DEEP = os.environ.get("SEATRIAL_DEEP", "") not in {"", "0"}
DEEPER = 25


def effort(examples: int, **more: Any) -> settings:
    """So many examples, always the same; many more, and others each time, when the run is to be deep."""
    return settings(
        max_examples=examples * (DEEPER if DEEP else 1),
        derandomize=not DEEP,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        **more,
    )
