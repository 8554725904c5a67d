"""Customers: listed by their change, read one by one, created with a template that fills what was left out."""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import Condition, Is
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.extend_commerce.behaviour.base import (
    CURRENCY,
    between,
    every,
    kept,
    members_of,
    one,
    operation,
    page,
    shown,
)
from mock_servers.extend_commerce.behaviour.hooks import tell

TEMPLATES: dict[str, dict[str, Any]] = {
    "WEBB2C": {"customerClassification": {"customerType": "Private", "companyGroup": "B2C"}},
    "WEBB2B": {"customerClassification": {"customerType": "Business", "companyGroup": "B2B"}},
}
LISTED = {
    "name": "name",
    "lastName": "lastName",
    "organizationNumber": "organizationNumber",
    "email2": "orderConfirmationEmail",
    "phoneNumber2": "adviceToPhone",
    "deliveryAddress1": "address1",
    "deliveryPostalCode": "postalCode",
    "deliveryCity": "city",
}
"""Parameters that ask for a member exactly, by what it is called in the model; that a list's email2 is the order
confirmation's, and its phoneNumber2 the carrier's, is assumed."""
KEYS = {"customerContacts": ("firstName", "lastName", "eMail"), "customerUsers": ("userName",)}
"""Lists whose entries are known by these members, which mind case (ExtendSharp): others are added, these replaced."""


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
    if "incoterms" in call.query:
        conditions.append(Is("body.customerLogisticsSettings.transportCondition", "=", call.query["incoterms"]))
    return page(call, call.collection("customer"), lambda row: _row(call, row), every(conditions))


def _row(work: Work, customer: Document) -> dict[str, Any]:
    body = customer["body"]
    address = body["customerDeliveryAddress"]["address"]
    limit = (body.get("customerFinancialSettings") or {}).get("creditLimit")
    return {
        "customerNumber": customer.id,
        "name": body["name"],
        "lastName": body.get("lastName"),
        "organizationNumber": body.get("organizationNumber"),
        "email2": body.get("orderConfirmationEmail"),
        "phoneNumber2": body.get("adviceToPhone"),
        "deliveryAddress1": address["address1"],
        "deliveryPostalCode": address["postalCode"],
        "deliveryCity": address["city"],
        "creditLimit": None if limit is None else f"{limit:.2f}",
        "creditLimitCurrency": None if limit is None else CURRENCY,
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
    return {name: value for name, value in body.items() if name in members_of(call, "NewCustomer")}


@operation("updateCustomer")
def update_customer(call: Call) -> Reply:
    customer = one(call, "customer", "customerNumber", "customer")
    sent = _known(call, call.body)
    if sent.get("customerNumber") not in {None, customer.id}:
        raise Refusal("other_number", doing="updating customer", asked=sent["customerNumber"], number=customer.id)
    for name, keys in KEYS.items():
        if name in sent:
            sent[name] = _merged(customer["body"].get(name) or [], sent[name], keys)
    body = customer["body"] | sent | {"customerNumber": customer.id}
    return Reply(200, _whole(call, change_customer(call, customer, body)))


def _merged(before: list[dict[str, Any]], sent: list[dict[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Entries by their keys: those sent take the place of those there, or come after them."""
    known = {tuple(each.get(key) for key in keys): each for each in before}
    return list((known | {tuple(each.get(key) for key in keys): each for each in sent}).values())


def add_customer(work: Work, number: str, body: dict[str, Any]) -> Document:
    """Keep a new customer."""
    customer = work.collection("customer").add(document_of(work, number, body))
    tell(work, "CustomerCreated", CustomerNumber=number)
    return customer


def change_customer(work: Work, customer: Document, body: dict[str, Any]) -> Document:
    """Replace what is known of a customer."""
    changed = work.collection("customer").save(document_of(work, customer.id, body, created=customer["created"]))
    tell(work, "CustomerChanged", CustomerNumber=customer.id)
    return changed


def document_of(work: Work, number: str, body: dict[str, Any], created: str | None = None) -> dict[str, Any]:
    """A customer as it is kept: the members it is listed by beside the whole."""
    flat = body | body["customerDeliveryAddress"]["address"]
    listed = {f"listed_{member}": flat.get(member) for member in LISTED.values()}
    now = kept(work.now)
    return {"id": number, "created": created or now, "changed": now, "body": body} | listed


def _whole(work: Work, customer: Document) -> dict[str, Any]:
    body: dict[str, Any] = customer["body"]
    dates = {"createDate": shown(work, customer["created"]), "changeDate": shown(work, customer["changed"])}
    return body | dates
