"""A product's texts, one for each type and language."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import operation, success
from mock_servers.extend_commerce.behaviour.products import change_product

SETTING = "updating product descriptions"


@operation("getDescriptions")
def get_descriptions(call: Call) -> Reply:
    """The product's number is `id` in the query, here alone."""
    number = call.query["id"]
    if call.collection("product").find(number) is None:
        if call.setting("not_found_status", 404) == 400:
            raise Refusal("no_row", kind="product descriptions")
        raise Refusal("not_found", kind="product", id=number)
    return Reply(200, _texts(call, number))


@operation("setDescriptions")
def set_descriptions(call: Call) -> Reply:
    number = call.body["productNumber"]
    product = call.collection("product").find(number)
    if product is None:
        raise Refusal("unknown_product", doing=SETTING, product=number)
    for each in call.body["productDescriptionItemList"]:
        place = {"product": number, "type": each["textType"], "language": each["language"]}
        found = _find(call, **place)
        if found is None:
            call.collection("description").add(
                place | {"id": str(call.next_number("description")), "text": each["text"]}
            )
        else:
            call.collection("description").save(found | {"text": each["text"]})
    change_product(call, product)
    return Reply(200, _texts(call, number))


@operation("deleteDescription")
def delete_description(call: Call) -> Reply:
    number, kind, language = (call.path[name] for name in ("productNumber", "textType", "language"))
    found = _find(call, number, kind, language)
    product = call.collection("product").find(number)
    if found is None or product is None:
        raise Refusal("not_found", kind="product description", id=f"{number}/{kind}/{language}")
    call.collection("description").delete(found.id)
    change_product(call, product)
    return success("Product description deleted", number)


def _find(work: Work, product: str, type: str, language: str) -> Document | None:
    for row in work.collection("description").rows(Is("product", "=", product)):
        if (row["type"], row["language"]) == (type, language):
            return row
    return None


def _texts(work: Work, product: str) -> dict[str, Any]:
    rows = work.collection("description").rows(Is("product", "=", product))
    items = [{"textType": row["type"], "language": row["language"], "text": row["text"]} for row in rows]
    return {"productNumber": product, "productDescriptionItemList": items}
