"""Labels: words in a colour, on orders and on products."""

from collections.abc import Iterable, Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_order_manager.behaviour.state import fake
from mock_servers.extensiv_order_manager.behaviour.v1 import goods
from mock_servers.extensiv_order_manager.behaviour.v1.words import page

LABEL_START = 201
LABELLED = {"Order": "order", "Product": "product"}


@fake.operation("getLabels")
def get_labels(call: Call) -> Reply:
    """By pages, or just those of the ids that are given, a hundred at most."""
    ids = list(dict.fromkeys(call.query.get("labelIds", ())))
    most = int(call.fake.contract.profile.facts["labels_maximum"].value)
    if len(ids) > most:
        raise Refusal("invalid_query", details=(("labelIds", f"are {most} at most"),))
    if not ids:
        return page(call, "label", None, goods.label)
    found = (call.collection("label").find(str(id)) for id in sorted(ids))
    return Reply(200, [goods.label(label) for label in found if label is not None])


@fake.operation("putLabels")
def put_labels(call: Call) -> Reply:
    labels = call.collection("label")
    made = [
        labels.add({"id": str(call.next_number("label", LABEL_START)), "name": line["name"], "color": line["hexColor"]})
        for line in call.body
    ]
    return Reply(200, [goods.label(label) for label in made])


@fake.operation("deleteLabel")
def delete_label(call: Call) -> Reply:
    """It comes off whatever it was on."""
    label = _label(call, call.path["labelId"])
    for kind in LABELLED.values():
        for row in call.collection(kind).rows():
            if int(label.id) in row.get("labels", ()):
                _put_on(call, row, [id for id in row["labels"] if id != int(label.id)])
    call.collection("label").delete(label.id)
    shown = {"id": int(label.id), "name": label["name"], "hexColor": label["color"], "productId": None}
    return Reply(200, shown)


@fake.operation("getOrderLabels", "getProductLabels")
def get_labels_of(call: Call) -> Reply:
    return Reply(200, goods.labels(call, _labelled(call)))


@fake.operation("postOrderLabels", "postProductLabels")
def post_labels_of(call: Call) -> Reply:
    kept, asked = _labelled(call), _asked(call)
    saved = _put_on(call, kept, [*kept.get("labels", ()), *(id for id in asked if id not in kept.get("labels", ()))])
    return Reply(200, {"id": int(saved.id), "message": f"{len(asked)} labels assigned"})


@fake.operation("deleteOrderLabels", "deleteProductLabels")
def delete_labels_of(call: Call) -> Reply:
    """A label that is there and was not on it is no matter."""
    kept, asked = _labelled(call), _asked(call)
    saved = _put_on(call, kept, [id for id in kept.get("labels", ()) if id not in asked])
    return Reply(200, {"id": int(saved.id), "message": f"{len(asked)} labels removed"})


def _asked(call: Call) -> list[int]:
    ids = list(dict.fromkeys(call.query["labelId"]))
    for id in ids:
        _label(call, str(id))
    return ids


def _label(call: Call, id: str) -> Document:
    found = call.collection("label").find(id)
    if found is None:
        raise Refusal("not_found", kind="Label", id=id)
    return found


def _labelled(call: Call) -> Document:
    """The order or the product of the path."""
    kind = "Order" if "orderId" in call.path else "Product"
    id = call.path.get("orderId") or call.path["productId"]
    found = call.collection(LABELLED[kind]).find(id)
    if found is None:
        raise Refusal("not_found", kind=kind, id=id)
    return found


def _put_on(work: Work, kept: Document, ids: list[int]) -> Document:
    return work.collection(kept.kind).save(kept | {"labels": ids, "updated_at": work.stamp})


def label_ids(work: Work, said: Iterable[Mapping[str, Any] | int] | None, field: str) -> list[int]:
    """Labels that a body names, by their ids. Refuses one that is not there."""
    ids: list[int] = []
    for each in said or ():
        id = each if isinstance(each, int) else each.get("labelId")
        if work.collection("label").find(str(id)) is None:
            raise Refusal("unprocessable", reason=f"Label {id} not found", details=((field, "not found"),))
        ids.append(int(id or 0))
    return list(dict.fromkeys(ids))
