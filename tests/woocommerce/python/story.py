"""What the unmodified `woocommerce` package hears. It runs in an environment of its own and prints JSON."""

import json
import os
import sys

from woocommerce import API

KEYS = (os.environ["CONSUMER_KEY"], os.environ["CONSUMER_SECRET"])


def heard(answer):
    """What a caller makes of an answer."""
    return {"status": answer.status_code, "total": answer.headers.get("X-WP-Total"), "body": answer.json()}


def told(store):
    """The same story in each mode."""
    asked = {"per_page": 2, "status": "processing,on-hold", "search": "ü & co", "orderby": "id"}
    sku = store.get("products", params={"per_page": 1}).json()[0]["sku"]
    line = {"sku": sku, "quantity": 1, "meta_data": [{"key": "grün", "value": "ja"}]}
    made = store.post("orders", {"line_items": [line], "set_paid": True})
    path = f"orders/{made.json()['id']}"
    return {
        "list": heard(store.get("orders", params={"per_page": 2})),
        "filtered": heard(store.get("orders", params=asked)),
        "array": heard(store.get("orders", params={"status[0]": "processing", "include[0]": made.json()["id"]})),
        "made": heard(made),
        "changed": heard(store.put(path, {"status": "completed"})),
        "note": heard(store.post(f"{path}/notes", {"note": "Gepäck übergeben"})),
        "batch": heard(store.post("products/batch", {"update": [{"id": 999999, "stock_quantity": 1}]})),
        "absent": heard(store.get("orders/999999")),
        "invalid": heard(store.get("orders", params={"per_page": 0})),
        "deleted": heard(store.delete(path, params={"force": True})),
        "gone": heard(store.get(path)),
    }


plain, secure = sys.argv[1:]
print(
    json.dumps(
        {
            "signed": told(API(plain, *KEYS)),
            "basic": told(API(secure, *KEYS, verify_ssl=False)),
            "query": told(API(secure, *KEYS, verify_ssl=False, query_string_auth=True)),
            "wrong secret, signed": heard(API(plain, KEYS[0], "cs_wrong").get("orders")),
            "wrong secret, basic": heard(API(secure, KEYS[0], "cs_wrong", verify_ssl=False).get("orders")),
        }
    )
)
