"""Connectors as they run in production: the vendor's own addresses, httpx's own transport, nothing replaced.

respx stands where the sockets would be opened, knows the vendor's real host names from its contract, and hands what is
sent there to the fake. Any other host, any unencrypted address and anything that follows a redirect is refused.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import respx

from connectors.core.errors import Invalid
from tests.ports.calls import Call, Write, calls_of, cells
from tests.ports.rig import Rig, hosts_of, rigs
from tests.ports.stage import Stage, play


@contextmanager
def routed(stage: Stage) -> Iterator[respx.MockRouter]:
    """The vendor's real host names lead to its fake, and nothing else leads anywhere."""
    fake = stage.sandbox.transport(stage.rig.vendor)
    with respx.mock(assert_all_called=False, assert_all_mocked=True) as router:
        for host in hosts_of(stage.rig):
            pattern = re.escape(host).replace(r"\*", "[a-z0-9-]+")
            router.route(scheme="https", host__regex=f"^{pattern}$").mock(side_effect=fake.handle_async_request)
        yield router


@cells(calls_of)
def test_every_method_works_with_the_vendors_own_addresses(rig: Rig, call: Call):
    async def story(stage: Stage) -> None:
        given = await call.arrange(stage)
        with routed(stage) as router:
            async with rig.real(stage) as connector:
                await call.do(connector, given)
                if isinstance(call, Write):
                    assert await call.look(connector, given)
                    assert call.times(stage, given) == 1
            sent = [exchange.request for exchange in router.calls]
        assert sent
        for request in sent:
            assert request.url.scheme == "https"
            assert request.headers["host"] == request.url.host
            assert not any(secret in str(request.url) for secret in stage.secrets()), "a secret in an address"

    play(rig, story)


@pytest.mark.parametrize("rig", rigs(), ids=[rig.name for rig in rigs()])
def test_a_redirect_is_not_followed_to_wherever_it_leads(rig: Rig):
    """Credentials would go along."""

    async def story(stage: Stage) -> None:
        elsewhere = []
        with respx.mock(assert_all_called=False) as router:
            router.route(host="elsewhere.example").mock(side_effect=lambda request: elsewhere.append(request))
            router.route().mock(return_value=httpx.Response(307, headers={"location": "https://elsewhere.example/"}))
            async with rig.real(stage) as connector:
                assert await stage.refused(connector.check()) is not None
        assert elsewhere == []

    play(rig, story)


@pytest.mark.parametrize("rig", rigs(), ids=[rig.name for rig in rigs()])
def test_a_cookie_is_not_kept(rig: Rig):
    """It would tie one account's calls to another's."""

    async def story(stage: Stage) -> None:
        with routed(stage) as router:
            for route in router.routes:
                honest = route.side_effect

                async def sweetened(request: httpx.Request, honest: Any = honest) -> httpx.Response:
                    reply = await honest(request)
                    reply.headers["set-cookie"] = "session=1; Path=/; Secure"
                    return reply

                route.side_effect = sweetened
            async with rig.real(stage) as connector:
                for _ in range(3):
                    await connector.check()
            assert len(router.calls) >= 3
            assert [exchange for exchange in router.calls if "cookie" in exchange.request.headers] == []

    play(rig, story)


@pytest.mark.parametrize("rig", rigs(), ids=[rig.name for rig in rigs()])
def test_without_encryption_credentials_stay_here(rig: Rig):
    async def story(stage: Stage) -> None:
        with pytest.raises(Invalid, match="unencrypted"):
            rig.unencrypted(stage)

    play(rig, story)
