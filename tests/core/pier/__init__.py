"""Pier, an invented vendor of berths: a contract and a behaviour that live here, for what Harbor does not do."""

import json
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

from contracts import read
from mock_servers.core.fake import Call, Event, Fake, Listener, Work
from mock_servers.core.filters import Is
from mock_servers.core.paging import linked, page_of
from mock_servers.core.wire import Reply

FOLDER = Path(__file__).parent / "contract" / "pier"
ACCOUNT, PASSWORD, SECRET = "SOUTH", "pier-password", "pier-secret"
BASIC = "Basic " + b64encode(f"keeper:{PASSWORD}".encode()).decode()
URL = "http://127.0.0.1:9/hook"


def pier() -> Fake:
    """A new fake each time, so that a test can bend it."""
    fake = Fake("pier", read(FOLDER))
    fake.kind("berth")
    fake.operation("listBerths")(lambda call: page_of(call, call.collection("berth")))
    fake.operation("readRegister")(read_register)
    fake.operation("getBerth")(lambda call: Reply(200, call.collection("berth").get(call.path["id"])))
    fake.operation("createBerth")(create_berth)
    fake.view("berths", "berth", schema="Berth")(lambda berth: berth.body)
    fake.tenant(make_tenant)
    fake.listeners(find_listeners)
    fake.attempted(counted)
    return fake


def make_tenant(work: Work) -> dict[str, str]:
    """The default world's account is `SOUTH`; another world's is named after it."""
    account = ACCOUNT if work.world.fixed_credentials else work.world.name.upper()
    basic = BASIC if work.world.fixed_credentials else "Basic " + work.token()
    work.grant("tenant", account.lower(), account, standing=True)
    work.grant("client", f"{account}-hooks", account, standing=True, secret=SECRET)
    work.grant("token", basic.removeprefix("Basic "), account, scopes=["mind_berths"], standing=True, account=account)
    return {"account": account, "basic": basic}


def read_register(call: Call) -> Reply:
    where = Is("metres", "in", tuple(call.query["metres"])) if "metres" in call.query else None
    order = {"order_by": "name", "descending": True} if call.query.get("by_name") else {}
    rows, headers = linked(call, call.collection("berth"), where, **order)
    names = call.query.get("fields", "id").split(",")
    return Reply(200, [{name: row[name] for name in names if name in row} for row in rows], headers)


def create_berth(call: Call) -> Reply:
    berth = call.collection("berth").add({"id": str(call.next_number("berth")), "made": call.stamp} | call.body)
    call.emit("berth.made", {"id": berth.id})
    return Reply(200, berth)


def find_listeners(work: Work, event: Event) -> Iterable[Listener]:
    body = json.dumps({"attempt": 1} | event.payload).encode()
    yield Listener("1", URL, {}, body, f"{work.world.credentials['pier']['account']}-hooks")


def counted(body: bytes, attempt: int) -> bytes:
    return json.dumps(json.loads(body) | {"attempt": attempt}).encode()
