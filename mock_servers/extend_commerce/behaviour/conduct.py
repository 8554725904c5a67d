"""The conduct ledger: what the vendor's people notice of how they are called, and whom they write to.

The seed: asking for the balance of each product every N minutes is not accepted. No status code answers it; people do.
So such calls are answered as well as any, counted here, and reported once somebody at the vendor looks.
"""

from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.store import Document
from mock_servers.extend_commerce.behaviour.base import fact, kept

RULES = {
    "balance_polling": "Balances are asked for product by product, again and again. Use the hook, or changed-since.",
    "unfiltered_list": "A list of orders is asked for without a date. Use modifiedDateFrom, then record by record.",
}


def notice(call: Call, rule: str, subject: str) -> None:
    """Count one call of this user against a rule, in the hour it falls into."""
    seconds = fact(call, "conduct_window_seconds")
    began = call.now // seconds * seconds
    user = call.caller.subject if call.caller else ""
    id = f"{rule}:{user}:{began:.0f}"
    page = call.collection("conduct").find(id)
    if page is None:
        opened = {"id": id, "rule": rule, "user": user, "since": kept(began), "calls": {}, "reported": False}
        page = call.collection("conduct").add(opened)
    calls = page["calls"] | {subject: page["calls"].get(subject, 0) + 1}
    call.collection("conduct").save(page | {"calls": calls})


def is_too_much(work: Work, page: Document) -> bool:
    """One subject was asked for more often in its hour than anybody has a reason to."""
    return bool(max(page["calls"].values(), default=0) > fact(work, "conduct_calls_maximum"))


def review(work: Work) -> list[dict[str, Any]]:
    """Somebody looks into the ledger; whatever is too much is reported, and marked so."""
    letters = []
    for page in work.collection("conduct").rows():
        if is_too_much(work, page):
            letters.append(
                {
                    "user": page["user"],
                    "rule": page["rule"],
                    "says": RULES[page["rule"]],
                    "since": page["since"],
                    "calls": sum(page["calls"].values()),
                    "subjects": sorted(page["calls"]),
                    "new": not page["reported"],
                }
            )
            work.collection("conduct").save(page | {"reported": True})
    return letters
