"""What holds in any installation, whatever its callers did: nothing taken for nobody, nothing shipped twice."""

from collections import Counter
from collections.abc import Iterator

from mock_servers.core.fake import Work
from mock_servers.core.store import Document
from mock_servers.extend_commerce.behaviour.base import fake
from mock_servers.extend_commerce.behaviour.orders import OPEN, OPEN_ROW, total_of


@fake.sound
def ordered_stock_is_what_open_rows_wait_for(work: Work) -> Iterator[str]:
    """Summed over every warehouse and product."""
    wanted: Counter[str] = Counter()
    for order in work.collection("order").rows():
        for row in order["rows"]:
            if row["status"] in OPEN_ROW and row["warehouse"] is not None:
                wanted[f"{row['warehouse']}:{row['product']}"] += row["quantity"]
    for stock in work.collection("stock").rows():
        if stock["ordered"] != wanted.pop(stock.id, 0):
            yield f"{stock['ordered']} ordered at {stock.id}, other than open rows wait for"
    for place in sorted(wanted):
        yield f"rows wait at {place}, which is no place there is"


@fake.sound
def expected_stock_is_what_open_purchases_bring(work: Work) -> Iterator[str]:
    """Summed over every warehouse and product."""
    coming: Counter[str] = Counter()
    for purchase in work.collection("purchase").rows():
        for row in purchase["rows"]:
            if row["status"] == "Ordered":
                coming[f"{purchase['warehouse']}:{row['product']}"] += row["quantity"] - row["received"]
    for stock in work.collection("stock").rows():
        if stock["expected"] != coming[stock.id]:
            yield f"{stock['expected']} expected at {stock.id}, {coming[stock.id]} are on their way"


@fake.sound
def every_product_has_one_place_in_every_warehouse(work: Work) -> Iterator[str]:
    """And no place is of anything else."""
    warehouses = [warehouse.id for warehouse in work.collection("warehouse").rows()]
    wanted = {f"{place}:{product.id}" for product in work.collection("product").rows() for place in warehouses}
    there = {stock.id for stock in work.collection("stock").rows()}
    for place in sorted(wanted ^ there):
        yield f"{place} is {'missing' if place in wanted else 'of nothing there is'}"


@fake.sound
def an_order_adds_up_to_its_rows_and_shipments(work: Work) -> Iterator[str]:
    """Its status follows from its rows, every shipped row names a shipment it has, and no place is taken twice."""
    for order in work.collection("order").rows():
        for problem in _of_order(order):
            yield f"order {order.id}: {problem}"


def _of_order(order: Document) -> Iterator[str]:
    places = [(row["position"], row["sub"]) for row in order["rows"]]
    if len(places) != len(set(places)):
        yield "two rows share a position"
    if total_of(order["rows"]) != order["total"]:
        yield f"costs {order['total']}, and its rows {total_of(order['rows'])}"
    numbers = {shipment["number"] for shipment in order["shipments"]}
    shipped = {row["shipment"] for row in order["rows"] if row["status"] == "Picked"}
    if shipped != numbers:
        yield f"has shipments {sorted(numbers)}, and rows of {sorted(shipped)}"
    left = any(row["status"] in OPEN_ROW for row in order["rows"])
    if order["status"] == "Terminated" and left:
        yield "is Terminated with something left"
    if order["status"] == "Annulled" and (left or numbers):
        yield "is Annulled with something left, or shipped"
    if order["status"] in OPEN - {"PendingForReview", "Incoming"} and not left:
        yield f"is {order['status']} with nothing left"
