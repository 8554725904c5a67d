"""Doors left open, and doors shut on the right people."""

from typing import Any

import httpx
import msgspec

from mock_servers.core.refusal import Refusal
from mock_servers.core.wire import Reply
from seatrial.verify import Target
from tests.laws.defects.planting import (
    Defect,
    Inner,
    Meddle,
    behaving,
    changed,
    failing,
    meddled,
    on_answers,
    on_json,
    resent,
    with_our_token,
)

MOORINGS, GATE = "moorings", "gate"
OPEN = "/gate/pass"


def _let_in(when: Any) -> Any:
    """Whoever asks is let in as ourselves, where `when` says so."""

    def of(target: Target) -> Meddle:
        def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
            free = request.url.path == OPEN
            return inner(with_our_token(target, request) if not free and when(target, request) else request)

        return meddle

    return lambda: meddled(of, aware=True)


def _shown(request: httpx.Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2]


def _case_blind(target: Target, request: httpx.Request) -> bool:
    return _shown(request).swapcase() == target.credentials.own["access_token"]


def _foreign(target: Target, request: httpx.Request) -> bool:
    own = target.credentials.own
    return "authorization" in request.headers and own["access_token"] != _shown(request)


def _any_secret(target: Target) -> Meddle:
    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        if request.url.path == OPEN:
            body = msgspec.json.decode(request.content) if request.content[:1] == b"{" else None
            if isinstance(body, dict) and isinstance(body.get("client_secret"), str):
                told = body | {"client_secret": target.credentials.own["client_secret"]}
                return inner(resent(request, content=msgspec.json.encode(told)))
        return inner(request)

    return meddle


def _done_for_strangers(target: Target) -> Meddle:
    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        answer = inner(request)
        if answer.status_code == 401 and request.method != "GET":
            inner(with_our_token(target, request))
        return answer

    return meddle


def _too_strict(target: Target) -> Meddle:
    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        if request.url.path != OPEN and _foreign(target, request):
            return changed(inner(request), status=403, body={"said": "You may not look."})
        return inner(request)

    return meddle


def _told_apart(call: Any, true: Any) -> Reply:
    if call.credential("client", call.body["client_id"]) is None:
        raise Refusal("not_found", kind="client", id=call.body["client_id"])
    return true(call)


def _everlasting(call: Any, true: Any) -> Reply:
    reply = true(call)
    call.grant("token", reply.body["access_token"], call.body["client_id"], scopes=("look", "moor"))
    return reply


DEFECTS = (
    Defect(
        "nobody asks for a token",
        "auth.absent_credential_is_refused",
        MOORINGS,
        _let_in(lambda target, request: "authorization" not in request.headers),
    ),
    Defect(
        "a missing token is refused as a wrong one would be, without saying how to sign in",
        "auth.absent_credential_is_refused",
        MOORINGS,
        lambda: meddled(on_answers(lambda request, answer: changed(answer, headers={"www-authenticate": None}))),
    ),
    Defect(
        "any secret buys a token", "auth.grant_needs_the_right_secret", GATE, lambda: meddled(_any_secret, aware=True)
    ),
    Defect(
        "expires_in is not how long a token lives",
        "auth.granted_token_opens",
        GATE,
        lambda: meddled(on_json(lambda request, body: body | {"expires_in": 42} if "expires_in" in body else body)),
    ),
    Defect(
        "tokens are compared without regard to case", "auth.malformed_credential_is_refused", GATE, _let_in(_case_blind)
    ),
    Defect(
        "a token in the query is as good as one in the header",
        "auth.malformed_credential_is_refused",
        GATE,
        _let_in(lambda target, request: "access_token" in request.url.params),
    ),
    Defect("scopes are not enforced", "auth.missing_scope_is_refused", GATE, _let_in(_foreign)),
    Defect(
        "an open operation turns away whoever shows a token",
        "auth.open_operations_ask_for_nothing",
        GATE,
        lambda: meddled(
            on_answers(
                lambda request, answer: (
                    changed(answer, status=401)
                    if request.url.path == OPEN and "authorization" in request.headers
                    else None
                )
            )
        ),
    ),
    Defect(
        "another account's token changes our rows",
        "auth.other_account_changes_nothing_of_ours",
        MOORINGS,
        _let_in(lambda target, request: request.method in {"PUT", "DELETE"}),
    ),
    Defect(
        "another account's token shows our rows",
        "auth.other_account_sees_nothing_of_ours",
        MOORINGS,
        _let_in(lambda target, request: request.method == "GET"),
    ),
    Defect(
        "whether a client exists is told to whoever asks",
        "auth.refusals_do_not_tell_a_wrong_secret_from_an_unknown_client",
        GATE,
        lambda: behaving(issuePass=_told_apart),
    ),
    Defect(
        "what a stranger asks for is done, and then refused",
        "auth.refused_call_changes_nothing",
        MOORINGS,
        lambda: meddled(_done_for_strangers, aware=True),
    ),
    Defect("revoked tokens live on", "auth.revoked_token_is_refused", GATE, lambda: failing(revoke="nothing")),
    Defect(
        "a token with the right scope is turned away",
        "auth.scope_asked_for_is_enough",
        GATE,
        lambda: meddled(_too_strict, aware=True),
    ),
    Defect("tokens never expire", "auth.token_expires_to_the_second", GATE, lambda: behaving(issuePass=_everlasting)),
    Defect("any token will do", "auth.unknown_token_is_refused", MOORINGS, _let_in(_foreign)),
)
