"""Core's fulfilments, behind their flag."""

import pytest

from tests.woocommerce.store import V3, refusal, store


def bought(shop, **more):
    lines = [{"sku": "MUG", "quantity": 2}, {"sku": "SOCKS", "quantity": 3}]
    order = shop.post(f"{V3}/orders", {"line_items": lines, "set_paid": True, **more}).json()
    return order, f"{V3}/orders/{order['id']}/fulfillments"


def parcel(items, *more, status="fulfilled"):
    meta = [{"id": 0, "key": "_items", "value": [{"item_id": id, "qty": many} for id, many in items]}, *more]
    return {"status": status, "meta_data": meta}


def how_far(shop, order):
    meta = shop.get(f"{V3}/orders/{order['id']}").json()["meta_data"]
    return next((entry["value"] for entry in meta if entry["key"] == "_fulfillment_status"), None)


def test_what_went_out_is_kept_and_the_order_says_how_far_it_is():
    shop = store()
    order, path = bought(shop)
    mug, socks = (line["id"] for line in order["line_items"])
    number = {"id": 0, "key": "_tracking_number", "value": "1Z1"}
    made = shop.post(path, parcel([(mug, 2)], number))
    assert made.status_code == 201
    first = made.json()
    assert (first["entity_type"], first["entity_id"]) == ("WC_Order", str(order["id"]))
    assert (first["status"], first["is_fulfilled"], first["date_deleted"]) == ("fulfilled", True, None)
    kept = {entry["key"]: entry["value"] for entry in first["meta_data"]}
    assert kept == {
        "_items": [{"item_id": mug, "qty": 2}],
        "_tracking_number": "1Z1",
        "_date_fulfilled": "2026-11-23 07:00:00",
    }
    assert how_far(shop, order) == "partially_fulfilled"
    second = shop.post(path, parcel([(socks, 3)], status="unfulfilled")).json()
    assert how_far(shop, order) == "partially_fulfilled"
    assert shop.client.put(f"{path}/{second['id']}", json=parcel([(socks, 3)])).json()["is_fulfilled"] is True
    assert how_far(shop, order) == "fulfilled"
    assert [row["id"] for row in shop.get(path).json()] == [first["id"], second["id"]]
    assert shop.get(f"{V3}/orders/{order['id']}").json()["status"] == "processing"


def test_one_that_is_deleted_is_not_found_and_the_order_forgets_it():
    shop = store()
    order, path = bought(shop)
    made = shop.post(path, parcel([(order["line_items"][0]["id"], 1)])).json()
    one = f"{path}/{made['id']}"
    assert shop.client.delete(one).json() == {"message": "Fulfillment deleted successfully."}
    gone = shop.get(one)
    assert (gone.status_code, gone.json()["code"], gone.json()["message"]) == (400, 404, "Fulfillment not found.")
    assert (shop.get(path).json(), how_far(shop, order)) == ([], None)
    assert shop.client.delete(one).status_code == 200


WRONG = {
    "no status": ({"meta_data": parcel([(1, 1)])["meta_data"]}, "Invalid fulfillment status."),
    "nothing in it": ({"status": "fulfilled", "meta_data": []}, "The fulfillment should contain at least one item."),
    "meta data without ids": (
        {"status": "fulfilled", "meta_data": [{"key": "_items", "value": [{"item_id": 1, "qty": 1}]}]},
        "The fulfillment should contain at least one item.",
    ),
    "a text": (
        {"status": "fulfilled", "meta_data": [{"id": 0, "key": "_items", "value": "1"}]},
        "The fulfillment items should be an array.",
    ),
    "none of it": (parcel([(1, 0)]), "Invalid item."),
    "an id that is text": (parcel([("1", 1)]), "Invalid item."),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_fulfillment_is_refused_with_the_number_of_an_exception(what):
    body, said = WRONG[what]
    shop = store()
    order, path = bought(shop)
    answer = shop.post(path, body)
    assert (answer.status_code, answer.json()) == (400, {"code": 0, "message": said, "data": {"status": 400}})
    assert (shop.get(path).json(), how_far(shop, order)) == ([], None)


def test_without_meta_data_a_parameter_is_missing():
    shop = store()
    _, path = bought(shop)
    assert refusal(shop.post(path, {"status": "fulfilled"})) == (400, "rest_missing_callback_param")


def test_one_of_another_order_and_one_of_no_order():
    shop = store()
    order, path = bought(shop)
    _, other = bought(shop)
    made = shop.post(path, parcel([(order["line_items"][0]["id"], 1)])).json()
    assert shop.get(f"{other}/{made['id']}").json()["message"] == "Invalid fulfillment ID."
    assert refusal(shop.get(f"{V3}/orders/999/fulfillments")) == (404, "woocommerce_rest_order_invalid_id")


def test_a_change_keeps_only_the_meta_data_it_names():
    shop = store()
    order, path = bought(shop)
    mug = order["line_items"][0]["id"]
    notes = [{"id": 0, "key": name, "value": name} for name in ("a", "b")]
    made = shop.post(path, parcel([(mug, 1)], *notes, status="unfulfilled")).json()
    meta = f"{path}/{made['id']}/metadata"
    items = made["meta_data"][0]
    changed = shop.client.put(meta, json={"meta_data": [items, {"key": "b", "value": "B"}]}).json()
    assert [(entry["key"], entry["value"]) for entry in changed] == [("_items", items["value"]), ("b", "B")]
    assert [entry["key"] for entry in shop.client.delete(f"{meta}?meta_key=b").json()] == ["_items"]
    refused = shop.client.delete(f"{meta}?meta_key=_items")
    assert refused.json()["message"] == "The fulfillment should contain at least one item."
    assert [entry["key"] for entry in shop.get(meta).json()] == ["_items"]


def test_a_refund_takes_out_what_has_not_gone_yet():
    shop = store()
    order, path = bought(shop)
    mug, socks = (line["id"] for line in order["line_items"])
    shop.post(path, parcel([(mug, 2), (socks, 1)], status="unfulfilled"))
    back = [{"id": mug, "quantity": 1, "refund_total": "20.00"}, {"id": socks, "quantity": 2, "refund_total": "11.00"}]
    shop.post(f"{V3}/orders/{order['id']}/refunds", {"line_items": back})
    (left,) = shop.get(path).json()
    assert left["meta_data"][0]["value"] == [{"item_id": mug, "qty": 1}, {"item_id": socks, "qty": 1}]


def test_where_the_flag_is_off_there_is_no_such_route():
    shop = store()
    _, path = bought(shop)
    shop.world.settings["woocommerce.fulfillments"] = False
    assert refusal(shop.get(path)) == (404, "rest_no_route")
