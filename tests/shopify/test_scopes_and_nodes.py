"""Who may see what, and that everything there is can be asked for."""

import graphql as gq
import pytest

from mock_servers.shopify.behaviour.endpoint import machine_of
from tests.shopify.shop import Shop, shop, stocked

# Scopes ---------------------------------------------------------------------------------------------------------------

DENIED = [
    ("write_products", "{orders(first: 1) {nodes {id}}}", "orders", "read_orders", None),
    ("read_orders", "{products(first: 1) {nodes {id}}}", "products", "read_products", None),
    (
        "read_orders",
        'mutation {orderClose(input: {id: "gid://shopify/Order/1"}) {userErrors {message}}}',
        "orderClose",
        "write_orders",
        {"orderClose": None},
    ),
    (
        "read_orders",
        '{customer(id: "gid://shopify/Customer/1") {id}}',
        "customer",
        "read_customers",
        {"customer": None},
    ),
]


@pytest.mark.parametrize(("scopes", "query", "field", "scope", "data"), DENIED, ids=[each[2] for each in DENIED])
def test_a_field_without_its_scope_is_denied_by_name(scopes, query, field, scope, data):
    body = shop(scopes=scopes).answer(query)

    assert body["data"] == data
    assert body["errors"][0]["message"] == (
        f"Access denied for {field} field. Required access: `{scope}` access scope."
    )
    assert body["errors"][0]["extensions"] == {
        "code": "ACCESS_DENIED",
        "documentation": "https://shopify.dev/api/usage/access-scopes",
        "requiredAccess": f"`{scope}` access scope.",
    }


def test_a_nested_field_is_denied_and_the_rest_is_answered():
    made = stocked()
    made.order()
    made.world.work("shopify").grant("token", "shpat_x", "seatrial-client-id", scopes=["read_orders"])
    made.client.headers["X-Shopify-Access-Token"] = "shpat_x"

    body = made.answer("{orders(first: 1) {nodes {name customer {id}}}}")

    assert body["data"] == {"orders": {"nodes": [{"name": "#1001", "customer": None}]}}
    assert body["errors"][0]["path"] == ["orders", "nodes", 0, "customer"]


def test_writing_implies_reading():
    assert shop(scopes="write_orders").ask("{ordersCount {count precision}}") == {
        "ordersCount": {"count": 0, "precision": "EXACT"}
    }


def test_a_node_needs_the_scope_of_its_type():
    made = stocked()
    id = made.order()["id"]
    made.world.work("shopify").grant("token", "shpat_x", "seatrial-client-id", scopes=["read_products"])
    made.client.headers["X-Shopify-Access-Token"] = "shpat_x"

    body = made.answer("query($id: ID!) {node(id: $id) {id}}", id=id)

    assert (body["data"], body["errors"][0]["extensions"]["code"]) == ({"node": None}, "ACCESS_DENIED")


def test_an_app_reads_its_own_scopes():
    made = shop(scopes="write_orders read_products read_orders")

    shown = made.ask("{currentAppInstallation {app {title} accessScopes {handle}}}")["currentAppInstallation"]

    assert [each["handle"] for each in shown["accessScopes"]] == ["read_products", "write_orders"]


# Nodes, the shop, and what else there is ------------------------------------------------------------------------------


def test_anything_is_found_by_its_global_id():
    made = stocked()
    order = made.order()
    row = made.waiting(order)[0]
    ids = [order["id"], row["id"], row["locationId"], made.documents("variant")[0]["id"], "gid://shopify/Order/9"]

    nodes = made.ask(
        "query($ids: [ID!]!) {nodes(ids: $ids) {__typename id ... on Order {name} ... on ProductVariant {sku}}}",
        ids=ids,
    )["nodes"]

    assert nodes == [
        {"__typename": "Order", "id": ids[0], "name": "#1001"},
        {"__typename": "FulfillmentOrder", "id": ids[1]},
        {"__typename": "Location", "id": ids[2]},
        {"__typename": "ProductVariant", "id": ids[3], "sku": "MUG-BLU"},
        None,
    ]


def test_every_plain_field_of_the_main_types_can_be_asked_for():
    """No field of the schema is declared and then forgotten: each answers, on a shop where everything has happened."""
    made = everything_happened()
    machine = machine_of("2026-10")
    for type_name, where in WHERE.items():
        fields = " ".join(leaves(machine, type_name))
        body = made.answer(where.replace("FIELDS", fields), **ids_of(made))
        assert "errors" not in body, (type_name, body["errors"][:2])


WHERE = {
    "Order": "query($order: ID!) {order(id: $order) {FIELDS}}",
    "LineItem": "query($order: ID!) {order(id: $order) {lineItems(first: 5) {nodes {FIELDS}}}}",
    "MailingAddress": "query($order: ID!) {order(id: $order) {shippingAddress {FIELDS}}}",
    "ShippingLine": "query($order: ID!) {order(id: $order) {shippingLines(first: 5) {nodes {FIELDS}}}}",
    "OrderTransaction": "query($order: ID!) {order(id: $order) {transactions {FIELDS}}}",
    "Refund": "query($order: ID!) {order(id: $order) {refunds {FIELDS}}}",
    "RefundLineItem": "query($order: ID!) {order(id: $order) {refunds {refundLineItems(first: 5) {nodes {FIELDS}}}}}",
    "Customer": "query($order: ID!) {order(id: $order) {customer {FIELDS}}}",
    "FulfillmentOrder": "query($order: ID!) {order(id: $order) {fulfillmentOrders(first: 5) {nodes {FIELDS}}}}",
    "FulfillmentOrderLineItem": "query($order: ID!) {order(id: $order) {fulfillmentOrders(first: 5) {nodes "
    "{lineItems(first: 5) {nodes {FIELDS}}}}}}",
    "FulfillmentHold": "{fulfillmentOrders(first: 9) {nodes {fulfillmentHolds {FIELDS}}}}",
    "Fulfillment": "query($order: ID!) {order(id: $order) {fulfillments {FIELDS}}}",
    "FulfillmentEvent": "query($order: ID!) {order(id: $order) {fulfillments {events(first: 5) {nodes {FIELDS}}}}}",
    "FulfillmentLineItem": "query($order: ID!) {order(id: $order) {fulfillments {fulfillmentLineItems(first: 5) {nodes "
    "{FIELDS}}}}}",
    "Product": "{products(first: 5) {nodes {FIELDS}}}",
    "ProductVariant": "{productVariants(first: 5) {nodes {FIELDS}}}",
    "InventoryItem": "{inventoryItems(first: 5) {nodes {FIELDS}}}",
    "InventoryLevel": "{inventoryItems(first: 5) {nodes {inventoryLevels(first: 5) {nodes {FIELDS}}}}}",
    "Location": "{locations(first: 5) {nodes {FIELDS}}}",
    "Shop": "{shop {FIELDS}}",
    "FulfillmentService": "{shop {fulfillmentServices {FIELDS}}}",
    "WebhookSubscription": "{webhookSubscriptions(first: 5) {nodes {FIELDS}}}",
    "InventoryQuantityName": "{inventoryProperties {quantityNames {FIELDS}}}",
    "ApiVersion": "{publicApiVersions {FIELDS}}",
    "App": "{app {FIELDS}}",
}
SMALL = (
    "id",
    "name",
    "shopMoney {amount}",
    "count",
    "action",
    "title",
    "handle",
    "key",
    "unit",
    "amount",
    "city",
    "code",
)


def leaves(machine, type_name: str, depth: int = 0) -> list[str]:
    """Every field that needs no argument: leaves as they are, objects by one leaf of theirs, connections by a page."""
    found = []
    for name, field in machine.schema.get_type(type_name).fields.items():
        required = [key for key, each in field.args.items() if gq.is_required_argument(each)]
        if required or (type_name == "Job" and name == "query"):
            continue
        named = gq.get_named_type(field.type)
        arguments = "(first: 1)" if "first" in field.args else ""
        if gq.is_leaf_type(named):
            found.append(name + arguments)
        elif named.name.endswith("Connection"):
            found.append(f"{name}{arguments} {{nodes {{__typename}} edges {{cursor}} pageInfo {{endCursor}}}}")
        elif gq.is_abstract_type(named) or depth:
            found.append(f"{name}{arguments} {{__typename}}")
        else:
            inner = [leaf for leaf in leaves(machine, named.name, depth + 1) if " " not in leaf and "(" not in leaf]
            found.append(f"{name}{arguments} {{{' '.join(inner) or '__typename'}}}")
    return found


def everything_happened() -> Shop:
    made = stocked()
    order = made.order(("MUG-BLU", 3), ("MUG-RED", 2))
    made.act("fulfill", order="#1001", items={"MUG-BLU": 1}, carrier="UPS", tracking_number="1Z")
    fulfillment = made.documents("fulfillment")[0]["id"]
    made.change(
        "mutation($id: ID!) {fulfillmentEventCreate(fulfillmentEvent: {fulfillmentId: $id, status: IN_TRANSIT}) "
        "{userErrors {message}}}",
        id=fulfillment,
    )
    made.change(
        'mutation($i: RefundInput!) {refundCreate(input: $i) @idempotent(key: "r") {userErrors {message}}}',
        i={"orderId": order["id"], "refundLineItems": [{"lineItemId": order["lines"][1]["id"], "quantity": 1}]},
    )
    held = made.waiting(made.order(("MUG-RED", 1)))[0]["id"]
    made.change(
        "mutation($id: ID!) {fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER}) {userErrors {message}}}",
        id=held,
    )
    made.change(
        "mutation {webhookSubscriptionCreate(topic: ORDERS_CREATE, "
        'webhookSubscription: {uri: "https://example.com/x"}) {userErrors {message}}}'
    )
    made.act("add_location", name="Dock", fulfillment_service=True)
    return made


def ids_of(made: Shop) -> dict[str, str]:
    return {"order": made.documents("order")[0]["id"]}
