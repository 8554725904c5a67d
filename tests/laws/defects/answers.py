"""Wrong answers."""

from itertools import count
from typing import Any

import httpx

from tests.laws.defects.planting import Defect, changed, meddled, on_answers, on_json

SURFACE = "moorings"


def _rows(body: Any) -> list[Any]:
    return body.get("moorings", []) if isinstance(body, dict) else []


def _without_last(request: httpx.Request, body: Any) -> Any:
    rows = _rows(body)
    return body | {"moorings": rows[:-1]} if request.method == "GET" and len(rows) > 1 else body


def _each(body: Any, change: Any) -> Any:
    if isinstance(body, dict) and "moorings" in body:
        return body | {"moorings": [change(row) for row in body["moorings"]]}
    return change(body) if isinstance(body, dict) and "vessel" in body else body


def _numbered() -> Any:
    numbers = count()
    return lambda request, body: _each(body, lambda row: row | {"vessel": f"{row['vessel']} {next(numbers)}"})


def _echo(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
    shown = request.headers.get("authorization", "").removeprefix("Bearer ")
    return changed(answer, headers={"X-Debug": shown})


DEFECTS = (
    Defect(
        "a documented member is missing from a row",
        "answers.are_as_documented",
        SURFACE,
        lambda: meddled(on_json(lambda request, body: _each(body, lambda row: {**row, "made_at": None}))),
    ),
    Defect(
        "the answer has another content type than its document says",
        "answers.are_as_documented",
        SURFACE,
        lambda: meddled(on_answers(lambda request, answer: changed(answer, headers={"content-type": "text/html"}))),
    ),
    Defect(
        "reading twice shows two things",
        "answers.are_the_same_when_asked_again",
        SURFACE,
        lambda: meddled(on_json(_numbered())),
    ),
    Defect(
        "Date stands still",
        "answers.dates_follow_the_clock",
        SURFACE,
        lambda: meddled(
            on_answers(lambda request, answer: changed(answer, headers={"date": "Thu, 01 Jan 1970 00:00:00 GMT"}))
        ),
    ),
    Defect(
        "Content-Length counts letters instead of bytes",
        "answers.have_a_true_length",
        SURFACE,
        lambda: meddled(on_answers(lambda request, answer: changed(answer, headers={"content-length": "3"}))),
    ),
    Defect(
        "Location is missing",
        "answers.have_their_documented_headers",
        SURFACE,
        lambda: meddled(on_answers(lambda request, answer: changed(answer, headers={"location": None}))),
    ),
    Defect(
        "links lead to the vendor's real host",
        "answers.lead_back_here",
        SURFACE,
        lambda: meddled(
            on_answers(
                lambda request, answer: changed(
                    answer,
                    headers={
                        name: answer.headers[name].replace("quay.localhost", "api.quay.example")
                        for name in ("link", "location")
                        if name in answer.headers
                    },
                )
            )
        ),
    ),
    Defect(
        "Location leads to something else",
        "answers.location_leads_to_what_was_made",
        SURFACE,
        lambda: meddled(
            on_answers(
                lambda request, answer: (
                    changed(answer, headers={"location": "/2025-01/moorings/1"})
                    if "location" in answer.headers
                    else None
                )
            )
        ),
    ),
    Defect(
        "one size of page breaks the server",
        "answers.never_break",
        SURFACE,
        lambda: meddled(
            on_answers(
                lambda request, answer: (
                    changed(answer, status=500, body={"title": "x", "detail": "x"})
                    if request.url.params.get("limit") == "7"
                    else None
                )
            )
        ),
    ),
    Defect(
        "the token is echoed in a header", "answers.never_echo_a_credential", "gate", lambda: meddled(on_answers(_echo))
    ),
    Defect(
        "what is made is dated by something else than the clock",
        "answers.new_stamps_are_the_moment_they_were_made",
        SURFACE,
        lambda: meddled(
            on_json(lambda request, body: _each(body, lambda row: row | {"made_at": "2026-11-21T10:00:00.000Z"}))
        ),
    ),
    Defect(
        "the newest row is not in the list",
        "answers.show_what_was_made",
        SURFACE,
        lambda: meddled(on_json(_without_last)),
    ),
    Defect(
        "dates are written to the second where they have milliseconds",
        "answers.stamps_are_written_as_the_profile_says",
        SURFACE,
        lambda: meddled(
            on_json(lambda request, body: _each(body, lambda row: row | {"made_at": row["made_at"][:19] + "Z"}))
        ),
    ),
    Defect(
        "a NUL in a path breaks the server",
        "answers.survive_odd_bytes",
        SURFACE,
        lambda: meddled(
            on_answers(lambda request, answer: changed(answer, status=502) if "%00" in str(request.url) else None)
        ),
    ),
    Defect(
        "an error page shows where it was raised",
        "answers.tell_no_insides",
        SURFACE,
        lambda: meddled(
            on_answers(
                lambda request, answer: (
                    changed(answer, body=b"Traceback (most recent call last): ...")
                    if answer.status_code == 404
                    else None
                )
            )
        ),
    ),
    Defect(
        "what is called JSON is none",
        "answers.that_say_json_are_json",
        SURFACE,
        lambda: meddled(on_answers(lambda request, answer: changed(answer, body=b"{'title': 'x'}"))),
    ),
    Defect(
        "what was created answers 202",
        "answers.to_changes_are_as_documented",
        SURFACE,
        lambda: meddled(
            on_answers(lambda request, answer: changed(answer, status=202) if answer.status_code == 201 else None)
        ),
    ),
    Defect(
        "an operation that is not built pretends to have been done",
        "answers.unbuilt_operations_say_so",
        SURFACE,
        lambda: meddled(
            on_answers(
                lambda request, answer: changed(answer, status=200, body={}) if answer.status_code == 501 else None
            )
        ),
    ),
)
