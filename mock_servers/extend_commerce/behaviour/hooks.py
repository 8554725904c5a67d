"""Hooks: set up by people in the back office, told in Microsoft's envelope, each signed with its own secret."""

import json
from collections.abc import Iterator
from typing import Any

from mock_servers.core.fake import Event, Listener, Work
from mock_servers.extend_commerce.behaviour.base import fake

TRIGGERS = (
    "OrderPicked",
    "OrderReserved",
    "OrderCancelled",
    "BalanceChanged",
    "AvailableBalanceChanged",
    "OrderDeliveryDataChanged",
    "PurchasePartiallyDelivered",
    "PurchaseCancelled",
    "PurchaseDelivered",
    "ProductCreated",
    "ProductChanged",
    "OrderCreated",
    "CustomerCreated",
    "CustomerChanged",
    "OfferCreated",
    "OfferChanged",
    "CustomerInvoiceCreated",
    "CustomerInvoiceChanged",
)
"""All there are (vendor docs: Webhooks). The seed's AvaiableBalanceChanged is a slip of its page (Q12)."""
HEADERS = {"Content-Type": "application/json; charset=utf-8"}
FIRST = b'"Attempt": 1,'


@fake.listeners
def find_listeners(work: Work, event: Event) -> Iterator[Listener]:
    """Active hooks with this trigger, and of these warehouses where they are limited to some."""
    for hook in work.collection("hook").rows():
        if not hook["active"] or event.topic not in hook["triggers"]:
            continue
        details = [each for each in event.payload if _is_wanted(hook["warehouses"], each, event)]
        if details:
            yield Listener(hook.id, hook["url"], HEADERS, envelope(work, event.topic, details), hook["secret_of"])


def _is_wanted(wanted: list[str], details: dict[str, Any], event: Event) -> bool:
    """What belongs to no warehouse is told to everybody."""
    place = details.get("Warehouse")
    places = [place] if place else event.about.get("warehouses", [])
    return not wanted or not places or not set(wanted).isdisjoint(places)


def envelope(work: Work, trigger: str, details: list[dict[str, Any]]) -> bytes:
    """Indented JSON with CRLF, as Microsoft's sender writes it: one delivery may carry several notifications."""
    guid = work.token(letters=32)
    body = {
        "Id": work.token(letters=32),
        "Attempt": 1,
        "Properties": {"NotificationId": "-".join((guid[:8], guid[8:12], guid[12:16], guid[16:20], guid[20:]))},
        "Notifications": [{"Action": trigger, "Details": each} for each in details],
    }
    return json.dumps(body, indent=2).replace("\n", "\r\n").encode()


@fake.attempted
def counted(body: bytes, attempt: int) -> bytes:
    """`Attempt` counts up, so the bytes and their signature change; `Id` stays."""
    return body.replace(FIRST, f'"Attempt": {attempt},'.encode(), 1)


def tell(work: Work, trigger: str, **details: Any) -> None:
    """Tell of one thing."""
    warehouses = details.pop("warehouses", [])
    work.emit(trigger, [details], warehouses=warehouses)


def add_hook(
    work: Work, name: str, url: str, secret: str, triggers: list[str], warehouses: list[str], contact: str
) -> str:
    """Keep a hook and its secret; answers its id."""
    id = str(work.next_number("hook"))
    client = work.world.credentials[work.vendor]["client"]
    secret_of = f"{client.lower()}:hook:{id}"
    work.grant("client", secret_of, client, standing=True, secret=secret)
    work.collection("hook").add(
        {
            "id": id,
            "name": name,
            "contact": contact,
            "url": url,
            "secret_of": secret_of,
            "triggers": triggers,
            "warehouses": warehouses,
            "active": True,
        }
    )
    return id
