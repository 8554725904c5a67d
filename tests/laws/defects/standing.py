"""Contracts without ground, examples that do not fit, versions that are none, books that disagree."""

from typing import Any

import httpx

from contracts import Contract
from tests.laws.defects.planting import (
    QUAY,
    Defect,
    Inner,
    bent,
    changed,
    contract_of,
    judged_by,
    meddled,
    on_answers,
    on_json,
    resent,
    undocumented,
)
from tests.laws.quay import moor, quay

SURFACE = "moorings"
EVIDENCE = "paths./{version}/moorings.get.x-evidence"


class Otherwise(Contract):
    """Quay's contract with another example."""

    def __init__(self, example: dict[str, Any]) -> None:
        true = contract_of(QUAY)
        documents = {name: surface.document for name, surface in true.surfaces.items()}
        super().__init__(QUAY, true.folder, true.profile, documents)
        self.examples = (example,)


def _example(**body: Any) -> Contract:
    true = contract_of(QUAY).examples[0]
    response = true["response"] | {"body": true["response"]["body"] | body}
    return Otherwise(true | {"response": response})


def _dated(**evidence: str) -> Contract:
    said = {"grade": "assumed", "source": "invented for these tests", "read": "2026-11-20"}
    return undocumented(SURFACE, EVIDENCE, said | evidence)


def _of(version: str, otherwise: str) -> Any:
    """One version is asked for, and another answers."""

    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        path = request.url.path
        if path.startswith(f"/{version}/"):
            return inner(resent(request, url=request.url.copy_with(path=path.replace(version, otherwise, 1))))
        return inner(request)

    return lambda: meddled(meddle)


def _careless() -> Any:
    """Whoever arrives is given the same reference."""
    fake = quay()
    true = fake.actions["arrive"]
    fake.actions["arrive"] = type(true)(
        true.name, lambda work, given: moor(work, "arrival", given.vessel, given.metres).body, true.arguments, true.says
    )
    return bent(fake)


DEFECTS = (
    Defect(
        "an operation does not document that one may call too often",
        "evidence.documents_name_the_refusals_that_surround_them",
        SURFACE,
        lambda: judged_by(undocumented(SURFACE, "paths./{version}/moorings.get.responses.429", None)),
    ),
    Defect(
        "an example does not fit its document",
        "evidence.examples_fit_the_document",
        SURFACE,
        lambda: judged_by(_example(metres="12")),
    ),
    Defect(
        "an operation was read seven years ago",
        "evidence.is_not_old",
        SURFACE,
        lambda: judged_by(_dated(read="2019-11-20")),
    ),
    Defect(
        "an operation was read in the future",
        "evidence.is_not_old",
        SURFACE,
        lambda: judged_by(_dated(read="2099-11-20")),
    ),
    Defect(
        "an operation says nothing of where it was read",
        "evidence.is_there",
        SURFACE,
        lambda: judged_by(_dated(source=" ")),
    ),
    Defect(
        "a recorded number is answered as text",
        "examples.are_answered_as_recorded",
        SURFACE,
        lambda: meddled(on_json(lambda request, body: body | {"metres": "12"} if "metres" in body else body)),
    ),
    Defect("two arrivals are given one reference", "state.books_agree_whatever_is_done", "gate", _careless),
    Defect(
        "every answer names the current version",
        "versions.each_served_one_answers_as_itself",
        SURFACE,
        lambda: meddled(on_answers(lambda request, answer: changed(answer, headers={"x-quay-version": "2025-01"}))),
    ),
    Defect(
        "a retired version is answered as the oldest",
        "versions.retired_one_is_answered_as_the_profile_says",
        SURFACE,
        _of("2019-04", "2024-01"),
    ),
    Defect(
        "a version that never was is answered", "versions.unknown_one_is_refused", SURFACE, _of("2999-01", "2025-01")
    ),
)
