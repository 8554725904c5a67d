"""Limits that count wrongly, forgive wrongly, or say nothing."""

from typing import Any

import httpx

from seatrial.verify import Target
from tests.laws.defects.planting import (
    Defect,
    Inner,
    Meddle,
    changed,
    meddled,
    on_answers,
    otherwise,
    with_our_token,
)

SURFACE = "moorings"
RULE = "surfaces.moorings.rate_limits.default"


def _without(header: str, status: int) -> Any:
    return lambda: meddled(
        on_answers(
            lambda request, answer: changed(answer, headers={header: None}) if answer.status_code == status else None
        )
    )


def _one_for_all(target: Target) -> Meddle:
    """Whoever calls, one bucket is filled: ours."""

    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        own = with_our_token(target, request)
        if own.headers.get("authorization") != request.headers.get("authorization") and request.method == "GET":
            counted = inner(own)
            return counted if counted.status_code == 429 else inner(request)
        return inner(request)

    return meddle


def _done_though_refused(target: Target) -> Meddle:
    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        answer = inner(request)
        if answer.status_code == 429 and request.method != "GET":
            target.control.world.limits.clear()
            inner(request)
        return answer

    return meddle


def _frozen() -> Target:
    """Nothing ever leaks, whatever the clock says."""
    return otherwise(f"{RULE}.leak_per_second", 1e-9)


DEFECTS = (
    Defect(
        "the bucket leaks too slowly",
        "limits.all_is_forgiven_in_the_end",
        SURFACE,
        lambda: otherwise(f"{RULE}.leak_per_second", 3),
    ),
    Defect("the clock does not drive the refill", "limits.all_is_forgiven_in_the_end", SURFACE, _frozen),
    Defect(
        "one caller uses up everybody's calls",
        "limits.another_credential_is_not_touched",
        "gate",
        lambda: meddled(_one_for_all, aware=True),
    ),
    Defect(
        "each token has a bucket of its own",
        "limits.are_counted_by_whom_the_profile_says",
        SURFACE,
        lambda: otherwise(f"{RULE}.per", "token"),
    ),
    Defect(
        "one call too many is let in",
        "limits.call_after_the_last_is_refused",
        SURFACE,
        lambda: otherwise(f"{RULE}.limit", 41),
    ),
    Defect(
        "one call too few is let in",
        "limits.call_after_the_last_is_refused",
        SURFACE,
        lambda: otherwise(f"{RULE}.limit", 39),
    ),
    Defect(
        "nobody is ever refused",
        "limits.call_after_the_last_is_refused",
        "gate",
        lambda: otherwise("surfaces.gate.rate_limits.default.limit", 30_000),
    ),
    Defect(
        "the window ends a second late",
        "limits.clock_forgives",
        "gate",
        lambda: otherwise("surfaces.gate.rate_limits.default.window_seconds", 11),
    ),
    Defect(
        "Retry-After says ten times what it should",
        "limits.clock_forgives",
        "gate",
        lambda: meddled(
            on_answers(
                lambda request, answer: (
                    changed(answer, headers={"retry-after": "100"}) if answer.status_code == 429 else None
                )
            )
        ),
    ),
    Defect(
        "a refusal for speed has no Retry-After",
        "limits.headers_are_on_every_answer",
        SURFACE,
        _without("retry-after", 429),
    ),
    Defect(
        "a refusal does not say how much is used",
        "limits.headers_are_on_every_answer",
        SURFACE,
        _without("x-quay-calls", 404),
    ),
    Defect(
        "the header counts nothing",
        "limits.headers_count",
        SURFACE,
        lambda: otherwise(f"{RULE}.headers", {"X-Quay-Calls": "{limit}/{limit}"}),
    ),
    Defect(
        "what is refused for speed is done",
        "limits.refused_change_is_not_done",
        SURFACE,
        lambda: meddled(_done_though_refused, aware=True),
    ),
)
