"""What the API does with orders: create, change, trash and delete, one by one and in batches."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is, Not, Some
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import customers, discounts, fulfillments, listing, stock
from mock_servers.woocommerce.behaviour.base import (
    API,
    Json,
    amount,
    answer,
    created,
    fact,
    fake,
    merged_meta,
    missing,
    must_be_number,
    next_item,
    next_post,
    refuse,
    rounded,
    text,
    whole,
)
from mock_servers.woocommerce.behaviour.batch import in_batch
from mock_servers.woocommerce.behaviour.orders import (
    add_order,
    blank_order,
    entered,
    paid,
    save_order,
    shown_order,
    tell,
)
from mock_servers.woocommerce.behaviour.refunds import forget_refunds
from mock_servers.woocommerce.behaviour.totals import recalculated

UNLISTED = ("trash", "auto-draft", "checkout-draft")
PLAIN = ("currency", "customer_note", "payment_method", "payment_method_title", "transaction_id", "parent_id")
RECALCULATED_FOR = frozenset({"billing", "shipping", "line_items", "shipping_lines", "fee_lines", "coupon_lines"})
INVALID_ID = "woocommerce_rest_shop_order_invalid_id"


@fake.operation("listOrders")
def list_orders(call: Call) -> Reply:
    query = call.query
    where = [*listing.usual_filters(call), _by_status(query.get("status", ["any"]))]
    if "customer" in query:
        where.append(Is("customer_id", "=", query["customer"]))
    if query.get("created_via"):
        where.append(Is("created_via", "in", tuple(query["created_via"])))
    if query.get("search"):
        where.append(listing.found_in(query["search"], "number", "billing", "shipping", "line_items"))
    if "product" in query:
        sold = Some(
            *(Is("line_items", "contains", f'"{name}":{query["product"]},') for name in ("product_id", "variation_id"))
        )
        where.append(sold)
    return listing.page(call, "order", where, _look(call))


def _look(call: Call) -> str:
    """The address in the links, and how many decimals amounts have."""
    return f"{call.base_url} {call.query.get('dp', '')}"


@fake.view("rest", "order", schema="Order", looks=True, around=True)
def order_asked_for(work: Work, order: Document, look: str) -> Json:
    base, _, decimals = look.partition(" ")
    return shown_order(work, order.body, int(decimals) if decimals else None, base=base)


def _by_status(wanted: list[str]) -> Condition:
    if "any" in wanted:
        return Not(Is("status", "in", tuple(status for status in UNLISTED if status not in wanted)))
    return Is("status", "in", tuple(wanted))


@fake.operation("getOrder")
def get_order(call: Call) -> Reply:
    order = call.collection("order").find(must_be_number(call.path["id"]))
    if order is None:
        missing(INVALID_ID)
    if call.query.get("_fields"):
        return answer(call, 200, shown_order(call, order))
    return Reply(200, order, look=_look(call))


@fake.operation("createOrder")
def create_order(call: Call) -> Reply:
    order = make_order(call, call.body)
    return created(call, shown_order(call, order), f"{API}/orders/{order.id}")


@fake.operation("updateOrder", "patchOrder", "postOrder")
def update_order(call: Call) -> Reply:
    return answer(call, 200, shown_order(call, change_order(call, must_be_number(call.path["id"]), call.body)))


@fake.operation("deleteOrder")
def delete_order(call: Call) -> Reply:
    """The answer shows it as it was before (core WC_REST_CRUD_Controller)."""
    id = must_be_number(call.path["id"])
    order = call.collection("order").find(id)
    if order is None:
        missing(INVALID_ID)
    before = shown_order(call, order)
    remove_order(call, id, force=call.query.get("force", False))
    return answer(call, 200, before)


@fake.operation("batchOrders")
def batch_orders(call: Call) -> Reply:
    def create(body: Json) -> Json:
        return shown_order(call, make_order(call, body))

    def update(id: str, body: Json) -> Json:
        return shown_order(call, change_order(call, id, body))

    def delete(id: str) -> Json:
        return shown_order(call, remove_order(call, id, force=True))

    return in_batch(call, ("createOrder", "updateOrder"), create, update, delete)


@fake.operation("listOrderStatuses")
def list_statuses(call: Call) -> Reply:
    return answer(call, 200, [{"slug": slug, "name": name} for slug, name in fact("order_statuses").items()])


@fake.operation("getOrderTotals")
def order_totals(call: Call) -> Reply:
    orders = call.collection("order")
    rows = [
        {"slug": slug, "name": name, "total": orders.count(Is("status", "=", slug))}
        for slug, name in fact("order_statuses").items()
    ]
    return answer(call, 200, rows)


# What is done, whoever asks -------------------------------------------------------------------------------------------


def make_order(work: Work, body: Json, created_via: str = "rest-api") -> Document:
    """A new order. Refuses one that has an id already, and lines of nothing (dossier §3)."""
    if whole(body.get("id")):
        refuse("woocommerce_rest_shop_order_exists", "Cannot create existing shop_order.")
    order = blank_order(work, next_post(work)) | {"created_via": body.get("created_via") or created_via}
    order = _couponed(work, recalculated(work, _with(work, order, body)), body)
    order = _in_wanted_status(work, order, body)
    return add_order(work, order)


def change_order(work: Work, id: str, body: Json) -> Document:
    """Change what is named and leave the rest. An order that is not there is a bad request here (dossier §3)."""
    found = work.collection("order").find(id)
    if found is None:
        refuse(INVALID_ID, "Invalid ID.")
    order = _with(work, found.body, body)
    if RECALCULATED_FOR & body.keys():
        order = _couponed(work, recalculated(work, order), body)
    return save_order(work, _in_wanted_status(work, order, body))


def _couponed(work: Work, order: Json, body: Json) -> Json:
    """With `coupon_lines` the order has just these; without, those it has, which are not reckoned anew."""
    return discounts.with_coupons(work, order, body["coupon_lines"]) if "coupon_lines" in body else order


def remove_order(work: Work, id: str, *, force: bool) -> Document:
    """To the trash, or away for good; either is told of as deleted."""
    order = work.collection("order").find(id)
    if order is None:
        missing(INVALID_ID)
    if force:
        work.collection("order").delete(order.id)
        for note in work.collection("note").rows(Is("order_id", "=", order.id)):
            work.collection("note").delete(note.id)
        forget_refunds(work, order.id)
        fulfillments.forget(work, order.id)
        tell(work, "deleted", order)
        return order
    if order["status"] == "trash":
        raise Refusal("woocommerce_rest_already_trashed", kind="shop_order")
    trashed = order | {"status": "trash", "status_before_trash": order["status"], "date_modified_gmt": work.stamp}
    kept = work.collection("order").save(trashed)
    tell(work, "deleted", kept)
    return kept


def restore_order(work: Work, order: Document) -> Document:
    """Out of the trash, as it was."""
    kept = work.collection("order").save(
        order | {"status": order["status_before_trash"] or "pending", "date_modified_gmt": work.stamp}
    )
    tell(work, "restored", kept)
    return kept


def _in_wanted_status(work: Work, order: Json, body: Json) -> Json:
    if body.get("status") == "trash":
        refuse("woocommerce_rest_invalid_order_status", "Invalid order status.")
    if "status" in body:
        order = entered(work, order, body["status"])
    if body.get("set_paid"):
        order = paid(work, order, body.get("transaction_id", ""))
    return order


def _with(work: Work, order: Json, body: Json) -> Json:
    """The order with what was given, its sums not yet made anew."""
    changed = order | {name: body[name] for name in PLAIN if name in body}
    if "parent_id" in body:
        changed["parent_id"] = whole(body["parent_id"])
    if "customer_id" in body:
        changed["customer_id"] = customers.checked_customer(work, body["customer_id"])
    for address in ("billing", "shipping"):
        given = body.get(address, {})
        changed[address] = order[address] | {n: v or "" for n, v in given.items() if n in order[address]}
    if "line_items" in body:
        changed["line_items"] = _lines(work, order, body["line_items"])
    if "shipping_lines" in body:
        changed["shipping_lines"] = _other_lines(work, order["shipping_lines"], body["shipping_lines"], "method_id")
    if "fee_lines" in body:
        changed["fee_lines"] = _other_lines(work, order["fee_lines"], body["fee_lines"], "name")
    changed["meta_data"] = merged_meta(work, order["meta_data"], body.get("meta_data"))
    return changed


# Lines ----------------------------------------------------------------------------------------------------------------


def _lines(work: Work, order: Json, given: list[Json]) -> list[Json]:
    """With an id a line is changed, without one it is added; quantity 0 or product null takes it away (dossier §5)."""
    lines = {line["id"]: line for line in order["line_items"]}
    for entry in given:
        id = whole(entry.get("id"))
        if not id:
            line = _new_line(work, entry)
            lines[line["id"]] = line
            continue
        if id not in lines:
            refuse("woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.")
        gone = entry.get("product_id", 1) is None or ("quantity" in entry and whole(entry["quantity"]) == 0)
        if gone:
            stock.give_back(work, lines.pop(id))
        else:
            lines[id] = _adjusted(work, order, _changed_line(work, lines[id], entry))
    return list(lines.values())


def _adjusted(work: Work, order: Json, line: Json) -> Json:
    """A line that has taken stock takes more or gives back when its quantity changes."""
    if not order["stock_reduced"]:
        return line
    if line["quantity"] < line["reduced_stock"]:
        return stock.give_back(work, line, line["reduced_stock"] - line["quantity"])[0]
    return stock.take(work, line)[0]


def _new_line(work: Work, given: Json) -> Json:
    product = _sold(work, given)
    parent = work.collection("product").find(str(product["parent_id"])) if product["type"] == "variation" else None
    quantity = whole(given.get("quantity", 1))
    if quantity == 0:
        refuse("woocommerce_rest_invalid_quantity", "Line item quantity must be more than zero.")
    usual = text(rounded(amount(product["price"]) * quantity))
    subtotal = given.get("subtotal") or given.get("total") or usual
    line = {
        "id": next_item(work),
        "name": given.get("name") or product["name"],
        "product_id": int(parent.id if parent else product.id),
        "variation_id": int(product.id) if parent else 0,
        "quantity": quantity,
        "tax_class": product["tax_class"],
        "subtotal": text(amount(subtotal)),
        "subtotal_tax": "0.00",
        "total": text(amount(given.get("total") or subtotal)),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": merged_meta(work, [], given.get("meta_data")),
        "sku": product["sku"],
        "global_unique_id": product["global_unique_id"],
        "image": {"id": "", "src": ""},
        "parent_name": parent["name"] if parent else None,
        "tax_status": product["tax_status"],
        "reduced_stock": 0,
    }
    return _priced(line)


def _priced(line: Json) -> Json:
    """`price` is a number: one of the line without tax, before discounts are told (dossier §11)."""
    return line | {"price": float(amount(line["total"]) / line["quantity"]) if line["quantity"] else 0}


def _sold(work: Work, given: Json) -> Document:
    products, product = work.collection("product"), None
    if given.get("variation_id"):
        product = products.find(str(whole(given["variation_id"])))
    elif given.get("product_id"):
        product = products.find(str(whole(given["product_id"])))
    elif given.get("sku"):
        product = products.first(Is("sku", "=", given["sku"]))
    else:
        refuse("woocommerce_rest_required_product_reference", "Product ID or SKU is required.")
    if product is None or product["status"] == "trash":
        refuse("woocommerce_rest_invalid_product_id", "Product ID is invalid.")
    return product


def _changed_line(work: Work, line: Json, given: Json) -> Json:
    """A new quantity alone leaves the amounts as they are: the vendor multiplies nothing by itself here."""
    changed = dict(line)
    if given.get("name"):
        changed["name"] = given["name"]
    if "quantity" in given:
        changed["quantity"] = whole(given["quantity"])
    for name in ("subtotal", "total"):
        if given.get(name):
            changed[name] = text(amount(given[name]))
    changed["meta_data"] = merged_meta(work, line["meta_data"], given.get("meta_data"))
    return _priced(changed)


def _other_lines(work: Work, kept: list[Json], given: list[Json], name: str) -> list[Json]:
    """Shipping and fee lines, by id; one whose `name` is null is taken away."""
    lines = {line["id"]: line for line in kept}
    for entry in given:
        id = whole(entry.get("id"))
        if id and id not in lines:
            refuse("woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.")
        if id and entry.get(name, "") is None:
            del lines[id]
            continue
        if not id and not entry.get(name):
            code, said = _INCOMPLETE[name]
            refuse(code, said)
        line = _other_line(work, lines.get(id), entry, name)
        lines[line["id"]] = line
    return list(lines.values())


_INCOMPLETE = {
    "method_id": ("woocommerce_rest_invalid_shipping_item", "Shipping method ID is required."),
    "name": ("woocommerce_rest_invalid_fee_item", "Fee name is required."),
}


def _other_line(work: Work, kept: Mapping[str, Any] | None, given: Json, name: str) -> Json:
    blank: Json = {"id": 0, "total": "0.00", "total_tax": "0.00", "taxes": [], "meta_data": [], "tax_status": "taxable"}
    if name == "method_id":
        blank |= {"method_title": "", "method_id": "", "instance_id": ""}
    else:
        blank |= {"name": "", "tax_class": "", "amount": "", "reduced_stock": 0}
    line = dict(kept or blank)
    line["id"] = line["id"] or next_item(work)
    for member in ("method_title", "method_id", "instance_id", "name", "tax_status"):
        if member in line and given.get(member) is not None:
            line[member] = given[member]
    if given.get("total"):
        line["total"] = text(amount(given["total"]))
    if "amount" in line:
        line["amount"] = line["total"]
    line["meta_data"] = merged_meta(work, line["meta_data"], given.get("meta_data"))
    return line
