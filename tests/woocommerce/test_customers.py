"""Customers: accounts, whose orders are whose, and what the store says no to."""

import pytest

from tests.woocommerce.store import V3, hear_all, refusal, store, told, topics

ADA = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Poe", "billing": {"city": "Dover"}}


def registered(shop, **more):
    made = shop.post(f"{V3}/customers", {**ADA, **more})
    assert made.status_code == 201, made.text
    return made.json()


def test_an_account_is_made_with_a_name_to_log_in_by_and_shows_no_password():
    shop = store()
    made = shop.post(f"{V3}/customers", {**ADA, "password": "a secret of hers"})
    ada = made.json()
    assert made.headers["Location"].endswith(f"{V3}/customers/{ada['id']}")
    assert (ada["username"], ada["role"], ada["is_paying_customer"]) == ("ada", "customer", False)
    assert ada["billing"]["city"] == "Dover"
    assert "password" not in ada
    assert "a secret of hers" not in str(
        [row.body for row in shop.world.work("woocommerce").collection("customer").rows()]
    )
    assert shop.get(f"{V3}/customers/{ada['id']}").json() == ada
    assert registered(shop, email="ada@other.example")["username"].startswith("ada-")


NO = {
    "an id": ({"id": 5}, "woocommerce_rest_customer_exists"),
    "somebody's address": ({"email": "ADA@example.com"}, "registration-error-email-exists"),
    "somebody's name": ({"email": "b@example.com", "username": "ada"}, "registration-error-username-exists"),
    "a strange name": ({"email": "b@example.com", "username": "a<b"}, "registration-error-invalid-username"),
    "no address": ({"email": "nobody"}, "rest_invalid_param"),
}


@pytest.mark.parametrize("what", NO)
def test_a_new_account_is_refused_in_the_vendors_words_and_nothing_is_made(what):
    shop = store()
    registered(shop)
    body, code = NO[what]
    assert refusal(shop.post(f"{V3}/customers", {**ADA, **body})) == (400, code)
    assert len(shop.documents("customer")) == 1


def test_without_an_address_there_is_no_account():
    answer = store().post(f"{V3}/customers", {"first_name": "Ada"})
    assert refusal(answer) == (400, "rest_missing_callback_param")
    assert answer.json()["data"]["params"] == ["email"]


def test_a_change_keeps_what_it_does_not_name_and_refuses_what_is_anothers():
    shop = store()
    ada, bob = registered(shop), registered(shop, email="bob@example.com")
    path = f"{V3}/customers/{ada['id']}"
    changed = shop.client.put(
        path, json={"shipping": {"city": "Albany"}, "meta_data": [{"key": "vip", "value": "yes"}]}
    ).json()
    assert (changed["billing"]["city"], changed["shipping"]["city"]) == ("Dover", "Albany")
    assert changed["meta_data"][0]["value"] == "yes"
    taken = shop.client.put(path, json={"email": bob["email"]})
    assert (refusal(taken), taken.json()["message"]) == (
        (400, "woocommerce_rest_customer_invalid_email"),
        "Email address is invalid.",
    )
    renamed = shop.client.put(path, json={"username": "other"})
    assert refusal(renamed) == (400, "woocommerce_rest_customer_invalid_argument")
    assert shop.get(path).json()["email"] == "ada@example.com"


def test_the_list_is_by_name_and_finds_by_address_and_part_of_a_name():
    shop = store()
    for name in ("Cleo", "Ada", "Bob"):
        registered(shop, email=f"{name.lower()}@example.com", first_name=name)
    page = shop.get(f"{V3}/customers?per_page=2")
    assert ([row["first_name"] for row in page.json()], page.headers["X-WP-Total"]) == (["Ada", "Bob"], "3")
    assert 'rel="next"' in page.headers["Link"]
    found = {
        "email=BOB@example.com": ["Bob"],
        "search=leo": ["Cleo"],
        "orderby=id&order=desc": ["Bob", "Ada", "Cleo"],
        "role=administrator": [],
    }
    for query, names in found.items():
        assert [row["first_name"] for row in shop.get(f"{V3}/customers?{query}").json()] == names, query


def test_a_customers_orders_are_theirs_until_the_account_is_gone():
    shop = store()
    ada = registered(shop)
    line = [{"sku": "MUG"}]
    order = shop.post(f"{V3}/orders", {"customer_id": ada["id"], "line_items": line}).json()
    shop.post(f"{V3}/orders", {"line_items": line})
    assert order["_links"]["customer"][0]["href"].endswith(f"/customers/{ada['id']}")
    assert [row["id"] for row in shop.get(f"{V3}/orders?customer={ada['id']}").json()] == [order["id"]]
    nobody = shop.post(f"{V3}/orders", {"customer_id": 99, "line_items": line})
    assert refusal(nobody) == (400, "woocommerce_rest_invalid_customer_id")

    path = f"{V3}/customers/{ada['id']}"
    assert refusal(shop.client.delete(path)) == (501, "woocommerce_rest_trash_not_supported")
    assert shop.client.delete(f"{path}?force=true").json()["email"] == "ada@example.com"
    assert refusal(shop.get(path)) == (404, "wc_user_invalid_id")
    kept = shop.get(f"{V3}/orders/{order['id']}").json()
    assert (kept["customer_id"], "customer" in kept["_links"]) == (0, False)


def test_who_has_paid_is_a_paying_customer():
    shop = store()
    ada = registered(shop)
    path = f"{V3}/customers/{ada['id']}"
    order = shop.post(f"{V3}/orders", {"customer_id": ada["id"], "line_items": [{"sku": "MUG"}]}).json()
    assert shop.get(path).json()["is_paying_customer"] is False
    shop.client.put(f"{V3}/orders/{order['id']}", json={"set_paid": True})
    assert shop.get(path).json()["is_paying_customer"] is True


def test_a_batch_does_each_for_itself():
    shop = store()
    ada = registered(shop)
    asked = {
        "create": [{"email": "new@example.com"}, {"email": ADA["email"]}],
        "update": [{"id": 99, "first_name": "X"}],
        "delete": [ada["id"], 98],
    }
    done = shop.client.post(f"{V3}/customers/batch", json=asked).json()
    assert done["create"][0]["email"] == "new@example.com"
    assert done["create"][1]["error"]["code"] == "registration-error-email-exists"
    assert done["update"][0]["error"]["code"] == "woocommerce_rest_invalid_id"
    assert [each.get("error", {}).get("code") for each in done["delete"]] == [None, "wc_user_invalid_id"]


def test_webhooks_tell_of_accounts():
    shop = store()
    door = hear_all(shop, "customer")
    ada = registered(shop)
    assert sorted(topic for topic, _ in topics(told(shop, door))) == ["customer.created", "customer.updated"]
    shop.client.put(f"{V3}/customers/{ada['id']}", json={"first_name": "Ada Mae"})
    ((topic, body),) = topics(told(shop, door))
    assert (topic, body["first_name"]) == ("customer.updated", "Ada Mae")
    shop.client.delete(f"{V3}/customers/{ada['id']}?force=true")
    assert topics(told(shop, door)) == [("customer.deleted", {"id": ada["id"]})]
