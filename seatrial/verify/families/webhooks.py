"""Being told: the vendor's signature over the bytes that came, its schedule to the second, its patience and its end."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from contracts.contract import Contract, Surface
from contracts.evidence import Evidence
from contracts.profile import Signature, Webhooks
from seatrial.verify.bench import Bench
from seatrial.verify.growth import Act, Growth
from seatrial.verify.law import Finding, law
from seatrial.verify.receiver import Heard
from seatrial.verify.schemas import Schemas
from seatrial.verify.subscribing import Subscribing, Subscription, subscribes, topics

if TYPE_CHECKING:
    from mock_servers.core.faults import Kind

NEVER = 3600.0
MOMENT = 0.001
NOT_DONE: "tuple[Kind, ...]" = ("refuse", "drop")


def _signed(contract: Contract, surface: Surface) -> bool:
    webhooks = contract.profile.webhooks
    return subscribes(contract, surface) and webhooks is not None and webhooks.signature is not None


def _gives_up(contract: Contract, surface: Surface) -> bool:
    webhooks = contract.profile.webhooks
    return subscribes(contract, surface) and webhooks is not None and webhooks.give_up is not None


def _signature(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    webhooks = contract.profile.webhooks
    return webhooks.signature.evidence if webhooks and webhooks.signature else None


def _retries(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    return contract.profile.webhooks.retries.evidence if contract.profile.webhooks else None


def _end(contract: Contract, surface: Surface) -> Evidence | None:  # noqa: ARG001
    webhooks = contract.profile.webhooks
    return webhooks.give_up.evidence if webhooks and webhooks.give_up else None


class Told:
    """Subscribed to everything, with somebody who acts."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.control = bench.control
        self.receiver = bench.control.receiver
        self.subscribing = Subscribing(bench)
        self.subscriptions: list[Subscription] = []
        self.growth = Growth(bench)
        self.change: Act | None = None
        self.topic = ""

    def begin(self) -> bool:
        """Subscribe to everything, and find something to do that is told of; says whether there is."""
        self.subscriptions = list(self.subscribing.all())
        self.greeted()
        found = self._provoking()
        self.change, self.topic = found or (None, "")
        self.receiver.reset()
        return found is not None

    def begin_with_one(self) -> bool:
        """The same with one subscription alone, in a target that has just been put back."""
        if self.change is None and not self.begin():
            return False
        self.control.reset()
        found = self.subscribing.subscribe(self.topic, self.receiver.address("told"))
        self.subscriptions = [found] if found else []
        self.greeted()
        return found is not None

    def greeted(self) -> None:
        """Some vendors greet a new subscription: that is told of nothing, and heard before anything is."""
        self.control.settle()
        self.receiver.reset()

    def provoke(self, *, elsewhere: bool = False) -> list[Heard]:
        """Have it done, and what was heard of it at once."""
        before = len(self.receiver.heard)
        if self.change is None or not self.growth.act(self.change, elsewhere=elsewhere):
            return []
        self.control.settle()
        return self.receiver.heard[before:]

    def after(self, seconds: float) -> int:
        """Let time go by; how many deliveries came."""
        before = len(self.receiver.heard)
        self.control.advance(seconds)
        return len(self.receiver.heard) - before

    def _provoking(self) -> tuple[Act, str] | None:
        """An act that can be repeated and is told of, and the topic it is told under."""
        known = list(topics(self.bench.contract))
        for act in self.growth.acts():
            heard = []
            for _ in range(2):
                self.receiver.heard.clear()
                if self.growth.act(act):
                    self.control.settle()
                heard.append(list(self.receiver.heard))
            if all(heard) and (topic := _topic_of(heard[0][0], known)):
                return act, topic
        return None


@law(
    "webhooks.signature_is_over_the_bytes_that_came",
    "The vendor's own check of the signature, over the raw bytes, accepts every delivery, and no other bytes.",
    when=_signed,
    source=_signature,
    writes=True,
    needs=("receiver", "actions"),
)
def signature(bench: Bench) -> Iterator[Finding]:
    told = Told(bench)
    rule = _rules(bench).signature
    if not told.begin() or rule is None:
        yield bench.skipped(bench.surface.name, "nothing can be done that is told of")
        return
    heard = told.provoke()
    secrets = _secrets(told)
    for each in heard:
        shown = each.headers.get(rule.header.lower(), "")
        good = any(hmac.compare_digest(shown, _mac(rule, secret, each.body)) for secret in secrets)
        problem = "" if good else f"{rule.header} is {shown or 'missing'}"
        yield bench.judged(_about(each), problem, f"{rule.algorithm} of the body, {rule.encoding}")
        forged = any(shown == _mac(rule, secret, each.body + b" ") for secret in secrets)
        yield bench.judged(f"{_about(each)}, one byte more", "it is accepted too" if forged else "", "refused")


@law(
    "webhooks.deliveries_are_as_documented",
    "Each delivery has the headers of its topic's document, and a body of its shape.",
    when=subscribes,
    source=_retries,
    writes=True,
    needs=("receiver", "actions"),
)
def as_documented(bench: Bench) -> Iterator[Finding]:
    told = Told(bench)
    known = topics(bench.contract)
    told.subscriptions = list(told.subscribing.all())
    told.greeted()
    for act in told.growth.acts():
        told.growth.act(act)
    told.control.settle()
    if not told.receiver.heard:
        yield bench.skipped(bench.surface.name, "nothing can be done that is told of")
        return
    for each in told.receiver.heard:
        name = _topic_of(each, list(known))
        if name is None:
            yield bench.judged(_about(each), "no header names a documented topic", "a documented topic")
            continue
        topic = known[name]
        missing = [header for header in topic.headers if header.lower() not in each.headers]
        problem = f"{', '.join(missing)} missing" if missing else ""
        yield bench.judged(f"headers of {name}", problem, ", ".join(topic.headers))
        schemas = Schemas(bench.contract.surfaces[topic.surface].document)
        try:
            problem = schemas.problem(topic.payload, msgspec.json.decode(each.body))
        except msgspec.DecodeError:
            problem = "the body is not JSON"
        yield bench.judged(f"body of {name}", problem, "what its document says")


@law(
    "webhooks.each_change_is_told_once",
    "One change is one delivery for each subscription to its topic; no delivery has the name of another.",
    when=subscribes,
    source=_retries,
    writes=True,
    needs=("receiver", "actions"),
)
def told_once(bench: Bench) -> Iterator[Finding]:
    told = Told(bench)
    if not told.begin():
        yield bench.skipped(bench.surface.name, "nothing can be done that is told of")
        return
    seen: list[tuple[str, bytes]] = []
    for number in (1, 2, 3):
        heard = told.provoke()
        names = [(_topic_of(each, list(topics(bench.contract))) or "", each.body) for each in heard]
        twice = [name for name in names if names.count(name) > 1] or [name for name in names if name in seen]
        problem = f"{twice[0][0]} came twice" if twice else "" if heard else "nothing came"
        seen += names
        yield bench.judged(f"change {number}", problem, "each topic once")
    late = told.after(NEVER)
    yield bench.judged("an hour later", f"{late} more came" if late else "", "what was accepted is not sent again")


@law(
    "webhooks.refused_change_is_not_told",
    "What is refused or rolled back is told to nobody.",
    when=subscribes,
    source=_retries,
    writes=True,
    needs=("receiver", "actions"),
)
def refused_untold(bench: Bench) -> Iterator[Finding]:
    told = Told(bench)
    if not told.begin():
        yield bench.skipped(bench.surface.name, "nothing can be done that is told of")
        return
    for name in NOT_DONE:
        for root in bench.graph.roots("mutation") if bench.graph else ():
            if root.built:
                bench.control.fault(root.name, name)
    for operation in bench.changing():
        bench.control.fault(operation.id, "refuse")
    before = len(told.receiver.heard)
    asked = 0
    for operation, recipe in bench.askable(bench.changing()):
        bench.ask(operation, recipe, planned=True)
        asked += 1
    if bench.graph is not None:
        for text in _mutations(bench):
            for _ in range(2):
                bench.graph.ask(text, planned=True)
                asked += 1
    told.control.settle()
    heard = told.receiver.heard[before:]
    if not asked:
        yield bench.skipped(bench.surface.name, "there is nothing that could be refused")
    else:
        said = f"{_about(heard[0])} came" if heard else ""
        yield bench.judged(f"{asked} refused changes", said, "nothing is told")


@law(
    "webhooks.failed_deliveries_are_retried_to_the_second",
    "A failed delivery is tried again after just as long as the profile says, with the same bytes, and then no more.",
    when=subscribes,
    source=_retries,
    writes=True,
    needs=("receiver", "actions", "clock"),
)
def schedule(bench: Bench) -> Iterator[Finding]:
    told = Told(bench)
    if not told.begin_with_one():
        yield bench.skipped(bench.surface.name, "nothing can be done that is told of")
        return
    told.receiver.answers = lambda _: 500
    first = told.provoke()
    yield bench.judged("the first attempt", "" if len(first) == 1 else f"{len(first)} came", "one delivery at once")
    ended = _ends_after(bench)
    for number, wait in enumerate(_rules(bench).retries.after_seconds, 1):
        # What becomes of a retry that is due after its subscription was given up, the profile leaves open.
        wanted = {1} if ended is None or number < ended else {0, 1}
        early, punctual = told.after(wait - 1), told.after(1 + MOMENT)
        problem = f"{early} came too early" if early else "" if punctual in wanted else f"{punctual} came"
        yield bench.judged(f"retry {number}, after {wait:g} s", problem, "one delivery, to the second")
    after = told.after(2 * NEVER)
    yield bench.judged("afterwards", f"{after} more came" if after else "", "nothing more")
    heard = told.receiver.heard
    changed = {(each.body, _identity(bench, each)) for each in heard}
    problem = "" if len(changed) <= 1 else "the bytes or the delivery's own headers changed"
    yield bench.judged("the bytes of a retry", problem, "the same each time")


@law(
    "webhooks.only_2xx_is_received",
    "A redirect, a refusal, a failure and silence are failures; whatever is 2xx is not tried again.",
    when=subscribes,
    source=_retries,
    writes=True,
    needs=("receiver", "actions", "clock"),
)
def only_2xx(bench: Bench) -> Iterator[Finding]:
    wait = _rules(bench).retries.after_seconds[:1]
    told = Told(bench)
    for status in (200, 204, 301, 302, 307, 400, 404, 410, 500, None):
        if not wait or not told.begin_with_one():
            yield bench.skipped(bench.surface.name, "nothing can be done that is told of, or nothing is retried")
            return
        told.receiver.answers = lambda _, status=status: status  # type: ignore[misc]
        first = told.provoke()
        if len(first) != 1:
            yield bench.judged(f"answered {status}", f"{len(first)} came", "one attempt, and no redirect followed")
            continue
        told.receiver.answers = lambda _: 200
        again = told.after(wait[0] + MOMENT)
        well = status is not None and (200 <= status < 300 or status in _rules(bench).retries.also_received)
        wanted = 0 if well else 1
        problem = "" if again == wanted else f"{again} came again"
        said = "tried again" if wanted else "not tried again"
        yield bench.judged(f"answered {status or 'by silence'}", problem, said)


@law(
    "webhooks.subscription_ends_when_the_vendor_gives_it_up",
    "After as many failures in a row as the profile says the subscription is no more; a success in between saves it.",
    when=_gives_up,
    source=_end,
    writes=True,
    needs=("receiver", "actions", "clock"),
)
def given_up(bench: Bench) -> Iterator[Finding]:
    rule = _rules(bench).give_up
    told = Told(bench)
    if rule is None or not told.begin_with_one():
        yield bench.skipped(bench.surface.name, "nothing can be done that is told of")
        return
    own = {each.id for each in told.subscriptions}
    fails = rule.consecutive_failures
    told.receiver.answers = lambda _: 500
    heard = [len(told.provoke()) for _ in range(fails - 1)]  # one short of the end
    told.receiver.answers = lambda _: 200
    heard.append(len(told.provoke()))  # a success: the count begins anew
    bench.control.advance(sum(_rules(bench).retries.after_seconds) + NEVER)  # what failed is tried again, and received
    told.receiver.answers = lambda _: 500
    heard += [len(told.provoke()) for _ in range(fails)]
    problem = "" if heard == [1] * (2 * fails) else f"deliveries that came for each change: {heard}"
    yield bench.judged(f"{fails - 1} failures, a success, {fails} failures", problem, "one for each: it lives so long")
    told.receiver.answers = lambda _: 200
    more = told.provoke()
    if rule.then == "keep":
        yield bench.judged("afterwards", "" if more else "nothing is told any more", "it is kept")
        return
    problem = f"{len(more)} more came" if more else ""
    yield bench.judged(f"{fails} failures in a row", problem, "it is told no more")
    if rule.then == "remove":
        left = own & told.subscribing.known()
        yield bench.judged("its list", "it is still there" if left else "", "it is removed")


@law(
    "webhooks.other_account_is_not_told",
    "What happens in another account is not told to us.",
    when=subscribes,
    source=_retries,
    writes=True,
    needs=("receiver", "actions"),
)
def other_untold(bench: Bench) -> Iterator[Finding]:
    told = Told(bench)
    if not told.begin():
        yield bench.skipped(bench.surface.name, "nothing can be done that is told of")
        return
    before, done = len(told.receiver.heard), 0
    for act in told.growth.acts():
        done += told.growth.act(act, elsewhere=True)
    told.control.settle()
    heard = told.receiver.heard[before:]
    if not done:
        yield bench.skipped(bench.surface.name, "nothing can be done in an empty account")
    else:
        yield bench.judged(f"{done} changes elsewhere", f"{len(heard)} came" if heard else "", "nothing is told")


def _rules(bench: Bench) -> Webhooks:
    rules = bench.contract.profile.webhooks
    assert rules is not None  # noqa: S101 - the law's condition has looked
    return rules


def _ends_after(bench: Bench) -> int | None:
    """Attempts after which the subscription itself is given up, when that comes before the schedule's end."""
    rule = _rules(bench).give_up
    return rule.consecutive_failures if rule is not None and rule.then != "keep" else None


def _secrets(told: Told) -> list[str]:
    own = told.bench.target.credentials.own
    named = [own[name] for name in ("webhook_secret", "client_secret") if name in own]
    return [*named, *(each.secret for each in told.subscriptions if each.secret)]


def _mac(rule: Signature, secret: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), body, getattr(hashlib, rule.algorithm.removeprefix("hmac_"))).digest()
    if rule.encoding == "base64":
        return rule.prefix + base64.b64encode(digest).decode()
    return rule.prefix + (digest.hex().upper() if rule.encoding == "hex_upper" else digest.hex())


def _topic_of(heard: Heard, known: list[str]) -> str | None:
    """The documented topic that a header, or a member at the top of the body, names."""
    values = set(heard.headers.values())
    found = next((name for name in known if name in values), None)
    if found is not None:
        return found
    try:
        body = msgspec.json.decode(heard.body)
    except msgspec.DecodeError:
        return None
    told = {str(value) for value in body.values()} if isinstance(body, dict) else set()
    return next((name for name in known if name in told), None)


def _identity(bench: Bench, heard: Heard) -> tuple[tuple[str, str], ...]:
    """The headers by which a receiver knows a delivery again: those its document names, but what may change."""
    known = topics(bench.contract)
    name = _topic_of(heard, list(known))
    named = known[name].headers if name else ()
    return tuple((each, heard.headers.get(each.lower(), "")) for each in named)


def _mutations(bench: Bench) -> Iterator[str]:
    from seatrial.verify.recipes import CannotAskError

    graph = bench.graph
    for root in graph.roots("mutation") if graph else ():
        if root.built and graph is not None:
            try:
                yield graph.text(root, kind="mutation", depth=0)
            except CannotAskError:
                continue


def _about(heard: Heard) -> str:
    topic = next((value for name, value in heard.headers.items() if "topic" in name or "event" in name), "")
    return f"{topic or heard.path} at {heard.moment:.0f}"
