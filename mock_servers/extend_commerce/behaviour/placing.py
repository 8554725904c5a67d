"""Orders that are sent in: placed, or asked what of them could be delivered."""

from mock_servers.core.fake import Call
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.balances import available
from mock_servers.extend_commerce.behaviour.base import operation
from mock_servers.extend_commerce.behaviour.campaigns import promoted, used
from mock_servers.extend_commerce.behaviour.orders import new_order, place, whole
from mock_servers.extend_commerce.behaviour.rows import lead_time

CREATING = "creating customer order"


@operation("createOrder")
def create_order(call: Call) -> Reply:
    """An order is placed as it is, unless it says that promotions are to be used (ExtendSharp)."""
    order = new_order(call, CREATING)
    if order["external"] and call.setting("duplicate_external", "refuse") == "refuse":
        _refuse_duplicate(call, order["external"])
    if _uses_promotions(call):
        order = promoted(call, order, call.body)
    made = place(call, order, CREATING)
    used(call, made["rows"])
    return Reply(200, whole(call, made))


def _uses_promotions(call: Call) -> bool:
    return bool((call.body["orderHeader"].get("promotion") or {}).get("usePromotions"))


def _refuse_duplicate(call: Call, external: str) -> None:
    """Whether Extend refuses a second order of one external number is not known; a setting lets it pass."""
    if call.collection("order").first(Is("external", "=", external)) is not None:
        raise Refusal("duplicate_order", external=external)


@operation("promiseOrder")
def promise_order(call: Call) -> Reply:
    """What could be delivered of it now; nothing is stored. It may be below zero."""
    order = new_order(call, "promising customer order")
    if _uses_promotions(call):
        order = promoted(call, order, call.body)
    answer = whole(call, Document("order", 0, "", 0, encode(order)))
    for row, kept_row in zip(answer["orderRows"], order["rows"], strict=True):
        stock = call.collection("stock").find(f"{kept_row['warehouse']}:{kept_row['product']}")
        row["availableBalance"] = None if stock is None else available(stock) - kept_row["quantity"]
        row["minSupplierLeadTimeHours"] = lead_time(call, kept_row["product"])
    return Reply(200, answer)
