"""Walking lists at random: any size of page, any number of rows, rows arriving whenever they like."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.profile import PageNumber
from mock_servers.core.fake import Size
from seatrial.verify.bench import Bench
from seatrial.verify.growth import Growth
from seatrial.verify.recipes import makes_in
from tests.laws.places import VENDORS, contract_of, target_of

EXAMPLES = settings(max_examples=12, deadline=None, derandomize=True)
LISTS = [
    (vendor, name, operation.id)
    for vendor in VENDORS
    for name in contract_of(vendor).surfaces
    for operation in Bench(target_of(vendor), name).lists.operations()
]
CONNECTIONS = [
    (vendor, name, root.name)
    for vendor in VENDORS
    for name in contract_of(vendor).surfaces
    for bench in [Bench(target_of(vendor), name)]
    for root in (bench.graph.connections() if bench.graph else ())
    if "id" in bench.graph.node_type(root).fields
]
PAGES = st.sets(st.integers(1, 5), max_size=3)


def at_rest(vendor: str, surface: str) -> Bench:
    target = target_of(vendor)
    target.control.reset()
    return Bench(target, surface, writes=True)


@cache
def sizes_of(vendor: str, surface: str, operation: str) -> int:
    bench = Bench(target_of(vendor), surface)
    return bench.lists.rule(bench.contract.operations[operation]).size_maximum


@pytest.mark.parametrize(("vendor", "surface", "id"), LISTS)
def test_each_row_that_was_there_is_seen_once_whatever_arrives(vendor, surface, id):
    maximum = sizes_of(vendor, surface, id)

    @EXAMPLES
    @given(size=st.one_of(st.integers(3, 12), st.integers(3, maximum)), pages=PAGES)
    def walk(size, pages):
        bench = at_rest(vendor, surface)
        listing = bench.contract.operations[id]
        rule = bench.lists.rule(listing)
        maker = makes_in(bench.contract, listing)
        before = bench.lists.walk(listing, maximum).keys

        def arrive(page):
            if maker is not None and page in pages:
                bench.perform(maker)

        walked = bench.lists.walk(listing, min(size, maximum), between=arrive)
        assert walked.problem == ""
        keys = list(dict.fromkeys(walked.keys))
        assert [key for key in keys if key in set(before)] == before
        if not (isinstance(rule, PageNumber) and rule.newest_first):  # there, arrivals push others to the next page
            assert walked.keys == keys

    walk()


@pytest.mark.parametrize(("vendor", "surface", "name"), CONNECTIONS)
def test_each_node_that_was_there_is_seen_once_whatever_arrives(vendor, surface, name):
    @settings(EXAMPLES, max_examples=6)
    @given(size=st.integers(4, 60), pages=PAGES, backward=st.booleans())
    def walk(size, pages, backward):
        bench = at_rest(vendor, surface)
        root = next(each for each in bench.graph.connections() if each.name == name)
        growth = Growth(bench)
        acts = list(growth.acts())[:2]
        before = bench.graph.walk(root, bench.graph.size_maximum).keys

        def arrive(page):
            if page in pages:
                growth.act(acts[page % len(acts)])

        walked = bench.graph.walk(root, size, backward=backward, between=arrive)
        assert walked.problem == ""
        assert [key for key in walked.keys if key in set(before)] == before
        assert len(walked.keys) == len(set(walked.keys))

    walk()


@pytest.mark.parametrize(("vendor", "surface", "id"), LISTS)
def test_lists_of_any_length_end(vendor, surface, id):
    maximum = sizes_of(vendor, surface, id)

    @EXAMPLES
    @given(more=st.integers(0, 40), size=st.integers(3, 30))
    def walk(more, size):
        bench = at_rest(vendor, surface)
        world = bench.control.world
        for _ in world.seed_with(vendor, Size(orders=more, products=12)):
            pass
        try:
            listing = bench.contract.operations[id]
            whole = bench.lists.walk(listing, maximum)
            walked = bench.lists.walk(listing, min(size, maximum))
            assert (walked.problem, walked.keys) == ("", whole.keys)
        finally:
            world.recipe.pop()

    walk()
