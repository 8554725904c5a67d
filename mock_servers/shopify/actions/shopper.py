"""What a shopper does at the till."""

from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.refusal import UsageError
from mock_servers.shopify.actions.words import (
    Address,
    Checkout,
    Line,
    address_of,
    check_moment,
    price_of,
    variant_by_sku,
)
from mock_servers.shopify.behaviour import (
    customers,
    order_documents,
    orders,
)
from mock_servers.shopify.behaviour.base import (
    fake,
    next_id,
    shop_of,
)

Json = dict[str, Any]


@fake.action("checkout", Checkout)
def checkout(work: Work, given: Checkout) -> Json:
    """A shopper buys: the order is numbered, claims its stock and is routed to locations."""
    if not given.lines or any(line.quantity < 1 for line in given.lines):
        raise UsageError("a basket needs lines, each with a quantity of at least 1")
    if given.fulfill_at is not None:
        check_moment(given.fulfill_at)
    shipping_price = price_of(given.shipping_price)
    basket = [_basket_line(work, line) for line in given.lines]
    for line in basket:
        if orders.sold_out(work, line):
            raise UsageError(f"{line['variant']['sku']} is sold out; count stock first")
    currency = shop_of(work)["currencyCode"]
    address = order_documents.address_document(work, address_of(given.address))
    shipping_id, _ = next_id(work, "ShippingLine")
    order = orders.new_order(
        work,
        {
            "lines": basket,
            "email": given.email,
            "note": given.note,
            "tags": given.tags,
            "customerId": _customer(work, given.email, given.address, address),
            "shippingAddress": address,
            "shippingLines": [
                order_documents.shipping_document(shipping_id, given.shipping, None, shipping_price, currency)
            ],
            "transactions": [{"kind": given.payment, "gateway": "bogus"}] if given.paid else [],
            "fulfillAt": given.fulfill_at,
            "sourceIdentifier": given.source_identifier,
        },
    )
    return {"id": order["id"], "name": order["name"]}


def _basket_line(work: Work, line: Line) -> Json:
    price = None if line.price is None else price_of(line.price)
    return {"variant": variant_by_sku(work, line.sku), "quantity": line.quantity, "price": price}


def _customer(work: Work, email: str, given: Address, address: Json | None) -> str:
    known = customers.by_email(work, email)
    if known is not None:
        return str(known["id"])
    id, number = next_id(work, "Customer")
    work.collection("customer").add(
        customers.customer_document(work.stamp, id, number, email, given.first_name, given.last_name, address)
    )
    return id
