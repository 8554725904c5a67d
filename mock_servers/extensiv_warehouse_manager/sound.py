"""What holds in any Warehouse Manager, whatever was done: nothing set aside twice, nothing shipped from nowhere."""

from collections import Counter
from collections.abc import Iterator

from mock_servers.core.fake import Work
from mock_servers.core.store import Document
from mock_servers.extensiv_warehouse_manager.behaviour.base import CANCELED, CLOSED, OPEN, fake
from mock_servers.extensiv_warehouse_manager.behaviour.stock import TINY, allocated

FAR = 1e-6


@fake.sound
def batches_agree_with_orders(work: Work) -> Iterator[str]:
    """What a batch has set aside is what lines hold of it; what has left its shelf is what confirmed ones hold,
    and what was written off. What is held, or lies in quarantine, is not available."""
    held: Counter[int] = Counter()
    shipped: Counter[int] = Counter()
    for order in work.collection("order").rows():
        for line in order["OrderItems"]:
            for each in line["ReadOnly"]["Allocations"]:
                held[each["ReceiveItemId"]] += each["Qty"]
                if order["status"] == CLOSED:
                    shipped[each["ReceiveItemId"]] += each["Qty"]
    for batch in work.collection("receive_item").rows():
        yield from _of_batch(batch, held[batch["ReceiveItemId"]], shipped[batch["ReceiveItemId"]])


def _of_batch(batch: Document, held: float, shipped: float) -> Iterator[str]:
    name, gone = f"receive item {batch.id}", batch["adjusted"]
    if abs(batch["ReceivedQty"] - batch["free"] - held - gone) > FAR:
        yield f"{name}: {batch['free']} of {batch['ReceivedQty']} free, {held} held, {gone} written off"
    if abs(batch["ReceivedQty"] - batch["OnHandQty"] - shipped - gone) > FAR:
        yield f"{name}: {batch['OnHandQty']} of {batch['ReceivedQty']} there, {shipped} left, {gone} written off"
    if min(batch["free"], batch["OnHandQty"]) < -FAR:
        yield f"{name} has less than nothing"
    on_hold = batch["OnHold"] or batch["Quarantined"]
    if (batch["AvailableQty"], batch["OnHoldQty"]) != ((0.0, batch["free"]) if on_hold else (batch["free"], 0.0)):
        yield f"{name}: {batch['free']} free, {batch['AvailableQty']} available, {batch['OnHoldQty']} on hold"


@fake.sound
def summaries_add_up_their_batches(work: Work) -> Iterator[str]:
    """Received, available, on hold and on hand; what is available is received less set aside less on hold."""
    sums: dict[str, list[float]] = {}
    for batch in work.collection("receive_item").rows():
        name = f"{batch['facility_id']}:{batch['item_id']}:{batch['Qualifier']}"
        parts = sums.setdefault(name, [0.0, 0.0, 0.0, 0.0])
        for place, member in enumerate(("ReceivedQty", "AvailableQty", "OnHoldQty", "OnHandQty")):
            parts[place] += batch[member]
    for row in work.collection("stock").rows():
        shown = [row["TotalReceived"], row["Available"], row["OnHold"], row["OnHand"]]
        wanted = sums.pop(row.id, [0.0, 0.0, 0.0, 0.0])
        if any(abs(one - two) > FAR for one, two in zip(shown, wanted, strict=True)):
            yield f"summary {row.id} shows {shown}, its batches {wanted}"
        if abs(row["Available"] - (row["TotalReceived"] - row["Allocated"] - row["OnHold"])) > FAR:
            yield f"summary {row.id} does not add up"
    for name in sums:
        yield f"there is no summary {name}"


@fake.sound
def orders_are_in_one_state(work: Work) -> Iterator[str]:
    """Status, IsClosed and twins agree; a confirmed order has all it wanted, a canceled one nothing."""
    references: Counter[tuple[int, str]] = Counter()
    for order in work.collection("order").rows():
        references[order["customer_id"], order["ReferenceNum"]] += 1
        for problem in _of_order(order):
            yield f"order {order.id}: {problem}"
    for (customer, reference), count in references.items():
        if count > 1:
            yield f"customer {customer} has {count} orders {reference}"


def _of_order(order: Document) -> Iterator[str]:
    read_only = order["ReadOnly"]
    if read_only["Status"] != order["status"] or read_only["IsClosed"] != (order["status"] == CLOSED):
        yield f"is {read_only['Status']}, {order['status']} and IsClosed {read_only['IsClosed']}"
    if order["closed"] != read_only["IsClosed"] or order["modified"] != read_only["LastModifiedDate"]:
        yield "is looked up otherwise than it looks"
    if order["status"] not in {OPEN, CLOSED, CANCELED}:
        yield f"has the status {order['status']}"
    whole = [abs(allocated(line) - line["Qty"]) <= TINY for line in order["OrderItems"]]
    if read_only["FullyAllocated"] != all(whole):
        yield f"says FullyAllocated {read_only['FullyAllocated']}"
    if order["status"] == CLOSED and not all(whole):
        yield "has shipped what was not set aside"
    if order["status"] == CANCELED and any(map(allocated, order["OrderItems"])):
        yield "is canceled and holds stock"
    if any(allocated(line) > line["Qty"] + TINY for line in order["OrderItems"]):
        yield "holds more than it wants"


@fake.sound
def what_can_be_followed_has_shipped(work: Work) -> Iterator[str]:
    """Every row to follow a shipment by is of a confirmed order, and every number of one has its row."""
    followed = {row.id for row in work.collection("tracking").rows()}
    for order in work.collection("order").rows():
        packages = [each for each in order["ReadOnly"]["Packages"] if "TrackingNumber" in each]
        wanted = {f"{order.id}:{each['PackageId']}" for each in packages}
        if not wanted and "TrackingNumber" in order["RoutingInfo"]:
            wanted = {f"{order.id}:"}
        wanted = wanted if order["status"] == CLOSED else set()
        mine = {name for name in followed if name.partition(":")[0] == order.id}
        if mine != wanted:
            yield f"order {order.id} is followed by {sorted(mine)}, and should be by {sorted(wanted)}"


@fake.sound
def packages_hold_what_orders_want(work: Work) -> Iterator[str]:
    """No more of a line is packed than it asks for, and nothing of a line that is not there."""
    for order in work.collection("order").rows():
        left = {line["ReadOnly"]["OrderItemId"]: line["Qty"] for line in order["OrderItems"]}
        for package in order["ReadOnly"]["Packages"]:
            for each in package["PackageContents"]:
                left[each["OrderItemId"]] = left.get(each["OrderItemId"], 0.0) - each["Qty"]
        if any(quantity < -FAR for quantity in left.values()):
            yield f"order {order.id} has more packed than it wants: {left}"
