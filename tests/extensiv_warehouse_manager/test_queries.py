"""RQL through the API: every operator on rows of every kind, and what it makes no sense to ask."""

import pytest

from tests.extensiv_warehouse_manager.support import LAMP, MUG, bring_in, change, place, warehouse

TOKENS = {"==": {"B"}, "!=": {"A", "C"}, "=gt=": {"C"}, "=ge=": {"B", "C"}, "=lt=": {"A"}, "=le=": {"A", "B"}}


@pytest.fixture
def wm():
    """Three orders: one shipped yesterday, one open, one canceled today; mugs of one to three."""
    wm = warehouse()
    for number, (name, more) in enumerate((("A", {"notes": "one;two, (3)*"}), ("B", {"notes": "plain"}), ("C", {}))):
        place(wm, f"WEB-{name}", (MUG, number + 1), poNum=name, **more)
        wm.advance(24 * 3600)
    wm.act("ship", order="WEB-A", tracking_number="T-A")
    wm.act("cancel", order="WEB-C")
    return wm


def names(wm, rql: str, path: str = "/orders", member: str = "ReferenceNum") -> list[str]:
    answer = wm.client.get(path, params={"rql": rql})
    assert answer.status_code == 200, answer.text
    return [row[member].removeprefix("WEB-") for row in answer.json()["ResourceList"]]


@pytest.mark.parametrize(("operator", "found"), TOKENS.items())
def test_every_comparison_on_texts_numbers_and_moments(wm, operator, found):
    (first, second, third) = (row["ReadOnly"] for row in wm.get("/orders").json()["ResourceList"])
    assert set(names(wm, f"PoNum{operator}b")) == found, "in whatever capitals"
    assert set(names(wm, f"readonly.ORDERID{operator}{second['OrderId']}")) == found
    assert set(names(wm, f"ReadOnly.CreationDate{operator}{second['CreationDate']}")) == found
    assert (first["CreationDate"], third["CreationDate"]) == ("2026-11-23T12:00:00", "2026-11-25T12:00:00")
    summaries = names(wm, f"OrderId{operator}{second['OrderId']}", "/orders/summaries")
    assert set(summaries) == found, "rows that are no documents, too"


@pytest.mark.parametrize(
    ("rql", "found"),
    [
        ("ReadOnly.CreationDate=ge=2026-11-24", "BC"),
        ("ReadOnly.CreationDate=lt=2026-11-24T12:00:00Z", "A"),
        ("ReadOnly.CreationDate=le=2026-11-24T04:00:00-08:00", "AB"),
        ("PoNum=in=(a,C)", "AC"),
        ("PoNum=out=(A,c)", "B"),
        ("Notes=hv=true", "AB"),
        ("Notes=hv=false", "C"),
        ("ReferenceNum==web-*", "ABC"),
        ("ReferenceNum==*-b", "B"),
        ("ReferenceNum==*eb*", "ABC"),
        ("ReferenceNum!=*-b", "AC"),
        ("ReadOnly.Status==2", "C"),
        ("ReadOnly.IsClosed==true", "A"),
        ("ReadOnly.IsClosed==true,PoNum==B;ReadOnly.Status==9", "A"),
        ("(ReadOnly.IsClosed==true,PoNum==B);ReadOnly.Status==1", "A"),
        ("ReadOnly.CustomerIdentifier.Id==4;shipTo.City==reno", "ABC"),
        ("Notes==one%3Btwo%2C%20%283%29%2A", "A"),
        ("Notes==one*", "A"),
        ("RoutingInfo.TrackingNumber==T-A", "A"),
    ],
)
def test_what_may_be_asked(wm, rql, found):
    assert "".join(names(wm, rql)) == found


LISTS = {
    "/orders": ("ReferenceNum==none", "sort=-ReferenceNum"),
    "/orders/summaries": ("ReferenceNum==none", "sort=-OrderId"),
    "/orders/shipmentstrackinginfo": ("TrackingNumber==none", "sort=TrackingNumber"),
    "/inventory": ("LotNumber==none", "sort=-ReceiveItemId"),
    "/inventory/stockdetails?customerid=4&facilityid=1": ("LotNumber==none", "sort=Available"),
    "/inventory/stocksummaries": ("ItemIdentifier.Sku==none", ""),
    "/inventory/receivers": ("ReferenceNum==none", "sort=ReferenceNum"),
    "/inventory/adjustments": ("ReadOnly.ReferenceNum==none", "sort=ReadOnly.AdjustmentId"),
    "/inventory/pos": ("PurchaseOrderNumber==none", "sort=PurchaseOrderNumber"),
    "/inventory/facilities/1/locations": ("LocationIdentifier.Id==0", "sort=OnHand"),
    "/customers": ("ExternalId==none", "sort=ExternalId"),
    "/customers/4/items": ("Sku==none", "sort=Sku"),
    "/customers/4/itemaliases": ("AliasIdentifier.Sku==none", "sort=Description"),
    "/customers/4/itemsummaries": ("Sku==none", "sort=Sku"),
    "/customers/4/suppliers": ("CompanyName==none", "sort=CompanyName"),
    "/properties/facilities": ("Name==none", "sort=Name"),
    "/properties/facilities/locations": ("Name==none", "sort=Name"),
    "/properties/facilities/1/locations": ("Name==none", "sort=Name"),
}


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_asked_sorted_and_says_what_it_does_not_know(wm, path):
    rql, sort = LISTS[path]
    mark = "&" if "?" in path else "?"
    none = wm.get(f"{path}{mark}rql={rql}")
    assert (none.status_code, none.json()["TotalResults"]) == (200, 0), none.text
    assert wm.get(f"{path}{mark}{sort}").status_code == 200
    for query in ("rql=Foo.Bar==1", "sort=Foo.Bar")[: 1 + bool(sort)]:
        answer = wm.get(f"{path}{mark}{query}")
        assert (answer.status_code, answer.json()["ErrorCode"]) == (400, "NotParsable")
        assert answer.json()["Parameters"] == [query.partition("=")[0]]
        assert answer.json()["Hint"] == "Properties not supported: Foo.Bar"


@pytest.mark.parametrize(
    "rql",
    ["", "==1", "PoNum", "PoNum=1", "PoNum=eq=1", "PoNum==1;", ",PoNum==1", "(PoNum==1", "PoNum==1)", "PoNum=in=a",
     "PoNum=in=(", "ReadOnly.OrderId==one", "ReadOnly.CreationDate=gt=then", "ReadOnly.IsClosed==2", "Notes=hv=perhaps",
     "ReadOnly==1", "Packages==1"],
)  # fmt: skip
def test_what_makes_no_sense_is_said_to_be_so(wm, rql):
    answer = wm.client.get("/orders", params={"rql": rql})
    if not rql:
        assert answer.status_code == 200, "nothing was asked"
        return
    assert (answer.status_code, answer.json()["ErrorCode"], answer.json()["Parameters"]) == (
        400,
        "NotParsable",
        ["rql"],
    )


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/orders", "detail=Foo"),
        ("/orders", "itemdetail=All,Foo"),
        ("/inventory/receivers", "detail=OrderItems"),
        ("/orders", "pgsiz=1001"),
        ("/customers/4/itemsummaries", "pgsiz=101"),
        ("/properties/facilities/locations", "pgnum=-1"),
    ],
)
def test_a_parameter_that_says_what_is_not_there(wm, path, query):
    answer = wm.get(f"{path}?{query}")
    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, "NotParsable")
    assert answer.json()["Parameters"] == [query.partition("=")[0]]


def test_details_are_told_in_any_capitals_and_only_when_asked_for(wm):
    place(wm, "WEB-D", (MUG, 1), (LAMP, 1))
    (row,) = wm.get("/orders?rql=ReferenceNum==web-d").json()["ResourceList"]
    assert not {"OrderItems", "Packages", "SavedElements"} & (row.keys() | row["ReadOnly"].keys())
    (row,) = wm.get("/orders?rql=ReferenceNum==web-d&detail=orderitems,packages").json()["ResourceList"]
    assert (len(row["OrderItems"]), row["ReadOnly"]["Packages"]) == (2, [])


def test_rows_that_lack_what_is_sorted_by_come_together(wm):
    bring_in(wm, "IN-1", {"itemIdentifier": {"sku": MUG}, "qty": 1, "lotNumber": "L1"})
    for sort, place_of_lot in (("LotNumber", -1), ("-LotNumber", 0)):
        rows = wm.get(f"/inventory/facilities/1/locations?sort=ItemTraits.{sort.lstrip('-')}").json()["ResourceList"]
        if sort.startswith("-"):
            rows = wm.get("/inventory/facilities/1/locations?sort=-ItemTraits.LotNumber").json()["ResourceList"]
        assert rows[place_of_lot]["ItemTraits"]["LotNumber"] == "L1"


def test_tracking_rows_are_only_counted_on_page_zero(wm):
    answer = wm.get("/orders/shipmentstrackinginfo?pgnum=0").json()
    assert answer == {"TotalResults": 1}
    assert wm.get("/orders?pgnum=0").status_code == 400


def test_a_query_sees_what_a_change_has_made_of_a_row(wm):
    (row,) = wm.get("/orders?rql=PoNum==B").json()["ResourceList"]
    assert change(wm, "PUT", f"/orders/{row['ReadOnly']['OrderId']}", {"poNum": "D"}).status_code == 200
    assert names(wm, "PoNum==B") == []
    assert names(wm, "PoNum==d") == ["B"]
