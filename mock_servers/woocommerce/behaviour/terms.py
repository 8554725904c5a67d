"""Categories, tags, shipping classes and the terms of attributes: WordPress's terms, of one taxonomy each.

Ids are one sequence over all taxonomies. How many products a term has is counted when it is shown.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Holds, Is, Not, Some
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document
from mock_servers.core.wire import Reply
from mock_servers.woocommerce.behaviour import listing
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
    whole,
)
from mock_servers.woocommerce.behaviour.batch import in_batch

CATEGORY, TAG, SHIPPING_CLASS = "product_cat", "product_tag", "product_shipping_class"
COLUMNS = {"id": "seq", "name": "name", "slug": "slug", "description": "description"}
DEPTH_MAXIMUM = 50


class Kind(NamedTuple):
    """A taxonomy, where its terms are, and what they have beside a name."""

    taxonomy: str
    path: str
    creates: str
    updates: str

    @property
    def is_tree(self) -> bool:
        return self.taxonomy == CATEGORY


KINDS = {
    "ProductCategor": Kind(CATEGORY, f"{API}/products/categories", "createProductCategory", "updateProductCategory"),
    "ProductTag": Kind(TAG, f"{API}/products/tags", "createProductTag", "updateProductTag"),
    "ShippingClass": Kind(
        SHIPPING_CLASS, f"{API}/products/shipping_classes", "createShippingClass", "updateShippingClass"
    ),
}


def _operations(verb: str) -> tuple[str, ...]:
    ones = ("ProductCategory", "ProductTag", "ShippingClass", "ProductAttributeTerm")
    many = ("ProductCategories", "ProductTags", "ShippingClasses", "ProductAttributeTerms")
    return tuple(verb + name for name in (many if verb in {"list", "batch"} else ones))


def _kind(call: Call) -> Kind:
    """The taxonomy an operation is about. An attribute's is its own, and is not there without it."""
    for name, kind in KINDS.items():
        if name in call.operation.id:
            return kind
    id = must_be_number(call.path["attribute_id"])
    attribute = call.collection("attribute").find(id)
    if attribute is None:
        missing("woocommerce_rest_taxonomy_invalid", "Taxonomy does not exist.")
    return kind_of(attribute)


def kind_of(attribute: Document) -> Kind:
    """The taxonomy of an attribute."""
    path = f"{API}/products/attributes/{attribute.id}/terms"
    return Kind(attribute["slug"], path, "createProductAttributeTerm", "updateProductAttributeTerm")


@fake.operation(*_operations("list"))
def list_terms(call: Call) -> Reply:
    kind, query = _kind(call), call.query
    where: list[Condition] = [Is("taxonomy", "=", kind.taxonomy)]
    if query.get("include"):
        where.append(Is("id", "in", tuple(str(id) for id in query["include"])))
    if query.get("exclude"):
        where.append(Not(Is("id", "in", tuple(str(id) for id in query["exclude"]))))
    if "slug" in query:
        where.append(Is("slug", "=", query["slug"]))
    if query.get("search"):
        where.append(listing.found_in(query["search"], "name", "slug"))
    if kind.is_tree and "parent" in query:
        where.append(Is("parent", "=", query["parent"]))
    if "product" in query:
        product = call.collection("product").find(str(query["product"]))
        where.append(Is("id", "in", tuple(product.get("terms", ()) if product else ())))
    if query.get("hide_empty"):
        rows = call.collection("term").rows(All(*where))
        where.append(Is("id", "in", tuple(row.id for row in rows if count_of(call, row))))
    return listing.page(call, "term", where, lambda each: shown(call, kind, each), COLUMNS, ("name", "asc"))


@fake.operation(*_operations("get"))
def get_term(call: Call) -> Reply:
    kind = _kind(call)
    return answer(call, 200, shown(call, kind, _named(call, kind, must_be_number(call.path["id"]))))


@fake.operation(*_operations("create"))
def create_term(call: Call) -> Reply:
    kind = _kind(call)
    term = make_term(call, kind, call.body)
    return created(call, shown(call, kind, term), f"{kind.path}/{term.id}")


@fake.operation(*_operations("update"), *_operations("patch"), *_operations("post"))
def update_term(call: Call) -> Reply:
    kind = _kind(call)
    term = _named(call, kind, must_be_number(call.path["id"]))
    return answer(call, 200, shown(call, kind, change_term(call, kind, term, call.body)))


@fake.operation(*_operations("delete"))
def delete_term(call: Call) -> Reply:
    kind = _kind(call)
    term = _named(call, kind, must_be_number(call.path["id"]))
    if not call.query.get("force", False):
        raise Refusal("resource_trash_not_supported")
    before = shown(call, kind, term)
    remove_term(call, term)
    return answer(call, 200, before)


@fake.operation(*_operations("batch"))
def batch_terms(call: Call) -> Reply:
    kind = _kind(call)

    def create(body: Json) -> Json:
        return shown(call, kind, make_term(call, kind, body))

    def update(id: str, body: Json) -> Json:
        return shown(call, kind, change_term(call, kind, _named(call, kind, id), body))

    def delete(id: str) -> Json:
        term = _named(call, kind, id)
        before = shown(call, kind, term)
        remove_term(call, term)
        return before

    return in_batch(call, (kind.creates, kind.updates), create, update, delete)


# What is done, whoever asks -------------------------------------------------------------------------------------------


def make_term(work: Work, kind: Kind, body: Json) -> Document:
    """A new term. Refuses a name that another has beside it (WP `wp_insert_term`)."""
    name = body["name"].strip()
    if not name:
        refuse("empty_term_name", "A name is required for this term.")
    parent = _checked_parent(work, kind, body)
    beside = All(Is("taxonomy", "=", kind.taxonomy), Is("name", "same", name), Is("parent", "=", parent))
    other = work.collection("term").first(beside)
    if other is not None:
        where = "with this parent" if kind.is_tree else "in this taxonomy"
        said = f"A term with the name provided already exists {where}."
        raise Refusal("term_exists", said=said, resource_id=int(other.id))
    return work.collection("term").add(
        {
            "id": str(work.next_number("term", 16)),
            "taxonomy": kind.taxonomy,
            "name": name,
            "slug": _free_slug(work, kind, slug_of(body.get("slug") or name)),
            "parent": parent,
            "description": body.get("description", ""),
            "display": body.get("display", "default"),
            "menu_order": body.get("menu_order", 0),
        }
    )


def change_term(work: Work, kind: Kind, term: Document, body: Json) -> Document:
    changed = term | {n: body[n] for n in ("name", "description", "display", "menu_order") if body.get(n) is not None}
    if not changed["name"].strip():
        refuse("empty_term_name", "A name is required for this term.")
    if "parent" in body:
        changed["parent"] = _checked_parent(work, kind, body)
        if int(term.id) in _line_of(work, changed["parent"]):
            changed["parent"] = 0  # WP breaks the loop (`wp_check_term_hierarchy_for_loops`)
    if body.get("slug"):
        changed["slug"] = slug_of(body["slug"])
        taken = All(Is("taxonomy", "=", kind.taxonomy), Is("slug", "=", changed["slug"]), Not(Is("id", "=", term.id)))
        if work.collection("term").first(taken) is not None:
            said = f"The slug &#8220;{changed['slug']}&#8221; is already in use by another term."
            refuse("duplicate_term_slug", said)
    return work.collection("term").save(changed)


def remove_term(work: Work, term: Document) -> None:
    """What is under it comes up, and products are in it no more."""
    terms, products = work.collection("term"), work.collection("product")
    for child in terms.rows(All(Is("taxonomy", "=", term["taxonomy"]), Is("parent", "=", int(term.id)))):
        terms.save(child | {"parent": term["parent"]})
    terms.delete(term.id)
    for product in products.rows(Holds("terms", term.id)):
        ids = {name: [id for id in product[name] if id != int(term.id)] for name in ("category_ids", "tag_ids")}
        kept = product["shipping_class_id"] if product["shipping_class_id"] != int(term.id) else 0
        products.save(with_terms(product | ids | {"shipping_class_id": kept}))


# What products know ---------------------------------------------------------------------------------------------------


def given_terms(work: Work, product: Json, body: Json) -> Json:
    """The product in the categories, tags and shipping class it is said to be in; those nobody knows are left out."""
    changed = dict(product)
    for name, member, taxonomy in (("categories", "category_ids", CATEGORY), ("tags", "tag_ids", TAG)):
        if body.get(name) is not None:
            ids = dict.fromkeys(whole(each.get("id")) for each in body[name])
            changed[member] = [id for id in ids if _is_of(work, id, taxonomy)]
    if body.get("shipping_class") is not None:
        wanted = All(Is("taxonomy", "=", SHIPPING_CLASS), Is("slug", "=", body["shipping_class"]))
        found = work.collection("term").first(wanted)
        changed["shipping_class_id"] = int(found.id) if found is not None else 0
    return with_terms(changed)


def with_terms(product: Json) -> Json:
    """All of a product's terms in one list of texts, by which it is found."""
    own = [*product["category_ids"], *product["tag_ids"], product["shipping_class_id"]]
    return product | {"terms": [str(id) for id in own if id]}


def terms_shown(work: Work, product: Mapping[str, Any]) -> Json:
    """`categories`, `tags` and the shipping class as a product shows them."""
    terms = work.collection("term")
    shown_as: Json = {}
    for name, member in (("categories", "category_ids"), ("tags", "tag_ids")):
        found = [terms.find(str(id)) for id in product[member]]
        shown_as[name] = [{"id": int(t.id), "name": t["name"], "slug": t["slug"]} for t in found if t is not None]
    kept = terms.find(str(product["shipping_class_id"])) if product["shipping_class_id"] else None
    return shown_as | {
        "shipping_class": kept["slug"] if kept else "",
        "shipping_class_id": product["shipping_class_id"],
    }


def filters(call: Call) -> list[Condition]:
    """Products in one of these categories (or under it), tags, shipping classes."""
    where: list[Condition] = []
    for name in ("category", "tag", "shipping_class"):
        if call.query.get(name):
            ids = [id for each in call.query[name] for id in (_under(call, each) if name == "category" else [each])]
            where.append(_any_of(ids))
    return where


def _any_of(ids: list[int]) -> Condition:
    return Some(*(Holds("terms", str(id)) for id in ids))


def count_of(work: Work, term: Mapping[str, Any]) -> int:
    """How many published products are in it; of a category, also in those under it."""
    if term["taxonomy"].startswith("pa_"):
        return _count_of_option(work, term)
    ids = _under(work, int(term["id"])) if term["taxonomy"] == CATEGORY else [int(term["id"])]
    return work.collection("product").count(All(Is("status", "=", "publish"), _any_of(ids)))


def _count_of_option(work: Work, term: Mapping[str, Any]) -> int:
    attribute = work.collection("attribute").first(Is("slug", "=", term["taxonomy"]))
    if attribute is None:
        return 0
    rows = work.collection("product").rows(All(Is("status", "=", "publish"), Is("parent_id", "=", 0)))
    return sum(
        any(
            whole(each.get("id")) == int(attribute.id) and term["name"] in (each.get("options") or ())
            for each in row["attributes"]
        )
        for row in rows
    )


def _under(work: Work, id: int) -> list[int]:
    """A category and all that are under it."""
    found, edge = [id], [id]
    while edge:
        rows = work.collection("term").rows(All(Is("taxonomy", "=", CATEGORY), Is("parent", "in", tuple(edge))))
        edge = [int(row.id) for row in rows if int(row.id) not in found]
        found += edge
    return found


def _line_of(work: Work, id: int) -> list[int]:
    """A category and all that it is under."""
    line: list[int] = []
    while id and id not in line and len(line) < DEPTH_MAXIMUM:
        line.append(id)
        found = work.collection("term").find(str(id))
        id = found["parent"] if found is not None else 0
    return line


def _is_of(work: Work, id: int, taxonomy: str) -> bool:
    found = work.collection("term").find(str(id)) if id else None
    return found is not None and bool(found["taxonomy"] == taxonomy)


def _checked_parent(work: Work, kind: Kind, body: Json) -> int:
    parent = whole(body.get("parent")) if kind.is_tree else 0
    if parent and not _is_of(work, parent, kind.taxonomy):
        refuse("missing_parent", "Parent term does not exist.")
    return parent


def _named(call: Call, kind: Kind, id: str) -> Document:
    term = call.collection("term").find(id)
    if term is None or term["taxonomy"] != kind.taxonomy:
        missing("woocommerce_rest_term_invalid", "Resource does not exist.")
    return term


def slug_of(name: str) -> str:
    """`Blue Mugs` → `blue-mugs` (WP `sanitize_title`, of what letters the web has)."""
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-")[:200]


def _free_slug(work: Work, kind: Kind, slug: str) -> str:
    wanted, number = slug or "term", 1
    while work.collection("term").first(All(Is("taxonomy", "=", kind.taxonomy), Is("slug", "=", wanted))) is not None:
        number += 1
        wanted = f"{slug or 'term'}-{number}"
    return wanted


def shown(work: Work, kind: Kind, term: Mapping[str, Any]) -> Json:
    id = int(term["id"])
    said: Json = {"id": id, "name": term["name"], "slug": term["slug"]}
    if kind.is_tree:
        said["parent"] = term["parent"]
    said["description"] = term["description"]
    if kind.is_tree:
        said |= {"display": term["display"], "image": None}
    if kind.taxonomy not in {TAG, SHIPPING_CLASS}:
        said["menu_order"] = term["menu_order"]
    up = {"up": f"{kind.path}/{term['parent']}"} if kind.is_tree and term["parent"] else {}
    return said | {"count": count_of(work, term), "_links": links(work, f"{kind.path}/{id}", kind.path, **up)}
