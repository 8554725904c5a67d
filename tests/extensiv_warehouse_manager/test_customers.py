"""Customers, what they keep, and by which names; who supplies it, and what was bought."""

import pytest

from mock_servers.core.refusal import UsageError
from tests.extensiv_warehouse_manager.support import LAMP, MUG, bring_in, change, code, order, place, warehouse


@pytest.fixture
def wm():
    wm = warehouse()
    yield wm
    assert wm.sound() == []


def alias(sku: str, *details: tuple[str, float], **more: object) -> dict:
    named = [{"itemIdentifier": {"sku": each}, "qty": qty} for each, qty in details or ((MUG, 2),)]
    return {"aliasIdentifier": {"sku": sku}, "details": named} | more


def item_id(wm, sku: str) -> int:
    (row,) = wm.get(f"/customers/4/items?rql=Sku=={sku}").json()["ResourceList"]
    return int(row["ItemId"])


def here(wm, path: str) -> dict[str, str]:
    return {"If-Match": wm.get(path).headers["etag"]}


# Customers -----------------------------------------------------------------------------------------------------------


def test_a_customer_is_changed_and_what_is_not_said_or_only_to_be_read_stays(wm):
    before = wm.get("/customers/4")
    said = {
        "externalId": "ACME-2",
        "companyInfo": {"companyName": "Acme Two", "city": "Reno"},
        "readOnly": {"customerId": 9, "deactivated": True},
        "options": {"shipping": {"requireTrackingNumber": True}},
    }
    answer = wm.client.put("/customers/4", json=said, headers={"If-Match": before.headers["etag"]})
    assert answer.status_code == 200, answer.text
    after = wm.get("/customers/4")
    assert (after.json(), after.headers["etag"]) == (answer.json(), answer.headers["etag"])
    assert after.headers["etag"] != before.headers["etag"]
    assert (after.json()["ExternalId"], after.json()["CompanyInfo"]["City"]) == ("ACME-2", "Reno")
    assert after.json()["ReadOnly"] == before.json()["ReadOnly"]
    assert after.json()["Facilities"] == before.json()["Facilities"]
    shipping = before.json()["Options"]["Shipping"] | {"RequireTrackingNumber": True}
    assert after.json()["Options"]["Shipping"] == shipping, "switch by switch"
    stale = wm.client.put("/customers/4", json=said, headers={"If-Match": before.headers["etag"]})
    assert stale.status_code == 412
    assert place(wm, "WEB-1", customerIdentifier={"externalId": "ACME-2"})


def test_events_go_where_a_customer_was_told_to_by_the_api(wm):
    hook = {"name": "ours", "url": "https://hooks.test/in", "eventTypes": ["OrderCreate"]}
    said = {"options": {"alerts": {"webHookParameters": [hook]}}}
    assert wm.client.put("/customers/4", json=said, headers={"If-Match": "*"}).status_code == 200
    (kept,) = wm.get("/customers/4").json()["Options"]["Alerts"]["WebHookParameters"]
    assert (kept["Url"], kept["Resource"], kept["IncludeResource"]) == ("https://hooks.test/in", "*", False)
    place(wm)
    (told,) = wm.documents("webhook_delivery")
    assert told["url"] == "https://hooks.test/in"
    none = {"options": {"alerts": {"webHookParameters": []}}}
    assert wm.client.put("/customers/4", json=none, headers={"If-Match": "*"}).status_code == 200
    place(wm, "WEB-2")
    assert len(wm.documents("webhook_delivery")) == 1


@pytest.mark.parametrize(
    ("said", "refusal", "name"),
    [
        ({"options": {"alerts": {"webHookParameters": [{"name": "x", "url": "http://hooks.test", "eventTypes": []}]}}},
         "400 ValueNotSupported", "Options.Alerts.WebHookParameters[0].Url"),
        ({"primaryFacilityIdentifier": {"id": 99}}, "400 DoesNotExist", "FacilityIdentifier.Id"),
        ({"facilities": [{"id": 2}]}, "400 Incompatible", "PrimaryFacilityIdentifier.Id"),
        ({"facilities": [{"id": 99}]}, "400 DoesNotExist", "FacilityIdentifier.Id"),
        ({"companyInfo": {"city": "Reno"}}, "400 Required", "CompanyInfo.CompanyName"),
        ({"externalId": 7}, "400 ValueNotSupported", "ExternalId"),
    ],
)  # fmt: skip
def test_a_customer_that_cannot_be_is_refused(wm, said, refusal, name):
    before = wm.kept()
    answer = change(wm, "PUT", "/customers/4", said)
    assert code(answer) == refusal
    assert name in {each["Name"] for each in answer.json()["Properties"]}
    assert wm.kept() == before


def test_customers_are_asked_for_by_where_their_goods_are(wm):
    change(wm, "PUT", "/customers/7", {"facilities": [{"id": 2}], "primaryFacilityIdentifier": {"id": 2}})

    def of(facility: int) -> list[int]:
        rows = wm.get(f"/customers?facilityId={facility}").json()["ResourceList"]
        return [row["ReadOnly"]["CustomerId"] for row in rows]

    assert (of(1), of(2), of(99)) == ([4], [4, 7], [])


# Items ---------------------------------------------------------------------------------------------------------------


def test_an_item_that_nothing_names_is_forgotten(wm):
    made = wm.post("/customers/4/items", {"sku": "NEW"})
    here = f"/customers/4/items/{made.json()['ItemId']}"
    assert wm.client.delete(here, headers={"If-Match": made.headers["etag"]}).status_code == 204
    assert wm.get(here).status_code == 404
    assert wm.client.delete(here, headers={"If-Match": "*"}).status_code == 404
    assert wm.post("/customers/4/items", {"sku": "new"}).status_code == 201, "the name is free again"


def test_an_item_that_something_names_stays(wm):
    names = {"stock": MUG}
    for sku in ("ORDERED", "COMING", "BOUGHT", "KIT"):
        wm.post("/customers/4/items", {"sku": sku})
    place(wm, "WEB-1", ("ORDERED", 1))
    receiver = {"customerIdentifier": {"id": 4}, "facilityIdentifier": {"id": 1}, "referenceNum": "IN-1"}
    wm.post("/inventory/receivers", receiver | {"receiveItems": [{"itemIdentifier": {"sku": "COMING"}, "qty": 1}]})
    wm.act("buy", number="PO-1", items={"BOUGHT": 1})
    wm.post("/customers/4/itemaliases", alias("SET", ("KIT", 1)))
    names |= {"order": "ORDERED", "receiver": "COMING", "purchase order": "BOUGHT", "alias": "KIT"}
    before = wm.kept()
    for whose, sku in names.items():
        path = f"/customers/4/items/{item_id(wm, sku)}"
        answer = wm.client.delete(path, headers=here(wm, path))
        assert code(answer) == "403 InUse"
        assert whose in answer.json()["Hint"]
    assert wm.kept() == before


def test_items_in_few_words(wm):
    other = wm.post("/customers/4/items", {"sku": "OTHER", "upc": "0123", "description": "a thing"}).json()["ItemId"]
    rows = wm.get("/customers/4/itemsummaries?sort=-Sku").json()["ResourceList"]
    skus = [row["Sku"] for row in rows]
    assert skus == sorted(skus, reverse=True)
    assert {"OTHER", MUG, LAMP} <= set(skus)
    alone = wm.get(f"/customers/4/itemsummaries/{other}").json()
    assert alone in rows
    assert (alone["Upc"], alone["InventoryUnitIdentifier"]["Name"]) == ("0123", "Each")
    assert wm.get(f"/customers/7/itemsummaries/{other}").status_code == 404, "another's"
    id = place(wm, "WEB-1", (LAMP, 1))
    brought = bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 1})

    def of(query: str) -> list[str]:
        return [row["Sku"] for row in wm.get(f"/customers/4/itemsummaries?{query}").json()["ResourceList"]]

    assert (of(f"orderid={id}"), of(f"receiverid={brought}"), of("orderid=1")) == ([LAMP], [MUG], [])
    assert of("rql=Upc==01*;Description==*thing") == ["OTHER"]
    both = wm.get(f"/customers/4/itemsummaries?orderid={id}&receiverid={brought}")
    assert both.status_code == 400
    assert sorted(both.json()["Parameters"]) == ["orderid", "receiverid"]


# Their other names ---------------------------------------------------------------------------------------------------


def test_an_alias_is_a_name_for_several_items(wm):
    made = wm.post("/customers/4/itemaliases", alias("PAIR", (MUG, 2), (LAMP, 1), description="two and a light"))
    assert made.status_code == 201, made.text
    assert [(each["ItemIdentifier"]["Sku"], each["Qty"]) for each in made.json()["Details"]] == [(MUG, 2), (LAMP, 1)]
    assert wm.get("/customers/4/itemaliases").json()["ResourceList"] == [made.json()]
    assert wm.get("/customers/4/itemaliases?rql=AliasIdentifier.Sku==pair").json()["TotalResults"] == 1
    assert wm.get("/customers/7/itemaliases").json()["TotalResults"] == 0
    assert wm.get("/customers/99/itemaliases").status_code == 404


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (alias("PAIR"), "400 Duplicate"),
        (alias("pair"), "400 Duplicate"),
        (alias(MUG.lower()), "400 Duplicate"),
        (alias("X", ("NONE", 1)), "400 DoesNotExist"),
        (alias("X", (MUG, 0)), "400 ValueNotSupported"),
        ({"aliasIdentifier": {"sku": "X"}, "details": []}, "400 ValueNotSupported"),
        ({"aliasIdentifier": {"sku": "X"}}, "400 Required"),
    ],
)
def test_an_alias_that_cannot_be_is_refused(wm, said, refusal):
    wm.post("/customers/4/itemaliases", alias("PAIR"))
    before = wm.kept()
    assert code(wm.post("/customers/4/itemaliases", said)) == refusal
    assert wm.kept() == before
    assert code(wm.post("/customers/4/items", {"sku": "Pair"})) == "400 Duplicate", "no item is called so either"
    assert wm.kept() == before


def test_items_and_aliases_stand_in_one_list(wm):
    number = wm.post("/customers/4/itemaliases", alias("MUG-PAIR")).json()["AliasIdentifier"]["Id"]
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 1, "qualifier": "B-ware"})
    rows = wm.get("/customers/4/skusunionaliases?contains=mug").json()["ResourceList"]
    told = [(row["ItemIdentifier"]["Sku"], row["ItemIdentifier"]["Id"], row.get("Qualifiers")) for row in rows]
    assert told == [("MUG-PAIR", -number, None), (MUG, item_id(wm, MUG), ["B-ware"])]


# Who supplies, and what was bought -----------------------------------------------------------------------------------


def test_a_supplier_is_made_read_and_changed(wm):
    made = wm.post("/customers/4/suppliers", {"companyName": "Kiln", "city": "Reno"})
    assert made.status_code == 201, made.text
    path = f"/customers/4/suppliers/{made.json()['SupplierId']}"
    assert wm.get(path).json() == made.json()
    tag = made.headers["etag"]
    changed = wm.client.put(path, json={"companyName": "Kiln & Sons"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["City"]) == (200, "Reno")
    assert wm.client.put(path, json={"companyName": "x"}, headers={"If-Match": tag}).status_code == 412
    assert wm.client.put(path, json={"companyName": "x"}).status_code == 428
    assert wm.get("/customers/4/suppliers?rql=CompanyName==*sons").json()["TotalResults"] == 1
    assert wm.get(path.replace("/4/", "/7/")).status_code == 404
    assert code(wm.post("/customers/4/suppliers", {})) == "400 Required"


def test_what_was_bought_is_read_and_what_came_of_it_found(wm):
    number = wm.act("buy", number="PO-1", items={MUG: 3, LAMP: 1})["purchase_order"]
    wm.act("buy", number="PO-2", items={MUG: 1})
    (row,) = wm.get("/inventory/pos?rql=PurchaseOrderNumber==PO-1").json()["ResourceList"]
    assert wm.get(f"/inventory/pos/{number}").json() == row
    assert [(each["ItemIdentifier"]["Sku"], each["Quantity"]) for each in row["LineItems"]] == [(MUG, 3), (LAMP, 1)]
    mine = bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 3}, poNum="po-1")
    bring_in(wm, "IN-2", {"itemIdentifier": {"sku": MUG}, "qty": 3})
    found = wm.get(f"/inventory/receivers?purchaseorderid={number}").json()["ResourceList"]
    assert [each["ReadOnly"]["ReceiverId"] for each in found] == [mine]
    assert wm.get("/inventory/receivers?purchaseorderid=99").json()["TotalResults"] == 0
    assert wm.get("/inventory/pos/99").status_code == 404
    for wrong in ({"number": "", "items": {MUG: 1}}, {"number": "P", "items": {}}, {"number": "P", "items": {MUG: 0}}):
        with pytest.raises(UsageError, match="a purchase order has"):
            wm.act("buy", **wrong)


def test_lines_of_an_alias_are_its_items_when_it_is_ordered(wm):
    wm.post("/customers/4/itemaliases", alias("PAIR", (MUG, 2)))
    answer = wm.post("/orders", order("WEB-1", ("PAIR", 3)))
    assert [(each["ItemIdentifier"]["Sku"], each["Qty"]) for each in answer.json()["OrderItems"]] == [(MUG, 6)]
