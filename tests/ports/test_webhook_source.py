"""WebhookSource: whoever calls us. The deliveries are the fake's own, as they leave it."""

import itertools
import string
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import BadSignature, ConnectorError
from connectors.ports import WebhookSource
from contracts.contract import load
from mock_servers.core.webhooks import Courier
from tests.ports.effort import effort
from tests.ports.rig import Rig, playing
from tests.ports.stage import BASE, Stage, play

LETTERS = string.ascii_letters + string.digits + "+/= é"
ADDRESS = "https://hooks.example/inbox"


@dataclass(frozen=True)
class Delivered:
    """What arrived at our door."""

    headers: dict[str, str]
    body: bytes


async def delivered(stage: Stage) -> tuple[list[Delivered], list[tuple[str, str]]]:
    """Everything that can be told of has happened and was told; and what it was about."""
    arrived: list[Delivered] = []

    def door(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == ADDRESS
        arrived.append(Delivered(dict(request.headers), request.content))
        return httpx.Response(200)

    await stage.rig.listen(stage, ADDRESS)
    happened = list(stage.rig.happen(stage))
    courier = Courier(transport=httpx.MockTransport(door))
    await stage.world.deliver(courier)
    await courier.aclose()
    assert len(arrived) >= len(happened)
    return arrived, happened


@playing(WebhookSource)
def test_every_delivery_is_believed_and_says_what_it_is_about(rig: Rig):
    async def story(stage: Stage) -> None:
        arrived, happened = await delivered(stage)
        hints = [stage.connector.verify(each.headers, each.body) for each in arrived]
        told = {(hint.topic, hint.subject) for hint in hints}
        assert set(happened) <= told
        assert all(hint.happened == (BASE if rig.tells_when else None) for hint in hints)
        assert all(hint.subject for hint in hints)
        assert len({hint.event_id for hint in hints}) == len(hints), "each has an id of its own"

    play(rig, story)


@playing(WebhookSource)
def test_a_delivery_that_is_sent_again_has_the_same_id(rig: Rig):
    """A vendor that tries again when nobody answers well: whoever keeps ids takes it once. Some never do; what a proxy
    repeats is the same for all."""
    webhooks = load(rig.vendor).profile.webhooks
    sent_again = webhooks is not None and bool(webhooks.retries.after_seconds)

    async def story(stage: Stage) -> None:
        arrived: list[Delivered] = []

        def door(request: httpx.Request) -> httpx.Response:
            arrived.append(Delivered(dict(request.headers), request.content))
            return httpx.Response(200 if len(arrived) > 2 else 503)

        await rig.listen(stage, ADDRESS)
        rig.happen(stage)
        courier = Courier(transport=httpx.MockTransport(door))
        await stage.world.advance(3600, courier)
        await courier.aclose()
        ids = [stage.connector.verify(each.headers, each.body).event_id for each in arrived]
        assert (ids[0] in ids[2:]) is sent_again, "it came again, or it never does"
        assert ids == [stage.connector.verify(each.headers, each.body).event_id for each in arrived]
        bodies = {id: {each.body for each, its in zip(arrived, ids, strict=True) if its == id} for id in ids}
        assert rig.counts_attempts or all(len(same) == 1 for same in bodies.values())

    play(rig, story)


@playing(WebhookSource)
@effort(25)
@given(flips=st.lists(st.tuples(*[st.integers(0, 2**16)] * 4, st.integers(0, 7)), min_size=8, max_size=8))
def test_one_bit_of_the_body_or_one_letter_of_the_signature_is_enough(rig: Rig, flips: list[tuple[int, ...]]):
    async def story(stage: Stage) -> None:
        arrived, _ = await delivered(stage)
        for which, byte, letter, other, bit in flips:
            each = arrived[which % len(arrived)]
            place = byte % len(each.body)
            forged = each.body[:place] + bytes([each.body[place] ^ (1 << bit)]) + each.body[place + 1 :]
            with pytest.raises(BadSignature) as caught:
                stage.connector.verify(each.headers, forged)
            stage.errors.append(caught.value)

            (name,) = [name for name in each.headers if "hmac" in name or "signature" in name]
            value = each.headers[name]
            at = letter % (len(value) - 2)  # the last ones say nothing: padding
            same = str if rig.signature_minds_case else str.lower
            letters = [sign for sign in LETTERS if same(sign) != same(value[at])]
            wrong = value[:at] + letters[other % len(letters)] + value[at + 1 :]
            with pytest.raises(BadSignature):
                stage.connector.verify(each.headers | {name: wrong}, each.body)

    play(rig, story)


@playing(WebhookSource)
def test_longer_shorter_and_rewritten_bodies_are_not_believed(rig: Rig):
    """A signature is over bytes: the same JSON, written again, is another message."""

    async def story(stage: Stage) -> None:
        arrived, _ = await delivered(stage)
        for each in arrived:
            for body in (each.body + b" ", each.body[:-1], b"", b" " + each.body, each.body.replace(b":", b": ", 1)):
                with pytest.raises(BadSignature):
                    stage.connector.verify(each.headers, body)

    play(rig, story)


@playing(WebhookSource)
def test_another_secret_another_account_and_another_delivery_are_not_believed(rig: Rig):
    async def story(stage: Stage) -> None:
        arrived, _ = await delivered(stage)
        wrong = [rig.listening(stage, secret="not-the-secret"), rig.listening(stage, secret="")]
        wrong.append(rig.listening(stage, account="other.myshopify.com"))
        for each in arrived:
            for connector in wrong:
                with pytest.raises(BadSignature) as caught:
                    connector.verify(each.headers, each.body)
                stage.errors.append(caught.value)
        for each, other in itertools.pairwise(arrived):
            if each.body != other.body:
                with pytest.raises(BadSignature):
                    stage.connector.verify(each.headers, other.body)

    play(rig, story)


@playing(WebhookSource)
def test_headers_are_found_whatever_their_capitals_and_missed_when_they_are_missing(rig: Rig):
    async def story(stage: Stage) -> None:
        (each, *_), _ = await delivered(stage)
        for letters in (str.upper, str.lower, str.title):
            headers = {letters(name): value for name, value in each.headers.items()}
            assert stage.connector.verify(headers, each.body) == stage.connector.verify(each.headers, each.body)
        with pytest.raises(BadSignature):
            stage.connector.verify({}, each.body)
        for name in each.headers:
            left = {key: value for key, value in each.headers.items() if key != name}
            try:
                stage.connector.verify(left, each.body)
            except ConnectorError as error:
                assert isinstance(error, BadSignature), name

    play(rig, story)


@playing(WebhookSource)
@effort(100)
@given(
    headers=st.dictionaries(
        st.sampled_from(("X-Shopify-Hmac-Sha256", "X-Shopify-Topic", "X-Shopify-Shop-Domain", "Signature")),
        st.text(max_size=60),
    ),
    body=st.binary(max_size=80),
)
def test_noise_at_the_door_is_a_bad_signature_and_nothing_else(rig: Rig, headers: dict[str, str], body: bytes):
    async def story(stage: Stage) -> None:
        with pytest.raises(BadSignature):
            stage.connector.verify(headers, body)

    play(rig, story)
