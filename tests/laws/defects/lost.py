"""Changes made twice, not at all, or before their time."""

from typing import Any

import httpx

from mock_servers.core.wire import Reply
from tests.laws.defects.planting import Defect, Inner, behaving, failing, meddled
from tests.laws.quay import moor, mooring_shown

SURFACE = "moorings"


def _again(call: Any, true: Any) -> Reply:
    """Nobody looks whether it was made before."""
    told = {name: call.body[name] for name in ("reference", "vessel", "metres")}
    return Reply(201, mooring_shown(moor(call, **told)), {"Location": f"{call.base_url}{call.request.path}/1"})


def _added_to(call: Any, true: Any) -> Reply:
    """Each asking adds to the name."""
    known = call.collection("mooring").get(call.path["id"])
    call.body = {"vessel": f"{known['vessel']}+"[:60]}
    return true(call)


def _an_answer_after_all(request: httpx.Request, inner: Inner) -> httpx.Response:
    """A lost answer is invented instead."""
    try:
        return inner(request)
    except httpx.ReadError:
        return httpx.Response(201, json={"id": "0"}, request=request)


DEFECTS = (
    Defect(
        "a change is undone when its answer is lost",
        "lost.answer_lost_after_the_change_is_a_change",
        SURFACE,
        lambda: failing(lose="drop", cut="drop"),
    ),
    Defect(
        "an answer that is lost arrives",
        "lost.answer_lost_after_the_change_is_a_change",
        SURFACE,
        lambda: meddled(_an_answer_after_all),
    ),
    Defect(
        "a repeat makes a duplicate",
        "lost.repeat_after_a_lost_answer_does_no_harm",
        SURFACE,
        lambda: behaving(createMooring=_again),
    ),
    Defect(
        "a repeated change changes more",
        "lost.repeat_of_a_change_leaves_what_one_change_leaves",
        SURFACE,
        lambda: behaving(renameMooring=_added_to),
    ),
    Defect(
        "what is refused at the door is done",
        "lost.request_refused_at_the_door_is_not_done",
        SURFACE,
        lambda: failing(refuse="lose"),
    ),
    Defect(
        "what is dropped at the door is done",
        "lost.request_refused_at_the_door_is_not_done",
        SURFACE,
        lambda: failing(drop="lose"),
    ),
    Defect(
        "a request that arrives twice is done twice",
        "lost.request_that_arrives_twice_is_done_once",
        SURFACE,
        lambda: behaving(createMooring=_again),
    ),
    Defect(
        "a late request is done at once",
        "lost.request_that_is_late_is_done_when_it_arrives",
        SURFACE,
        lambda: failing(late="lose"),
    ),
    Defect(
        "a late request never arrives",
        "lost.request_that_is_late_is_done_when_it_arrives",
        SURFACE,
        lambda: failing(late="drop"),
    ),
)
