"""Harbor, an invented vendor: a contract and a behaviour that live here, to try the machine on."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from msgspec import Struct

from contracts import read
from mock_servers.core.fake import Call, Event, Fake, Listener, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.paging import page_of
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply, Request

FOLDER = Path(__file__).parent / "contract" / "harbor"
KEY = {"X-Harbor-Key": "THE_KEY"}
SECRET = "the-harbor-secret"
BASIC = {"Authorization": "Basic " + b64encode(b"watchman:awake").decode()}
MAY_BECOME = {"here": {"released", "rotten"}, "released": set(), "rotten": set()}


def harbor() -> Fake:
    """A new fake each time, so that a test can bend it."""
    fake = Fake("harbor", read(FOLDER))
    fake.kind("crate", index=("state", "weight"))
    fake.kind("listener", index=("topic",))
    fake.operation("listCrates")(list_crates)
    fake.operation("createCrate")(create_crate)
    fake.operation("countCrates")(lambda call: Reply(200, {"count": call.collection("crate").count()}))
    fake.operation("getCrate")(lambda call: Reply(200, call.collection("crate").get(call.path["id"])))
    fake.operation("removeCrate")(remove_crate)
    fake.operation("releaseCrate")(release_crate)
    fake.operation("listen")(listen)
    fake.operation("blunder")(blunder)
    fake.operation("enter")(enter)
    fake.operation("watch")(lambda call: Reply(200, {"crates": call.collection("crate").count()}))
    fake.view("rest", "crate", schema="Crate")(lambda crate: crate.body)
    fake.identify("key_in_query")(key_in_query)
    fake.timer("rot")(rot)
    fake.action("relabel", Relabel)(relabel)
    fake.tenant(make_tenant)
    fake.seed(make_seed)
    fake.listeners(find_listeners)
    fake.gave_up(lambda work, subscription: work.collection("listener").delete(subscription))
    fake.headers("rest")(lambda call: [("X-Harbor-Flag", call.setting("flag", "white"))])
    return fake


def make_tenant(work: Work) -> dict[str, str]:
    fixed = work.world.fixed_credentials
    key, watchman = ("THE_KEY", "watchman:awake") if fixed else (work.token(), work.token())
    client = "harbor-client" if fixed else work.token(letters=12)
    secret = SECRET if fixed else work.token()
    work.grant("client", client, client, standing=True, secret=secret)
    work.grant("token", key, client, scopes=("look", "put"), standing=True)
    work.grant("token", b64encode(watchman.encode()).decode(), "watchman", standing=True)
    work.grant("tenant", f"{client}.tenants.harbor.example", client, standing=True)
    return {"key": key, "access_token": key, "client_id": client, "client_secret": secret, "watchman": watchman}


def make_seed(work: Work, size: Any) -> Any:
    for number in range(size.orders):
        add_crate(work, {"label": f"seeded {number}", "weight": work.chance.randrange(100)})
        if number % 10 == 9:
            yield number + 1
    yield size.orders


def key_in_query(request: Request) -> str | None:
    return dict(request.fields()).get("key")


def enter(call: Call) -> Reply:
    client = call.credential("client", call.body["client_id"])
    if client is None or client.about["secret"] != call.body["client_secret"]:
        raise Refusal("invalid_token")
    token = call.token() if call.body.get("password") != "lie" else "NOT A TOKEN"
    call.grant("token", token, client.subject, scopes=("look",), seconds=call.lifetime("pass"))
    return Reply(200, {"access_token": token})


def list_crates(call: Call) -> Reply:
    where: list[Condition] = []
    if "state" in call.query:
        where.append(Is("state", "in", call.query["state"]))
    if "heavier_than" in call.query:
        where.append(Is("weight", ">", call.query["heavier_than"]))
    if "fragile" in call.query:
        where.append(Is("fragile", "=", call.query["fragile"]))
    if "ids" in call.query:
        where.append(Is("id", "in", [str(id) for id in call.query["ids"]]))
    return page_of(call, call.collection("crate"), All(*where) if where else None)


def create_crate(call: Call) -> Reply:
    if call.body["label"] == "stout":
        raise Refusal("teapot", stout="stout\r\nX-Injected: yes")
    return Reply(201, add_crate(call, call.body))


def add_crate(work: Work, body: dict[str, Any]) -> Document:
    kept = {name: body[name] for name in ("label", "weight", "count", "fragile", "tags") if name in body}
    id = str(work.next_number("crate", 100))
    crate = work.collection("crate").add({"id": id, "state": "here", "made_at": work.stamp} | kept)
    if "keeps_seconds" in body:
        work.later(body["keeps_seconds"], "rot", {"crate": id})
    work.emit("crate.created", crate.body)
    return crate


def become(work: Work, crate: Document, state: str) -> Document:
    if state not in MAY_BECOME[crate["state"]]:
        raise Refusal("gone")
    crate = work.collection("crate").save(crate | {"state": state, "changed_at": work.stamp})
    work.emit(f"crate.{state}", crate.body)
    return crate


def release_crate(call: Call) -> Reply:
    return Reply(200, become(call, call.collection("crate").get(call.path["id"]), "released"))


def remove_crate(call: Call) -> Reply:
    call.collection("crate").delete(call.collection("crate").get(call.path["id"]).id)
    return Reply(204)


def rot(work: Work, about: Any) -> None:
    become(work, work.collection("crate").get(about["crate"]), "rotten")


class Relabel(Struct, frozen=True, forbid_unknown_fields=True):
    """`label` is the new one; "stumble" makes the clerk fall."""

    crate: str
    label: str


def relabel(work: Work, form: Relabel) -> dict[str, Any]:
    """A clerk sticks another label on a crate."""
    crate = work.collection("crate").get(form.crate)
    crate = work.collection("crate").save(crate | {"label": form.label})
    work.emit("crate.relabelled", crate.body)
    if form.label == "stumble":
        raise Refusal("gone")
    return crate.body


def listen(call: Call) -> Reply:
    id = str(call.next_number("listener"))
    call.collection("listener").add({"id": id, "url": call.body["url"], "topic": call.body["topic"]})
    return Reply(201, {"id": id, "signing": [{"webhook_secret": f"{SECRET}-{id}"}]})


def find_listeners(work: Work, event: Event) -> list[Listener]:
    body = encode({"topic": event.topic, "crate": event.payload})
    client = work.world.credentials["harbor"]["client_id"]
    return [
        Listener(row.id, row["url"], {"X-Harbor-Topic": event.topic}, body, client)
        for row in work.collection("listener").rows(Is("topic", "=", event.topic))
    ]


def blunder(call: Call) -> Reply:
    add_crate(call, {"label": "made by mistake"})
    call.grant("token", "granted-by-mistake", "nobody")
    match call.path["which"]:
        case "lie":
            return Reply(200, {"fine": False})
        case "status":
            return Reply(299, {"fine": True})
        case "refuse":
            raise Refusal("gone")
        case "header":
            return Reply(200, {"fine": True}, {"X-Harbor-Broken": 7})
        case "unknown":
            raise Refusal("there is no such refusal")
    raise RuntimeError("the harbor master fell into the water, holding the-harbor-secret")
