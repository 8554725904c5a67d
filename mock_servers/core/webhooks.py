"""Telling others: the outbox, the vendor's signature and schedule, and a guard on where it may go.

An event becomes one delivery for each listener, kept in the same transaction as the change that caused it. A delivery
keeps its bytes and every attempt made: when, what was signed, what came back. `redeliver` goes through the same pipe.
"""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from contracts.profile import Signature, Webhooks
from mock_servers.core.faults import Fault
from mock_servers.core.filters import Is
from mock_servers.core.refusal import UsageError
from mock_servers.core.rsa import key_of, signed_base64

if TYPE_CHECKING:
    import httpx

    from mock_servers.core.fake import Event, Listener, Work
    from mock_servers.core.store import Document
    from mock_servers.core.world import World

DELIVER = "deliver"
HELD_SECONDS = 60.0
REORDERED_SECONDS = 0.001
ANSWER_MAXIMUM = 4096
ADDRESSES_MAXIMUM = 4
DELIVERIES_MAXIMUM = 10_000
"""Deliveries kept of one vendor in one world."""
KIND = "webhook_delivery"
HEALTH = "webhook_health"


class Outcome(Struct, frozen=True):
    """What came of one attempt: a status and the beginning of the answer, or why there was none."""

    status: int | None
    answer: str = ""
    error: str = ""

    @property
    def good(self) -> bool:
        """Only 2xx counts; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


def signed(rule: Signature, secret: str, body: bytes) -> str:
    """The signature header's value over the raw body. For RSA the secret is what the vendor's key grows from."""
    if rule.algorithm == "rsa_sha256":
        return rule.prefix + signed_base64(key_of(secret), body)
    mac = hmac.new(secret.encode(), body, getattr(hashlib, rule.algorithm.removeprefix("hmac_")))
    value = base64.b64encode(mac.digest()).decode() if rule.encoding == "base64" else mac.hexdigest()
    return rule.prefix + (value.upper() if rule.encoding == "hex_upper" else value)


# Into the outbox: called while the change is still uncommitted --------------------------------------------------------


def keep_events(work: "Work", events: "Iterable[Event]") -> None:
    """One delivery for every listener of every event."""
    if work.fake.find_listeners is None:
        return
    for event in events:
        for listener in work.fake.find_listeners(work, event):
            fault = work.world.faults.strike(work.vendor, (f"webhook:{event.topic}",))
            _keep(work, event.topic, listener, fault)


def _keep(work: "Work", topic: str, listener: "Listener", fault: Fault | None) -> None:
    kind = fault.kind if fault else None
    number = work.next_number(KIND)
    held = {"delay": fault.seconds if fault else 0.0, "reorder": HELD_SECONDS}.get(kind or "", 0.0)
    work.collection(KIND).add(
        {
            "id": str(number),
            "topic": topic,
            "subscription": listener.subscription,
            "url": listener.url,
            "headers": listener.headers,
            "body": listener.body.decode(),
            "secret_of": listener.secret_of,
            "signed": listener.signed,
            "state": "dropped" if kind == "drop" else "pending",
            "fault": kind or "",
            "created": work.now,
            "attempts": [],
        }
    )
    if kind == "drop":
        return
    _set(work, str(number), work.now + held, made=0)
    if kind == "repeat":
        work.world.store.set_timer(work.vendor, DELIVER, work.now, {"delivery": str(number), "redelivery": True})
    if kind != "reorder":
        _release(work, number)
    _forget(work, number - DELIVERIES_MAXIMUM)


def _set(work: "Work", id: str, due: float, made: int) -> None:
    """Have it delivered then, if no more attempts than these were made by then."""
    work.world.store.set_timer(work.vendor, DELIVER, due, {"delivery": id, "made": made})


def _forget(work: "Work", number: int) -> None:
    """One leaves for each that comes, once there are many; never one that is still to be delivered."""
    old = work.collection(KIND).find(str(number)) if number > 0 else None
    if old is not None and old["state"] != "pending":
        work.collection(KIND).delete(old.id)


def _release(work: "Work", number: int) -> None:
    """Deliveries that were to be overtaken have been: they follow the one just kept."""
    for waiting in work.collection(KIND).rows(Is("fault", "=", "reorder")):
        if waiting["state"] == "pending" and int(waiting.id) < number:
            work.collection(KIND).save(waiting | {"fault": "reordered"})
            _set(work, waiting.id, work.now + REORDERED_SECONDS, made=len(waiting["attempts"]))


def redeliver(work: "Work", id: str) -> None:
    """Send a delivery once more, now. Refuses with `not_found`."""
    delivery = work.collection(KIND).get(id)
    work.collection(KIND).save(delivery | {"state": "pending"})
    work.world.store.set_timer(work.vendor, DELIVER, work.now, {"delivery": id, "redelivery": True})


# Out of the outbox ---------------------------------------------------------------------------------------------------


async def attempt(world: "World", vendor: str, due: float, timer: dict[str, Any], courier: "Courier") -> None:
    """Make the attempt that is due, and decide by the vendor's schedule what follows."""
    fake = world.fakes[vendor]
    rules = fake.contract.profile.webhooks
    delivery = world.store.collection(vendor, KIND).find(timer["delivery"])
    if rules is None or delivery is None:
        return
    made = len(delivery["attempts"])
    if not timer.get("redelivery") and (delivery["state"] != "pending" or timer.get("made", made) != made):
        return  # it got there some other way, or its next attempt has a time of its own
    body = delivery["body"].encode()
    if fake.on_attempt is not None:
        body = fake.on_attempt(body, made + 1)
    headers = dict(delivery["headers"])
    if rules.signature is not None and delivery.get("signed", True):
        secret = world.secret_of(vendor, delivery["secret_of"])
        headers[rules.signature.header] = signed(rules.signature, secret, body)
    outcome = await courier.post(delivery["url"], headers, body, rules)
    if world.gone:
        return
    _record(world, vendor, due, delivery, outcome, headers, body)


def _record(
    world: "World",
    vendor: str,
    at: float,
    tried: "Document",
    outcome: Outcome,
    headers: dict[str, str],
    body: bytes,
) -> None:
    work = world.work(vendor, at)
    delivery = work.collection(KIND).find(tried.id)
    if delivery is None or delivery["body"] != tried["body"] or delivery["created"] != tried["created"]:
        return  # the world was reset while the attempt was under way
    rules = work.fake.contract.profile.webhooks
    assert rules is not None  # noqa: S101 - attempt() has just read them
    made = {
        "at": at,
        "status": outcome.status,
        "answer": outcome.answer,
        "error": outcome.error,
        "headers": headers,
        "signed": body.decode() if rules.signature and delivery.get("signed", True) else "",
    }
    attempts = [*delivery["attempts"], made]
    good = outcome.good or outcome.status in rules.retries.also_received
    there = good or delivery["state"] == "delivered"
    wait = None if there else _wait_seconds(rules, len(attempts), outcome.status)
    state = "delivered" if there else "pending" if wait is not None else "failed"
    work.collection(KIND).save(delivery | {"attempts": attempts, "state": state})
    if wait is not None:
        _set(work, delivery.id, at + wait, made=len(attempts))
    _judge(work, rules, delivery["subscription"], good)
    world.finish(work)


def _wait_seconds(rules: Webhooks, attempts: int, status: int | None) -> float | None:
    if status in rules.retries.final_statuses:
        return None
    schedule = rules.retries.after_seconds
    return schedule[attempts - 1] if attempts <= len(schedule) else None


def _judge(work: "Work", rules: Webhooks, subscription: str, good: bool) -> None:
    """Count failures in a row, and give a subscription up when the vendor would."""
    if rules.give_up is None or not subscription:
        return
    health = work.collection(HEALTH)
    known = health.find(subscription)
    failures = 0 if good else (known["failures"] if known else 0) + 1
    if known is None and good:
        return
    health.put({"id": subscription, "failures": failures})
    if failures >= rules.give_up.consecutive_failures and rules.give_up.then != "keep" and work.fake.on_give_up:
        health.delete(subscription)
        work.fake.on_give_up(work, subscription)


# Over the wire -------------------------------------------------------------------------------------------------------


class Courier:
    """Posts to loopback, and beyond it only to hosts that were listed. The address is checked after name resolution and
    connected to as it was checked, so that a name cannot change its mind in between."""

    def __init__(
        self,
        allowed_hosts: Iterable[str] = (),
        transport: "httpx.AsyncBaseTransport | None" = None,
        resolve: "Callable[[str, int], Any] | None" = None,
    ) -> None:
        self.allowed_hosts = frozenset(allowed_hosts)
        self._transport = transport
        self._resolve = resolve or _addresses
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, headers: dict[str, str], body: bytes, rules: Webhooks) -> Outcome:
        """One attempt. Never raises: whatever goes wrong is its outcome."""
        import httpx  # a second of a slow machine's start-up, needed only once something is delivered

        try:
            targets, host = await self._checked(url)
        except (UsageError, OSError, ValueError) as error:
            return Outcome(None, error=str(error) or type(error).__name__)
        if self._client is None:
            # No connection is kept: the next delivery may come from another event loop.
            once = httpx.Limits(max_keepalive_connections=0)
            self._client = httpx.AsyncClient(
                transport=self._transport, follow_redirects=False, trust_env=False, limits=once
            )
        time_out = httpx.Timeout(rules.retries.timeout_seconds, connect=rules.retries.connect_timeout_seconds)
        extensions = {"sni_hostname": urlsplit(url).hostname or "", "timeout": time_out.as_dict()}
        outcome = Outcome(None)
        for target in targets:
            try:
                # Who sends an answer drop by drop has no more time than who sends it at once.
                async with asyncio.timeout(rules.retries.timeout_seconds + rules.retries.connect_timeout_seconds):
                    request = httpx.Request(
                        "POST", target, headers={"Host": host} | headers, content=body, extensions=extensions
                    )
                    return await self._sent(self._client, request)
            except httpx.ConnectError as error:  # a name such as localhost may have an address nobody listens on
                outcome = Outcome(None, error=f"ConnectError: {error}".rstrip(": "))
            except TimeoutError:
                return Outcome(None, error="TimeoutError: no whole answer in time")
            except Exception as error:
                return Outcome(None, error=f"{type(error).__name__}: {error}".rstrip(": "))
        return outcome

    async def _sent(self, client: "httpx.AsyncClient", request: "httpx.Request") -> Outcome:
        response = await client.send(request, stream=True)
        try:
            return Outcome(response.status_code, await _beginning(response))
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _checked(self, url: str) -> tuple[list[str], str]:
        """The URL with each checked address in the name's place, and the Host header to send."""
        parts = urlsplit(url)
        host = parts.hostname
        if parts.scheme not in {"http", "https"} or not host:
            raise UsageError("only http and https addresses are delivered to")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if self._transport is not None:
            return [url], parts.netloc
        addresses = await self._resolve(host, port)
        if not addresses:
            raise UsageError(f"{host} has no address")
        if host not in self.allowed_hosts and not all(ipaddress.ip_address(each).is_loopback for each in addresses):
            raise UsageError(f"{host} is not on loopback and not a listed host; list it with --webhook-host {host}")
        places = [f"[{address}]" if ":" in address else address for address in dict.fromkeys(addresses)]
        targets = [parts._replace(netloc=f"{place}:{port}").geturl() for place in places[:ADDRESSES_MAXIMUM]]
        return targets, parts.netloc.rsplit("@", 1)[-1]


async def _addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def _beginning(response: "httpx.Response") -> str:
    if response.headers.get("content-encoding", "identity") != "identity":
        return "(packed, and not unpacked: a little that is packed may be very much)"
    text = b""
    async for part in response.aiter_bytes():
        text += part
        if len(text) >= ANSWER_MAXIMUM:
            break
    return text[:ANSWER_MAXIMUM].decode("utf-8", "replace")
