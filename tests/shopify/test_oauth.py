"""The grants: code, online and offline, exchange, refresh, client credentials (dossier section 2)."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from tests.shopify.shop import Shop, shop

CLIENT = {"client_id": "seatrial-client-id", "client_secret": "seatrial-client-secret"}
CALLBACK = "https://app.example/auth/callback"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"


def authorize(made: Shop, **more):
    params = {
        "client_id": CLIENT["client_id"],
        "redirect_uri": CALLBACK,
        "scope": "write_orders,read_orders",
        "state": "s",
    }
    return made.get("/admin/oauth/authorize", params=params | more)


def code(made: Shop, **more) -> str:
    return dict(parse_qsl(urlsplit(authorize(made, **more).headers["location"]).query))["code"]


def token(made: Shop, form: bool = False, **more):
    body = CLIENT | more
    if form:
        return made.client.post("/admin/oauth/access_token", data=body)
    return made.post("/admin/oauth/access_token", json=body)


def works(made: Shop, access_token: str) -> int:
    return made.send("{shop {name}}", headers={"X-Shopify-Access-Token": access_token}).status_code


# The merchant's page --------------------------------------------------------------------------------------------------


def test_the_merchant_is_sent_back_with_a_code_that_is_signed():
    made = shop()

    reply = authorize(made)

    location = urlsplit(reply.headers["location"])
    fields = {name: values[0] for name, values in parse_qs(location.query).items()}
    message = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "hmac")
    expected = hmac.new(b"seatrial-client-secret", message.encode(), hashlib.sha256).hexdigest()
    assert (reply.status_code, location.netloc, location.path) == (302, "app.example", "/auth/callback")
    assert fields["hmac"] == expected
    assert (fields["shop"], fields["state"], fields["timestamp"]) == ("seatrial.myshopify.com", "s", "1795435200")
    assert base64.b64decode(fields["host"] + "==").decode() == "admin.shopify.com/store/seatrial"


def test_parameters_of_the_redirect_stay_and_are_kept_apart():
    location = authorize(shop(), redirect_uri=f"{CALLBACK}?own=1#part").headers["location"]

    assert location.startswith(f"{CALLBACK}?own=1&")
    assert "#" not in location


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "/relative"},
        {"redirect_uri": "https://app.example/\r\nSet-Cookie: a=b"},
    ],
)
def test_a_request_that_names_no_app_or_no_address_is_refused_without_a_redirect(more):
    reply = authorize(shop(), **more)

    assert reply.status_code == 400
    assert "location" not in reply.headers
    assert reply.json()["error"] == "invalid_request"


def test_a_merchant_may_say_no():
    made = shop()
    made.world.settings["shopify.oauth_approval"] = "deny"

    location = authorize(made).headers["location"]

    assert location == f"{CALLBACK}?error=access_denied&error_description=The+user+denied+your+request.&state=s"


# Codes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [True, False], ids=["form", "json"])
def test_a_code_becomes_an_offline_token_with_the_compressed_scopes(form):
    made = shop()

    answer = token(made, form, code=code(made)).json()

    assert list(answer) == ["access_token", "scope"]
    assert answer["scope"] == "write_orders"
    assert works(made, answer["access_token"]) == 200


def test_a_code_is_good_once_for_an_hour_and_for_its_own_app():
    made = shop()
    used, old, foreign = code(made), code(made), code(made)
    made.world.work("shopify").grant("client", "other", "other", secret="x", standing=True)

    first = token(made, code=used)
    again = token(made, code=used)
    stolen = made.post("/admin/oauth/access_token", json={"client_id": "other", "client_secret": "x", "code": foreign})
    made.advance(3600)
    late = token(made, code=old)

    assert [reply.status_code for reply in (first, again, stolen, late)] == [200, 400, 400, 400]
    assert again.json()["error"] == "invalid_request"


def test_an_online_token_is_one_persons_and_ends_with_the_day():
    made = shop()

    answer = token(made, code=code(made, **{"grant_options[]": "per-user"})).json()
    now = works(made, answer["access_token"])
    made.advance(86_400)

    assert answer["associated_user_scope"] == "write_orders"
    assert set(answer["associated_user"]) == {
        "id",
        "first_name",
        "last_name",
        "email",
        "email_verified",
        "account_owner",
        "locale",
        "collaborator",
    }
    assert answer["expires_in"] == 86_400
    assert (now, works(made, answer["access_token"])) == (200, 401)


def test_an_expiring_offline_token_lives_an_hour_and_brings_its_refresh_token():
    made = shop()

    answer = token(made, code=code(made), expiring="1").json()
    made.advance(3600)

    assert (answer["expires_in"], answer["refresh_token_expires_in"]) == (3600, 7_776_000)
    assert works(made, answer["access_token"]) == 401


# Refreshing -----------------------------------------------------------------------------------------------------------


def expiring(made: Shop) -> dict:
    return token(made, code=code(made), expiring="1").json()


def refreshed(made: Shop, refresh_token: str):
    return token(made, grant_type="refresh_token", refresh_token=refresh_token)


def test_a_refresh_token_stays_good_until_the_pair_that_replaced_it_was_used():
    made = shop()
    first = expiring(made)

    lost = refreshed(made, first["refresh_token"])  # the answer never arrived: asking again must work
    second = refreshed(made, first["refresh_token"]).json()
    before = refreshed(made, first["refresh_token"]).status_code
    works(made, second["access_token"])
    after = refreshed(made, first["refresh_token"]).status_code

    assert (lost.status_code, before, after) == (200, 200, 400)


def test_using_the_new_refresh_token_ends_the_old_one_as_well():
    made = shop()
    first = expiring(made)
    second = refreshed(made, first["refresh_token"]).json()

    third = refreshed(made, second["refresh_token"])

    assert third.status_code == 200
    assert refreshed(made, first["refresh_token"]).status_code == 400


def test_a_refresh_token_ends_after_ninety_days():
    made = shop()
    first = expiring(made)
    made.advance(90 * 86_400)

    assert refreshed(made, first["refresh_token"]).json()["error"] == "invalid_request"


# Client credentials and wrong secrets ---------------------------------------------------------------------------------


def test_an_app_of_the_same_owner_needs_no_merchant():
    made = shop()

    answer = token(made, True, grant_type="client_credentials").json()
    now = works(made, answer["access_token"])
    made.advance(86_399)

    assert answer["expires_in"] == 86_399
    assert "write_orders" in answer["scope"].split(",")
    assert (now, works(made, answer["access_token"])) == (200, 401)


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"client_secret": "wrong", "grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"client_secret": "", "grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"client_id": "nobody", "grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": "nonsense"}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, 400, "invalid_request"),
        ({"grant_type": EXCHANGE}, 400, "invalid_request"),
    ],
)
def test_a_grant_that_cannot_be_given_is_refused(more, status, error):
    made = shop()
    before = made.kept()

    reply = token(made, **more)

    assert (reply.status_code, reply.json()["error"]) == (status, error)
    assert made.kept() == before


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"client_id": 5}', b""])
def test_a_body_that_is_no_request_is_refused(body):
    reply = shop().client.post("/admin/oauth/access_token", content=body, headers={"Content-Type": "application/json"})

    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


# Token exchange -------------------------------------------------------------------------------------------------------


def session(secret: str = "seatrial-client-secret", algorithm: str = "HS256", **more) -> str:
    """A session token as App Bridge makes them, by nobody's code but this."""
    now = 1_795_435_200
    claims = {
        "iss": "https://seatrial.myshopify.com/admin",
        "dest": "https://seatrial.myshopify.com",
        "aud": CLIENT["client_id"],
        "sub": "902541635",
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": "one",
        "sid": "two",
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": algorithm, "typ": "JWT"}, claims | more)
    ]
    mac = hmac.new(secret.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def exchanged(made: Shop, subject: str, wanted: str = OFFLINE, **more):
    body = {"subject_token": subject, "subject_token_type": ID_TOKEN, "requested_token_type": wanted}
    return token(made, grant_type=EXCHANGE, **body | more)


@pytest.mark.parametrize(
    ("wanted", "more", "members"),
    [
        (OFFLINE, {}, {"access_token", "scope"}),
        (
            OFFLINE,
            {"expiring": "1"},
            {"access_token", "scope", "expires_in", "refresh_token", "refresh_token_expires_in"},
        ),
        (ONLINE, {}, {"access_token", "scope", "expires_in", "associated_user_scope", "associated_user"}),
    ],
)
def test_a_session_token_is_exchanged_for_the_token_asked_for(wanted, more, members):
    made = shop()

    answer = exchanged(made, session(), wanted, **more).json()

    assert set(answer) == members
    assert works(made, answer["access_token"]) == 200


@pytest.mark.parametrize(
    "subject",
    [
        session(secret="wrong"),
        session(aud="another-app"),
        session(dest="https://other.myshopify.com"),
        session(iss="https://evil.example/admin"),
        session(exp=1_795_435_100),
        session(nbf=1_795_439_000),
        session(exp="never"),
        session(algorithm="none"),
        session()[:-3],
        "a.b.c",
        "",
        "é.é.é",
    ],
)
def test_a_session_token_that_is_not_ours_now_and_here_is_refused(subject):
    reply = exchanged(shop(), subject)

    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_subject_token")


def test_an_old_token_becomes_one_that_expires():
    made = shop()

    reply = exchanged(made, "shpat_seatrial", subject_token_type=OFFLINE, expiring="1")
    again = exchanged(made, reply.json()["access_token"], subject_token_type=OFFLINE, expiring="1")

    assert reply.json()["refresh_token"]
    assert works(made, "shpat_seatrial") == 401
    assert again.status_code == 400


# Scopes ---------------------------------------------------------------------------------------------------------------


def test_a_token_lists_its_scopes_as_they_were_granted():
    made = shop()
    access_token = token(made, code=code(made, scope="read_orders,write_orders,read_products")).json()["access_token"]

    reply = made.get("/admin/oauth/access_scopes.json", headers={"X-Shopify-Access-Token": access_token})

    assert reply.json() == {"access_scopes": [{"handle": "read_products"}, {"handle": "write_orders"}]}
    assert made.get("/admin/oauth/access_scopes.json", headers={"X-Shopify-Access-Token": "x"}).status_code == 401


def test_a_new_world_has_a_shop_and_secrets_of_its_own():
    made = shop()
    other = made.sandbox.worlds.create("other", 7)

    mine, theirs = made.world.credentials["shopify"], other.credentials["shopify"]
    reply = made.send("{shop {myshopifyDomain}}", headers={"X-Shopify-Access-Token": theirs["access_token"]})

    assert set(mine) == set(theirs) == {"shop", "client_id", "client_secret", "access_token"}
    assert not set(mine.values()) & set(theirs.values())
    assert reply.json()["data"]["shop"]["myshopifyDomain"] == theirs["shop"]
