"""Notes on orders: what the store writes of itself, and what people add."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import (
    API,
    Json,
    answer,
    created,
    fake,
    links,
    missing,
    must_be_forced,
    must_be_number,
    newest_first,
    times,
)

AUTHOR = "WooCommerce"


def add_note(work: Work, order_id: str, said: str, *, customer_note: bool = False, author: str = AUTHOR) -> Document:
    """A note; the store's own where nobody else is named."""
    return work.collection("note").add(
        {
            "id": str(work.next_number("comment", 281)),
            "order_id": str(order_id),
            "author": author,
            "note": said,
            "customer_note": customer_note,
            "date_created_gmt": work.stamp,
        }
    )


def order_named(call: Call) -> Document:
    """The order that notes, refunds or parcels are asked of."""
    id = must_be_number(call.path["order_id"])
    order = call.collection("order").find(id)
    if order is None:
        missing("woocommerce_rest_order_invalid_id", "Invalid order ID.")
    return order


@fake.operation("listOrderNotes")
def list_notes(call: Call) -> Reply:
    order, wanted = order_named(call), call.query.get("type", "any")
    notes = newest_first(call.collection("note").rows(Is("order_id", "=", order.id)))
    kept = [note for note in notes if wanted == "any" or note["customer_note"] is (wanted == "customer")]
    return answer(call, 200, [_shown(call, note) for note in kept])


@fake.operation("createOrderNote")
def create_note(call: Call) -> Reply:
    order, body = order_named(call), call.body
    author = "admin" if body.get("added_by_user") else AUTHOR
    note = add_note(call, order.id, body["note"], customer_note=body.get("customer_note", False), author=author)
    return created(call, _shown(call, note), f"{API}/orders/{order.id}/notes/{note.id}")


@fake.operation("getOrderNote")
def get_note(call: Call) -> Reply:
    return answer(call, 200, _shown(call, _named(call)))


@fake.operation("deleteOrderNote")
def delete_note(call: Call) -> Reply:
    note = _named(call)
    must_be_forced(call, "Notes")
    call.collection("note").delete(note.id)
    return answer(call, 200, _shown(call, note))


def _named(call: Call) -> Document:
    order, id = order_named(call), must_be_number(call.path["id"])
    note = call.collection("note").first(All(Is("id", "=", id), Is("order_id", "=", order.id)))
    if note is None:
        missing("woocommerce_rest_invalid_id", "Invalid resource ID.")
    return note


def _shown(call: Work, note: Mapping[str, Any]) -> Json:
    path = f"{API}/orders/{note['order_id']}"
    return {
        "id": int(note["id"]),
        "author": note["author"],
        **times(call, note, "date_created"),
        "note": note["note"],
        "customer_note": note["customer_note"],
        "added_by_user": note["author"] != AUTHOR,
        "_links": links(call, f"{path}/notes/{note['id']}", f"{path}/notes", up=path),
    }
