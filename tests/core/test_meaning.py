"""What a request is taken for before it is answered: TLS in front, another meaning, an empty body, what is missing."""

import httpx
import msgspec
import pytest

from contracts.profile import OwnScheme
from mock_servers.core.checks import Checks
from mock_servers.core.refusal import Refusal
from mock_servers.core.refusals import refusal_answer
from mock_servers.core.store import decode
from mock_servers.core.webhooks import Courier
from mock_servers.core.wire import Request
from tests.core.harbor import KEY, harbor
from tests.support import bench, run


def surface_with(fake, **changes):
    """The fake with another profile for its first surface."""
    surface = fake.contract.surfaces["rest"]
    changed = msgspec.structs.replace(surface, profile=msgspec.structs.replace(surface.profile, **changes))
    fake.contract.surfaces["rest"] = changed
    fake.contract.profile.surfaces["rest"] = changed.profile
    return fake


def only_over_tls():
    fake = harbor()
    schemes = fake.contract.surfaces["rest"].profile.auth
    own = next(scheme for scheme in schemes if isinstance(scheme, OwnScheme))
    return surface_with(fake, auth=(msgspec.structs.replace(own, over="tls"),))


def test_a_scheme_that_needs_tls_is_not_looked_at_without():
    harbor_ = bench(only_over_tls(), headers={})

    def let_in(url: str, **headers: str) -> bool:
        """Harbor minds the strange parameter only once it knows who asks."""
        answer = harbor_.get(f"{url}?key=THE_KEY", headers=headers)
        return (answer.status_code, harbor_.rule) == (400, "invalid_query")

    assert not let_in("/crates")
    assert harbor_.rule == "unauthenticated"
    assert let_in("/crates", **{"X-Forwarded-Proto": "https"})
    assert let_in("https://harbor.test/crates")
    harbor_.world.settings["harbor.tls"] = True
    assert let_in("/crates")


def test_a_request_can_mean_another_and_is_still_seen_as_it_came():
    fake = harbor()
    seen: list[str] = []

    @fake.understand
    def understand(request: Request) -> Request:
        meant = request.meaning("GET", request.path.removesuffix("/"), request.query)
        seen.append(meant.came_as.path)
        return meant

    harbor_ = bench(fake, headers=KEY)
    assert harbor_.get("/crates/").status_code == 200
    assert seen == ["/crates/"]


def test_a_query_is_read_as_the_vendor_s_server_reads_it():
    fake = harbor()
    fake.query(lambda request: list(dict(request.fields()).items()))
    harbor_ = bench(fake, headers=KEY)
    for number in range(4):
        harbor_.post("/crates", {"label": f"c{number}", "weight": number})
    assert len(harbor_.get("/crates?per_page=1&per_page=2").json()) == 2


def test_a_stranger_can_be_told_what_exactly_is_wrong():
    fake = harbor()

    @fake.stranger
    def turn_away(call):
        raise Refusal("expired_token")

    harbor_ = bench(fake, headers={"X-Harbor-Key": "ANOTHER"})
    harbor_.get("/crates")
    assert harbor_.rule == "expired_token"


def test_a_body_that_is_not_there_can_be_an_object_without_members():
    fake = harbor()
    body = msgspec.structs.replace(fake.contract.surfaces["rest"].profile.body, empty="object")
    harbor_ = bench(surface_with(fake, body=body), headers=KEY)
    harbor_.client.post("/crates")
    assert harbor_.rule == "invalid_body"
    plain = bench(harbor(), headers=KEY)
    plain.client.post("/crates")
    assert plain.rule in {"malformed_body", "unsupported_media_type"}


def test_what_only_lacks_something_can_have_a_word_of_its_own():
    fake = harbor()
    errors = fake.contract.surfaces["rest"].profile.errors
    known = errors.known | {"missing_member": errors.known["invalid_body"]}
    surface_with(fake, errors=msgspec.structs.replace(errors, known=known))
    checks, create = Checks(fake.contract), fake.contract.operations["createCrate"]
    for body, code in (({}, "missing_member"), ({"weight": "heavy"}, "invalid_body"), ({"label": 5}, "invalid_body")):
        with pytest.raises(Refusal) as caught:
            checks.body(create, "application/json", body)
        assert caught.value.code == code, body


def test_a_word_that_is_all_of_a_value_may_be_no_text():
    errors = harbor().contract.surfaces["rest"].profile.errors
    body = {
        "status": "{status}",
        "about": "{fields}",
        "names": "{field_names}",
        "id": "{id}",
        "say": "{id} of {status}",
    }
    known = {"odd": msgspec.structs.replace(errors.known["not_found"], body=body)}
    refusal = Refusal("odd", details=(("a.b", "is odd"), ("c[0]", "is odder")), id=7)
    told = decode(refusal_answer(msgspec.structs.replace(errors, known=errors.known | known), refusal)[2])
    assert told == {"status": 404, "about": "a, c", "names": ["a", "c"], "id": 7, "say": "7 of 404"}


# Lists that are counted in headers, and walked by them


def counted():
    fake = harbor()
    rule = fake.contract.surfaces["rest"].profile.pagination["default"]
    told = {"headers": {"total": "X-Total", "pages": "X-Pages"}, "links": True}
    return surface_with(fake, pagination={"default": msgspec.structs.replace(rule, **told)})


def test_counts_and_links_are_in_headers_and_repeat_what_was_asked():
    harbor_ = bench(counted(), headers=KEY)
    for number in range(5):
        harbor_.post("/crates", {"label": f"c{number}", "weight": number})
    answer = harbor_.get("/crates?per_page=2&page=2")
    assert (answer.headers["X-Total"], answer.headers["X-Pages"]) == ("5", "3")
    base = "http://harbor.test/crates?per_page=2&page"
    assert answer.headers["Link"] == f'<{base}=1>; rel="prev", <{base}=3>; rel="next"'
    assert harbor_.get("/crates?per_page=2&page=3").headers["Link"] == f'<{base}=2>; rel="prev"'
    assert harbor_.get("/crates?per_page=2&page=9").headers["Link"] == f'<{base}=3>; rel="prev"'


# Greetings


def test_a_greeting_goes_unsigned_and_other_statuses_may_be_well_received():
    fake = harbor()
    find = fake.find_listeners
    fake.find_listeners = lambda work, event: [
        msgspec.structs.replace(each, signed=False) for each in find(work, event)
    ]
    retries = msgspec.structs.replace(fake.contract.profile.webhooks.retries, also_received=(301,))
    webhooks = msgspec.structs.replace(fake.contract.profile.webhooks, retries=retries)
    fake.contract.profile = msgspec.structs.replace(fake.contract.profile, webhooks=webhooks)
    harbor_ = bench(fake, headers=KEY)
    harbor_.post("/listeners", {"topic": "crate.created", "url": "http://127.0.0.1:9/inbox"})
    heard: list[httpx.Request] = []

    def door(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(301, headers={"location": "http://127.0.0.1:9/elsewhere"})

    harbor_.post("/crates", {"label": "told", "weight": 1})
    run(deliver(harbor_, door))
    (request,) = heard
    assert "x-harbor-signature" not in request.headers
    (kept,) = harbor_.documents("webhook_delivery")
    assert (kept["state"], kept["attempts"][0]["signed"]) == ("delivered", "")


async def deliver(harbor_, door):
    courier = Courier(transport=httpx.MockTransport(door))
    await harbor_.world.advance(3600, courier)
    await courier.aclose()
