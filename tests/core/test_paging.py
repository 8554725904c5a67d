"""Pages by number: every record once, nothing beyond the end, and the envelope the profile draws."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mock_servers.core.fake import Size
from tests.core.harbor import KEY, harbor
from tests.support import bench

HARBOR, GUIDE = "harbor", "extensiv_order_manager"


def filled(vendor: str, count: int):
    size = Size(orders=count, products=3)
    return bench(harbor(), headers=KEY, fill=size) if vendor == HARBOR else bench(vendor, fill=size)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 23), size=st.integers(1, 9))
def test_walking_bare_pages_shows_every_record_once(count, size):
    harbor_ = filled(HARBOR, count)
    seen: list[str] = []
    for page in range(1, 100):
        rows = harbor_.get("/crates", params={"page": page, "per_page": size}).json()
        assert len(rows) <= min(size, 5)  # a larger page is clamped here
        if not rows:
            break
        seen += [row["id"] for row in rows]
    assert seen == [str(100 + number) for number in range(count)]


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 23), size=st.integers(1, 30))
def test_walking_pages_in_an_envelope_shows_every_record_once_and_counts_right(count, size):
    guide = filled(GUIDE, count)
    pages = -(-count // size)
    seen: list[str] = []
    for page in range(1, pages + 3):
        told = guide.get("/api/orders", params={"page": page, "pageSize": size}).json()
        assert list(told) == ["data", "page", "pageSize", "total", "totalPages"]
        assert (told["page"], told["pageSize"], told["total"], told["totalPages"]) == (page, size, count, pages)
        assert (told["data"] == []) == (page > pages)
        seen += [row["id"] for row in told["data"]]
    assert seen == [str(70012 + number) for number in range(count)]


def test_defaults_are_the_profile_s():
    assert len(filled(HARBOR, 9).get("/crates").json()) == 3
    told = filled(GUIDE, 60).get("/api/orders").json()
    assert (len(told["data"]), told["page"], told["pageSize"]) == (50, 1, 50)


def test_a_page_far_beyond_the_end_is_empty_and_costs_nothing():
    told = filled(GUIDE, 3).get("/api/orders?page=1000000000&pageSize=500").json()
    assert (told["data"], told["total"], told["totalPages"]) == ([], 3, 1)


def test_a_filtered_walk_counts_what_fits():
    harbor_ = filled(HARBOR, 12)
    heavy = [crate["id"] for crate in harbor_.documents("crate") if crate["weight"] > 40]
    seen: list[str] = []
    for page in range(1, 10):
        seen += [row["id"] for row in harbor_.get(f"/crates?heavier_than=40&page={page}").json()]
    assert seen == heavy
    assert 0 < len(heavy) < 12


def test_a_new_record_shifts_no_page_that_was_read():
    guide = filled(GUIDE, 10)
    first = guide.get("/api/orders?pageSize=5").json()["data"]
    for _ in guide.world.seed_with("extensiv_order_manager", Size(orders=1, products=3)):
        pass
    second = guide.get("/api/orders?pageSize=5&page=2").json()["data"]
    assert len({row["id"] for row in first + second}) == 10
