"""Products over REST."""

from tests.shopify.rest_shop import ROOT, gid, rest_shop


def test_a_product_is_made_with_variants_and_changed():
    shop = rest_shop()
    body = {
        "title": "Sea Chart",
        "vendor": "Harbour",
        "tags": "maps, b",
        "status": "draft",
        "variants": [
            {"option1": "Small", "sku": "C-S", "price": "3"},
            {"option1": "Large", "sku": "C-L", "price": 5.5},
        ],
    }
    made = shop.made("products.json", {"product": body})["product"]
    assert [(each["sku"], each["price"], each["inventory_quantity"]) for each in made["variants"]] == [
        ("C-S", "3.00", 0), ("C-L", "5.50", 0),
    ]  # fmt: skip
    small = made["variants"][0]
    change = {"title": "Chart", "status": "active", "variants": [{"id": small["id"], "price": "4", "sku": "C-1"}]}
    changed = shop.made(f"products/{made['id']}.json", {"product": change}, method="PUT", status=200)["product"]
    assert (changed["title"], changed["status"], changed["variants"][0]["price"]) == ("Chart", "active", "4.00")
    assert shop.rest("products.json", vendor="harbour", status="active", fields="id")["products"] == [
        {"id": made["id"]}
    ]
    assert shop.rest("products/count.json", vendor="nobody") == {"count": 0}
    variants = shop.rest(f"products/{made['id']}/variants.json", limit=1)["variants"]
    assert variants == [shop.rest(f"variants/{small['id']}.json")["variant"]]
    seen = shop.ask("query($id: ID!) {productVariant(id: $id) {sku price}}", id=gid("ProductVariant", small["id"]))
    assert seen == {"productVariant": {"sku": "C-1", "price": "4.00"}}
    stranger = {"product": {"variants": [{"id": 1}]}}
    assert shop.refusal(f"products/{made['id']}.json", stranger, method="PUT") == (422, {"variants": ["is invalid"]})
    put = shop.made(f"variants/{small['id']}.json", {"variant": {"barcode": "1"}}, method="PUT", status=200)
    assert put["variant"]["barcode"] == "1"
    assert shop.sound() == []


def test_stock_is_counted_where_somebody_is_said_to_count_it():
    shop = rest_shop()
    variants = [{"option1": "S", "inventory_management": "shopify", "weight": 2, "weight_unit": "lb"}, {"option1": "L"}]
    made = shop.made("products.json", {"product": {"title": "Sail", "variants": variants}})["product"]
    small, large = made["variants"]
    assert (small["inventory_management"], small["grams"], large["inventory_management"]) == ("shopify", 907, None)
    put = {"variant": {"inventory_management": "shopify", "weight": 1.5, "requires_shipping": False}}
    large = shop.made(f"variants/{large['id']}.json", put, method="PUT", status=200)["variant"]
    assert (large["inventory_management"], large["grams"], large["weight"]) == ("shopify", 1500, 1.5)
    assert large["requires_shipping"] is False


def test_a_deleted_product_is_gone_and_orders_keep_their_lines():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 2), ("MUG-RED", 1)))
    blue, red = shop.rest("products.json")["products"]
    [variant] = blue["variants"]
    assert shop.made(f"products/{blue['id']}.json", method="DELETE", status=200) == {}

    assert shop.refusal(f"products/{blue['id']}.json", method="DELETE") == (404, "Not Found")
    for path in (
        f"products/{blue['id']}",
        f"variants/{variant['id']}",
        f"inventory_items/{variant['inventory_item_id']}",
    ):
        assert shop.get(f"{ROOT}/{path}.json").status_code == 404
    gone = (
        "query($p: ID!, $v: ID!, $i: ID!) {product(id: $p) {id} productVariant(id: $v) {id} inventoryItem(id: $i) {id}}"
    )
    ids = {"p": ("Product", blue["id"]), "v": ("ProductVariant", variant["id"])}
    ids |= {"i": ("InventoryItem", variant["inventory_item_id"])}
    seen = shop.ask(gone, **{name: gid(*each) for name, each in ids.items()})
    assert seen == {"product": None, "productVariant": None, "inventoryItem": None}
    assert [each["id"] for each in shop.rest("products.json")["products"]] == [red["id"]]

    kept, other = shop.rest(f"orders/{number}.json")["order"]["line_items"]
    assert (kept["sku"], kept["title"], kept["quantity"]) == ("MUG-BLU", "MUG-BLU", 2)
    assert (kept["product_exists"], kept["product_id"], kept["variant_id"]) == (False, None, None)
    assert (other["product_exists"], other["product_id"]) == (True, red["id"])
    lines = shop.ask(LINES, id=gid("Order", number))["order"]["lineItems"]["nodes"]
    assert lines[0] == {"sku": "MUG-BLU", "product": None, "variant": None}
    shop.act("fulfill", order="#1001")
    assert shop.sound() == []


LINES = "query($id: ID!) {order(id: $id) {lineItems(first: 5) {nodes {sku product {id} variant {id}}}}}"


def test_graphql_makes_and_deletes_a_product_as_rest_does():
    shop = rest_shop()
    create = (
        "mutation($p: ProductCreateInput) {productCreate(product: $p) {product {id title vendor status tags"
        " hasOnlyDefaultVariant variants(first: 5) {nodes {title price inventoryItem {tracked}}}}"
        " shop {name} userErrors {field message}}}"
    )
    made = shop.change(create, p={"title": "Sail", "status": "DRAFT", "tags": ["b", "a"]})
    assert made["shop"] == {"name": "Seatrial"}
    assert made["product"] | {"id": ""} == {
        "id": "", "title": "Sail", "vendor": "Seatrial", "status": "DRAFT", "tags": ["a", "b"],
        "hasOnlyDefaultVariant": True,
        "variants": {"nodes": [{"title": "Default Title", "price": "0.00", "inventoryItem": {"tracked": False}}]},
    }  # fmt: skip
    number = int(made["product"]["id"].rsplit("/", 1)[1])
    assert shop.rest(f"products/{number}.json")["product"]["status"] == "draft"
    assert shop.error(create, p={"title": " "}) == {"field": ["title"], "message": "Title can't be blank"}

    delete = (
        "mutation($i: ProductDeleteInput!) {productDelete(input: $i) {deletedProductId userErrors {field message}}}"
    )
    assert shop.change(delete, i={"id": made["product"]["id"]})["deletedProductId"] == made["product"]["id"]
    again = shop.error(delete, i={"id": made["product"]["id"]})
    assert again == {"field": ["id"], "message": "Product does not exist"}
    assert shop.get(f"{ROOT}/products/{number}.json").status_code == 404


def test_a_variant_is_added_changed_and_deleted_under_its_product():
    shop = rest_shop()
    number = shop.number(shop.order(("MUG-BLU", 1)))
    blue, red = shop.rest("products.json")["products"]
    path = f"products/{blue['id']}/variants"
    body = {"variant": {"option1": "Large", "price": "12.00", "sku": "MUG-L", "inventory_management": "shopify"}}
    made = shop.made(f"{path}.json", body)["variant"]
    assert (made["title"], made["position"], made["inventory_quantity"]) == ("Large", 2, 0)
    said = {"base": ["The variant 'Large' already exists. Please change at least one option value."]}
    assert shop.refusal(f"{path}.json", body) == (422, said)
    assert shop.rest(f"{path}/count.json") == {"count": 2}
    put = shop.made(f"{path}/{made['id']}.json", {"variant": {"price": "13.00"}}, method="PUT", status=200)["variant"]
    assert shop.rest(f"{path}/{made['id']}.json") == {"variant": put} == shop.rest(f"variants/{made['id']}.json")
    assert shop.get(f"{ROOT}/products/{red['id']}/variants/{made['id']}.json").status_code == 404
    seen = shop.ask(
        "query($id: ID!) {product(id: $id) {options {values} variants(first: 5) {nodes {sku price}}}}",
        id=gid("Product", blue["id"]),
    )["product"]
    assert seen["options"] == [{"values": ["Default Title", "Large"]}]
    assert seen["variants"]["nodes"][1] == {"sku": "MUG-L", "price": "13.00"}

    first = blue["variants"][0]["id"]
    assert shop.made(f"{path}/{first}.json", method="DELETE", status=200) == {}
    [line] = shop.rest(f"orders/{number}.json")["order"]["line_items"]
    assert (line["product_id"], line["variant_id"], line["sku"]) == (blue["id"], None, "MUG-BLU")
    assert shop.rest("products.json", ids=blue["id"])["products"][0]["options"][0]["values"] == ["Large"]
    said = {"base": ["Cannot delete the last variant of a product"]}
    assert shop.refusal(f"{path}/{made['id']}.json", method="DELETE") == (422, said)
    assert shop.sound() == []
