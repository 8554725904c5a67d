"""Customers: one state behind both surfaces."""

import pytest

from tests.shopify.rest_shop import CHART, ROOT, gid, rest_shop
from tests.shopify.shop import Json

ADA = {
    "first_name": "Ada", "last_name": "Norman", "email": "ada@example.com", "phone": "+15142546011",
    "tags": "vip, Norse",
    "addresses": [{"address1": "123 Oak St", "city": "Ottawa", "province": "ON", "country": "CA"}],
}  # fmt: skip
SEEN = (
    "query($id: ID!) {customer(id: $id) {displayName state tags defaultEmailAddress {emailAddress}"
    " defaultPhoneNumber {phoneNumber} defaultAddress {city countryCodeV2} addresses(first: 5) {address1}"
    " numberOfOrders amountSpent {amount} lastOrder {name} orders(first: 5) {nodes {name}}}}"
)
CREATE = "mutation($i: CustomerInput!) {customerCreate(input: $i) {customer {id} userErrors {field message}}}"
UPDATE = "mutation($i: CustomerInput!) {customerUpdate(input: $i) {customer {id note} userErrors {field message}}}"
DELETE = (
    "mutation($i: CustomerDeleteInput!) {customerDelete(input: $i) {deletedCustomerId shop {name}"
    " userErrors {field message}}}"
)


def test_a_customer_made_on_one_surface_is_seen_on_the_other():
    shop = rest_shop()
    made = shop.made("customers.json", {"customer": ADA})["customer"]
    [address] = made["addresses"]
    assert (address["country_code"], address["customer_id"], address["default"]) == ("CA", made["id"], True)
    assert made["default_address"] == address
    assert address["province_code"] == "ON"
    assert (made["tags"], made["orders_count"], made["total_spent"]) == ("Norse, vip", 0, "0.00")
    assert (made["last_order_id"], made["state"]) == (None, "disabled")
    assert shop.ask(SEEN, id=made["admin_graphql_api_id"])["customer"] == {
        "displayName": "Ada Norman", "state": "DISABLED", "tags": ["Norse", "vip"],
        "defaultEmailAddress": {"emailAddress": "ada@example.com"},
        "defaultPhoneNumber": {"phoneNumber": "+15142546011"},
        "defaultAddress": {"city": "Ottawa", "countryCodeV2": "CA"}, "addresses": [{"address1": "123 Oak St"}],
        "numberOfOrders": "0", "amountSpent": {"amount": "0.0"}, "lastOrder": None, "orders": {"nodes": []},
    }  # fmt: skip
    other = shop.change(CREATE, i={"lastName": "Sailor"})["customer"]["id"]
    assert shop.rest(f"customers/{other.rsplit('/', 1)[1]}.json", fields="last_name,email")["customer"] == {
        "last_name": "Sailor", "email": None,
    }  # fmt: skip
    assert shop.rest("customers/count.json") == {"count": 2}
    assert shop.ask("{customersCount {count}}") == {"customersCount": {"count": 2}}


def test_what_a_customer_has_bought_is_counted():
    shop = rest_shop()
    shop.order(email="ada@example.com")
    shop.order(("MUG-RED", 1), email="ada@example.com", paid=False)
    [ada] = shop.rest("customers.json")["customers"]
    assert (ada["orders_count"], ada["total_spent"], ada["last_order_name"]) == (2, "25.00", "#1002")
    orders = shop.rest(f"customers/{ada['id']}/orders.json")["orders"]
    assert [each["name"] for each in orders] == ["#1002", "#1001"]
    assert orders[0]["customer"]["email"] == "ada@example.com"
    assert "orders_count" not in orders[0]["customer"]
    unpaid = shop.rest(f"customers/{ada['id']}/orders.json", financial_status="pending")["orders"]
    assert [each["name"] for each in unpaid] == ["#1002"]
    seen = shop.ask(SEEN, id=ada["admin_graphql_api_id"])["customer"]
    assert (seen["numberOfOrders"], seen["amountSpent"], seen["lastOrder"]) == (
        "2",
        {"amount": "25.0"},
        {"name": "#1002"},
    )
    assert seen["orders"] == {"nodes": [{"name": "#1001"}, {"name": "#1002"}]}


def test_a_customer_is_found():
    shop = rest_shop()
    for first, email in (("Ada", "ada@example.com"), ("Bob", "bob@example.com"), ("Cy", None)):
        shop.made("customers.json", {"customer": {"first_name": first, "email": email, "tags": first.lower()}})

    def found(query: str) -> list[str]:
        rest = [each["first_name"] for each in shop.rest("customers/search.json", query=query)["customers"]]
        answer = shop.ask("query($q: String) {customers(first: 5, query: $q) {nodes {firstName}}}", q=query)
        assert [each["firstName"] for each in answer["customers"]["nodes"]] == rest
        return rest

    assert found("email:Ada@example.com") == ["Ada"]
    assert found("tag:bob OR first_name:cy") == ["Bob", "Cy"]
    assert found("example.com") == ["Ada", "Bob"]
    assert found("") == ["Ada", "Bob", "Cy"]
    named = shop.ask("{customers(first: 5, sortKey: NAME, reverse: true) {nodes {firstName}}}")["customers"]["nodes"]
    assert [each["firstName"] for each in named] == ["Cy", "Bob", "Ada"]
    first = shop.rest("customers/search.json", query="example.com", limit=1)["customers"][0]
    later = shop.rest("customers.json", since_id=first["id"])["customers"]
    assert [each["first_name"] for each in later] == ["Bob", "Cy"]


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({}, {"base": ["A name, phone number, or email address must be present"]}),
        ({"email": "ada"}, {"email": ["is invalid"]}),
        ({"email": "ADA@example.com"}, {"email": ["has already been taken"]}),
        ({"phone": "+15142546011"}, {"phone": ["has already been taken"]}),
    ],
)
def test_a_customer_who_cannot_be_is_refused_on_both_surfaces(given: Json, errors: Json):
    shop = rest_shop()
    shop.made("customers.json", {"customer": ADA})
    assert shop.refusal("customers.json", {"customer": given}) == (422, errors)
    [(field, [text])] = errors.items()
    error = shop.error(CREATE, i=given)
    assert error["field"] == (None if field == "base" else [field])
    assert error["message"].lower().endswith(text.lower())


def test_a_customer_is_changed():
    shop = rest_shop()
    made = shop.made("customers.json", {"customer": ADA})["customer"]
    path = f"customers/{made['id']}.json"
    change = {"note": "n", "email": "ADA@example.com", "tags": ["b"], "addresses": [{"city": "Bath", "country": "GB"}]}
    put = shop.made(path, {"customer": change}, method="PUT", status=200)["customer"]
    assert (put["note"], put["email"], put["tags"], put["default_address"]["city"]) == (
        "n",
        "ADA@example.com",
        "b",
        "Bath",
    )
    assert put["first_name"] == "Ada"
    assert shop.change(UPDATE, i={"id": gid("Customer", made["id"]), "note": None})["customer"]["note"] is None
    gone = dict.fromkeys(("first_name", "last_name", "email", "phone"), "")
    assert shop.refusal(path, {"customer": gone}, method="PUT")[0] == 422
    assert shop.error(UPDATE, i={"id": gid("Customer", 1), "note": "n"})["message"] == "Customer does not exist"
    tagged = shop.change(
        'mutation($id: ID!) {tagsAdd(id: $id, tags: ["a"]) {node {id} userErrors {message}}}',
        id=gid("Customer", made["id"]),
    )
    assert tagged["node"]
    assert [each["id"] for each in shop.rest("customers/search.json", query="tag:a")["customers"]] == [made["id"]]


def test_a_customer_with_orders_stays_and_one_without_goes():
    shop = rest_shop()
    shop.order(email="buyer@example.com")
    [buyer] = shop.rest("customers.json")["customers"]
    said = {"base": ["Customer can't be deleted because they have associated orders"]}
    assert shop.refusal(f"customers/{buyer['id']}.json", method="DELETE") == (422, said)
    other, third = (shop.made("customers.json", {"customer": {"first_name": name}})["customer"] for name in "XY")
    assert shop.made(f"customers/{other['id']}.json", method="DELETE", status=200) == {}
    assert shop.get(f"{ROOT}/customers/{other['id']}.json").status_code == 404
    gone = shop.change(DELETE, i={"id": third["admin_graphql_api_id"]})
    assert gone == {"deletedCustomerId": third["admin_graphql_api_id"], "shop": {"name": "Seatrial"}, "userErrors": []}
    assert shop.rest("customers/count.json") == {"count": 1}
    assert shop.sound() == []


def test_an_order_brings_its_customer_along():
    shop = rest_shop()
    paul = {"first_name": "Paul", "last_name": "Norman", "email": "paul@example.com"}
    orders = [
        shop.made("orders.json", {"order": {"line_items": [CHART], "customer": given}})["order"]
        for given in (paul, {"email": "Paul@example.com"})
    ]
    assert orders[0]["customer"]["id"] == orders[1]["customer"]["id"]
    by_id = {"line_items": [CHART], "customer": {"id": str(orders[0]["customer"]["id"])}}
    assert shop.made("orders.json", {"order": by_id})["order"]["customer"]["first_name"] == "Paul"
    assert shop.rest("customers.json")["customers"][0]["orders_count"] == 3
    assert shop.sound() == []


def test_customers_need_a_scope_of_their_own():
    shop = rest_shop()
    made = shop.made("customers.json", {"customer": ADA})["customer"]
    shop.narrow("read_customers")
    assert shop.rest(f"customers/{made['id']}.json")["customer"]["first_name"] == "Ada"
    said = "[API] This action requires merchant approval for write_customers scope."
    assert shop.refusal("customers.json", {"customer": {"first_name": "B"}}) == (403, said)
    answer = shop.get(f"{ROOT}/customers/{made['id']}/orders.json")
    assert (answer.status_code, answer.json()) == (
        403, {"errors": "[API] This action requires merchant approval for read_orders scope."},
    )  # fmt: skip
