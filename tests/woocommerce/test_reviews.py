"""Reviews of products, and the stars that products show."""

from tests.woocommerce.store import V3, refusal, store

REVIEWS = f"{V3}/products/reviews"


def reviewed(shop, **more):
    mug = shop.get(f"{V3}/products?sku=MUG").json()[0]["id"]
    body = {"product_id": mug, "review": "Nice mug", "reviewer": "Ada", "reviewer_email": "ada@example.com"}
    return mug, shop.post(REVIEWS, {**body, **more})


def test_a_review_gives_its_product_stars_and_says_who_has_bought_it():
    shop = store()
    mug, made = reviewed(shop, rating=4)
    review = made.json()
    assert (made.status_code, review["status"], review["verified"]) == (201, "approved", False)
    assert (review["product_name"], review["review"]) == ("Mug", "<p>Nice mug</p>\n")
    reviewed(shop, rating=5, review="Still nice")
    product = shop.get(f"{V3}/products/{mug}").json()
    assert (product["average_rating"], product["rating_count"]) == ("4.50", 2)
    shop.act("checkout", lines=[{"sku": "MUG"}], email="ADA@example.com")
    assert shop.get(f"{REVIEWS}/{review['id']}").json()["verified"] is True
    totals = {row["slug"]: row["total"] for row in shop.get(f"{V3}/reports/reviews/totals").json()}
    assert (totals["rated_4_out_of_5"], totals["rated_1_out_of_5"]) == (1, 0)


def test_a_review_waits_goes_to_the_trash_and_comes_back():
    shop = store()
    mug, made = reviewed(shop, rating=2)
    one = f"{REVIEWS}/{made.json()['id']}"
    assert shop.client.put(one, json={"status": "hold"}).json()["status"] == "hold"
    assert shop.get(REVIEWS).json() == []
    assert [row["status"] for row in shop.get(f"{REVIEWS}?status=all").json()] == ["hold"]
    assert shop.get(f"{V3}/products/{mug}").json()["rating_count"] == 0
    assert shop.client.delete(one).json()["status"] == "trash"
    assert refusal(shop.client.delete(one)) == (410, "woocommerce_rest_already_trashed")
    assert shop.client.put(one, json={"status": "untrash"}).json()["status"] == "hold"
    gone = shop.client.delete(f"{one}?force=true").json()
    assert (gone["deleted"], gone["previous"]["status"]) == (True, "hold")
    assert refusal(shop.get(one)) == (404, "woocommerce_rest_review_invalid_id")


def test_reviews_are_refused_in_the_vendors_words():
    shop = store()
    reviewed(shop)
    wrong = {
        (409, "comment_duplicate"): {},
        (404, "woocommerce_rest_product_invalid_id"): {"product_id": 99},
        (400, "woocommerce_rest_review_content_invalid"): {"review": " "},
        (400, "woocommerce_rest_review_exists"): {"id": 5},
        (400, "rest_invalid_param"): {"rating": 6},
    }
    for said, body in wrong.items():
        assert refusal(reviewed(shop, **body)[1]) == said
    answer = shop.post(REVIEWS, {"product_id": 1})
    assert refusal(answer) == (400, "rest_missing_callback_param")
    assert len(shop.get(REVIEWS).json()) == 1


def test_reviews_are_found_by_product_and_by_reviewer():
    shop = store()
    mug, _ = reviewed(shop)
    reviewed(shop, reviewer_email="bob@example.com")
    for query, count in ((f"product={mug}", 2), ("product=99", 0), ("reviewer_email=BOB@example.com", 1)):
        page = shop.get(f"{REVIEWS}?{query}")
        assert (len(page.json()), page.headers["X-WP-Total"]) == (count, str(count)), query
