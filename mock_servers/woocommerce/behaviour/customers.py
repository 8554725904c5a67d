"""Customers: who has an account, and what becomes of their orders (core WC_REST_Customers_Controller).

Everybody here has the role `customer`: people who work in the store are users too, and not made or listed by this API's
callers. Passwords are taken and not kept.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is, Not
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import listing
from mock_servers.woocommerce.behaviour.base import (
    API,
    Json,
    answer,
    created,
    emit_once,
    fact,
    fake,
    links,
    merged_meta,
    missing,
    must_be_forced,
    must_be_number,
    refuse,
    times,
    whole,
)
from mock_servers.woocommerce.behaviour.batch import in_batch

ROLE = "customer"
ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
BILLING = (*ADDRESS, "email", "phone")
SHIPPING = (*ADDRESS, "phone")
STRANGE = re.compile(r"[^a-z0-9 _.\-@]", re.IGNORECASE)
"""What no name to log in by may hold (WP sanitize_user, strict)."""
EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
COMMON = frozenset({"sales", "hello", "mail", "contact", "info"})
INVALID = "wc_user_invalid_id"
COLUMNS = {"id": "seq", "name": "display_name", "registered_date": "date_created_gmt"}


@fake.operation("listCustomers")
def list_customers(call: Call) -> Reply:
    query = call.query
    where: list[Condition] = []
    if query.get("include"):
        where.append(Is("id", "in", tuple(str(id) for id in query["include"])))
    if query.get("exclude"):
        where.append(Not(Is("id", "in", tuple(str(id) for id in query["exclude"]))))
    if "email" in query:
        where.append(Is("email", "same", query["email"]))
    elif query.get("search"):
        where.append(listing.found_in(query["search"], "username", "email", "display_name"))
    if query.get("role", ROLE) not in {"all", ROLE}:
        where.append(Is("role", "=", query["role"]))
    return listing.page(call, "customer", where, lambda each: shown(call, each), COLUMNS, ("name", "asc"))


@fake.operation("getCustomer")
def get_customer(call: Call) -> Reply:
    return answer(call, 200, shown(call, named(call, must_be_number(call.path["id"]))))


@fake.operation("createCustomer")
def create_customer(call: Call) -> Reply:
    customer = make_customer(call, call.body)
    return created(call, shown(call, customer), f"{API}/customers/{customer.id}")


@fake.operation("updateCustomer", "patchCustomer", "postCustomer")
def update_customer(call: Call) -> Reply:
    customer = named(call, must_be_number(call.path["id"]))
    return answer(call, 200, shown(call, change_customer(call, customer, call.body)))


@fake.operation("deleteCustomer")
def delete_customer(call: Call) -> Reply:
    customer = named(call, must_be_number(call.path["id"]))
    must_be_forced(call, "Customers")
    heir = call.query.get("reassign")
    if heir and (str(heir) == customer.id or call.collection("customer").find(str(heir)) is None):
        refuse("woocommerce_rest_customer_invalid_reassign", "Invalid resource id for reassignment.")
    return answer(call, 200, shown(call, remove_customer(call, customer)))


@fake.operation("batchCustomers")
def batch_customers(call: Call) -> Reply:
    def create(body: Json) -> Json:
        return shown(call, make_customer(call, body))

    def update(id: str, body: Json) -> Json:
        customer = call.collection("customer").find(id)
        if customer is None:  # in a batch nobody asks first whether one may see the customer
            refuse("woocommerce_rest_invalid_id", "Invalid resource ID.")
        return shown(call, change_customer(call, customer, body))

    def delete(id: str) -> Json:
        return shown(call, remove_customer(call, named(call, id)))

    return in_batch(call, ("createCustomer", "updateCustomer"), create, update, delete)


# What is done, whoever asks -------------------------------------------------------------------------------------------


def make_customer(work: Work, body: Json) -> Document:
    """A new account. Refuses an address or a name that somebody has already (core `wc_create_new_customer`)."""
    if whole(body.get("id")):
        refuse("woocommerce_rest_customer_exists", "Cannot create existing resource.")
    email = body["email"]
    if _by(work, "email", email) is not None:
        said = f"An account is already registered with {email}. Please log in or use a different email address."
        refuse("registration-error-email-exists", said)
    username = " ".join((body.get("username") or "").split()) or _free_username(work, email)
    if STRANGE.search(username):
        refuse("registration-error-invalid-username", "Please provide a valid account username.")
    if _by(work, "username", username) is not None:
        said = "An account is already registered with that username. Please choose another."
        refuse("registration-error-username-exists", said)
    blank = {
        "id": str(work.next_number("user", fact("first_customer_id"))),
        "email": email,
        "username": username,
        "role": ROLE,
        "first_name": "",
        "last_name": "",
        "billing": dict.fromkeys(BILLING, ""),
        "shipping": dict.fromkeys(SHIPPING, ""),
        "is_paying_customer": False,
        "meta_data": [],
        "date_created_gmt": work.stamp,
        "date_modified_gmt": work.stamp,
    }
    kept = work.collection("customer").add(_with(work, blank, body))
    tell(work, "created", kept)
    tell(work, "updated", kept)  # WP updates the user once more within its creation
    return kept


def change_customer(work: Work, customer: Document, body: Json) -> Document:
    """Change what is named. An address that another has is refused, and so is another name to log in by."""
    email, username = body.get("email"), body.get("username")
    if email and email != customer["email"]:
        other = _by(work, "email", email)
        if other is not None:
            refuse("woocommerce_rest_customer_invalid_email", "Email address is invalid.")
    if username and username != customer["username"]:
        refuse("woocommerce_rest_customer_invalid_argument", "Username isn't editable.")
    changed = _with(work, customer.body, body)
    return save_customer(work, changed | {"email": email or customer["email"]})


def save_customer(work: Work, customer: Mapping[str, Any]) -> Document:
    kept = work.collection("customer").save({**customer, "date_modified_gmt": work.stamp})
    tell(work, "updated", kept)
    return kept


def remove_customer(work: Work, customer: Document) -> Document:
    """The account goes; its orders stay and are guests' (core `wc_reset_order_customer_id_on_deleted_user`)."""
    orders = work.collection("order")
    for order in orders.rows(Is("customer_id", "=", int(customer.id))):
        orders.save(order | {"customer_id": 0})
    work.collection("customer").delete(customer.id)
    tell(work, "deleted", customer)
    return customer


def has_paid(work: Work, order: Mapping[str, Any]) -> None:
    """Whose order it is has paid, or received it: a paying customer from now on (core `wc_paying_customer`)."""
    customer = work.collection("customer").find(str(order["customer_id"])) if order["customer_id"] else None
    if customer is not None and not customer["is_paying_customer"]:
        save_customer(work, customer | {"is_paying_customer": True})


def checked_customer(work: Work, given: Any) -> int:
    """The id of a customer, or 0 for a guest."""
    id = whole(given)
    if id and work.collection("customer").find(str(id)) is None:
        refuse("woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
    return id


def tell(work: Work, event: str, customer: Mapping[str, Any]) -> None:
    id = int(customer["id"])

    def payload() -> Json:
        latest = work.collection("customer").find(str(id))
        return {"id": id} if event == "deleted" else shown(work, latest or customer)

    emit_once(work, f"customer.{event}", payload, id)


def named(work: Work, id: str) -> Document:
    customer = work.collection("customer").find(id)
    if customer is None:
        missing(INVALID, "Invalid user ID.")
    return customer


def _by(work: Work, member: str, value: str) -> Document | None:
    return work.collection("customer").first(All(Is(member, "same", value)))


def _free_username(work: Work, email: str) -> str:
    """Made of the address, with a number where somebody has it (core `wc_create_new_customer_username`)."""
    local, _, domain = email.partition("@")
    username = " ".join(STRANGE.sub("", domain if local in COMMON else local).lower().split())
    while username and _by(work, "username", username) is not None:
        username = f"{username.partition('-')[0]}-{work.chance.randrange(10_000):04d}"
    return username


def _with(work: Work, customer: Json, body: Json) -> Json:
    changed = customer | {name: body[name] for name in ("first_name", "last_name") if body.get(name) is not None}
    for address in ("billing", "shipping"):
        given = body.get(address, {})
        changed[address] = customer[address] | {
            name: value for name, value in given.items() if name in customer[address] and value is not None
        }
    name = f"{changed['first_name']} {changed['last_name']}".strip()
    changed["display_name"] = name or customer["username"]
    changed["meta_data"] = merged_meta(work, customer["meta_data"], body.get("meta_data"))
    return changed


def shown(work: Work, customer: Mapping[str, Any]) -> Json:
    """A customer as the API shows it; never with a password."""
    id = int(customer["id"])
    names = ("email", "first_name", "last_name", "role", "username", "billing", "shipping", "is_paying_customer")
    face = hashlib.sha256(customer["email"].strip().lower().encode()).hexdigest()
    return {
        "id": id,
        **times(work, customer, "date_created", "date_modified"),
        **{name: customer[name] for name in names},
        "avatar_url": f"https://secure.gravatar.com/avatar/{face}?s=96&d=mm&r=g",
        "meta_data": customer["meta_data"],
        "_links": links(work, f"{API}/customers/{id}", f"{API}/customers"),
    }
