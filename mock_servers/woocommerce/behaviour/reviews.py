"""Reviews of products, which are WordPress's comments (core WC_REST_Product_Reviews_Controller)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from mock_servers.core.fake import Call, Work
from mock_servers.core.filters import All, Condition, Is, Not
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
    site_url,
    times,
    whole,
)
from mock_servers.woocommerce.behaviour.batch import in_batch

PATH = f"{API}/products/reviews"
STATUSES = {"approved": "approved", "hold": "hold", "spam": "spam", "unspam": "approved", "trash": "trash"}
"""What may be said of a review, and what it is then; `untrash` is what it was."""
COLUMNS = {"date_gmt": "date_created_gmt", "id": "seq", "product": "product_id"}


@fake.operation("listProductReviews")
def list_reviews(call: Call) -> Reply:
    query = call.query
    where: list[Condition] = listing.usual_filters(call)
    status = query.get("status", "approved")
    where.append(Is("status", "=", status) if status != "all" else Is("status", "in", ("approved", "hold")))
    if query.get("product"):
        where.append(Is("product_id", "in", tuple(query["product"])))
    if "reviewer_email" in query:
        where.append(Is("reviewer_email", "same", query["reviewer_email"]))
    if query.get("search"):
        where.append(listing.found_in(query["search"], "review", "reviewer", "reviewer_email"))
    return listing.page(call, "review", where, lambda each: _shown(call, each), COLUMNS)


@fake.operation("getProductReview")
def get_review(call: Call) -> Reply:
    return answer(call, 200, _shown(call, _named(call, must_be_number(call.path["id"]))))


@fake.operation("createProductReview")
def create_review(call: Call) -> Reply:
    review = _made(call, call.body)
    return created(call, _shown(call, review), f"{PATH}/{review.id}")


@fake.operation("updateProductReview", "patchProductReview", "postProductReview")
def update_review(call: Call) -> Reply:
    return answer(call, 200, _shown(call, _changed(call, _named(call, must_be_number(call.path["id"])), call.body)))


@fake.operation("deleteProductReview")
def delete_review(call: Call) -> Reply:
    review = _named(call, must_be_number(call.path["id"]))
    return answer(call, 200, _removed(call, review, force=bool(call.query.get("force", False))))


@fake.operation("batchProductReviews")
def batch_reviews(call: Call) -> Reply:
    def create(body: Json) -> Json:
        return _shown(call, _made(call, body))

    def update(id: str, body: Json) -> Json:
        return _shown(call, _changed(call, _named(call, id), body))

    def delete(id: str) -> Json:
        return _removed(call, _named(call, id), force=True)

    return in_batch(call, ("createProductReview", "updateProductReview"), create, update, delete)


@fake.operation("getReviewTotals")
def review_totals(call: Call) -> Reply:
    """Approved ones by their stars."""
    reviews = call.collection("review")
    rows = [
        {
            "slug": f"rated_{stars}_out_of_5",
            "name": f"Rated {stars} out of 5",
            "total": reviews.count(All(Is("rating", "=", stars), Is("status", "=", "approved"))),
        }
        for stars in range(1, 6)
    ]
    return answer(call, 200, rows)


def stars_of(work: Work, product_id: int) -> Json:
    """What a product shows of them: how many have stars, and how many stars they have on the average."""
    where = All(Is("product_id", "=", product_id), Is("status", "=", "approved"), Is("rating", ">", 0))
    given = [row["rating"] for row in work.collection("review").rows(where)]
    average = sum(given) / len(given) if given else 0
    return {"average_rating": f"{average:.2f}", "rating_count": len(given)}


# What is done ---------------------------------------------------------------------------------------------------------


def _made(work: Work, body: Json) -> Document:
    """A new review. The same words by the same person of the same product are refused (WP `wp_allow_comment`)."""
    if whole(body.get("id")):
        refuse("woocommerce_rest_review_exists", "Cannot create existing product review.")
    product = _reviewed(work, body)
    if not body["review"].strip():
        refuse("woocommerce_rest_review_content_invalid", "Invalid review content.")
    review: Json = {
        "id": str(work.next_number("comment", 281)),
        "product_id": int(product.id),
        "status": STATUSES.get(body.get("status", "approved"), "approved"),
        "status_before_trash": "approved",
        "reviewer": body["reviewer"],
        "reviewer_email": body["reviewer_email"],
        "review": body["review"],
        "rating": body.get("rating", 0),
        "date_created_gmt": work.stamp,
        "date_modified_gmt": work.stamp,
    }
    same = ("product_id", "reviewer_email", "review")
    again = All(*(Is(name, "=", review[name]) for name in same), Not(Is("status", "=", "trash")))
    if work.collection("review").first(again) is not None:
        raise Refusal("comment_duplicate")
    return work.collection("review").add(review)


def _changed(work: Work, review: Document, body: Json) -> Document:
    changed = review | {
        name: body[name] for name in ("reviewer", "reviewer_email", "rating") if body.get(name) is not None
    }
    if "product_id" in body:
        changed["product_id"] = int(_reviewed(work, body).id)
    if "review" in body:
        if not body["review"].strip():
            refuse("woocommerce_rest_review_content_invalid", "Invalid review content.")
        changed["review"] = body["review"]
    match body.get("status"):
        case None:
            pass
        case "untrash":
            changed["status"] = review["status_before_trash"] if review["status"] == "trash" else review["status"]
        case said:
            changed |= {"status": STATUSES[said], "status_before_trash": review["status"]}
    return work.collection("review").save(changed)


def _removed(work: Work, review: Document, *, force: bool) -> Json:
    if force:
        before = _shown(work, review)
        work.collection("review").delete(review.id)
        return {"deleted": True, "previous": before}
    if review["status"] == "trash":
        raise Refusal("review_already_trashed")
    trashed = review | {"status": "trash", "status_before_trash": review["status"]}
    return _shown(work, work.collection("review").save(trashed))


def _reviewed(work: Work, body: Json) -> Document:
    product = work.collection("product").find(str(whole(body.get("product_id"))))
    if product is None or product["type"] == "variation":
        missing("woocommerce_rest_product_invalid_id", "Invalid product ID.")
    return product


def _named(call: Call, id: str) -> Document:
    review = call.collection("review").find(id)
    if review is None:
        missing("woocommerce_rest_review_invalid_id", "Invalid review ID.")
    return review


def _is_verified(work: Work, review: Mapping[str, Any]) -> bool:
    """They have bought it (core `wc_customer_bought_product`)."""
    bought = All(Is("status", "in", ("processing", "completed")), Is("billing.email", "same", review["reviewer_email"]))
    orders = work.collection("order").rows(bought)
    return any(line["product_id"] == review["product_id"] for order in orders for line in order["line_items"])


def _shown(work: Work, review: Mapping[str, Any]) -> Json:
    id = int(review["id"])
    product = work.collection("product").find(str(review["product_id"]))
    face = hashlib.sha256(review["reviewer_email"].strip().lower().encode()).hexdigest()
    sizes = ("24", "48", "96")
    return {
        "id": id,
        **times(work, review, "date_created"),
        "product_id": review["product_id"],
        "product_name": product["name"] if product else "",
        "product_permalink": f"{site_url(work)}/product/{product['slug']}/" if product else "",
        "status": review["status"],
        "reviewer": review["reviewer"],
        "reviewer_email": review["reviewer_email"],
        "review": f"<p>{review['review']}</p>\n",
        "rating": review["rating"],
        "verified": _is_verified(work, review),
        "reviewer_avatar_urls": {
            size: f"https://secure.gravatar.com/avatar/{face}?s={size}&d=mm&r=g" for size in sizes
        },
        "_links": links(work, f"{PATH}/{id}", PATH, up=f"{API}/products/{review['product_id']}"),
    }
