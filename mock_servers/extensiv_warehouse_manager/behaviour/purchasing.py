"""Purchase orders, as far as they can be read, and the suppliers they name."""

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Is
from mock_servers.core.preconditions import etag, must_match
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import (
    Json,
    at_id,
    fake,
    item_of,
    link_to,
    listed,
    named_customer,
    named_item,
    shown,
)
from mock_servers.extensiv_warehouse_manager.behaviour.placing import known_members


@fake.operation("listPurchaseOrders")
def list_purchase_orders(call: Call) -> Reply:
    return listed(call, call.collection("purchase_order"), "PurchaseOrder")


@fake.operation("getPurchaseOrder")
def get_purchase_order(call: Call) -> Reply:
    order = at_id(call.collection("purchase_order"), call.path["purchaseOrderId"])
    return Reply(200, order, {"ETag": etag(call, order)})


@fake.view("rest", "purchase_order", schema="PurchaseOrder")
def purchase_order_on_rest(order: Document) -> Json:
    return shown(order)


def buy(work: Work, customer: Document, number: str, lines: list[tuple[str, float]]) -> Document:
    """Somebody writes a purchase order: a number and what is to come. Refuses with `does_not_exist`."""
    items = [(item_of(work, customer, {"Sku": sku}), quantity) for sku, quantity in lines]
    id = work.next_number("purchase_order", 401)
    return work.collection("purchase_order").add(
        {
            "ReadOnly": {
                "PurchaseOrderId": id,
                "CreationDate": work.stamp,
                "LastModifiedDate": work.stamp,
                "Closed": False,
            },
            "PurchaseOrderNumber": number,
            "CustomerIdentifier": named_customer(customer),
            "IssueDate": work.stamp,
            "LineItems": [
                {
                    "PurchaseOrderLineItemId": work.next_number("purchase_order_line", 1),
                    "ItemIdentifier": named_item(item),
                    "Qualifier": "",
                    "Quantity": float(quantity),
                }
                for item, quantity in items
            ],
            "_links": [
                link_to("self", f"/inventory/pos/{id}"),
                link_to("customers/customer", f"/customers/{customer.id}"),
            ],
            "id": str(id),
            "customer_id": int(customer.id),
        },
    )


# Suppliers ----------------------------------------------------------------------------------------------------------


@fake.operation("listSuppliers")
def list_suppliers(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    return listed(call, call.collection("supplier"), "Supplier", Is("customer_id", "=", int(customer.id)))


@fake.operation("getSupplier")
def get_supplier(call: Call) -> Reply:
    supplier = _supplier(call)
    return Reply(200, supplier, {"ETag": etag(call, supplier)})


@fake.view("rest", "supplier", schema="Supplier")
def supplier_on_rest(supplier: Document) -> Json:
    return shown(supplier)


@fake.operation("createSupplier")
def create_supplier(call: Call) -> Reply:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    number = call.next_number("supplier", 27)
    here = f"/customers/{customer.id}"
    supplier = call.collection("supplier").add(
        known_members(call.body, "NewSupplier")
        | {
            "SupplierId": number,
            "_links": [link_to("self", f"{here}/suppliers/{number}"), link_to("customers/customer", here)],
            "id": str(number),
            "customer_id": int(customer.id),
        },
    )
    return Reply(201, supplier, {"ETag": etag(call, supplier)})


@fake.operation("updateSupplier")
def update_supplier(call: Call) -> Reply:
    supplier = _supplier(call)
    must_match(call, supplier)
    kept = call.collection("supplier").save(supplier | known_members(call.body, "NewSupplier"))
    return Reply(200, kept, {"ETag": etag(call, kept)})


def _supplier(call: Call) -> Document:
    customer = at_id(call.collection("customer"), call.path["customerId"])
    supplier = at_id(call.collection("supplier"), call.path["supplierId"])
    if supplier["customer_id"] != int(customer.id):
        raise Refusal("not_found", kind="supplier")
    return supplier
