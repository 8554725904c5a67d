"""Quay, an invented vendor: a contract and a behaviour that live here, to walk every branch of every law."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from contracts import read
from mock_servers.core.fake import Call, Event, Fake, Listener, Size, Work
from mock_servers.core.filters import All, Is
from mock_servers.core.refusal import Refusal, UsageError
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply

FOLDER = Path(__file__).parent / "contract" / "quay"
SCOPES = ("look", "moor")
CLIENT = "quay-client"


def quay() -> Fake:
    """A new fake each time, so that a test can bend it."""
    fake = Fake("quay", read(FOLDER))
    fake.kind("mooring", index=("reference",))
    fake.kind("listener", index=("topic",))
    for name, behaviour in OPERATIONS.items():
        fake.operation(name)(behaviour)
    fake.action("arrive", Arrive)(arrive)
    fake.action("rename", Rename)(rename_by_hand)
    fake.tenant(make_tenant)
    fake.seed(make_seed)
    fake.listeners(find_listeners)
    fake.gave_up(disable)
    fake.headers("moorings")(lambda call: [("X-Quay-Version", version_of(call) or "2025-01")])
    fake.sound(references_are_told_apart)
    return fake


# Who may call ---------------------------------------------------------------------------------------------------------


def make_tenant(work: Work) -> dict[str, str]:
    """A client, its standing pass, and a watchman with a password."""
    secret, token, password = work.token(), work.token(), work.token(letters=12)
    client = f"{CLIENT}-{work.world.name}"
    work.grant("client", client, client, scopes=SCOPES, standing=True, secret=secret)
    work.grant("token", token, client, scopes=SCOPES, standing=True)
    basic = b64encode(f"{client}:{password}".encode()).decode()
    work.grant("token", basic, client, scopes=SCOPES, standing=True)
    return {
        "client_id": client,
        "client_secret": secret,
        "access_token": token,
        "username": client,
        "password": password,
    }


def issue_pass(call: Call) -> Reply:
    client = call.credential("client", call.body["client_id"])
    if client is None or client.about["secret"] != call.body["client_secret"]:
        raise Refusal("invalid_token")
    scopes = call.body.get("scope", "").split() or sorted(client.scopes)
    token, seconds = call.token(), call.lifetime("pass")
    call.grant("token", token, client.subject, scopes=set(scopes) & client.scopes, seconds=seconds)
    return Reply(200, {"access_token": token, "expires_in": int(seconds or 0), "scope": " ".join(scopes)})


def version_of(call: Call) -> str | None:
    """The version in the path, when it is one that is served."""
    versions = call.fake.contract.profile.versions
    asked = call.request.path.split("/")[1]
    return asked if versions and asked in versions.served else None


def versioned(call: Call) -> None:
    if version_of(call) is None:
        raise Refusal("route_not_found", path=call.request.path)


# Moorings -------------------------------------------------------------------------------------------------------------


def list_moorings(call: Call) -> Reply:
    versioned(call)
    return walked(call, "mooring", "moorings", mooring_shown)


def walked(call: Call, kind: str, member: str, shown: Any) -> Reply:
    """A page from a cursor on; the cursor is a place, and names the row before it."""
    size = min(call.query.get("limit", 10), 50)
    after = cursor_of(call.query.get("from"))
    rows = call.collection(kind).rows(after=("seq", after), limit=size + 1)
    link = {}
    if len(rows) > size:
        further = f"{call.base_url}{call.request.path}?limit={size}&from=c{rows[size - 1].seq}"
        link = {"Link": f'<{further}>; rel="next"'}
    return Reply(200, {member: [shown(row) for row in rows[:size]]}, link)


def cursor_of(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.startswith("c") and text[1:].isdecimal() and text.isascii()):
        raise Refusal("invalid_query", details=(("from", "is no cursor of ours"),))
    return int(text[1:])


def mooring_shown(mooring: Document) -> dict[str, Any]:
    return {name: mooring[name] for name in ("id", "reference", "vessel", "metres", "made_at")}


def create_mooring(call: Call) -> Reply:
    versioned(call)
    if call.collection("mooring").first(Is("reference", "=", call.body["reference"])) is not None:
        raise Refusal("taken", reference=call.body["reference"])
    mooring = moor(call, **{name: call.body[name] for name in ("reference", "vessel", "metres")})
    where = f"{call.base_url}{call.request.path}/{mooring.id}"
    return Reply(201, mooring_shown(mooring), {"Location": where})


def moor(work: Work, reference: str, vessel: str, metres: int) -> Document:
    body = {"reference": reference, "vessel": vessel, "metres": metres, "made_at": work.stamp}
    mooring = work.collection("mooring").add({"id": str(work.next_number("mooring", 1))} | body)
    work.emit("mooring.made", mooring_shown(mooring))
    return mooring


def get_mooring(call: Call) -> Reply:
    versioned(call)
    return Reply(200, mooring_shown(call.collection("mooring").get(call.path["id"])))


def rename_mooring(call: Call) -> Reply:
    versioned(call)
    return Reply(200, mooring_shown(rename(call, call.path["id"], call.body["vessel"])))


def rename(work: Work, id: str, vessel: str) -> Document:
    mooring = work.collection("mooring").get(id)
    renamed = work.collection("mooring").save(mooring | {"vessel": vessel})
    if mooring["vessel"] != vessel:
        work.emit("mooring.renamed", mooring_shown(renamed))
    return renamed


def cast_off(call: Call) -> Reply:
    versioned(call)
    mooring = call.collection("mooring").get(call.path["id"])
    call.collection("mooring").delete(mooring.id)
    call.emit("mooring.gone", mooring_shown(mooring))
    return Reply(204)


# The board ------------------------------------------------------------------------------------------------------------


def read_board(call: Call) -> Reply:
    size, page = min(call.query.get("per_page", 5), 20), call.query.get("page", 0)
    rows = call.collection("mooring").rows(limit=size, offset=page * size)
    if not rows and page:
        raise Refusal("not_found", kind="page", id=str(page))
    return Reply(200, [{"mooring_id": row.id, "text": f"{row['vessel']}, {row['metres']} m"} for row in rows])


# Who is told ----------------------------------------------------------------------------------------------------------


def list_listeners(call: Call) -> Reply:
    versioned(call)
    return walked(call, "listener", "listeners", lambda row: row.body)


def create_listener(call: Call) -> Reply:
    versioned(call)
    body = {"id": str(call.next_number("listener")), "topic": call.body["topic"], "url": call.body["url"], "live": True}
    return Reply(201, call.collection("listener").add(body))


def find_listeners(work: Work, event: Event) -> Iterable[Listener]:
    client = work.world.credentials["quay"]["client_id"]
    for row in work.collection("listener").rows(All(Is("topic", "=", event.topic))):
        if row["live"]:
            headers = {"X-Quay-Topic": event.topic, "X-Quay-Delivery": work.token(letters=8)}
            yield Listener(row.id, row["url"], headers, encode(event.payload), client)


def disable(work: Work, id: str) -> None:
    work.collection("listener").save(work.collection("listener").get(id) | {"live": False})


# People ---------------------------------------------------------------------------------------------------------------


class Arrive(Struct, frozen=True, forbid_unknown_fields=True):
    """A vessel comes in."""

    vessel: str
    metres: int = 10


class Rename(Struct, frozen=True, forbid_unknown_fields=True):
    """`mooring` is its id."""

    mooring: str
    vessel: str


def arrive(work: Work, given: Arrive) -> dict[str, Any]:
    """A vessel comes in and is given a place."""
    number = work.next_number("arrival")
    return {"mooring": moor(work, f"arrival-{number}", given.vessel, given.metres).id}


def rename_by_hand(work: Work, given: Rename) -> dict[str, Any]:
    """Somebody paints another name on a vessel."""
    if work.collection("mooring").find(given.mooring) is None:
        raise UsageError(f"there is no mooring {given.mooring}")
    return {"vessel": rename(work, given.mooring, given.vessel)["vessel"]}


def make_seed(work: Work, size: Size) -> Iterator[int]:
    """`size.orders` moorings."""
    work.collection("mooring").add_many(
        {
            "id": str(work.next_number("mooring", 1)),
            "reference": f"seed-{number}",
            "vessel": f"Vessel {number}",
            "metres": 5 + work.chance.randrange(60),
            "made_at": work.stamp,
        }
        for number in range(size.orders)
    )
    yield size.orders


def references_are_told_apart(work: Work) -> Iterator[str]:
    """No two moorings have one reference."""
    rows = [row["reference"] for row in work.collection("mooring").rows()]
    yield from (f"{each} is there twice" for each in set(rows) if rows.count(each) > 1)


OPERATIONS = {
    "listMoorings": list_moorings,
    "createMooring": create_mooring,
    "getMooring": get_mooring,
    "renameMooring": rename_mooring,
    "castOff": cast_off,
    "listListeners": list_listeners,
    "createListener": create_listener,
    "issuePass": issue_pass,
    "readBoard": read_board,
    "ringBell": lambda call: Reply(200, {"times": call.body["times"]}),
}
