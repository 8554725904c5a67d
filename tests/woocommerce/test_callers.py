"""Who may call: keys over TLS, signatures in the clear, and what PHP and WordPress make of a request."""

import base64
from urllib.parse import quote, urlencode

import pytest

from mock_servers.core.oauth1 import base_string, signature
from tests.support import NOON
from tests.woocommerce.store import V3, refusal, store

ORDERS = f"http://woocommerce.test{V3}/orders"


def in_the_clear():
    shop = store()
    shop.client.headers.clear()
    return shop, shop.world.credentials["woocommerce"]


def signed(about, url=ORDERS, method="GET", asked=(), header=False, algorithm="HMAC-SHA256", **other):
    """The query, or the header, that an honest client would send; `other` replaces parameters, None leaves one out."""
    proof = {
        "oauth_consumer_key": about["consumer_key"],
        "oauth_timestamp": str(int(NOON)),
        "oauth_nonce": "n1",
        "oauth_signature_method": algorithm,
        **other,
    }
    proof = {name: value for name, value in proof.items() if value is not None}
    if "oauth_signature" not in other:
        text = base_string(method, url, [*asked, *proof.items()])
        known = algorithm if algorithm in {"HMAC-SHA1", "HMAC-SHA256"} else "HMAC-SHA1"
        proof["oauth_signature"] = signature(known, about["consumer_secret"], text)
    if header:
        return "OAuth " + ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in proof.items())
    return urlencode([*asked, *proof.items()])


def test_over_tls_a_key_is_shown_by_basic_or_in_the_query():
    shop, about = in_the_clear()
    pair = {"consumer_key": about["consumer_key"], "consumer_secret": about["consumer_secret"]}
    proxy = {"X-Forwarded-Proto": "https"}
    assert (
        shop.get(f"{V3}/orders", headers={"Authorization": f"Basic {about['access_token']}", **proxy}).status_code
        == 200
    )
    assert shop.get(f"{V3}/orders", params=pair, headers=proxy).status_code == 200
    assert shop.client.get(f"https://woocommerce.test{V3}/orders", params=pair).status_code == 200


def test_in_the_clear_a_key_is_not_looked_at_unless_the_world_says_that_tls_is_in_front():
    shop, about = in_the_clear()
    basic = {"Authorization": f"Basic {about['access_token']}"}
    pair = {"consumer_key": about["consumer_key"], "consumer_secret": about["consumer_secret"]}
    assert refusal(shop.get(f"{V3}/orders", headers=basic)) == (401, "woocommerce_rest_cannot_view")
    assert refusal(shop.get(f"{V3}/orders", params=pair)) == (401, "woocommerce_rest_cannot_view")
    shop.world.settings["woocommerce.tls"] = True
    assert shop.get(f"{V3}/orders", headers=basic).status_code == 200


def test_a_known_key_with_another_secret_is_told_so_and_an_unknown_one_is_nobody():
    shop, about = in_the_clear()
    shop.client.headers["X-Forwarded-Proto"] = "https"

    def shown(key, secret):
        token = base64.b64encode(f"{key}:{secret}".encode()).decode()
        return shop.get(f"{V3}/orders", headers={"Authorization": f"Basic {token}"})

    wrong = shown(about["consumer_key"], "cs_wrong")
    assert refusal(wrong) == (401, "woocommerce_rest_authentication_error")
    assert wrong.json()["message"] == "Consumer secret is invalid."
    assert wrong.headers["WWW-Authenticate"].startswith('Basic realm="WooCommerce API')
    assert refusal(shown("ck_nobody", "cs_nobody")) == (401, "woocommerce_rest_cannot_view")


@pytest.mark.parametrize("algorithm", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("header", [False, True])
def test_a_signed_request_is_let_in_and_its_signature_is_of_just_this_request(algorithm, header):
    shop, about = in_the_clear()
    asked = (("per_page", "5"), ("search", "a b&c=ü"), ("status[]", "processing"), ("status[]", "completed"))
    php = (*asked[:2], ("status[0]", "processing"), ("status[1]", "completed"))
    proof = signed(about, asked=php, header=header, algorithm=algorithm)
    query = urlencode(asked)

    def ask(path=f"{V3}/orders", method="GET", query=query):
        if header:
            return shop.client.request(method, f"{path}?{query}", headers={"Authorization": proof})
        mine = "&".join(part for part in proof.split("&") if part.startswith("oauth_"))
        return shop.client.request(method, f"{path}?{query}&{mine}")

    assert ask().status_code == 200
    for wrong in ({"path": f"{V3}/products"}, {"method": "POST"}, {"query": query.replace("5", "6")}):
        answer = ask(**wrong)
        assert answer.json()["message"] == "Invalid signature - provided signature does not match.", wrong
    assert ask().json()["message"] == "Invalid nonce - nonce has already been used."


def test_what_is_sent_twice_counts_once_as_php_has_it():
    """Official clients send their query in the signed address, and their HTTP library adds it once more."""
    shop, about = in_the_clear()
    query = signed(about, asked=(("status[0]", "processing"), ("per_page", "2")))
    assert shop.get(f"{V3}/orders?{query}&status%5B0%5D=processing&per_page=2").status_code == 200


WRONG = {
    "an unknown key": ({"oauth_consumer_key": "ck_nobody"}, "Consumer key is invalid."),
    "another signature": ({"oauth_signature": "bm8="}, "Invalid signature - provided signature does not match."),
    "no HMAC": ({"algorithm": "PLAINTEXT"}, "Invalid signature - signature method is invalid."),
    "an old timestamp": ({"oauth_timestamp": str(int(NOON) - 901)}, "Invalid timestamp."),
    "a timestamp to come": ({"oauth_timestamp": str(int(NOON) + 901)}, "Invalid timestamp."),
    "a timestamp that is none": ({"oauth_timestamp": "noon"}, "Invalid timestamp."),
    "no nonce": ({"oauth_nonce": None}, "Missing OAuth parameter oauth_nonce"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_signed_wrongly_is_refused_as_what_it_is(what):
    more, said = WRONG[what]
    shop, about = in_the_clear()
    answer = shop.get(f"{V3}/orders?{signed(about, **more)}")
    assert (answer.status_code, answer.json()["message"]) == (401, said)
    assert refusal(answer)[1].startswith("woocommerce_rest_authentication_")


def test_a_timestamp_may_be_a_quarter_of_an_hour_off_and_a_nonce_comes_back_after_it():
    shop, about = in_the_clear()
    assert shop.get(f"{V3}/orders?{signed(about, oauth_timestamp=str(int(NOON) - 900))}").status_code == 200
    shop.advance(901)
    assert shop.get(f"{V3}/orders?{signed(about, oauth_timestamp=str(int(NOON) + 901))}").status_code == 200


def test_a_nonce_is_used_up_though_the_request_was_refused_afterwards():
    shop, about = in_the_clear()
    query = signed(about, url=f"{ORDERS}/999")
    assert refusal(shop.get(f"{V3}/orders/999?{query}"))[0] == 404
    assert shop.get(f"{V3}/orders/999?{query}").json()["message"] == "Invalid nonce - nonce has already been used."


def test_a_key_may_do_what_it_was_made_for():
    shop, _ = in_the_clear()
    key = shop.act("add_key", permission="read")
    shop.client.headers["X-Forwarded-Proto"] = "https"
    pair = {name: key[name] for name in ("consumer_key", "consumer_secret")}
    assert shop.get(f"{V3}/orders", params=pair).status_code == 200
    answer = shop.client.post(f"{V3}/orders", params=pair, json={})
    assert answer.json()["message"] == "The API key provided does not have write permissions."


def test_no_secret_is_in_the_journal_or_in_a_link():
    shop, about = in_the_clear()
    pair = {"consumer_key": about["consumer_key"], "consumer_secret": about["consumer_secret"], "per_page": "1"}
    for _ in range(3):
        shop.act("checkout", lines=[{"sku": "MUG"}])
    page = shop.client.get(f"https://woocommerce.test{V3}/orders", params=pair)
    assert about["consumer_secret"] not in page.headers["Link"]
    kept = str([(entry.target, entry.request_headers) for entry in shop.journal()])
    assert about["consumer_secret"] not in kept
    assert about["access_token"] not in kept


# What a request means


def test_wordpress_understands_plain_permalinks_a_slash_at_the_end_and_v2():
    shop = store()
    order = shop.act("checkout", lines=[{"sku": "MUG"}])["id"]
    for path in (f"/?rest_route=/wc/v3/orders/{order}", f"{V3}/orders/{order}/", f"/wp-json/wc/v2/orders/{order}"):
        assert shop.get(path).json()["id"] == order, path
    assert "wc/v3" in shop.client.get("/wp-json/").json()["namespaces"]
    assert shop.get("/wp-json/wc/v2/system_status").json()["environment"]["version"].startswith("10.")


@pytest.mark.parametrize("how", ["header", "query"])
def test_another_method_can_be_meant_than_was_sent(how):
    shop = store()
    order = shop.act("checkout", lines=[{"sku": "MUG"}])["id"]
    path = f"{V3}/orders/{order}?force=true"
    if how == "header":
        answer = shop.post(path, headers={"X-HTTP-Method-Override": "DELETE"})
    else:
        answer = shop.post(f"{path}&_method=delete")
    assert answer.status_code == 200
    assert shop.documents("order") == []


def test_an_unknown_method_or_path_is_no_route():
    shop = store()
    assert refusal(shop.client.delete(f"{V3}/orders")) == (404, "rest_no_route")
    assert refusal(shop.get("/wp-json/wc/v9/orders")) == (404, "rest_no_route")
    assert refusal(shop.client.post(f"{V3}/orders", content=b"{", headers={"Content-Type": "application/json"})) == (
        400,
        "rest_invalid_json",
    )
