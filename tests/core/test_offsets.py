"""Walking by offset while rows come and go: whoever stays is seen, each once, whatever moves."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.errors import PagingLoop
from connectors.core.paging import AscendingOffset

MOVES = st.lists(st.tuples(st.sampled_from(("add", "take")), st.integers(0, 40)), max_size=6)


async def walked(paging, rows, moves=()):
    """Ids seen, and the requests made; before the n-th request the n-th of the moves happens."""
    left, asked, seen = list(moves), [], []

    async def fetch(numbers):
        if left:
            what, which = left.pop(0)
            rows.add(which) if what == "add" else rows.discard(which)
        asked.append(numbers)
        at = int(numbers["offset"])
        return sorted(rows)[at : at + int(numbers["size"])]

    async for page in paging.walk(fetch, lambda row: row):
        seen += page
    return seen, asked


@settings(max_examples=300, deadline=None)
@given(rows=st.sets(st.integers(0, 40)), size=st.integers(2, 6), moves=MOVES)
def test_whoever_stays_is_seen_once_in_order(rows, size, moves):
    stays = rows - {which for what, which in moves if what == "take"}
    seen, _ = asyncio.run(walked(AscendingOffset("offset", "size", size), set(rows), moves))
    assert seen == sorted(set(seen))
    assert stays <= set(seen)


def test_a_list_that_stands_still_is_asked_for_little_more_than_its_pages():
    seen, asked = asyncio.run(walked(AscendingOffset("offset", "size", 5), set(range(18))))
    assert seen == list(range(18))
    assert [numbers["offset"] for numbers in asked] == ["0", "4", "8", "12", "16"]


@pytest.mark.parametrize("rows", [[3, 2, 1], [1, 1, 2]])
def test_rows_that_are_not_sorted_are_no_walk(rows):
    async def story():
        async def fetch(numbers):
            return rows

        return [page async for page in AscendingOffset("offset", "size", 3).walk(fetch, lambda row: row)]

    with pytest.raises(PagingLoop, match="not sorted"):
        asyncio.run(story())


@pytest.mark.parametrize(("grows", "said"), [(0, "same as an earlier"), (3, "more than 50 pages")])
def test_a_list_that_heeds_no_offset_or_has_no_end_ends(grows, said):
    async def story():
        asked = 0

        async def fetch(numbers):
            nonlocal asked
            asked += 1
            return [asked * grows + place for place in range(3)]

        paging = AscendingOffset("offset", "size", 3, pages_maximum=50)
        return [page async for page in paging.walk(fetch, lambda row: row)]

    with pytest.raises(PagingLoop, match=said):
        asyncio.run(story())
