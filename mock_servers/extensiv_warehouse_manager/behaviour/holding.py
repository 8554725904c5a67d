"""What is done to stock where it lies: held and released, and told apart by other marks."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import CLOSED, USER, Json, dated, fake
from mock_servers.extensiv_warehouse_manager.behaviour.stock import detail_of, move, touched


@fake.operation("holdInventory")
def hold_inventory(call: Call) -> Reply:
    """Batches on hold are not available; what orders have of them already stays theirs."""
    release = bool(call.query.get("release"))
    reason = call.query.get("holdReason", "")
    if not release and not reason:
        raise Refusal("missing_query", details=(("holdReason", "is required unless stock is released"),))
    rows = []
    for number in dict.fromkeys(each["Id"] for each in call.body["ReceiveItemIdentifiers"]):
        batch = _batch(call, number, "ReceiveItemIdentifiers.Id")
        if release and batch["Quarantined"]:
            hint = "It lies in quarantine."
            raise Refusal("incompatible", property="ReceiveItemIdentifiers.Id", value=number, hint=hint)
        kept = let_go(call, batch) if release else hold(call, batch, reason)
        rows.append({"ReceiveItemId": number, "OnHold": kept["OnHold"], "RelatedOrders": _related(call, number)})
    return Reply(200, {"ResourceList": rows})


def hold(work: Work, batch: Document, reason: str) -> Document:
    """Nothing more of it is set aside for anybody."""
    return move(work, batch, OnHold=True, OnHoldReason=reason, OnHoldDate=work.stamp, OnHoldUserIdentifier=USER)


def let_go(work: Work, batch: Document) -> Document:
    """It is available again."""
    moved = move(work, batch, OnHold=False)
    kept = {name: value for name, value in moved.items() if name not in ABOUT_HOLD}
    return work.collection("receive_item").save(kept)


ABOUT_HOLD = ("OnHoldReason", "OnHoldDate", "OnHoldUserIdentifier")


def _batch(work: Work, number: int, name: str) -> Document:
    """A batch out of a list of ids. Refuses with `does_not_exist` what is not in stock."""
    batch = work.collection("receive_item").find(str(number))
    if batch is None:
        raise Refusal("does_not_exist", property=name, value=number)
    return batch


def _holders(work: Work, number: int) -> list[Document]:
    """Orders that have something of a batch, or have shipped it."""
    return [
        order
        for order in work.collection("order").rows(Is("status", "!=", 2))
        if any(
            each["ReceiveItemId"] == number for line in order["OrderItems"] for each in line["ReadOnly"]["Allocations"]
        )
    ]


def _related(work: Work, number: int) -> list[Json]:
    return [
        {
            "OrderIdentifier": {"Id": order["order_id"]},
            "IsShipped": order["status"] == CLOSED,
            "InPickJob": order["ReadOnly"]["PickStarted"] and "PickDoneDate" not in order["ReadOnly"],
            "PickTickedPrinted": "PickTicketPrintDate" in order["ReadOnly"],  # the vendor's own spelling
        }
        for order in _holders(work, number)
    ]


# What stock is tracked by -------------------------------------------------------------------------------------------


@fake.operation("shakeInventory")
def shake_inventory(call: Call) -> Reply:
    """What is not said stays; an empty text takes a mark away, a switch of its own a date, a cost."""
    change = dated(call.body, "ExpirationDate")
    for number in dict.fromkeys(call.body["ReceiveItemIds"]):
        batch = _batch(call, number, "ReceiveItemIds")
        shaken = _with_elements(_marked(call, batch, change), change)
        kept = call.collection("receive_item").save(shaken)
        _tell_orders(call, kept)
    return Reply(204)


def _marked(work: Work, batch: Document, change: Json) -> Json:
    marked = dict(batch.body)
    for name in ("LotNumber", "SerialNumber"):
        if change.get(name) is not None:
            _set(marked, name, change[name] or None)
    for name in ("ExpirationDate", "Cost"):
        if change.get(f"Set{name}ToNull"):
            marked.pop(name, None)
        elif change.get(name) is not None:
            marked[name] = change[name]
    supplier = change.get("SupplierIdentifier")
    if supplier is not None:
        _set(marked, "SupplierIdentifier", supplier_of(work, batch["customer_id"], supplier))
    return marked


def _set(marked: Json, name: str, value: object) -> None:
    if value is None:
        marked.pop(name, None)
    else:
        marked[name] = value


def supplier_of(work: Work, customer_id: int, given: Json) -> Json | None:
    """A supplier of the customer by id or name; id 0 without a name is none. Refuses with `does_not_exist`."""
    if not given.get("Id") and not given.get("Name"):
        return None
    for supplier in work.collection("supplier").rows(Is("customer_id", "=", customer_id)):
        same = supplier.id == str(given["Id"]) if given.get("Id") else supplier["CompanyName"] == given["Name"]
        if same:
            return {"Name": supplier["CompanyName"], "Id": int(supplier.id)}
    name = "Id" if given.get("Id") else "Name"
    raise Refusal("does_not_exist", property=f"SupplierIdentifier.{name}", value=given[name])


def _with_elements(batch: Json, change: Json) -> Json:
    kept = {each["Name"]: each for each in batch.get("SavedElements", ())}
    kept |= {each["Name"]: each for each in change.get("SavedElementsToAddOrUpdate", ())}
    for name in change.get("SavedElementNamesToDelete", ()):
        kept.pop(name, None)
    return batch | {"SavedElements": list(kept.values())}


def _tell_orders(work: Work, batch: Document) -> None:
    """Orders keep what their batches are like, and keep it right."""
    number, detail = int(batch.id), detail_of(batch)
    for order in _holders(work, number):
        lines = []
        for line in order["OrderItems"]:
            held = [
                each | {"Detail": detail} if each["ReceiveItemId"] == number else each
                for each in line["ReadOnly"]["Allocations"]
            ]
            lines.append(line | {"ReadOnly": line["ReadOnly"] | {"Allocations": held}})
        work.collection("order").save(touched(work, order | {"OrderItems": lines}))


def put(work: Work, batch: Document, place: Document) -> Document:
    """A batch is carried to another place of its facility; in quarantine it is held, and nowhere else for that."""
    where = {"NameKey": {"FacilityIdentifier": place["FacilityIdentifier"], "Name": place["Name"]}, "Id": int(place.id)}
    moved = move(work, batch, LocationIdentifier=where, location_id=int(place.id), Quarantined=place["Quarantinable"])
    _tell_orders(work, moved)
    return moved
