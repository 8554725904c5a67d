"""How an app is let in: a code for a consent, once, for the very redirect URI, and a token without an end."""

from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.extensiv_order_manager.v1 import OM
from tests.support import NOBODY, bench

BACK = "https://app.example/back"
BASIC = {"Authorization": "Basic " + b64encode(b"YOUR_CLIENT_ID:YOUR_CLIENT_SECRET").decode()}


def stand():
    return bench(OM, headers=NOBODY)


def consent(om, scope="read_orders+write_orders", **more):
    fields = {"client_id": "YOUR_CLIENT_ID", "redirect_uri": BACK, "response_type": "code"} | more
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    return om.client.get(f"/oauth/authorize?{query}&scope={scope}&state=xyz")


def code_of(answer):
    assert answer.status_code == 302, answer.text
    target = urlsplit(answer.headers["location"])
    fields = parse_qs(target.query)
    assert fields.keys() == {"code", "cid"}, "the state is not given back"
    return fields["code"][0]


def exchange(om, code, headers=BASIC, **more):
    fields = {"grant_type": "authorization_code", "redirect_uri": BACK, "code": code} | more
    query = "&".join(
        f"{name}={value}" for name, value in fields.items()
    )  # as it comes from a client that encodes nothing
    return om.client.post(f"/oauth/token?{query}", headers=headers | {"Content-Type": "text/plain; charset=utf-8"})


def test_a_code_is_a_token_for_its_scopes_that_does_not_end():
    om = stand()
    answer = exchange(om, code_of(consent(om)))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["token_type"], told["scope"], told.keys()) == (
        "bearer", "read_orders write_orders", {"access_token", "token_type", "scope"},
    )  # fmt: skip
    assert [len(part) for part in told["access_token"].split("-")] == [8, 4, 4, 4, 12]
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    om.advance(400 * 86_400)
    assert om.get("/v1.1/orders", headers=bearer).status_code == 200
    refused = om.get("/v1/inventory", headers=bearer)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")


def test_all_is_every_scope_and_none_is_no_scope():
    om = stand()
    assert "write_purchaseorders" in exchange(om, code_of(consent(om, "all"))).json()["scope"]
    none = exchange(om, code_of(consent(om, "none"))).json()
    bearer = {"Authorization": f"Bearer {none['access_token']}"}
    assert om.get("/v1.1/orders", headers=bearer).status_code == 403
    assert om.get("/v1/companyinfo", headers=bearer).status_code == 200


def test_fields_may_come_in_a_form_as_well():
    om = stand()
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code": code_of(consent(om))}
    assert om.client.post("/oauth/token", data=form, headers=BASIC).status_code == 200


def test_a_code_is_good_once_for_its_own_redirect_and_for_ten_minutes():
    om = stand()
    code = code_of(consent(om))
    assert exchange(om, code, redirect_uri=BACK + "/").json()["error"] == "invalid_grant"
    assert exchange(om, code).status_code == 200
    again = exchange(om, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    late = code_of(consent(om))
    om.advance(600)
    assert exchange(om, late).json()["error"] == "invalid_grant"
    assert exchange(om, "nobody").json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Authorization": "Basic " + b64encode(b"YOUR_CLIENT_ID:wrong").decode()}, 401, "invalid_client"),
        ({"Authorization": "Basic " + b64encode(b"nobody:YOUR_CLIENT_SECRET").decode()}, 401, "invalid_client"),
        ({"Authorization": "Basic !!!"}, 400, "invalid_request"),
        ({"Authorization": ""}, 400, "invalid_request"),
    ],
)
def test_a_code_is_for_its_own_app_alone(headers, status, error):
    om = stand()
    code = code_of(consent(om))
    answer = exchange(om, code, headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert exchange(om, code).status_code == 200, "a refused exchange does not use the code up"


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "/back"},
        {"response_type": "token"},
        {"scope": "read_minds"},
    ],
)
def test_nobody_is_sent_where_the_app_does_not_live(more):
    om = stand()
    answer = consent(om, **more)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


def test_a_merchant_may_say_no():
    om = stand()
    om.world.settings[f"{OM}.oauth_approval"] = "deny"
    assert consent(om).headers["location"] == f"{BACK}?error=access_denied"


def test_codes_and_secrets_are_not_in_the_journal():
    om = stand()
    code = code_of(consent(om))
    token = exchange(om, code).json()["access_token"]
    kept = str(om.journal())
    assert token not in kept
    assert f"code={code}" not in kept
