"""Lists that lose rows, show them twice, or do not end."""

from typing import Any

import httpx

from mock_servers.core.refusal import Refusal
from tests.laws.defects.planting import (
    ENVELOPED,
    Defect,
    Inner,
    asked,
    behaving,
    changed,
    meddled,
    on_answers,
    on_json,
)

MOORINGS, GATE = "moorings", "gate"


def _cursor(request: httpx.Request) -> str | None:
    return request.url.params.get("from")


def _from_the_start(request: httpx.Request, inner: Inner) -> httpx.Response:
    cursor = _cursor(request) or ""
    return inner(asked(request, **{"from": None}) if not (cursor[:1] == "c" and cursor[1:].isdecimal()) else request)


def _skipping(rows: int) -> Any:
    """Every page but the first begins a few rows further on, or back."""

    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        cursor = _cursor(request) or ""
        if cursor[1:].isdecimal():
            return inner(asked(request, **{"from": f"c{max(0, int(cursor[1:]) + rows)}"}))
        return inner(request)

    return lambda: meddled(meddle)


def _second_page_lost(request: httpx.Request, body: Any) -> Any:
    return body | {"moorings": []} if _cursor(request) and "moorings" in body else body


def _newest_twice(request: httpx.Request, body: Any) -> Any:
    rows = body.get("moorings", []) if isinstance(body, dict) else []
    newest = rows[-1:] if rows and rows[-1]["reference"].startswith("seatrial") and request.method == "GET" else []
    return body | {"moorings": rows + [row | {"id": f"{row['id']}0"} for row in newest]} if newest else body


def _more(request: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
    if (
        "link" in answer.headers
        or request.method != "GET"
        or not answer.is_success
        or "limit" not in request.url.params
    ):
        return None
    last = request.url.copy_merge_params({"from": "c1000000"})
    return None if _cursor(request) == "c1000000" else changed(answer, headers={"link": f'<{last}>; rel="next"'})


def _without_end(call: Any, true: Any) -> Any:
    try:
        return true(call)
    except Refusal:
        from mock_servers.core.wire import Reply

        return Reply(200, [])


def _told(name: str, value: Any) -> Any:
    return lambda: meddled(
        on_json(lambda request, body: body | {name: value(body)} if name in body else body), ENVELOPED
    )


def _sized(parameter: str, otherwise: Any) -> Any:
    """A size is read as another."""

    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        wanted = otherwise(request.url.params.get(parameter))
        return inner(asked(request, **{parameter: wanted}) if request.method == "GET" else request)

    return lambda: meddled(meddle)


DEFECTS = (
    Defect(
        "the total counts one too many",
        "paging.counts_are_true",
        "guide",
        _told("total", lambda body: body["total"] + 1),
    ),
    Defect(
        "the last page is not counted",
        "paging.counts_are_true",
        "guide",
        _told("totalPages", lambda body: body["totalPages"] - 1),
    ),
    Defect(
        "a garbage cursor is read as the beginning",
        "paging.garbage_cursor_is_refused",
        MOORINGS,
        lambda: meddled(_from_the_start),
    ),
    Defect(
        "the last page links to an empty one",
        "paging.last_page_links_nowhere",
        MOORINGS,
        lambda: meddled(on_answers(_more)),
    ),
    Defect(
        "a new row is listed twice", "paging.new_row_is_counted_once", MOORINGS, lambda: meddled(on_json(_newest_twice))
    ),
    Defect(
        "past the end is an empty page where it should be not found",
        "paging.page_numbers_have_their_ends",
        GATE,
        lambda: behaving(readBoard=_without_end),
    ),
    Defect(
        "pages hold one row too many when no size is given",
        "paging.pages_hold_their_size",
        GATE,
        _sized("per_page", lambda size: size or 6),
    ),
    Defect(
        "the second page is lost",
        "paging.pages_joined_are_the_collection",
        MOORINGS,
        lambda: meddled(on_json(_second_page_lost)),
    ),
    Defect("pages overlap by a row", "paging.pages_joined_are_the_collection", MOORINGS, _skipping(-1)),
    Defect("pages skip a row", "paging.pages_joined_are_the_collection", MOORINGS, _skipping(1)),
    Defect(
        "a row is hidden while others arrive", "paging.rows_that_arrive_while_walking_hide_none", MOORINGS, _skipping(1)
    ),
    Defect(
        "one more than the largest size is served",
        "paging.size_has_its_maximum",
        MOORINGS,
        _sized("limit", lambda size: "49" if size == "51" else size),
    ),
    Defect(
        "a size of zero is read as none",
        "paging.size_that_is_none_is_refused",
        MOORINGS,
        _sized("limit", lambda size: None if size == "0" else size),
    ),
)
