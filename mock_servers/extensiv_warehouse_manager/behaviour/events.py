"""Events: who is told of what happened, in which words. Links and data are JSON in strings, as the vendor has them."""

from collections.abc import Iterator
from datetime import UTC, datetime

from mock_servers.core.clock import iso_millis, moment_of
from mock_servers.core.fake import Call, Event, Listener, Work
from mock_servers.core.refusal import Refusal
from mock_servers.core.rsa import key_of, public_pem
from mock_servers.core.store import Document, encode
from mock_servers.core.wire import Reply
from mock_servers.extensiv_warehouse_manager.behaviour.base import Json, fake
from mock_servers.extensiv_warehouse_manager.behaviour.token import signer_of
from mock_servers.extensiv_warehouse_manager.hal import rewrite

ABOUT = {
    "order": ("orders/order", "/orders/{id}?detail=OrderItems", "OrderId"),
    "receiver": ("inventory/receiver", "/inventory/receivers/{id}", "ReceiverId"),
    "item": ("customers/item", "/customers/{customer}/items/{id}", "ItemId"),
    "adjustment": ("inventory/adjustment", "/inventory/adjustments/{id}", "AdjustmentId"),
}
LOOK = "orderitems"
"""What an order shows at the address that events name."""


@fake.listeners
def find_listeners(work: Work, event: Event) -> Iterator[Listener]:
    """Whoever is named in the customer's own settings for this event."""
    about: Document = event.payload
    customer = work.collection("customer").find(str(about["customer_id"]))
    wanted = customer["Options"]["Alerts"]["WebHookParameters"] if customer else []
    told = [each for each in wanted if event.topic in each["EventTypes"]]
    if not told:
        return
    number = work.next_number("event", 880123)
    for each in told:
        body = _body(work, event, about, number, whole=each["IncludeResource"])
        headers = {"Content-Type": "application/json"}
        yield Listener(f"{about['customer_id']}:{each['Name']}", each["Url"], headers, encode(body), signer_of(work))


def _body(work: Work, event: Event, about: Document, number: int, *, whole: bool) -> Json:
    rel, href, name = ABOUT[about.kind]
    customer = about["customer_id"]
    resource: Json = {"rel": rel, "href": href.format(id=about.id, customer=customer)}
    if whole:
        resource["body"] = encode(rewrite(about.kind, fake.views["rest", about.kind].shown(work, about, LOOK))).decode()
    links = {"customers/customer": f"/customers/{customer}"}
    if "facility_id" in about:
        links["properties/facility"] = f"/properties/facilities/{about['facility_id']}"
    stamp = _stamp(work.now)
    return {
        "tplId": work.fake.contract.profile.facts["tpl_id"].value,
        "wmsEventId": number,
        "warehouseTransactionEventId": number,
        "eventDateTimeUtc": stamp,
        "createDateTimeUtc": stamp,
        "eventType": event.topic,
        "resource": resource,
        "links": encode(links).decode(),
        "data": encode({name: about.id}).decode(),
        "tags": event.about.get("tags", ""),
    }


def _stamp(moment: float) -> str:
    """Seven digits of a second, and no zone."""
    return f"{iso_millis(moment)[:-1]}0000"


@fake.operation("getWebhookKey")
def get_webhook_key(call: Call) -> Reply:
    """The key never changes, so whoever has had it since the world began has it still."""
    since = call.query.get("previousRetrievalDateISO")
    if since is not None:
        try:
            moment_of(since)
        except (ValueError, OverflowError) as error:
            raise Refusal("invalid_query", details=(("previousRetrievalDateISO", "is not a moment"),)) from error
        return Reply(304)
    key = key_of(call.world.secret_of(call.vendor, signer_of(call)))
    now = datetime.fromtimestamp(call.now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    answer = {"publicKey": public_pem(key), "retrievalDateISO": now}
    return Reply(200, answer, content_type="application/json")  # of another service, in its own spelling
