"""Who may call: absent, wrong, malformed, expired, revoked, narrow and foreign credentials."""

from collections.abc import Iterator
from typing import Any

import msgspec

from seatrial.verify.bench import NO_SECOND, Bench
from seatrial.verify.conditions import (
    auth_rule,
    granting,
    guarded,
    guarded_changes,
    guarded_named_changes,
    opened,
    scoped,
    showing_rows,
)
from seatrial.verify.law import Finding, law
from seatrial.verify.lists import rows_in
from seatrial.verify.recipes import CannotAskError, changes, named_in_path

NOBODY = "seatrial-no-such-token-0123456789"
NOT_OPEN = ("invalid_token", "unauthenticated", "expired_token")


@law(
    "auth.absent_credential_is_refused",
    "Without a credential every guarded operation refuses as the profile says.",
    when=guarded,
    source=auth_rule,
)
def absent_credential(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(bench.guarded(), real=False):
        yield bench.refused(operation.id, bench.ask(operation, recipe, token=None), "unauthenticated")


@law(
    "auth.unknown_token_is_refused",
    "A token nobody was given opens nothing.",
    when=guarded,
    source=auth_rule,
)
def unknown_token(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(bench.guarded(), real=False):
        yield bench.refused(operation.id, bench.ask(operation, recipe, token=NOBODY), "invalid_token")


@law(
    "auth.malformed_credential_is_refused",
    "What is nearly our credential is not our credential: cut, lengthened, in another case, in another place, nothing.",
    when=guarded,
    source=auth_rule,
)
def malformed_credential(bench: Bench) -> Iterator[Finding]:
    found, own = bench.cheap(), bench.tokens.own()
    if found is None or own is None:
        yield bench.skipped(bench.surface.name, "there is no token, or nothing to ask with it")
        return
    operation, recipe = found
    for what, token in (("cut", own[:-1]), ("lengthened", own + "x"), ("in another case", own.swapcase()), ("", "")):
        if token != own:
            exchange = bench.ask(operation, recipe, token=token)
            yield bench.refused(f"{operation.id}, token {what or 'empty'}", exchange, *NOT_OPEN)
    name, value = bench.tokens.headers(own)[0]
    if value != own:  # there is a word before the token
        exchange = bench.ask(operation, recipe, token=None, headers=((name, own),))
        yield bench.refused(f"{operation.id}, token without its scheme", exchange, *NOT_OPEN)
        exchange = bench.ask(operation, recipe, token=None, headers=((name, f"Digest {own}"),))
        yield bench.refused(f"{operation.id}, another scheme", exchange, *NOT_OPEN)
    exchange = bench.ask(operation, recipe.asking(access_token=own), token=None)
    yield bench.refused(f"{operation.id}, token in the query", exchange, *NOT_OPEN, "invalid_query")


@law(
    "auth.token_expires_to_the_second",
    "A token that was given for so many seconds opens until then, and from then on is refused as expired.",
    when=guarded,
    source=auth_rule,
    needs=("clock",),
)
def token_expires(bench: Bench) -> Iterator[Finding]:
    found = bench.cheap()
    granted = bench.tokens.granted()
    token, seconds = (granted.token, granted.seconds) if granted else (None, None)
    if token is None or seconds is None:
        seconds = 3600
        token = bench.control.grant(bench.tokens.all_scopes(), seconds)
    if found is None or token is None:
        yield bench.skipped(bench.surface.name, "no token that ends can be had here")
        return
    operation, recipe = found
    bench.control.advance(seconds - 1)
    exchange = bench.ask(operation, recipe, token=token)
    problem = "" if exchange.good else f"a second before its end it is refused with {exchange.status}"
    yield bench.judged(f"{operation.id}, after {seconds - 1} s", problem, "the token still opens", exchange)
    bench.control.advance(1)
    exchange = bench.ask(operation, recipe, token=token)
    yield bench.refused(f"{operation.id}, after {seconds} s", exchange, "expired_token")


@law(
    "auth.revoked_token_is_refused",
    "A token that was taken back opens nothing any more, and others are not touched.",
    when=guarded,
    source=auth_rule,
    needs=("faults",),
)
def revoked_token(bench: Bench) -> Iterator[Finding]:
    found = bench.cheap()
    granted = bench.tokens.granted()
    token = granted.token if granted else bench.control.grant(bench.tokens.all_scopes(), None)
    if found is None or token is None:
        yield bench.skipped(bench.surface.name, "no token can be had here that could be taken back")
        return
    operation, recipe = found
    before = bench.ask(operation, recipe, token=token)
    problem = "" if before.good else f"it is refused with {before.status} before it was revoked"
    yield bench.judged(f"{operation.id}, before", problem, "the token opens", before)
    bench.control.fault(operation.id, "revoke")
    bench.ask(operation, recipe, token=token, planned=True)
    yield bench.refused(f"{operation.id}, after", bench.ask(operation, recipe, token=token), *NOT_OPEN)
    ours = bench.ask(operation, recipe)
    problem = "" if ours.good else f"our own token is refused too, with {ours.status}"
    yield bench.judged(f"{operation.id}, our own token", problem, "only the revoked token is dead", ours)


@law(
    "auth.missing_scope_is_refused",
    "A token without an operation's scope is refused, and one with nothing but that scope is let in.",
    when=scoped,
    source=auth_rule,
)
def missing_scope(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(bench.guarded(), real=False):
        if not operation.scopes:
            continue
        token = bench.tokens.without(operation.scopes)
        if token is None:
            yield bench.skipped(operation.id, "no token can be had that lacks the scope")
            continue
        yield bench.refused(operation.id, bench.ask(operation, recipe, token=token), "missing_scope")


@law(
    "auth.scope_asked_for_is_enough",
    "A token that was asked for with one scope opens the operations of that scope.",
    when=scoped,
    source=auth_rule,
)
def scope_is_enough(bench: Bench) -> Iterator[Finding]:
    for operation, recipe in bench.askable(bench.reads()):
        if not operation.scopes:
            continue
        granted = bench.tokens.granted(" ".join(operation.scopes))
        if granted is None:
            yield bench.skipped(operation.id, "no token can be asked for with just this scope")
            continue
        exchange = bench.ask(operation, recipe, token=granted.token)
        problem = "" if exchange.good else f"it is refused with {exchange.status}"
        yield bench.judged(operation.id, problem, f"a token with {', '.join(operation.scopes)} is enough", exchange)


@law(
    "auth.refused_call_changes_nothing",
    "What is asked without a valid credential is not done.",
    when=guarded_changes,
    source=auth_rule,
    writes=True,
)
def refused_changes_nothing(bench: Bench) -> Iterator[Finding]:
    ready = [(each, bench.recipe_that_works(each)) for each in bench.changing() if each.scopes is not None]
    before = bench.state()
    for operation, recipe in ready:
        if recipe is None:
            yield bench.skipped(operation.id, "no request is known that would be done")
            continue
        for token in (None, NOBODY):
            exchange = bench.ask(operation, recipe, token=token)
            problem = "it was done" if exchange.good else "" if bench.state() == before else "something changed"
            yield bench.judged(operation.id, problem, "nothing is done for a stranger", exchange)


@law(
    "auth.other_account_sees_nothing_of_ours",
    "Another account's token shows no row of ours, in lists or by its id.",
    when=showing_rows,
    source=auth_rule,
)
def other_account_sees_nothing(bench: Bench) -> Iterator[Finding]:
    token = bench.tokens.second()
    if token is None:
        yield bench.skipped(bench.surface.name, NO_SECOND)
        return
    for operation in bench.lists.operations():
        ours = {_text(row) for row in bench.lists.first_rows_at_most(operation)}
        exchange = bench.ask(operation, token=token)
        rows = rows_in(bench.lists.rule(operation), exchange) or []
        seen = [row for row in rows if _text(row) in ours]
        problem = (
            f"{len(seen)} of our rows are seen" if seen else "" if exchange.good else f"answered {exchange.status}"
        )
        account = bench.profile.account
        if account is not None:  # the path names ours: it is shut for them
            yield bench.refused(operation.id, exchange, account.refusal)
            continue
        yield bench.judged(operation.id, problem, "the other account has its own rows", exchange)
    for operation, recipe in bench.askable(each for each in bench.reads() if named_in_path(each)):
        mine = bench.ask(operation, recipe)
        theirs = bench.ask(operation, recipe, token=token)
        seen_it = mine.good and theirs.good and _text(mine.json) == _text(theirs.json)
        yield bench.judged(operation.id, "our row is seen by its id" if seen_it else "", "it is not there", theirs)


@law(
    "auth.other_account_changes_nothing_of_ours",
    "Another account's token changes none of our rows, though it knows their ids.",
    when=guarded_named_changes,
    source=auth_rule,
    writes=True,
)
def other_account_changes_nothing(bench: Bench) -> Iterator[Finding]:
    token = bench.tokens.second()
    if token is None:
        yield bench.skipped(bench.surface.name, NO_SECOND)
        return
    named = [each for each in bench.changing() if named_in_path(each)]
    before = bench.state()
    for operation, recipe in bench.askable(named):
        exchange = bench.ask(operation, recipe, token=token)
        problem = "" if bench.state() == before else "our rows changed"
        yield bench.judged(operation.id, problem, "our rows stay as they are", exchange)


@law(
    "auth.granted_token_opens",
    "A token asked for as our client opens what it was given for, and lives as long as the profile says.",
    when=granting,
    source=auth_rule,
)
def granted_token_opens(bench: Bench) -> Iterator[Finding]:
    granted = bench.tokens.granted()
    if granted is None:
        yield bench.skipped(bench.surface.name, "no token can be had with these credentials")
        return
    known = {rule.seconds for rule in bench.contract.profile.lifetimes_seconds.values()}
    problem = "" if granted.seconds in known else f"expires_in is {granted.seconds}, no lifetime of the profile"
    yield bench.judged("expires_in", problem, f"one of {_said(known)}", granted.exchange)
    for name, surface in bench.contract.surfaces.items():
        there = bench.on(name) if name in bench.target.base_urls and surface.profile.auth else None
        found = there.cheap() if there else None
        if there is None or found is None:
            continue
        exchange = there.ask(*found, token=granted.token)
        problem = "" if exchange.good else f"it is refused with {exchange.status}"
        yield bench.judged(f"{name} {found[0].id}", problem, "the new token opens", exchange)


@law(
    "auth.grant_needs_the_right_secret",
    "No token is given for a wrong or missing secret, or for a client nobody knows.",
    when=granting,
    source=auth_rule,
)
def grant_needs_the_secret(bench: Bench) -> Iterator[Finding]:
    own = bench.target.credentials.own
    wrong: tuple[tuple[str, dict[str, str | None]], ...] = (
        ("a wrong secret", {"client_secret": "seatrial-wrong"}),
        ("a secret cut short", {"client_secret": own.get("client_secret", "")[:-1]}),
        ("an empty secret", {"client_secret": ""}),
        ("no secret", {"client_secret": None}),
        ("an unknown client", {"client_id": "seatrial-nobody"}),
        ("a grant nobody knows", {"grant_type": "seatrial"}),
    )
    for operation in bench.tokens.grant_operations():
        if operation.surface != bench.surface.name:
            continue
        for what, changed in wrong:
            try:
                exchange = bench.tokens.ask_grant(operation, changed)
            except CannotAskError as error:
                yield bench.skipped(operation.id, str(error))
                return
            body = exchange.json
            given = isinstance(body, dict) and "access_token" in body
            problem = "a token was given" if given or exchange.good else bench.documented(operation, exchange)
            yield bench.judged(f"{operation.id}, {what}", problem, "a documented refusal", exchange)


@law(
    "auth.refusals_do_not_tell_a_wrong_secret_from_an_unknown_client",
    "Whether a client exists is not told to whoever does not know its secret.",
    when=granting,
    source=auth_rule,
)
def grants_do_not_tell(bench: Bench) -> Iterator[Finding]:
    for operation in bench.tokens.grant_operations():
        if operation.surface != bench.surface.name:
            continue
        wrong = bench.tokens.ask_grant(operation, {"client_secret": "seatrial-wrong"})
        unknown = bench.tokens.ask_grant(operation, {"client_id": "seatrial-nobody"})
        same = (wrong.status, wrong.body) == (unknown.status, unknown.body)
        problem = "" if same else f"a wrong secret is {wrong.status}, an unknown client {unknown.status}"
        yield bench.judged(operation.id, problem, "the same answer to both", unknown)


@law(
    "auth.open_operations_ask_for_nothing",
    "An operation that is open to anybody does not mind a credential that is none.",
    when=opened,
    source=auth_rule,
)
def open_operations(bench: Bench) -> Iterator[Finding]:
    opened = [each for each in bench.operations() if each.scopes is None and not changes(bench.contract, each)]
    for operation, recipe in bench.askable(opened, real=False):
        without = bench.ask(operation, recipe, token=None)
        strange = bench.ask(operation, recipe, token=NOBODY)
        problem = "" if without.status == strange.status else f"{without.status} without, {strange.status} with one"
        yield bench.judged(operation.id, problem, "the same answer", strange)


def _text(row: Any) -> str:
    return msgspec.json.encode(row, order="deterministic").decode()


def _said(seconds: set[float | None]) -> str:
    return ", ".join("for ever" if each is None else f"{each:g} s" for each in sorted(seconds, key=lambda s: s or 0))
