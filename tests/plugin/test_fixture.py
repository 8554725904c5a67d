"""What the fixture gives a test, tried from inside one."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from seatrial.pytest_plugin import Refusal, Seatrial, UsageError

OM = "extensiv_order_manager"
ADDRESS = {
    "name": "Ada Lovelace",
    "street1": "1 Main St",
    "city": "Austin",
    "state": "TX",
    "postal_code": "73301",
    "country": "US",
}


def an_order(number: str, sku: str, quantity: int = 1) -> dict[str, Any]:
    return {"order_number": number, "items": [{"sku": sku, "quantity": quantity}], "shipping_address": ADDRESS}


@pytest.fixture
def om(seatrial: Seatrial) -> Any:
    seatrial.seed(products=3)
    return seatrial.extensiv_order_manager


@pytest.fixture
def sku(om: Any) -> str:
    return str(om.documents("product")[0]["sku"])


# Ways in


def test_every_way_in_leads_to_the_same_world(seatrial: Seatrial, om: Any, sku: str) -> None:
    headers = {"Authorization": f"Bearer {om.credentials['access_token']}"}
    om.client().post("/api/orders", json=an_order("A-1", sku)).raise_for_status()

    async def asked() -> list[Any]:
        answers = []
        async with om.async_client() as client:
            answers.append((await client.get("/api/orders")).json())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(om.asgi), base_url="http://x") as client:
            answers.append((await client.get("/api/orders", headers=headers)).json())
        with om.respx_routes():
            async with httpx.AsyncClient() as client:
                answers.append((await client.get("https://api.extensiv.io/api/orders", headers=headers)).json())
        return answers

    answers = asyncio.run(asked())
    answers.append(om.client().get("/api/orders").json())
    answers.append(httpx.Client(transport=om.transport).get("http://any/api/orders", headers=headers).json())
    answers.append(httpx.get(f"{om.url}/api/orders", headers=headers).json())
    with seatrial.respx_routes():
        answers.append(httpx.get("https://api.extensiv.io/api/orders", headers=headers).json())
    assert [row["order_number"] for row in answers[0]["data"]] == ["A-1"]
    assert all(answer == answers[0] for answer in answers)
    assert len(om.journal) == 1 + len(answers)


def test_a_real_host_name_can_be_routed_by_a_router_of_ones_own(om: Any) -> None:
    with respx.mock as router:
        route = om.route(router)
        token = httpx.post(
            "https://auth.extensiv.io/oauth/token",
            data={"grant_type": "client_credentials"} | {k: v for k, v in om.credentials.items() if "client" in k},
        ).json()["access_token"]
        found = httpx.get("https://api.extensiv.io/api/products", headers={"Authorization": f"Bearer {token}"})
    assert found.json()["total"] == 3
    assert route.call_count == 2


def test_a_host_that_is_no_vendor_s_is_not_let_through(seatrial: Seatrial) -> None:
    with seatrial.respx_routes(), pytest.raises(respx.models.AllMockedAssertionError):
        httpx.get("https://api.extensiv.io.example.com/")


def test_a_body_sent_asynchronously_arrives_through_routed_host_names(om: Any, sku: str) -> None:
    async def chunks() -> Any:
        yield b'{"order_number": "A-2", "items": [{"sku": "'
        yield sku.encode() + b'", "quantity": 1}], "shipping_address": {"name": "A", "street1": "1 Main St", "city": '
        yield b'"Austin", "state": "TX", "postal_code": "73301", "country": "US"}}'

    async def send() -> int:
        headers = {"Authorization": f"Bearer {om.credentials['access_token']}", "Content-Type": "application/json"}
        async with httpx.AsyncClient() as client:
            return (
                await client.post("https://api.extensiv.io/api/orders", content=chunks(), headers=headers)
            ).status_code

    with om.respx_routes():
        assert asyncio.run(send()) == 201


def test_the_asgi_application_lives_through_a_lifespan(om: Any) -> None:
    told: list[str] = []
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: dict[str, Any]) -> None:
        told.append(message["type"])

    asyncio.run(om.asgi({"type": "lifespan"}, receive, send))
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_threads_take_turns(om: Any, sku: str) -> None:
    client = om.client()
    statuses: list[int] = []

    def place(number: int) -> None:
        statuses.append(client.post("/api/orders", json=an_order(f"T-{number}", sku)).status_code)

    threads = [threading.Thread(target=place, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 20
    om.trial.assert_sound()


# Whose world it is


def test_each_world_has_credentials_of_its_own_that_open_no_other(seatrial: Seatrial) -> None:
    other = seatrial.ground.begin("another test")
    mine, theirs = seatrial[OM], other[OM]
    assert mine.credentials["access_token"] != theirs.credentials["access_token"]
    stray = theirs.client(headers=mine.client().headers)
    assert stray.get("/api/orders").status_code == 401
    assert [entry.rule for entry in theirs.journal] == ["invalid_token"]
    assert not mine.journal
    other.close()


def test_what_was_asked_without_a_credential_is_in_this_world_s_journal(om: Any) -> None:
    assert httpx.Client(transport=om.transport, base_url=om.base_url).get("/api/orders").status_code == 401
    assert [entry.rule for entry in om.journal] == ["unauthenticated"]


def test_the_same_test_has_the_same_credentials_and_the_same_goods_in_every_run(seatrial: Seatrial) -> None:
    worlds = [seatrial.ground.begin(name) for name in ("one", "one", "two")]
    for world in worlds:
        world.seed(orders=2, products=5)
    first, again, other = worlds
    assert first[OM].credentials == again[OM].credentials != other[OM].credentials
    assert first.documents(OM, "order") == again.documents(OM, "order") == other.documents(OM, "order")
    for world in worlds:
        world.close()


def test_a_world_that_has_ended_answers_nobody(seatrial: Seatrial) -> None:
    other = seatrial.ground.begin("another test")
    client = other[OM].client()
    other.close()
    with pytest.raises(UsageError, match="has ended"):
        client.get("/api/orders")


@pytest.mark.seatrial(seed=7, now="2030-01-01T00:00:00Z", credentials="printed")
def test_a_marker_changes_the_world_of_one_test(seatrial: Seatrial) -> None:
    assert seatrial[OM].credentials["access_token"] == "YOUR_ACCESS_TOKEN"
    assert seatrial.clock.now() == datetime(2030, 1, 1, tzinfo=UTC)
    assert seatrial.world.seed == 7


@pytest.mark.parametrize(
    "marker",
    [{"sed": 1}, {"credentials": "borrowed"}, {"now": "yesterday"}],
    ids=["unknown word", "unknown credentials", "no moment"],
)
def test_a_marker_that_says_nothing_known_is_refused(seatrial: Seatrial, marker: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        seatrial.ground.begin("x", pytest.mark.seatrial(**marker).mark)


# Time


def test_the_clock_stands_still_until_it_is_moved(seatrial: Seatrial) -> None:
    before = seatrial.clock.now()
    assert before == datetime(2026, 11, 2, 9, tzinfo=UTC)
    seatrial.clock.advance(90)
    seatrial.clock.advance(timedelta(minutes=1), hours=1, days=1)
    assert seatrial.clock.now() - before == timedelta(days=1, hours=1, minutes=2, seconds=30)


def test_a_token_dies_when_its_time_has_come(seatrial: Seatrial, om: Any) -> None:
    wanted = {"grant_type": "client_credentials"} | {k: v for k, v in om.credentials.items() if "client" in k}
    token = om.client().post("/oauth/token", data=wanted).json()
    client = om.client(headers={"Authorization": f"Bearer {token['access_token']}"})
    seatrial.clock.advance(token["expires_in"] - 1)
    assert client.get("/api/orders").status_code == 200
    seatrial.clock.advance(1)
    assert client.get("/api/orders").status_code == 401
    assert om.journal[-1].rule == "expired_token"


def test_time_does_not_run_backwards(seatrial: Seatrial) -> None:
    with pytest.raises(UsageError, match="backwards"):
        seatrial.clock.advance(-1)


def test_inside_an_event_loop_the_twin_is_asked_for(seatrial: Seatrial) -> None:
    async def inside() -> None:
        with pytest.raises(UsageError, match="advance_async"):
            seatrial.clock.advance(1)
        with pytest.raises(UsageError, match="deliver_async"):
            seatrial.deliver()
        await seatrial.clock.advance_async(minutes=2)
        await seatrial.deliver_async()

    asyncio.run(inside())
    assert seatrial.clock.now().minute == 2


# Failures


def test_a_lost_answer_is_done_and_never_heard(om: Any, sku: str) -> None:
    om.faults.plan("createOrder", "lose")
    with pytest.raises(httpx.ReadError):
        om.client().post("/api/orders", json=an_order("A-1", sku))
    assert [order["order_number"] for order in om.documents("order")] == ["A-1"]
    assert not om.trial.faults.pending
    assert om.client().post("/api/orders", json=an_order("A-1", sku)).status_code == 200


def test_faults_can_be_seen_and_taken_back(seatrial: Seatrial) -> None:
    seatrial.faults.plan(OM, "listOrders", "throttle", times=3)
    seatrial.faults.plan("*", "*", "drop")
    assert [fault.kind for fault in seatrial.faults.pending] == ["throttle", "drop"]
    seatrial.faults.clear()
    assert not seatrial.faults.pending


@pytest.mark.parametrize(
    ("planned", "says"),
    [
        (("harbor", "listOrders", "drop"), "is not served here"),
        ((OM, "listOrder", "drop"), "has no operation 'listOrder'"),
        ((OM, "listOrders", "explode"), "no fault is called"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(seatrial: Seatrial, planned: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        seatrial.faults.plan(*planned)


def test_a_refusal_the_vendor_does_not_know_cannot_be_planned(seatrial: Seatrial) -> None:
    with pytest.raises(UsageError, match="has no refusal 'teapot'"):
        seatrial.faults.plan(OM, "listOrders", "refuse", error="teapot")


# People, documents, words


def test_people_act_at_a_vendor(seatrial: Seatrial, om: Any, sku: str) -> None:
    om.client().post("/api/orders", json=an_order("A-1", sku)).raise_for_status()
    shipped = seatrial.act(OM, "ship", order="A-1", tracking_number="1Z1")
    assert shipped["shipments"][0]["tracking_number"] == "1Z1"
    assert om.documents("shipment")[0]["order_number"] == "A-1"
    seatrial.assert_sound()


def test_what_a_vendor_refuses_to_people_is_its_own_refusal(om: Any) -> None:
    with pytest.raises(Refusal, match="not_found"):
        om.act("ship", order="nobody's")


@pytest.mark.parametrize(
    "asking",
    [
        lambda seatrial: seatrial["harbor"],
        lambda seatrial: seatrial.act("harbor", "ship"),
        lambda seatrial: seatrial.act(OM, "dance"),
        lambda seatrial: seatrial.act(OM, "ship", ordr="A-1"),
        lambda seatrial: seatrial.documents(OM, "ordr"),
        lambda seatrial: seatrial.seed(vendors=["harbor"]),
        lambda seatrial: seatrial.receiver("not an address"),
        lambda seatrial: seatrial.receiver(asgi=print, wsgi=print),
    ],
)
def test_what_is_not_there_is_named_and_what_is_there_too(seatrial: Seatrial, asking: Any) -> None:
    with pytest.raises(UsageError):
        asking(seatrial)


def test_a_misspelt_vendor_is_told_the_right_ones(seatrial: Seatrial) -> None:
    with pytest.raises(AttributeError, match=OM):
        _ = seatrial.extensiv_ordermanager


def test_nothing_shows_a_secret(seatrial: Seatrial, om: Any) -> None:
    om.client().post("/oauth/token", data={"grant_type": "client_credentials"} | om.credentials)
    om.client().post("/api/orders", json={"note": om.credentials["access_token"]})
    shown = "\n".join([repr(seatrial), repr(om), seatrial.story()])
    for name in ("access_token", "client_secret"):
        assert om.credentials[name] not in shown
    assert "POST /oauth/token" in shown


# Soundness


def test_a_world_that_is_not_sound_is_named_for_what_is_wrong(seatrial: Seatrial, om: Any, sku: str) -> None:
    om.client().post("/api/orders", json=an_order("A-1", sku)).raise_for_status()
    seatrial.assert_sound()
    stock = seatrial.world.work(OM).collection("stock")
    stock.put(stock.rows()[0] | {"allocated": 99})
    with pytest.raises(AssertionError, match="allocated stock is what open orders still wait for"):
        seatrial.assert_sound()


@pytest.mark.parametrize(
    ("kind", "planted", "said"),
    [
        ("order", {"status": "fulfilled"}, "is fulfilled while"),
        ("order", {"state": "SHIPPED", "status": "fulfilled"}, "with something left"),
        ("order", {"shipments": [{"tracking_number": "1Z"}]}, "lists 1 shipments and has 0"),
        ("shipment", {"status": "voided"}, "in its parcels"),
        ("stock", {"warehouse_id": "999"}, "is in no warehouse there is"),
        ("stock", {"sku": "NONE"}, "is of no product there is"),
    ],
)
def test_each_law_of_order_manager_bites(
    seatrial: Seatrial, om: Any, sku: str, kind: str, planted: dict[str, Any], said: str
) -> None:
    om.client().post("/api/orders", json=an_order("A-1", sku, 2)).raise_for_status()
    if kind == "shipment":
        om.act("ship", order="A-1")
    seatrial.assert_sound()
    documents = seatrial.world.work(OM).collection(kind)
    documents.save(documents.rows()[0] | planted)
    with pytest.raises(AssertionError, match=said):
        seatrial.assert_sound()


def test_a_fake_that_broke_its_contract_is_not_sound(seatrial: Seatrial, om: Any) -> None:
    warehouses = seatrial.world.work(OM).collection("warehouse")
    warehouses.save(warehouses.rows()[0] | {"type": "A_PLACE_THE_CONTRACT_DOES_NOT_KNOW"})
    assert om.client().get("/api/warehouses").status_code == 500
    with pytest.raises(AssertionError, match="the fake broke"):
        seatrial.assert_sound()


def test_the_plan_of_faults_is_the_same_in_every_run(seatrial: Seatrial) -> None:
    """A fresh world draws its failures from the seed and nothing else."""
    struck = []
    for name in ("one", "two"):
        other = seatrial.ground.begin(name)
        other.faults.plan(OM, "listOrders", "refuse", times=None, chance=0.5)
        struck.append([other[OM].client().get("/api/orders").status_code for _ in range(20)])
        other.close()
    assert struck[0] == struck[1]
    assert {200, 503} == set(struck[0])


def test_what_a_report_shows_is_bounded(seatrial: Seatrial, om: Any) -> None:
    client = om.client()
    for number in range(60):
        client.get(f"/api/orders/{number}", params={"note": "x" * 2000})
        seatrial.faults.plan(OM, "getOrder" if number < 30 else "listOrders", "delay", seconds=0)
    shown = seatrial.story()
    assert "earlier ones left out" in shown
    assert len(shown) < 50 * 3000
    stock = seatrial.world.work(OM).collection("stock")
    for number in range(30):
        stock.add(
            {
                "id": f"9:{number}",
                "warehouse_id": "9",
                "sku": str(number),
                "on_hand": 0,
                "allocated": 1,
                "locked": 0,
                "records": [],
            }
        )
    with pytest.raises(AssertionError, match=r"and 7\d more") as caught:
        seatrial.assert_sound()
    assert len(str(caught.value).splitlines()) == 22
