"""Attributes of products that the whole store has: `Color`, kept as the taxonomy `pa_color`."""

from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Is, Not
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour.base import (
    API,
    Json,
    answer,
    created,
    fake,
    links,
    missing,
    must_be_number,
    refuse,
)
from mock_servers.woocommerce.behaviour.batch import in_batch
from mock_servers.woocommerce.behaviour.terms import slug_of

PATH = f"{API}/products/attributes"
SLUG_LENGTH_MAXIMUM = 28
RESERVED = frozenset(
    {"attachment", "author", "calendar", "category", "day", "error", "feed", "hour", "year", "name", "order", "orderby",
     "p", "page", "paged", "post", "posts", "post_type", "s", "search", "second", "tag", "taxonomy", "term", "theme",
     "title", "type"}
)  # fmt: skip
"""Words that WordPress asks by itself (core `wc_check_if_attribute_name_is_reserved`); not all of them."""


@fake.operation("listProductAttributes")
def list_attributes(call: Call) -> Reply:
    return answer(call, 200, [_shown(call, each) for each in call.collection("attribute").rows()])


@fake.operation("getProductAttribute")
def get_attribute(call: Call) -> Reply:
    return answer(call, 200, _shown(call, _named(call, must_be_number(call.path["id"]))))


@fake.operation("createProductAttribute")
def create_attribute(call: Call) -> Reply:
    attribute = make_attribute(call, call.body)
    return created(call, _shown(call, attribute), f"{PATH}/{attribute.id}")


@fake.operation("updateProductAttribute", "patchProductAttribute", "postProductAttribute")
def update_attribute(call: Call) -> Reply:
    attribute = _named(call, must_be_number(call.path["id"]))
    return answer(call, 200, _shown(call, _changed(call, attribute, call.body)))


@fake.operation("deleteProductAttribute")
def delete_attribute(call: Call) -> Reply:
    attribute = _named(call, must_be_number(call.path["id"]))
    if not call.query.get("force", False):
        raise Refusal("resource_trash_not_supported")
    return answer(call, 200, _shown(call, _removed(call, attribute)))


@fake.operation("batchProductAttributes")
def batch_attributes(call: Call) -> Reply:
    def create(body: Json) -> Json:
        return _shown(call, make_attribute(call, body))

    def update(id: str, body: Json) -> Json:
        return _shown(call, _changed(call, _named(call, id), body))

    def delete(id: str) -> Json:
        return _shown(call, _removed(call, _named(call, id)))

    return in_batch(call, ("createProductAttribute", "updateProductAttribute"), create, update, delete)


def make_attribute(work: Work, body: Json) -> Document:
    if not body["name"].strip():
        refuse("woocommerce_rest_cannot_create", "Please, provide an attribute name.")
    slug = _checked_slug(work, "", body.get("slug") or body["name"], "woocommerce_rest_cannot_create")
    return work.collection("attribute").add(
        {
            "id": str(work.next_number("attribute")),
            "name": body["name"],
            "slug": slug,
            "type": body.get("type", "select"),
            "order_by": body.get("order_by", "menu_order"),
            "has_archives": body.get("has_archives", False),
        }
    )


def _changed(work: Work, attribute: Document, body: Json) -> Document:
    """With its slug the taxonomy is renamed, and its terms go along."""
    names = ("name", "type", "order_by", "has_archives")
    changed = attribute | {name: body[name] for name in names if body.get(name) not in {None, ""}}
    if body.get("slug"):
        changed["slug"] = _checked_slug(work, attribute.id, body["slug"], "woocommerce_rest_cannot_edit")
        for term in work.collection("term").rows(Is("taxonomy", "=", attribute["slug"])):
            work.collection("term").save(term | {"taxonomy": changed["slug"]})
    return work.collection("attribute").save(changed)


def _removed(work: Work, attribute: Document) -> Document:
    for term in work.collection("term").rows(Is("taxonomy", "=", attribute["slug"])):
        work.collection("term").delete(term.id)
    work.collection("attribute").delete(attribute.id)
    return attribute


def _checked_slug(work: Work, id: str, given: str, code: str) -> str:
    slug = slug_of(given.removeprefix("pa_"))
    if len(slug.encode()) > SLUG_LENGTH_MAXIMUM:
        refuse(code, f'Slug "{slug}" is too long (28 characters max). Shorten it, please.')
    if slug in RESERVED:
        refuse(code, f'Slug "{slug}" is not allowed because it is a reserved term. Change it, please.')
    taken = All(Is("slug", "=", f"pa_{slug}"), Not(Is("id", "=", id)))
    if work.collection("attribute").first(taken) is not None:
        refuse(code, f'Slug "{slug}" is already in use. Change it, please.')
    return f"pa_{slug}"


def _named(call: Call, id: str) -> Document:
    attribute = call.collection("attribute").find(id)
    if attribute is None:
        missing("woocommerce_rest_taxonomy_invalid", "Resource does not exist.")
    return attribute


def _shown(work: Work, attribute: Mapping[str, Any]) -> Json:
    names = ("name", "slug", "type", "order_by", "has_archives")
    id = int(attribute["id"])
    return {"id": id, **{name: attribute[name] for name in names}, "_links": links(work, f"{PATH}/{id}", PATH)}
