"""Customers over REST."""

from typing import Any

from mock_servers.core.fake import Call
from mock_servers.core.filters import Condition, Is
from mock_servers.core.wire import Reply
from mock_servers.shopify.behaviour.customers import CUSTOMERS, create_customer, delete_customer, update_customer
from mock_servers.shopify.behaviour.rest import whole_customer_shape
from mock_servers.shopify.rest.door import named, needs_one, operation, shown, spelled, tags_of
from mock_servers.shopify.rest.lists import by_id, by_time, count, page
from mock_servers.shopify.rest.order_bodies import address
from mock_servers.shopify.rest.orders import orders_page

Json = dict[str, Any]


def _answer(call: Call, customer: Json, status: int = 200) -> Reply:
    return Reply(status, {"customer": shown(call, whole_customer_shape(call, customer))})


def _page(call: Call, *wanted: Condition) -> Reply:
    return page(call, "customers", "Customer", lambda row: whole_customer_shape(call, row), *wanted)


@operation("listCustomers")
def list_customers(call: Call) -> Reply:
    return _page(call, *by_id(call, "Customer"), *by_time(call))


@operation("searchCustomers")
def search_customers(call: Call) -> Reply:
    """In the words of GraphQL's searches; a filter nobody knows is ignored."""
    text = call.query.get("query", "")
    return _page(call, *([CUSTOMERS.filters.read(text)[0]] if text.strip() else []))


@operation("countCustomers")
def count_customers(call: Call) -> Reply:
    return count(call, "Customer", *by_time(call))


@operation("getCustomer")
def get_customer(call: Call) -> Reply:
    return _answer(call, named(call, "Customer").body)


@operation("createCustomer")
def do_create_customer(call: Call) -> Reply:
    return _answer(call, create_customer(call, said_of(call.body["customer"])), 201)


@operation("updateCustomer")
def do_update_customer(call: Call) -> Reply:
    return _answer(call, update_customer(call, named(call, "Customer").body, said_of(call.body["customer"])))


@operation("deleteCustomer")
def do_delete_customer(call: Call) -> Reply:
    delete_customer(call, named(call, "Customer").body)
    return Reply(200, {})


@operation("listCustomerOrders")
def list_customer_orders(call: Call) -> Reply:
    needs_one(call, "read_orders")
    return orders_page(call, Is("customerId", "=", named(call, "Customer").id))


def said_of(given: Json) -> Json:
    """What a body says of a customer, as GraphQL says it."""
    said = spelled(given, "email", "first_name", "last_name", "phone", "note", "tax_exempt")
    if "tags" in given:
        said["tags"] = tags_of(given["tags"])
    if given.get("addresses") is not None:
        said["addresses"] = [made for each in given["addresses"] if (made := address(each))]
    return said
