"""Webhooks: the ping, the signature, one attempt and no more, and the end after failures."""

import base64
import hashlib
import hmac

import httpx
import pytest

from tests.woocommerce.store import V3, Door, refusal, store, told

ADDRESS = "https://hooks.example/woo"


def listening(topic="order.updated", **more):
    shop, door = store(), Door()
    made = shop.post(f"{V3}/webhooks", {"topic": topic, "delivery_url": ADDRESS, **more})
    assert made.status_code == 201, made.text
    return shop, door, made.json()


def buy(shop):
    return shop.act("checkout", lines=[{"sku": "MUG"}])["id"]


def test_a_new_webhook_is_greeted_with_a_form_that_nobody_signed():
    shop, door, webhook = listening(secret="shh-secret")
    assert "secret" not in webhook
    (ping,) = told(shop, door)
    assert ping.content == f"webhook_id={webhook['id']}".encode()
    assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not [name for name in ping.headers if name.startswith("x-wc-webhook")]


def test_a_ping_that_fails_counts_for_nothing():
    shop, door, webhook = listening(status="paused")
    door.answer = 500
    for _ in range(9):
        shop.client.put(f"{V3}/webhooks/{webhook['id']}", json={"status": "paused"})
        shop.client.put(f"{V3}/webhooks/{webhook['id']}", json={"status": "active"})
    assert len(told(shop, door)) == 9
    assert shop.get(f"{V3}/webhooks/{webhook['id']}").json()["status"] == "active"


@pytest.mark.parametrize("secret", ["shh-secret", ""])
def test_a_delivery_is_the_order_as_the_api_shows_it_signed_with_the_webhook_s_or_its_owner_s_secret(secret):
    shop, door, webhook = listening("order.created", secret=secret)
    told(shop, door)
    order = buy(shop)
    (came,) = told(shop, door)
    key = secret or shop.world.credentials["woocommerce"]["webhook_secret"]
    mac = base64.b64encode(hmac.new(key.encode(), came.content, hashlib.sha256).digest()).decode()
    assert came.headers["x-wc-webhook-signature"] == mac
    assert came.headers["x-wc-webhook-topic"] == "order.created"
    assert (came.headers["x-wc-webhook-resource"], came.headers["x-wc-webhook-event"]) == ("order", "created")
    assert came.headers["x-wc-webhook-id"] == str(webhook["id"])
    assert came.headers["x-wc-webhook-source"] == "https://shop.example/"
    body = httpx.Response(200, content=came.content).json()
    assert {**body, "_links": 0} == {**shop.get(f"{V3}/orders/{order}").json(), "_links": 0}


def test_one_request_tells_of_an_order_once_and_a_new_one_is_updated_too():
    shop, door, _ = listening()
    told(shop, door)
    buy(shop)
    assert len(told(shop, door)) == 1, "created, and updated right after"
    shop.act("add_product", sku="CUP", quantity=1)
    assert told(shop, door) == []


def test_deleted_and_restored_are_told_and_a_deletion_tells_the_id_alone():
    shop, door, _ = listening("order.deleted")
    shop.post(f"{V3}/webhooks", {"topic": "order.restored", "delivery_url": ADDRESS})
    told(shop, door)
    order = buy(shop)
    shop.act("trash", order=str(order))
    shop.act("restore", order=str(order))
    deleted, restored = told(shop, door)
    assert deleted.content == f'{{"id":{order}}}'.encode()
    assert restored.headers["x-wc-webhook-topic"] == "order.restored"


def test_what_sells_is_told_of_as_a_change_of_the_product():
    shop, door, _ = listening("product.updated")
    told(shop, door)
    buy(shop)
    assert [came.headers["x-wc-webhook-topic"] for came in told(shop, door)] == ["product.updated"]


def test_a_failed_delivery_is_never_tried_again():
    shop, door, _ = listening()
    told(shop, door)
    door.answer = 500
    buy(shop)
    assert len(told(shop, door)) == 1
    door.answer = 200
    assert told(shop, door, 30 * 86_400) == []


@pytest.mark.parametrize(("answer", "fine"), [(204, True), (301, True), (302, True), (307, False), (404, False)])
def test_the_seventh_failure_in_a_row_is_the_end(answer, fine):
    """The documentation says five; core disables when one more comes with the count above five (dossier §8)."""
    shop, door, webhook = listening()
    told(shop, door)
    door.answer = answer
    came = []
    for _ in range(9):
        buy(shop)
        came.append(len(told(shop, door)))
    assert came == ([1] * 9 if fine else [1] * 7 + [0, 0])
    status = shop.get(f"{V3}/webhooks/{webhook['id']}").json()["status"]
    assert status == ("active" if fine else "disabled")


def test_a_success_in_between_saves_it_and_a_disabled_one_is_woken_up():
    shop, door, webhook = listening()
    shop.act("count_stock", sku="MUG", quantity=100)
    told(shop, door)
    for answer in (500,) * 6 + (200,) + (500,) * 7:
        door.answer = answer
        buy(shop)
        assert len(told(shop, door)) == 1
    path = f"{V3}/webhooks/{webhook['id']}"
    assert shop.get(path).json()["status"] == "disabled"
    assert shop.client.put(path, json={"status": "active"}).json()["status"] == "active"
    door.answer = 500
    assert len(told(shop, door)) == 1, "it is greeted again"
    buy(shop)
    assert len(told(shop, door)) == 1, "and counts from the beginning"
    assert shop.get(path).json()["status"] == "active"


def test_webhooks_are_kept_listed_changed_and_deleted_by_force():
    shop, _, webhook = listening(name="Mine")
    path = f"{V3}/webhooks/{webhook['id']}"
    assert [each["name"] for each in shop.get(f"{V3}/webhooks?status=active").json()] == ["Mine"]
    assert shop.client.put(path, json={"topic": "product.deleted"}).json()["resource"] == "product"
    assert refusal(shop.client.delete(path)) == (501, "woocommerce_rest_trash_not_supported")
    assert shop.client.delete(f"{path}?force=true").status_code == 200
    assert refusal(shop.get(path))[0] == 404
    done = shop.post(
        f"{V3}/webhooks/batch", {"create": [{"topic": "order.updated", "delivery_url": ADDRESS}, {}]}
    ).json()
    assert [row.get("topic", row.get("error", {}).get("code")) for row in done["create"]] == [
        "order.updated",
        "rest_missing_callback_param",
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"topic": "order.shipped", "delivery_url": ADDRESS}, "woocommerce_rest_webhook_invalid_topic"),
        ({"topic": "order.updated", "delivery_url": "ftp://x"}, "woocommerce_rest_webhook_invalid_delivery_url"),
        ({"topic": "order.updated", "delivery_url": "http://[x"}, "woocommerce_rest_webhook_invalid_delivery_url"),
        ({"delivery_url": ADDRESS}, "rest_missing_callback_param"),
        ({"topic": 5, "delivery_url": ADDRESS}, "rest_invalid_param"),
    ],
)
def test_a_webhook_of_no_topic_or_to_nowhere_is_refused(body, code):
    shop = store()
    before = shop.kept()
    assert refusal(shop.post(f"{V3}/webhooks", body)) == (400, code)
    assert shop.kept() == before


def test_a_topic_of_an_action_is_kept():
    _, _, webhook = listening("action.woocommerce_add_to_cart")
    assert (webhook["resource"], webhook["event"]) == ("action", "woocommerce_add_to_cart")
