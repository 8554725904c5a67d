"""What a law is given: one surface of one target, ways to ask it, and words for what came of it."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

from contracts.contract import Contract, Operation, Surface
from contracts.evidence import Evidence
from contracts.profile import RateLimit, SurfaceProfile
from mock_servers.core.refusal import UsageError
from seatrial.verify.answers import documented
from seatrial.verify.control import Control
from seatrial.verify.exchange import Exchange, Headers
from seatrial.verify.graph import Graph
from seatrial.verify.known import ROWS_KEPT, Known
from seatrial.verify.law import Finding
from seatrial.verify.lists import Lists
from seatrial.verify.pace import refill_seconds
from seatrial.verify.recipes import IF_MATCH, VARIANTS, CannotAskError, Recipe, Recipes, Variant, changes, is_graphql
from seatrial.verify.schemas import Schemas
from seatrial.verify.target import Target
from seatrial.verify.templates import body_problem, headers_problem, text_problem
from seatrial.verify.tokens import Tokens

PATIENCE_TRIES = 4
NO_SECOND = 'no second account is known; "second" in the credentials file names one'
OURS: Any = ...
"""In the place of a token: the one we were given."""


class Bench:
    """One law's view of one surface. A new one for each law, so that nothing is remembered from one to the next."""

    def __init__(
        self, target: Target, surface: str, *, writes: bool = False, today: date | None = None, mark: str = ""
    ) -> None:
        self.target = target
        self.contract: Contract = target.contract
        self.surface: Surface = self.contract.surfaces[surface]
        self.profile: SurfaceProfile = self.surface.profile
        self.writes = writes
        self.today = today
        self.run_mark = mark
        self.version = ""
        """The API version asked for, where it is not the current one."""
        self.schemas = Schemas(self.surface.document)
        self.recipes = Recipes(self)
        self.known = Known(self)
        self.lists = Lists(self)
        self.tokens = Tokens(self)
        self.unasked: dict[str, str] = {}
        """Operations that could not be asked, and why."""
        self._others: dict[str, Bench] = {}
        self._variants: dict[str, Variant] = {}

    @property
    def control(self) -> Control:
        """Raises UsageError where the target is not ours to control; laws that need it say so by `needs`."""
        if self.target.control is None:
            raise UsageError("the target cannot be controlled")
        return self.target.control

    def on(self, surface: str) -> "Bench":
        """The same target by another surface."""
        if surface == self.surface.name:
            return self
        if surface not in self._others:
            self._others[surface] = Bench(
                self.target, surface, writes=self.writes, today=self.today, mark=self.run_mark
            )
        return self._others[surface]

    @cached_property
    def graph(self) -> Graph | None:
        """The surface's GraphQL endpoint, when it has one."""
        operation = graphql_operation(self.surface)
        return Graph(self, operation) if operation else None

    def new_graph(self) -> Graph:
        """The GraphQL endpoint with nothing remembered of what is there. Raises UsageError where there is none."""
        operation = graphql_operation(self.surface)
        if operation is None:
            raise UsageError(f"{self.surface.name} has no GraphQL endpoint")
        self.known.forget()
        return Graph(self, operation)

    @property
    def others(self) -> tuple["Bench", ...]:
        """The other surfaces that were asked by way of this one."""
        return tuple(self._others.values())

    # What there is to ask

    def operations(self) -> Iterator[Operation]:
        """Operations that the contract calls built."""
        return (each for each in self.surface.operations if each.built)

    def guarded(self) -> Iterator[Operation]:
        """Operations that need a token."""
        return (each for each in self.operations() if each.scopes is not None)

    def reads(self) -> Iterator[Operation]:
        """Operations that change nothing."""
        return (each for each in self.operations() if not changes(self.contract, each))

    def changing(self) -> Iterator[Operation]:
        """Operations that change something."""
        return (each for each in self.operations() if changes(self.contract, each))

    def askable(self, operations: Iterable[Operation], *, real: bool = True) -> Iterator[tuple[Operation, Recipe]]:
        """Operations with a request for each; those that cannot be asked are remembered in `unasked`."""
        for operation in operations:
            try:
                self._allow(operation)
                yield operation, self.recipes.of(operation, self._variants.get(operation.id, "fresh"), real=real)
            except CannotAskError as error:
                self.unasked[operation.id] = str(error)

    def cheap(self, rate_limit: str | None = None) -> tuple[Operation, Recipe] | None:
        """The simplest guarded read, counted by a given limit where one is named."""
        wanted = (
            each
            for each in self.guarded()
            if not changes(self.contract, each) and rate_limit in {None, each.rate_limit}
        )
        for operation, recipe in self.askable(sorted(wanted, key=lambda each: ("{" in each.path, each.id))):
            return operation, recipe
        return None

    # Asking

    def ask(
        self,
        operation: Operation,
        recipe: Recipe | None = None,
        *,
        token: Any = OURS,
        headers: Headers = (),
        planned: bool = False,
        patient: bool = True,
    ) -> Exchange:
        """Ask an operation. `patient` waits where the target says it was too much. Raises CannotAskError."""
        self._allow(operation)
        recipe = recipe or self.recipes.of(operation, self._variants.get(operation.id, "fresh"))
        shown = self._shown(operation, token)
        named = {name.lower() for name, _ in headers}
        kind = (("Content-Type", recipe.content_type),) if recipe.content_type and "content-type" not in named else ()
        sent = [pair for pair in (*shown, *recipe.headers, *kind) if pair[0].lower() not in named]
        for _ in range(PATIENCE_TRIES):
            exchange = self.target.send(
                self.surface.name,
                recipe.method,
                recipe.path,
                operation=operation,
                query=recipe.query,
                headers=[*sent, *headers],
                content=recipe.content,
                planned=planned,
            )
            if not patient or not self.is_throttled(exchange):
                break
            self.target.patience(self.wait_seconds(operation, exchange))
        return exchange

    def send(self, method: str, path: str, *, token: Any = OURS, **how: Any) -> Exchange:
        """A request that is no operation of the contract."""
        headers = [*self.tokens.headers(self._token(token)), *how.pop("headers", ())]
        for _ in range(PATIENCE_TRIES):
            exchange = self.target.send(self.surface.name, method, path, headers=headers, **how)
            if not self.is_throttled(exchange):
                break
            self.target.patience(max(map(refill_seconds, self.profile.rate_limits.values()), default=1.0))
        return exchange

    def perform(self, operation: Operation, token: Any = OURS) -> Exchange | None:
        """Do something that changes something, however it has to be asked; None when every way is refused."""
        conditional = any(each["name"] == IF_MATCH for each in operation.parameters)
        for variant in VARIANTS * (ROWS_KEPT if conditional else 1):
            try:
                exchange = self.ask(operation, self.recipes.of(operation, variant), token=token)
            except CannotAskError as error:
                self.unasked[operation.id] = str(error)
                continue
            if exchange.good:
                self._variants[operation.id] = variant
                self.known.forget()
                return exchange
        return None

    def recipe_that_works(self, operation: Operation) -> Recipe | None:
        """A request that would be done, found by doing one like it."""
        if self.perform(operation) is None:
            return None
        return self.recipes.of(operation, self._variants[operation.id])

    def state(self, token: Any = OURS) -> dict[str, Any]:
        """Everything the lists of this surface show, for comparing before and after."""
        shown: dict[str, Any] = {each.id: self.lists.shown(each, token) for each in self.lists.operations()}
        return shown | (self.graph.state(token) if self.graph else {})

    # Judging

    def documented(self, operation: Operation, exchange: Exchange) -> str:
        """What of an answer its document does not allow; empty when all is."""
        return documented(self.schemas, operation, exchange)

    def refusal_problem(self, exchange: Exchange, code: str) -> str:
        """What of a refusal is not as the profile has it; empty when it is."""
        errors = self.profile.errors
        known = errors.known[code]
        if exchange.status is None:
            return f"no answer came: {exchange.error}"
        if exchange.status != known.status:
            return f"the status is {exchange.status}, not {known.status}"
        if said := headers_problem(known, dict(exchange.headers)):
            return said
        if exchange.method == "HEAD":
            return "" if not exchange.body else "the answer to HEAD has a body"
        stated = (value for name, value in known.headers.items() if name.lower() == "content-type")
        wanted = next(stated, errors.content_type).split(";")[0]
        kind = (exchange.header("content-type") or "").split(";")[0]
        if exchange.body and kind != wanted:
            return f"the content type is {kind or 'missing'}, not {wanted}"
        body = exchange.json if exchange.is_json else msgspec.UNSET
        return body_problem(errors, code, body) or text_problem(errors, code, exchange.body.decode("utf-8", "replace"))

    def refused(self, about: str, exchange: Exchange, *codes: str) -> Finding:
        """Passed when the answer is one of these refusals of the profile."""
        problems = [self.refusal_problem(exchange, code) for code in codes]
        known = self.profile.errors.known[codes[0]]
        evidence = known.evidence or self.profile.errors.evidence
        if not all(problems):
            return Finding("passed", about, exchange=exchange, evidence=evidence)
        expected = f"{known.status} as the profile's `{'` or `'.join(codes)}`"
        return Finding("failed", about, problems[0], expected, exchange, evidence)

    def judged(
        self,
        about: str,
        problem: str,
        expected: str,
        exchange: Exchange | None = None,
        evidence: Evidence | None = None,
    ) -> Finding:
        """Passed when there is no problem."""
        if not problem:
            return Finding("passed", about, exchange=exchange, evidence=evidence)
        return Finding("failed", about, problem, expected, exchange, evidence)

    def skipped(self, about: str, why: str) -> Finding:
        """Could not be asked, and why."""
        return Finding("skipped", about, why)

    # Limits

    def is_throttled(self, exchange: Exchange) -> bool:
        """Refused for being too much."""
        known = self.profile.errors.known["throttled"]
        if exchange.status != known.status:
            return False
        return known.status >= 300 or not body_problem(self.profile.errors, "throttled", exchange.json)

    def wait_seconds(self, operation: Operation, exchange: Exchange) -> float:
        """How long a refusal asks us to wait: its own word, else what the limit needs."""
        said = exchange.header("retry-after") or ""
        rule = self.limit(operation)
        if said.replace(".", "", 1).isdecimal():
            return float(said)
        return refill_seconds(rule) if rule is not None else 1.0

    def limit(self, operation: Operation) -> RateLimit | None:
        """The limit that counts an operation."""
        return self.profile.rate_limits.get(operation.rate_limit)

    def _allow(self, operation: Operation) -> None:
        """Whoever has not allowed us to write is not even asked for what ought to be refused. Raises CannotAskError."""
        if not self.writes and changes(self.contract, operation):
            raise CannotAskError(f"{operation.id} changes things at the target, and --writes was not given")

    def _shown(self, operation: Operation, token: Any) -> Headers:
        if operation.scopes is None and token is OURS:
            return ()
        return self.tokens.headers(self._token(token))

    def _token(self, token: Any) -> str | None:
        found = self.tokens.own() if token is OURS else token
        return found if isinstance(found, str) else None


def graphql_operation(surface: Surface) -> Operation | None:
    """The surface's GraphQL endpoint, when it has one."""
    return next((each for each in surface.operations if each.built and is_graphql(each)), None)
