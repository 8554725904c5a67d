"""Refusals in the wrong words, at the wrong bound, or of what was done all the same."""

from typing import Any

import httpx

from seatrial.verify import Target
from tests.laws.defects.planting import (
    Defect,
    Inner,
    Meddle,
    changed,
    documenting,
    meddled,
    on_answers,
    otherwise,
    resent,
    with_our_token,
)

SURFACE = "moorings"
OTHER_VENDORS = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}
CREATE = "paths./{version}/moorings.post"


def _as_json(request: httpx.Request, inner: Inner) -> httpx.Response:
    if request.headers.get("content-type", "").startswith("text/"):
        return inner(resent(request, headers={"content-type": "application/json"}))
    return inner(request)


def _with_body(request: httpx.Request, inner: Inner) -> httpx.Response:
    if request.method != "HEAD":
        return inner(request)
    return changed(inner(resent(request, method="PATCH")), body=b'{"title": "wrong_method"}')


def _done_all_the_same(target: Target) -> Meddle:
    """A refused change leaves something behind."""

    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        answer = inner(request)
        if answer.status_code == 422:
            url = request.url.copy_with(path="/2025-01/moorings/3")
            touched = resent(request, method="PUT", url=url, content=b'{"vessel": "half done"}')
            inner(with_our_token(target, touched))
        return answer

    return meddle


def _something_else(target: Target) -> Meddle:
    def meddle(request: httpx.Request, inner: Inner) -> httpx.Response:
        answer = inner(request)
        if answer.status_code == 404 and request.method == "GET" and "/moorings/" in request.url.path:
            return inner(resent(request, url=request.url.copy_with(path="/2025-01/moorings/1")))
        return answer

    return meddle


def _body_of(status: int, body: Any) -> Any:
    return lambda: meddled(
        on_answers(lambda request, answer: changed(answer, body=body) if answer.status_code == status else None)
    )


DEFECTS = (
    Defect(
        "the longest name allowed is one letter too long",
        "errors.body_on_its_bound_is_not_invalid",
        SURFACE,
        lambda: documenting(SURFACE, "components.schemas.Vessel.maxLength", 59),
    ),
    Defect(
        "a body may be one byte larger than it may be",
        "errors.body_too_large_is_refused",
        SURFACE,
        lambda: otherwise("surfaces.moorings.body.size_maximum", 8193),
    ),
    Defect(
        "a body of just the largest size is too large",
        "errors.body_too_large_is_refused",
        SURFACE,
        lambda: otherwise("surfaces.moorings.body.size_maximum", 8191),
    ),
    Defect(
        "a body without a type is taken for JSON",
        "errors.body_without_a_type_is_read_as_the_profile_says",
        SURFACE,
        lambda: otherwise("surfaces.moorings.body.missing_type", "application/json"),
    ),
    Defect(
        "one refusal has other words",
        "errors.every_known_refusal_looks_as_the_profile_has_it",
        SURFACE,
        lambda: otherwise("surfaces.moorings.errors.known.taken.message", "{reference} exists already."),
    ),
    Defect(
        "refusals are of another content type",
        "errors.every_known_refusal_looks_as_the_profile_has_it",
        SURFACE,
        lambda: otherwise("surfaces.moorings.errors.content_type", "application/json"),
    ),
    Defect(
        "HEAD is answered with a body",
        "errors.head_and_options_are_methods_like_others",
        SURFACE,
        lambda: meddled(_with_body),
    ),
    Defect(
        "a number may be one beyond its maximum",
        "errors.invalid_body_is_refused",
        SURFACE,
        lambda: documenting(SURFACE, "components.schemas.NewMooring.properties.metres.maximum", 401),
    ),
    Defect(
        "a member that is needed may be left out",
        "errors.invalid_body_is_refused",
        SURFACE,
        lambda: documenting(SURFACE, "components.schemas.NewMooring.required", ["reference", "vessel"]),
    ),
    Defect(
        "a size that is no number is passed over",
        "errors.invalid_query_is_refused",
        SURFACE,
        lambda: documenting(SURFACE, "paths./{version}/moorings.get.parameters.0.schema", {"type": "string"}),
    ),
    Defect(
        "what cannot be read is called invalid",
        "errors.malformed_body_is_refused",
        SURFACE,
        _body_of(400, {"title": "invalid_body", "detail": "The body is wrong."}),
    ),
    Defect(
        "a refused change is made in part",
        "errors.refused_change_changes_nothing",
        SURFACE,
        lambda: meddled(_done_all_the_same, aware=True),
    ),
    Defect(
        "200 for an unknown id", "errors.unknown_id_is_not_found", SURFACE, lambda: meddled(_something_else, aware=True)
    ),
    Defect(
        "an unknown member is refused where it should pass",
        "errors.unknown_members_are_taken_as_the_profile_says",
        SURFACE,
        lambda: otherwise("surfaces.moorings.unknown.body", "refuse"),
    ),
    Defect(
        "the error body of another vendor", "errors.unknown_path_is_not_found", SURFACE, _body_of(404, OTHER_VENDORS)
    ),
    Defect(
        "an unknown query parameter passes where it should be refused",
        "errors.unknown_query_is_taken_as_the_profile_says",
        SURFACE,
        lambda: otherwise("surfaces.moorings.unknown.query", "ignore"),
    ),
    Defect("any text is read as JSON", "errors.unsupported_media_type_is_refused", SURFACE, lambda: meddled(_as_json)),
    Defect(
        "Allow names a method too few",
        "errors.wrong_method_is_refused",
        SURFACE,
        lambda: meddled(
            on_answers(
                lambda request, answer: changed(answer, headers={"allow": "GET"}) if "allow" in answer.headers else None
            )
        ),
    ),
    Defect(
        "a wrong method is not found, where it should be refused as one",
        "errors.wrong_method_is_refused",
        SURFACE,
        lambda: otherwise("surfaces.moorings.errors.known.wrong_method.status", 404),
    ),
)
