"""What holds in any installation, whatever its callers did: nothing taken for nobody, nothing shipped twice."""

from collections import Counter
from collections.abc import Iterator

from mock_servers.core.fake import Work
from mock_servers.core.store import Document
from mock_servers.extend_commerce.behaviour.base import fake
from mock_servers.extend_commerce.behaviour.orders import OPEN
from mock_servers.extend_commerce.behaviour.returns import returnable
from mock_servers.extend_commerce.behaviour.rows import OPEN_ROW, total_of


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
def returning_stock_is_what_open_returns_bring_back(work: Work) -> Iterator[str]:
    """Summed over every warehouse and product."""
    coming: Counter[str] = Counter()
    for each in work.collection("return").rows():
        for row in each["rows"]:
            if row["status"] == "Ordered" and row["stocked"]:
                coming[f"{each['warehouse']}:{row['product']}"] += row["quantity"] - row["received"]
    for stock in work.collection("stock").rows():
        if stock["returning"] != coming.pop(stock.id, 0):
            yield f"{stock['returning']} are to come back to {stock.id}, other than open returns bring"
    for place in sorted(coming):
        yield f"goods come back to {place}, which is no place there is"


@fake.sound
def no_more_comes_back_than_was_delivered(work: Work) -> Iterator[str]:
    """Of any row of an order; and nothing is received that was not announced."""
    for number in sorted({each["order"] for each in work.collection("return").rows()} - {None}):
        order = work.collection("order").get(number)
        for (position, sub), left in returnable(work, order).items():
            if left < 0:
                yield f"{-left} more than was delivered of row {position}.{sub} of order {number} come back"
    for kind in ("return", "purchase"):
        for each in work.collection(kind).rows():
            for row in each["rows"]:
                if not 0 <= row["received"] <= row["quantity"]:
                    yield f"{row['received']} of {row['quantity']} came of row {row['position']} of {kind} {each.id}"


@fake.sound
def a_paper_is_about_what_there_is(work: Work) -> Iterator[str]:
    """An invoice of an order there is, and one credit at most for a return; an offer's order exists when accepted."""
    for invoice in work.collection("invoice").rows():
        if invoice["order"] is not None and work.collection("order").find(invoice["order"]) is None:
            yield f"invoice {invoice.id} is of order {invoice['order']}, which is none there is"
    credits: Counter[str] = Counter(each["invoice"] for each in work.collection("return").rows() if each["invoice"])
    for number, count in credits.items():
        if count > 1:
            yield f"invoice {number} credits {count} returns"
        if work.collection("invoice").find(number) is None:
            yield f"a return is credited by invoice {number}, which is none there is"
    for offer in work.collection("offer").rows():
        if (offer["status"] == "Accepted") != (offer["order"] is not None):
            yield f"offer {offer.id} is {offer['status']} with order {offer['order']}"


@fake.sound
def what_is_said_of_a_product_is_of_one_there_is(work: Work) -> Iterator[str]:
    """Its texts, and the agreements it is bought on."""
    products = {product.id for product in work.collection("product").rows()}
    agreements = {agreement.id for agreement in work.collection("agreement").rows()}
    for kind in ("description", "product_agreement"):
        for row in work.collection(kind).rows():
            if row["product"] not in products:
                yield f"{kind} {row.id} is of product {row['product']}, which is none there is"
    for row in work.collection("product_agreement").rows():
        if str(row["agreement"]) not in agreements:
            yield f"{row.id} is on an agreement there is none of"


@fake.sound
def what_was_called_off_is_what_rows_took(work: Work) -> Iterator[str]:
    """Of an agreed order that stands; and no row has less than nothing left."""
    taken: Counter[tuple[str, int, int]] = Counter()
    for order in work.collection("order").rows():
        for row in order["rows"]:
            if row["quantity"] < 0:
                yield f"order {order.id}: {row['quantity']} are left of row {row['position']}.{row['sub']}"
            if row.get("agreed") and row["status"] != "Annulled":
                place = row["agreed"]
                taken[place["order"], place["position"], place["sub"]] += row["quantity"]
    for each in work.collection("agreed").rows():
        order = work.collection("order").get(each.id)
        for row in order["rows"] if order["status"] == "Incoming" else ():
            if row.get("called", 0) != taken[order.id, row["position"], row["sub"]]:
                yield f"{row.get('called', 0)} of row {row['position']} of order {order.id} are called off"


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
