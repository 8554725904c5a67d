"""Customers: listed by their change, read one by one, created with a template that fills what was left out."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import between, every, kept, one, operation, page, shown
from mock_servers.extend_commerce.behaviour.hooks import tell

TEMPLATES: dict[str, dict[str, Any]] = {
    "WEBB2C": {"customerClassification": {"customerType": "Private", "companyGroup": "B2C"}},
    "WEBB2B": {"customerClassification": {"customerType": "Business", "companyGroup": "B2B"}},
}
LISTED = {
    "name": "name",
    "lastName": "lastName",
    "organizationNumber": "organizationNumber",
    "email2": "email2",
    "phoneNumber2": "phoneNumber2",
    "deliveryAddress1": "address1",
    "deliveryPostalCode": "postalCode",
    "deliveryCity": "city",
}
"""Parameters that ask for a member exactly, by what it is kept under."""


@operation("listCustomers")
def list_customers(call: Call) -> Reply:
    conditions: list[Condition] = [*between(call, "changed", "changedAfterDate")]
    if "customerNumber" in call.query:
        conditions.append(Is("id", "=", call.query["customerNumber"]))
    if "customerNumberSearch" in call.query:
        conditions.append(Is("id", "contains", call.query["customerNumberSearch"]))
    for parameter, member in LISTED.items():
        if parameter in call.query:
            conditions.append(Is(f"listed_{member}", "=", call.query[parameter]))
    return page(call, call.collection("customer"), lambda row: _row(call, row), every(conditions))


def _row(work: Work, customer: Document) -> dict[str, Any]:
    body = customer["body"]
    address = body["customerDeliveryAddress"]["address"]
    return {
        "customerNumber": customer.id,
        "name": body["name"],
        **{name: body.get(name) for name in ("lastName", "organizationNumber", "email2", "phoneNumber2")},
        "deliveryAddress1": address["address1"],
        "deliveryPostalCode": address["postalCode"],
        "deliveryCity": address["city"],
        "invoiceEmail": body.get("invoiceEmail"),
        "changeDate": shown(work, customer["changed"]),
    }


@operation("getCustomer")
def get_customer(call: Call) -> Reply:
    return Reply(200, _whole(call, one(call, "customer", "customerNumber", "customer")))


@operation("createCustomer")
def create_customer(call: Call) -> Reply:
    number = call.body.get("customerNumber") or _next_number(call)
    if call.collection("customer").find(number) is not None:
        raise Refusal("duplicate_customer", customer=number)
    template = TEMPLATES.get(call.body.get("postTemplate") or "", {})
    body = template | _known(call, call.body) | {"customerNumber": number}
    return Reply(200, _whole(call, add_customer(call, number, body)))


def _next_number(work: Work) -> str:
    """The next number that nobody chose before."""
    while True:
        number = f"C-{work.next_number('customer', 2001)}"
        if work.collection("customer").find(number) is None:
            return number


def _known(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The members the model has; unknown ones pass and are not kept (Q21)."""
    model = call.fake.contract.surfaces["v1"].document["components"]["schemas"]["NewCustomer"]["properties"]
    return {name: value for name, value in body.items() if name in model}


@operation("updateCustomer")
def update_customer(call: Call) -> Reply:
    customer = one(call, "customer", "customerNumber", "customer")
    body = customer["body"] | _known(call, call.body) | {"customerNumber": customer.id}
    return Reply(200, _whole(call, change_customer(call, customer, body)))


def add_customer(work: Work, number: str, body: dict[str, Any]) -> Document:
    """Keep a new customer."""
    customer = work.collection("customer").add(document_of(work, number, body))
    tell(work, "CustomerCreated", CustomerNumber=number)
    return customer


def change_customer(work: Work, customer: Document, body: dict[str, Any]) -> Document:
    """Replace what is known of a customer."""
    changed = work.collection("customer").save(document_of(work, customer.id, body))
    tell(work, "CustomerChanged", CustomerNumber=customer.id)
    return changed


def document_of(work: Work, number: str, body: dict[str, Any]) -> dict[str, Any]:
    """A customer as it is kept: the members it is listed by beside the whole."""
    flat = body | body["customerDeliveryAddress"]["address"]
    listed = {f"listed_{member}": flat.get(member) for member in LISTED.values()}
    return {"id": number, "changed": kept(work.now), "body": body} | listed


def _whole(work: Work, customer: Document) -> dict[str, Any]:
    body: dict[str, Any] = customer["body"]
    return body | {"changeDate": shown(work, customer["changed"])}
