"""Customers: who they are, what they have bought, and how they are found, made, changed and deleted."""

from decimal import Decimal
from typing import Any

from mock_servers.core.fake import Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.graphql import Connection, Run
from mock_servers.shopify.behaviour.base import (
    ZERO,
    bag,
    fake,
    find,
    id_key,
    money,
    mutation,
    next_id,
    number_in,
    refuse,
    shop_of,
    tell,
)
from mock_servers.shopify.behaviour.order_documents import address_document, clean_tags
from mock_servers.shopify.behaviour.order_list import ORDERS, recent
from mock_servers.shopify.behaviour.paging import Resource, add, connection, count, save
from mock_servers.shopify.behaviour.search import Filters, choice, exact, holds, instant, padded, without

Json = dict[str, Any]
CUSTOMERS = Resource(
    "Customer",
    {
        "ID": "seq",
        "RELEVANCE": "seq",
        "CREATED_AT": "createdAt",
        "UPDATED_AT": "updatedAt",
        "NAME": "nameKey",
        "LOCATION": "locationKey",
    },
    Filters(
        {
            "id": padded("idKey"),
            "email": exact("emailKey"),
            "phone": exact("phoneKey", clean=str),
            "first_name": exact("firstKey"),
            "last_name": exact("lastKey"),
            "tag": holds("tagKeys"),
            "tag_not": without("tagKeys"),
            "state": choice({"disabled": All()}),
            "created_at": instant("createdAt"),
            "updated_at": instant("updatedAt"),
        },
        ("emailKey", "firstKey", "lastKey", "nameKey", "phoneKey", "tagKeys"),
        frozenset(
            {"accepts_marketing", "country", "last_abandoned_order_date", "order_date", "orders_count", "total_spent"}
        ),
    ),
)


# As they are kept -----------------------------------------------------------------------------------------------------


def customer_document(
    stamp: str,
    id: str,
    number: int,
    email: str | None,
    first_name: str | None,
    last_name: str | None,
    address: Json | None,
) -> Json:
    """A customer as it is kept."""
    return with_customer_keys(
        {
            "id": id,
            "idKey": id_key(number),
            "email": email,
            "firstName": first_name,
            "lastName": last_name,
            "phone": None,
            "note": None,
            "tags": [],
            "taxExempt": False,
            "verifiedEmail": True,
            "locale": "en",
            "addresses": [address] if address else [],
            "defaultAddress": address,
            "createdAt": stamp,
            "updatedAt": stamp,
        }
    )


def with_customer_keys(customer: Json) -> Json:
    """The customer with the members it is searched and sorted by."""
    first, last = customer["firstName"] or "", customer["lastName"] or ""
    place = customer["defaultAddress"] or {}
    where = (place.get("country"), place.get("province"), place.get("city"))
    return customer | {
        "emailKey": (customer["email"] or "").lower(),
        "phoneKey": customer["phone"] or "",
        "firstKey": first.lower(),
        "lastKey": last.lower(),
        "nameKey": f"{last}, {first}".lower(),
        "locationKey": ", ".join(filter(None, where)).lower(),
        "tagKeys": [tag.lower() for tag in customer["tags"]],
    }


def by_email(work: Work, email: str) -> Json | None:
    """The customer with this address, whatever its capitals."""
    found = work.collection("customer").first(Is("emailKey", "=", email.lower()))
    return found.body if found else None


# Made, changed, deleted -----------------------------------------------------------------------------------------------

PLAIN = ("email", "firstName", "lastName", "phone", "note", "taxExempt")


def create_customer(work: Work, given: Json) -> Json:
    """A new customer, told of. Raises `UserErrors`."""
    id, number = next_id(work, "Customer")
    addresses = [address_document(work, each) for each in given.get("addresses") or ()]
    blank = customer_document(work.stamp, id, number, None, None, None, None)
    blank |= {"addresses": addresses, "defaultAddress": addresses[0] if addresses else None}
    customer = with_customer_keys(blank | _changes(work, blank, given))
    add(work, "customer", customer)
    _tell(work, customer, "customers/create")
    return customer


def update_customer(work: Work, customer: Json, given: Json) -> Json:
    """A customer with what is said of them, told of. Raises `UserErrors`."""
    changes = _changes(work, customer, given)
    if given.get("addresses") is not None:
        addresses = [address_document(work, each) for each in given["addresses"]]
        changes |= {"addresses": addresses, "defaultAddress": addresses[0] if addresses else None}
    saved = save(work, "customer", with_customer_keys(customer | changes | {"updatedAt": work.stamp})).body
    _tell(work, saved, "customers/update")
    return saved


def _changes(work: Work, customer: Json, given: Json) -> Json:
    """What is said, checked: nobody is without a name, and no address or number is two people's."""
    changes = {name: given[name] or None for name in PLAIN if name in given} | (
        {"taxExempt": bool(given["taxExempt"])} if "taxExempt" in given else {}
    )
    if given.get("tags") is not None:
        changes["tags"] = clean_tags(given["tags"])
    email, phone = changes.get("email"), changes.get("phone")
    if email is not None and ("@" not in email or email != email.strip()):
        refuse(["email"], "Email is invalid")
    for name, key, value in (("email", "emailKey", email and email.lower()), ("phone", "phoneKey", phone)):
        other = work.collection("customer").first(Is(key, "=", value)) if value else None
        if other is not None and other.id != customer["id"]:
            refuse([name], f"{name.capitalize()} has already been taken")
    if not any((customer | changes)[name] for name in ("email", "firstName", "lastName", "phone")):
        refuse(None, "A name, phone number, or email address must be present")
    return changes


def delete_customer(work: Work, customer: Json) -> None:
    """Gone, and told of. Raises `UserErrors` where there are orders (documented); the sentence is assumed."""
    if work.collection("order").first(_bought_by(customer)) is not None:
        refuse(["id"], "Customer can't be deleted because they have associated orders")
    work.collection("customer").delete(customer["id"])
    tell(work, "customers/delete", lambda: {"id": number_in(customer["id"])})


def _tell(work: Work, customer: Json, topic: str) -> None:
    from mock_servers.shopify.behaviour.rest import whole_customer_shape

    tell(work, topic, lambda: whole_customer_shape(work, customer))


# What they bought -----------------------------------------------------------------------------------------------------


def _bought_by(customer: Json) -> Condition:
    return Is("customerId", "=", customer["id"])


def bought(work: Work, customer: Json) -> tuple[int, Decimal, Json | None]:
    """How many orders, what they come to now, and the last of them. Only what was paid counts as spent; assumed."""
    orders = work.collection("order").rows(_bought_by(customer))
    spent = [each for each in orders if Decimal(each["amounts"]["received"]) and not each["cancelledAt"]]
    total = sum((Decimal(each["amounts"]["currentTotal"]) for each in spent), ZERO)
    return len(orders), total, orders[-1].body if orders else None


# GraphQL --------------------------------------------------------------------------------------------------------------


@fake.field("customer")
def customer(_source: Any, args: Json, run: Run) -> Json | None:
    document = find(run.call, "Customer", args["id"])
    return document.body if document else None


@fake.field("customers")
def customers(_source: Any, args: Json, run: Run) -> Connection:
    return connection(run, args, CUSTOMERS)


@fake.field("customersCount")
def customers_count(_source: Any, args: Json, run: Run) -> Json:
    return count(run, args, CUSTOMERS)


@mutation("customerCreate")
def customer_create(work: Work, args: Json) -> Json:
    return {"customer": create_customer(work, args["input"]), "userErrors": []}


def _own(work: Work, id: str | None) -> Json:
    document = find(work, "Customer", id) if id else None
    if document is None:
        refuse(["id"], "Customer does not exist")
    return document.body


@mutation("customerUpdate")
def customer_update(work: Work, args: Json) -> Json:
    given = args["input"]
    return {"customer": update_customer(work, _own(work, given.get("id")), given), "userErrors": []}


@mutation("customerDelete")
def customer_delete(work: Work, args: Json) -> Json:
    gone = _own(work, args["input"]["id"])
    delete_customer(work, gone)
    return {"deletedCustomerId": gone["id"], "userErrors": []}


@fake.field("CustomerDeletePayload.shop")
def payload_shop(_source: Json, _args: Json, run: Run) -> Json:
    return shop_of(run.call)


@fake.field("Order.customer")
def order_customer(source: Json, _args: Json, run: Run) -> Json | None:
    if source["customerId"] is None:
        return None
    document = run.call.collection("customer").find(source["customerId"])
    return document.body if document else None


@fake.field("Customer.orders")
def customer_orders(source: Json, args: Json, run: Run) -> Connection:
    oldest = recent(run.call)
    return connection(run, args, ORDERS, All(_bought_by(source), *([] if oldest is None else [oldest])))


@fake.field("Customer.lastOrder")
def last_order(source: Json, _args: Json, run: Run) -> Json | None:
    return bought(run.call, source)[2]


@fake.field("Customer.amountSpent")
def amount_spent(source: Json, _args: Json, run: Run) -> Json:
    return dict(bag(money(bought(run.call, source)[1]), shop_of(run.call)["currencyCode"])["shopMoney"])


@fake.field("Customer.numberOfOrders")
def number_of_orders(source: Json, _args: Json, run: Run) -> str:
    return str(run.call.collection("order").count(_bought_by(source)))


@fake.field("Customer.displayName")
def customer_name(source: Json, _args: Json, _run: Run) -> str:
    return " ".join(filter(None, (source["firstName"], source["lastName"]))) or source["email"] or source["phone"] or ""


@fake.field("Customer.state")
def state(_source: Json, _args: Json, _run: Run) -> str:
    return "DISABLED"


@fake.field("Customer.addresses")
def addresses(source: Json, args: Json, _run: Run) -> list[Json]:
    return list(source["addresses"][: args.get("first")])


@fake.field("Customer.defaultEmailAddress")
def default_email_address(source: Json, _args: Json, _run: Run) -> Json | None:
    return {"emailAddress": source["email"]} if source["email"] else None


@fake.field("Customer.defaultPhoneNumber")
def default_phone_number(source: Json, _args: Json, _run: Run) -> Json | None:
    return {"phoneNumber": source["phone"]} if source["phone"] else None
