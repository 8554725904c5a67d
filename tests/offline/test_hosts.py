"""No fake sends anybody to the vendor: no real host name in anything it answers or delivers, but an account's own name
where the vendor's contract puts it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from contracts.contract import load
from mock_servers.core.registry import known

SUCCEEDED_LEAST = 0.75
"""Of a vendor's REST operations, so that what is looked at is not mostly refusals: bodies are only plausible."""
ACCOUNT_WORDS = re.compile(r"(?:domain|host|url|shop)$", re.IGNORECASE)
"""A member, header or parameter of such a name may hold the account's own address. Nothing else may hold any."""


def host_pattern() -> re.Pattern[str]:
    """Every vendor's host names, with any label where an account's stands."""
    hosts = [host for vendor in known() for host in load(vendor).profile.hosts]
    return re.compile("|".join(re.escape(host).replace(r"\*", r"[\w.-]+") for host in hosts), re.IGNORECASE)


HOSTS = host_pattern()


def leaks(sent: Any, own: set[str]) -> Iterator[str]:
    """Every real host name in what was sent, with its place, save the account's own where it belongs."""
    places = [(name, value) for name, value in sent.headers]
    for name, value in list(places):
        if name.lower() == "location":
            places.remove((name, value))
            places += [("location", value.split("?")[0]), *parse_qsl(urlsplit(value).query)]
    try:
        places += strings("", msgspec.json.decode(sent.body))
    except msgspec.DecodeError:
        places.append(("the body", sent.body.decode("utf-8", "replace")))
    for name, value in places:
        for host in HOSTS.findall(value):
            if not (host in own and ACCOUNT_WORDS.search(name)):
                yield f"{sent.what} {sent.status}: {host} in {name}"


def strings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from strings(str(key), item)
        case list():
            for item in value:
                yield from strings(name, item)
        case str():
            yield name, value


@pytest.mark.sweep
@pytest.mark.parametrize("vendor", known())
def test_no_real_host_name_in_anything_a_fake_sends(vendor: str, session: Callable[[str], Any]) -> None:
    asked = session(vendor)
    sent = asked.run()
    answered = Counter(each.what for each in sent if each.status < 400)
    rest = {name for name, each in load(vendor).operations.items() if each.graphql is None}
    fields = {name for name in asked.vendor.fake.fields if "." not in name}
    built = rest & asked.vendor.fake.operations.keys()
    assert built <= {each.what for each in sent}
    assert len(built & answered.keys()) >= SUCCEEDED_LEAST * len(built), f"never done: {built - answered.keys()}"
    assert fields <= answered.keys()
    assert asked.receiver.received or asked.vendor.fake.find_listeners is None
    assert not {entry.rule for entry in asked.vendor.journal if entry.rule.startswith("broke")}
    own = set(asked.vendor.credentials.values())
    assert not [leak for each in sent for leak in leaks(each, own)]


@pytest.mark.parametrize(
    ("planted", "caught"),
    [
        ({"link": "https://api.extensiv.io/api/orders?page=2"}, True),
        ({"shop": {"url": "https://other.myshopify.com"}}, True),
        ({"note": "see mine.myshopify.com"}, True),
        ({"shop": {"url": "https://mine.myshopify.com"}}, False),
        ({"link": "https://order-manager.test/api/orders?page=2"}, False),
    ],
)
def test_a_planted_host_name_is_seen(planted: Any, caught: bool) -> None:
    sent = msgspec.defstruct("Sent", ["what", "status", "headers", "body"])("x", 200, [], msgspec.json.encode(planted))
    assert bool(list(leaks(sent, {"mine.myshopify.com"}))) == caught


@pytest.mark.parametrize(
    ("header", "caught"),
    [
        (("Location", "https://api.extensiv.io/api/orders/1"), True),
        (("Location", "https://app.test/back?shop=mine.myshopify.com"), False),
        (("Location", "https://app.test/back?next=https%3A%2F%2Fmine.myshopify.com"), True),
        (("X-Shopify-Shop-Domain", "mine.myshopify.com"), False),
        (("Link", '<https://mine.myshopify.com/next>; rel="next"'), True),
    ],
)
def test_a_planted_host_name_in_a_header_is_seen(header: tuple[str, str], caught: bool) -> None:
    sent = msgspec.defstruct("Sent", ["what", "status", "headers", "body"])("x", 200, [header], b"<html>")
    assert bool(list(leaks(sent, {"mine.myshopify.com"}))) == caught
