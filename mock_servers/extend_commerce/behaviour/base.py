"""What every part of Extend shares: its kinds, its pages, how it writes and reads moments, and its cookies.

Moments are kept as UTC text with milliseconds, so that they sort; on the wire they are Swedish time with its offset, or
without one where the vendor leaves it out (Q10).
"""

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import Any

from mock_servers.core.clock import iso_millis, moment_of
from mock_servers.core.fake import Call, Fake, Work
from mock_servers.core.filters import All, Condition, Is
from mock_servers.core.paging import Window
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Collection, Document
from mock_servers.core.wire import Reply

fake = Fake("extend_commerce")

fake.kind("order", index=("external", "status", "changed"))
fake.kind("product", index=("changed",))
fake.kind("warehouse")
fake.kind("stock", index=("warehouse", "product", "changed"))  # by warehouse and product: `MAIN:MUG-RED`
fake.kind("adjustment", index=("warehouse",))
fake.kind("price_list")
fake.kind("customer", index=("changed",))
fake.kind("supplier")
fake.kind("agreement")  # with a supplier, by its number
fake.kind("product_agreement", index=("product", "agreement"))  # by product and agreement: `MUG-RED:1`
fake.kind("description", index=("product",))
fake.kind("purchase", index=("changed", "open"))
fake.kind("offer")
fake.kind("invoice", index=("order",))
fake.kind("return", index=("order",))
fake.kind("campaign")
fake.kind("agreed", index=("customer",))  # the orders that are called off, by their numbers
fake.kind("project")
fake.kind("reason_code")
fake.kind("hook")
fake.kind("conduct")  # who asks in which way, hour by hour

Behaviour = Callable[[Call], Reply]
OFFSET_LETTERS = len("+01:00")
DAY_LETTERS = len("2026-11-21")
UNIT, CURRENCY, VAT_PERCENT = "ST", "SEK", 25.0


def operation(*ids: str) -> Callable[[Behaviour], Behaviour]:
    """What is done when an operation is called, unless its caller comes with too many cookies."""

    def register(behaviour: Behaviour) -> Behaviour:
        @wraps(behaviour)
        def checked(call: Call) -> Reply:
            _refuse_too_many_cookies(call)
            return behaviour(call)

        fake.operation(*ids)(checked)
        return behaviour

    return register


# Cookies (Q7) ---------------------------------------------------------------------------------------------------------


@fake.headers("v1")
@fake.headers("reports")
def new_cookie(call: Call) -> Iterable[tuple[str, str]]:
    """Each answer sets one more; whoever keeps them all is refused in the end."""
    yield "Set-Cookie", f"xt{call.world.journal.number:x}=1; path=/RESTAPI; HttpOnly"


def _refuse_too_many_cookies(call: Call) -> None:
    cookies = call.request.header(b"cookie")
    if cookies and cookies.count("=") > fact(call, "cookies_maximum"):
        raise Refusal("too_many_cookies")


def fact(work: Work, name: str) -> Any:
    """A number of the profile's."""
    return work.fake.contract.profile.facts[name].value


# Moments --------------------------------------------------------------------------------------------------------------


def kept(moment: float) -> str:
    """A moment as documents keep it."""
    return iso_millis(moment)


def shown(work: Work, text: str) -> str:
    """A kept moment as most of the API writes it."""
    return _written(work.fake, text)


@lru_cache(maxsize=10_000)
def _written(by: Fake, text: str) -> str:
    return by.stamp_of(moment_of(text))


def shown_local(work: Work, text: str) -> str:
    """The same without its offset (Q10)."""
    return shown(work, text)[:-OFFSET_LETTERS]


def shown_or_none(work: Work, text: str | None) -> str | None:
    """The same, where there may be none."""
    return None if text is None else shown(work, text)


def midnight(work: Work, moment: float) -> str:
    """When the day of a moment began in the vendor's own time, as documents keep it."""
    stamp = work.fake.stamp_of(moment)
    began = moment_of(f"{stamp[:DAY_LETTERS]}T00:00:00{stamp[-OFFSET_LETTERS:]}")
    offset = work.fake.stamp_of(began)[-OFFSET_LETTERS:]  # another one where the clocks are changed that day
    return kept(moment_of(f"{stamp[:DAY_LETTERS]}T00:00:00{offset}"))


def sent_moment(work: Work, text: str | None, member: str) -> str | None:
    """A moment out of a body, as documents keep it; without an offset it is UTC. Refuses with `invalid_body`."""
    if text is None:
        return None
    try:
        moment = moment_of(text)
        work.fake.stamp_of(moment)
        return kept(moment)
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal("invalid_body", details=((member, "is not a moment"),)) from error


def asked_moment(call: Call, name: str) -> float | None:
    """A moment out of the query; without an offset it is UTC. Refuses with `invalid_query`."""
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return moment_of(text)
    except (ValueError, OverflowError) as error:
        raise Refusal("invalid_query", details=((name, "is not a moment"),)) from error


def between(call: Call, member: str, since: str, until: str = "") -> list[Condition]:
    """Conditions on a kept moment, both ends included; to the second, as the ends are written."""
    conditions: list[Condition] = []
    first, last = asked_moment(call, since), asked_moment(call, until) if until else None
    try:
        if first is not None:
            conditions.append(Is(member, ">=", kept(first)))
        if last is not None:
            conditions.append(Is(member, "<=", kept(last)))
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal("invalid_query", details=((since, "is not a moment"),)) from error
    return conditions


def asked_day(call: Call, name: str) -> str | None:
    """The day a parameter names, in the vendor's own time; its hour is not heeded. Refuses with `invalid_query`."""
    asked = asked_moment(call, name)
    if asked is None:
        return None
    try:
        return call.fake.stamp_of(asked)[:DAY_LETTERS]
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal("invalid_query", details=((name, "is not a moment"),)) from error


def is_on(work: Work, text: str, day: str | None) -> bool:
    """Whether a kept moment is on a day; on any, where none is asked for."""
    return day is None or shown(work, text)[:DAY_LETTERS] == day


def equal(call: Call, **members: str) -> list[Condition]:
    """Conditions that members have the value of a parameter: member=parameter."""
    return [Is(member, "=", call.query[name]) for member, name in members.items() if name in call.query]


def every(conditions: list[Condition]) -> Condition | None:
    """All of them; None where there is none."""
    return All(*conditions) if conditions else None


# Pages (Q2, Q3) -------------------------------------------------------------------------------------------------------


def page(
    call: Call,
    collection: Collection,
    show: Callable[[Document], dict[str, Any]],
    where: Condition | None = None,
    *,
    order_by: str = "seq",
) -> Reply:
    """One page of a collection: a bare array, or its own key beside `paginationInfo`, as the profile has it."""
    total = collection.count(where)
    window = Window(call, total)
    _refuse_deep(call, window)
    rows = []
    if window.offset < total:
        rows = collection.rows(where, order_by=order_by, limit=window.limit, offset=window.offset)
    return _enveloped(window, [show(row) for row in rows])


def page_of_rows(call: Call, rows: list[dict[str, Any]]) -> Reply:
    """One page of rows that are made already."""
    window = Window(call, len(rows))
    _refuse_deep(call, window)
    return _enveloped(window, rows[window.offset : window.offset + window.limit])


def _refuse_deep(call: Call, window: Window) -> None:
    """Deep paging can end in a 400 (Optiply); from which row on is a setting, and none unless it is set."""
    maximum = call.setting("deep_paging_rows_maximum")
    if maximum is not None and window.offset >= maximum:
        raise Refusal("sql_timeout")


def _enveloped(window: Window, rows: list[dict[str, Any]]) -> Reply:
    return Reply(200, {window.member: rows} | window.envelope if window.member else rows)


def members_of(work: Work, schema: str) -> dict[str, Any]:
    """The members a model of the contract has."""
    found: dict[str, Any] = work.fake.contract.surfaces["v1"].document["components"]["schemas"][schema]["properties"]
    return found


def guid(work: Work) -> str:
    """A new one."""
    text = f"{work.chance.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


# Answers --------------------------------------------------------------------------------------------------------------


def success(message: str, information: str | None = None) -> Reply:
    """`CustomSuccess`: with capitals, unlike everything else (Q14)."""
    return Reply(200, {"Message": message, "Information": information})


def one(call: Call, kind: str, parameter: str, thing: str) -> Document:
    """What the path names. What is not there is a 404 as declared, or the 400 that was seen (Q6), by a setting."""
    found = call.collection(kind).find(call.path[parameter])
    if found is None:
        if call.setting("not_found_status", 404) == 400:
            raise Refusal("no_row", kind=thing)
        raise Refusal("not_found", kind=thing, id=call.path[parameter])
    return found
