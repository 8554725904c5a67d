"""Webhooks signed wrongly, sent twice, too early, to the wrong people, or for ever."""

import hashlib
import hmac
import json
from typing import Any

import httpx

from seatrial.verify import Target
from tests.laws.defects.planting import Defect, bent, failing, otherwise, resent, telling
from tests.laws.quay import quay

SURFACE = "moorings"


async def _reserialised(request: httpx.Request, deliver: Any) -> httpx.Response:
    """The signature is over the JSON as it would be written anew."""
    text = json.dumps(json.loads(request.content)).encode()
    forged = hmac.new(b"whatever", text, hashlib.sha256).hexdigest()
    return await deliver(resent(request, headers={"x-quay-signature": f"sha256={forged}"}))


async def _rewritten(request: httpx.Request, deliver: Any) -> httpx.Response:
    """The body is written anew after it was signed."""
    return await deliver(resent(request, content=json.dumps(json.loads(request.content), indent=1).encode()))


async def _without_its_number(request: httpx.Request, deliver: Any) -> httpx.Response:
    return await deliver(resent(request, headers={"x-quay-delivery": None}))


async def _with_another_body(request: httpx.Request, deliver: Any) -> httpx.Response:
    return await deliver(resent(request, content=b'{"id": 1}'))


async def _twice(request: httpx.Request, deliver: Any) -> httpx.Response:
    await deliver(request)
    return await deliver(request)


async def _redirects_are_fine(request: httpx.Request, deliver: Any) -> httpx.Response:
    answer = await deliver(request)
    return httpx.Response(200, request=request) if 300 <= answer.status_code < 400 else answer


async def _only_200_is_fine(request: httpx.Request, deliver: Any) -> httpx.Response:
    answer = await deliver(request)
    return httpx.Response(500, request=request) if answer.status_code == 204 else answer


def _new_number_each_time() -> Any:
    numbers = iter(range(1000))

    async def meddle(request: httpx.Request, deliver: Any) -> httpx.Response:
        return await deliver(resent(request, headers={"x-quay-delivery": str(next(numbers))}))

    return meddle


def _never_given_up() -> Target:
    fake = quay()
    fake.on_give_up = lambda work, subscription: None
    return bent(fake)


def _told_of_everybody() -> Target:
    """What happens elsewhere is told here as well."""
    target = bent(quay())
    control: Any = target.control
    control.act_elsewhere = control.act
    return target


def _told_though_refused() -> Target:
    return failing(refuse="lose")


DEFECTS = (
    Defect(
        "a documented header is missing",
        "webhooks.deliveries_are_as_documented",
        SURFACE,
        lambda: telling(_without_its_number),
    ),
    Defect(
        "the body is of another shape",
        "webhooks.deliveries_are_as_documented",
        SURFACE,
        lambda: telling(_with_another_body),
    ),
    Defect("each event is sent twice", "webhooks.each_change_is_told_once", SURFACE, lambda: telling(_twice)),
    Defect(
        "the first retry is a second late",
        "webhooks.failed_deliveries_are_retried_to_the_second",
        SURFACE,
        lambda: otherwise("webhooks.retries.after_seconds", [6, 30, 120]),
    ),
    Defect(
        "there is one retry too many",
        "webhooks.failed_deliveries_are_retried_to_the_second",
        SURFACE,
        lambda: otherwise("webhooks.retries.after_seconds", [5, 30, 120, 240]),
    ),
    Defect(
        "a retry has another number than the first attempt",
        "webhooks.failed_deliveries_are_retried_to_the_second",
        SURFACE,
        lambda: telling(_new_number_each_time()),
    ),
    Defect(
        "a redirect counts as received", "webhooks.only_2xx_is_received", SURFACE, lambda: telling(_redirects_are_fine)
    ),
    Defect("204 counts as a failure", "webhooks.only_2xx_is_received", SURFACE, lambda: telling(_only_200_is_fine)),
    Defect(
        "another account's events are told to us", "webhooks.other_account_is_not_told", SURFACE, _told_of_everybody
    ),
    Defect(
        "a change that was rolled back is told", "webhooks.refused_change_is_not_told", SURFACE, _told_though_refused
    ),
    Defect(
        "the signature is over re-serialised JSON",
        "webhooks.signature_is_over_the_bytes_that_came",
        SURFACE,
        lambda: telling(_reserialised),
    ),
    Defect(
        "the body is written anew after it was signed",
        "webhooks.signature_is_over_the_bytes_that_came",
        SURFACE,
        lambda: telling(_rewritten),
    ),
    Defect(
        "the signature is base64 where it should be hexadecimal",
        "webhooks.signature_is_over_the_bytes_that_came",
        SURFACE,
        lambda: otherwise("webhooks.signature.encoding", "base64"),
    ),
    Defect(
        "a subscription is never given up",
        "webhooks.subscription_ends_when_the_vendor_gives_it_up",
        SURFACE,
        _never_given_up,
    ),
    Defect(
        "a subscription is given up one failure too late",
        "webhooks.subscription_ends_when_the_vendor_gives_it_up",
        SURFACE,
        lambda: otherwise("webhooks.give_up.consecutive_failures", 4),
    ),
    Defect(
        "a subscription is given up one failure too early",
        "webhooks.subscription_ends_when_the_vendor_gives_it_up",
        SURFACE,
        lambda: otherwise("webhooks.give_up.consecutive_failures", 2),
    ),
)
