"""What holds in any WooCommerce store, whatever its callers did: the books agree with one another."""

from collections import Counter
from collections.abc import Iterator

from mock_servers.core.fake import Work
from mock_servers.woocommerce.behaviour.base import ZERO, amount, fake
from mock_servers.woocommerce.behaviour.orders import GIVES_STOCK_BACK


@fake.sound
def an_order_adds_up(work: Work) -> Iterator[str]:
    """Its total is its lines, its shipping, its fees and their taxes."""
    for order in work.collection("order").rows():
        lines = (*order["line_items"], *order["shipping_lines"], *order["fee_lines"])
        total = sum((amount(line["total"]) + amount(line["total_tax"]) for line in lines), ZERO)
        if total != amount(order["total"]):
            yield f"order {order.id} says {order['total']}, and its lines {total}"
        taxed = sum((amount(t["tax_total"]) + amount(t["shipping_tax_total"]) for t in order["tax_lines"]), ZERO)
        if taxed != amount(order["total_tax"]):
            yield f"order {order.id} says {order['total_tax']} of tax, and its tax lines {taxed}"


@fake.sound
def refunds_are_of_their_orders(work: Work) -> Iterator[str]:
    """Every refund belongs to an order that lists it with its amount."""
    listed = {
        (entry["id"], int(order.id)): entry["total"]
        for order in work.collection("order").rows()
        for entry in order["refunds"]
    }
    kept = {(int(row.id), row["parent_id"]): f"-{row['amount']}" for row in work.collection("refund").rows()}
    for key in sorted(listed.keys() | kept.keys()):
        if listed.get(key) != kept.get(key):
            yield f"refund {key[0]} of order {key[1]} is {kept.get(key)}, listed as {listed.get(key)}"


@fake.sound
def stock_is_taken_by_orders_that_may(work: Work) -> Iterator[str]:
    """An order that waits or was cancelled holds no stock; no line has taken more than it wants."""
    for order in work.collection("order").rows():
        taken = sum(line["reduced_stock"] for line in order["line_items"])
        if taken and (order["status"] in GIVES_STOCK_BACK or not order["stock_reduced"]):
            yield f"order {order.id} is {order['status']} and holds {taken}"
        for line in order["line_items"]:
            if not 0 <= line["reduced_stock"] <= line["quantity"]:
                yield f"line {line['id']} has taken {line['reduced_stock']} of {line['quantity']}"


@fake.sound
def a_number_is_kept_only_where_it_is_managed(work: Work) -> Iterator[str]:
    """And says whether there is anything; SKUs are of one product each; variations have parents."""
    skus = Counter(row["sku"] for row in work.collection("product").rows() if row["sku"])
    yield from (f"{count} products have the SKU {sku}" for sku, count in skus.items() if count > 1)
    ids = {int(row.id) for row in work.collection("product").rows()}
    for product in work.collection("product").rows():
        if (product["manage_stock"] is True) != (product["stock_quantity"] is not None):
            yield f"product {product.id} has {product['stock_quantity']}, managed {product['manage_stock']}"
        if product["manage_stock"] is True and (product["stock_quantity"] > 0) != (
            product["stock_status"] == "instock"
        ):
            yield f"product {product.id} has {product['stock_quantity']} and is {product['stock_status']}"
        if product["parent_id"] and product["parent_id"] not in ids:
            yield f"variation {product.id} has no parent"


@fake.sound
def what_belongs_to_an_order_has_one(work: Work) -> Iterator[str]:
    """Notes name orders that are there."""
    orders = {order.id for order in work.collection("order").rows()}
    for note in work.collection("note").rows():
        if note["order_id"] not in orders:
            yield f"note {note.id} is of order {note['order_id']}, which is not there"


@fake.sound
def accounts_are_one_persons_each(work: Work) -> Iterator[str]:
    """By address and by name; and whoever an order names as its customer has one."""
    customers = work.collection("customer").rows()
    for member in ("email", "username"):
        counted = Counter(row[member].lower() for row in customers)
        yield from (f"{count} customers have the {member} {value}" for value, count in counted.items() if count > 1)
    ids = {int(row.id) for row in customers}
    for order in work.collection("order").rows():
        if order["customer_id"] and order["customer_id"] not in ids:
            yield f"order {order.id} is of customer {order['customer_id']}, who is not there"


@fake.sound
def a_coupon_was_used_by_so_many(work: Work) -> Iterator[str]:
    """No coupon was used less often than never, and its code is small."""
    for coupon in work.collection("coupon").rows():
        if coupon["usage_count"] < 0 or coupon["code"] != coupon["code"].strip().lower():
            yield f"coupon {coupon['code']!r} was used {coupon['usage_count']} times"
