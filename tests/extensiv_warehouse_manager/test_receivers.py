"""What comes in: announced, changed, confirmed; and what each of its lines is marked with."""

import pytest

from tests.extensiv_warehouse_manager.support import LAMP, MUG, bring_in, change, code, stock, warehouse

LINE = {"itemIdentifier": {"sku": MUG}, "qty": 5}


@pytest.fixture
def wm():
    wm = warehouse()
    yield wm
    assert wm.sound() == []


def receiver(reference: str = "IN-1", *lines: dict, **more: object) -> dict:
    named = {"customerIdentifier": {"id": 4}, "facilityIdentifier": {"id": 1}, "referenceNum": reference}
    return named | {"receiveItems": list(lines or (LINE,))} | more


def announced(wm, *said: object, **more: object) -> str:
    made = wm.post("/inventory/receivers", receiver(*said, **more))
    assert made.status_code == 201, made.text
    return f"/inventory/receivers/{made.json()['ReadOnly']['ReceiverId']}"


def test_a_reference_is_a_customers_own_and_only_once(wm):
    announced(wm, "IN-1")
    other = announced(wm, "IN-2")
    before = wm.kept()
    for answer in (
        wm.post("/inventory/receivers", receiver("IN-1")),
        change(wm, "PUT", other, {"referenceNum": "IN-1"}),
    ):
        assert code(answer) == "400 Duplicate"
        assert [each["Name"] for each in answer.json()["Properties"]] == ["ReferenceNum"]
    assert wm.kept() == before
    assert change(wm, "PUT", other, {"referenceNum": "IN-2", "notes": "same"}).status_code == 200


def test_what_is_said_at_the_door_is_kept_and_cannot_be_tomorrow(wm):
    path = announced(wm)
    before = wm.kept()
    late = change(wm, "POST", f"{path}/confirmer", {"arrivalDate": "2026-11-23T12:00:01"})
    assert code(late) == "403 DateInFuture"
    assert code(change(wm, "POST", f"{path}/confirmer", {"arrivalDate": "soon"})) == "400 ValueNotSupported"
    assert wm.kept() == before
    done = change(wm, "POST", f"{path}/confirmer", {"arrivalDate": "2026-11-23T08:00:00", "trailerNumber": "T-9"})
    assert done.status_code == 204
    after = wm.get(path).json()
    assert (after["ArrivalDate"], after["TrailerNumber"], after["ReadOnly"]["Status"]) == (
        "2026-11-23T08:00:00",
        "T-9",
        1,
    )
    assert stock(wm, MUG)["OnHand"] == 45
    for step in ("confirmer", "canceler"):
        assert code(change(wm, "POST", f"{path}/{step}", {"reason": "x"})) == "403 OrderConfirmed"
    assert code(change(wm, "PUT", path, {"notes": "x"})) == "403 OrderConfirmed"


def test_a_canceled_receiver_makes_no_stock(wm):
    path = announced(wm)
    assert change(wm, "POST", f"{path}/canceler", {"reason": "lost"}).status_code == 204
    assert wm.get(path).json()["ReadOnly"]["Status"] == 2
    assert code(change(wm, "POST", f"{path}/confirmer")) == "403 OrderCanceled"
    assert stock(wm, MUG)["OnHand"] == 40


def test_receivers_are_asked_for_by_type(wm):
    normal, back = announced(wm, "IN-1"), announced(wm, "IN-2", isReturn=True)

    def of(kind: int) -> list[str]:
        rows = wm.get(f"/inventory/receivers?receivertype={kind}").json()["ResourceList"]
        return [f"/inventory/receivers/{row['ReadOnly']['ReceiverId']}" for row in rows]

    assert [of(kind) for kind in range(5)] == [[normal], [back], [], [], [normal, back]]
    assert wm.get("/inventory/receivers?receivertype=9").json()["Parameters"] == ["receivertype"]


def test_nobody_hears_of_what_is_deferred_until_it_is_there(wm):
    wm.act("listen", url="http://127.0.0.1:9/told", events=["ReceiptCreate", "ReceiptConfirm"])
    path = announced(wm, deferNotification=True)
    assert wm.documents("webhook_delivery") == []
    assert wm.get(path).json()["ReadOnly"]["DeferNotification"] is True
    change(wm, "POST", f"{path}/confirmer")
    assert wm.get(path).json()["ReadOnly"]["DeferNotification"] is False
    told = "".join(each["body"] for each in wm.documents("webhook_delivery"))
    assert ('"eventType":"ReceiptCreate"' in told, '"eventType":"ReceiptConfirm"' in told) == (True, True)


def test_lines_are_read_with_it_alone_and_one_by_one(wm):
    saved = [{"Name": "Kiln", "Value": "7"}]
    path = announced(wm, "IN-1", LINE | {"savedElements": saved}, {"itemIdentifier": {"sku": LAMP}, "qty": 1})
    mug, lamp = wm.get(f"{path}/items").json()["ResourceList"]
    assert (mug["ItemIdentifier"]["Sku"], lamp["Qty"], "SavedElements" in mug) == (MUG, 1, False)
    full, none = wm.get(f"{path}/items?detail=SavedElements").json()["ResourceList"]
    assert (full["SavedElements"], none["SavedElements"]) == (saved, [])
    alone = wm.get(f"{path}/items/{mug['ReadOnly']['ReceiveItemId']}?detail=All")
    assert alone.json() == full
    assert alone.headers["etag"] == wm.get(path).headers["etag"]
    assert wm.get(f"{path}/items/1").status_code == 404
    assert "ReceiveItems" not in wm.get(path).json()
    assert wm.get(f"{path}?detail=ReceiveItems").json()["ReceiveItems"] == [mug, lamp]
    assert wm.get(f"{path}?detail=ReceiveItems&itemdetail=All").json()["ReceiveItems"] == [full, none]


def test_lines_that_are_put_replace_those_that_were_there(wm):
    path = announced(wm)
    answer = change(wm, "PUT", path, {"receiveItems": [{"itemIdentifier": {"sku": LAMP}, "qty": 2}]})
    assert answer.status_code == 200
    change(wm, "POST", f"{path}/confirmer")
    assert (stock(wm, MUG)["OnHand"], stock(wm, LAMP)["OnHand"]) == (40, 5)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"qty": 0}, "400 ValueNotSupported"),
        ({"itemIdentifier": {"sku": "NONE"}}, "400 DoesNotExist"),
        ({"locationInfo": {"locationId": 4}}, "400 DoesNotExist"),
        ({"supplierIdentifier": {"name": "Nobody"}}, "400 DoesNotExist"),
        ({"expirationDate": "2026-02-30"}, "400 ValueNotSupported"),
        ({"cost": "much"}, "400 ValueNotSupported"),
    ],
)
def test_a_line_that_cannot_be_is_refused(wm, said, refusal):
    path, before = announced(wm, "IN-0"), wm.kept()
    assert code(wm.post("/inventory/receivers", receiver("IN-1", LINE | said))) == refusal
    assert code(change(wm, "PUT", path, {"receiveItems": [LINE | said]})) == refusal
    assert wm.kept() == before


def test_what_came_in_keeps_its_marks(wm):
    marks = {"lotNumber": "L1", "serialNumber": "S1", "expirationDate": "2027-06-01", "cost": 1.5, "qualifier": "B"}
    brought = bring_in(wm, "IN-1", LINE | marks, poNum="PO-7")
    (row,) = wm.get(f"/inventory?rql=ReceiverId=={brought}").json()["ResourceList"]
    assert {name: row[name] for name in ("LotNumber", "SerialNumber", "ExpirationDate", "Cost", "Qualifier")} == {
        "LotNumber": "L1",
        "SerialNumber": "S1",
        "ExpirationDate": "2027-06-01T00:00:00",
        "Cost": 1.5,
        "Qualifier": "B",
    }
    assert (row["ReferenceNum"], row["PoNum"]) == ("IN-1", "PO-7")
