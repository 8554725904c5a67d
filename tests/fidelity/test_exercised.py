"""The map of which tests exercised what: recorded from journals, by tests that passed, and held against whole runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.contract import vendors
from seatrial.fidelity.exercised import MAP, Exercised, mapped, read_map, stale, unrecorded, write_map

OM = "extensiv_order_manager"
ROOT = Path(__file__).parents[2]
LIST, LISTED = (OM, "operation", "listOrders"), (OM, "operation", "listOrders", "a.py")
REFUSED = (OM, "refusal", "guide.not_found", "a.py")

SUITE = """
import httpx, pytest
from hypothesis import given, strategies as st
from mock_servers.core.sandbox import Sandbox

BOX = Sandbox(only=["extensiv_order_manager"])

def test_that_passes(seatrial):
    om = seatrial.extensiv_order_manager
    om.client().get("/api/orders")
    om.client().get("/api/orders/9")
    om.client().get("/nowhere")

def test_that_fails(seatrial):
    seatrial.extensiv_order_manager.client().get("/api/products")
    assert 0

def test_with_a_fault(seatrial):
    om = seatrial.extensiv_order_manager
    om.faults.plan("listShipments", "throttle")
    om.client().get("/api/shipments")

@given(st.integers(1, 5))
def test_that_is_generated(number):
    client = httpx.Client(transport=BOX.transport("extensiv_order_manager"), base_url="http://x")
    client.headers["Authorization"] = "Bearer YOUR_ACCESS_TOKEN"
    client.get("/api/warehouses", params={"page": number})
    client.get("/api/inventory/warehouses", params={"page": -number})

@pytest.mark.sweep
def test_that_calls_everything(seatrial):
    seatrial.extensiv_order_manager.client().get("/api/inventory/warehouses")

def ask(seatrial, field):
    shop = seatrial.shopify
    return shop.client().post("/admin/api/2026-10/graphql.json", json={"query": "{ " + field + " }"}).json()

def test_graphql(seatrial):
    assert "errors" not in ask(seatrial, "shop { name }")
    assert "errors" in ask(seatrial, "currentBulkOperation { id }")
    assert "errors" in ask(seatrial, 'node(id: "nothing") { id }')

def test_that_skips():
    pytest.skip("on purpose")
"""
FOUND = {
    OM: {
        "generated": {"listWarehouses": ["test_one.py"]},
        "operation": {"listOrders": ["test_one.py"]},
        "refusal": {"guide.not_found": ["test_one.py"], "guide.route_not_found": ["test_one.py"]},
    },
    "shopify": {"operation": {"shop": ["test_one.py"]}},
}


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A suite of its own under this repository's conftest."""

    def run(*options: str, suite: str = SUITE) -> subprocess.CompletedProcess[str]:
        tests = tmp_path / "tests"
        tests.mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests" / "conftest.py", tests / "conftest.py")
        (tests / "test_one.py").write_text(suite)
        (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
        plugins = ["-p", "seatrial.pytest_plugin", "-p", "xdist.plugin"]
        bare = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugins, *options]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=bare, check=False, timeout=120)

    return run


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_passing_tests_exercised_is_recorded_from_every_process(
    recorded: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, processes: str
) -> None:
    ran = recorded("-n", processes, "--record-exercised", str(tmp_path / "map.json"))
    assert "1 failed, 5 passed, 1 skipped" in ran.stdout, ran.stdout + ran.stderr
    found = read_map(tmp_path / "map.json")
    assert [unrecorded(vendor, found) for vendor in FOUND] == [[], []]
    assert _with_tests(found) == FOUND


def _with_tests(found: Exercised) -> dict[str, Any]:
    return {
        vendor: {kind: {name: files for name, files in names.items() if files} for kind, names in kinds.items()}
        for vendor, kinds in found.by_vendor.items()
    }


@pytest.mark.parametrize(("held", "code"), [("strict", 1), ("", 0)])
def test_a_whole_run_says_when_the_map_says_otherwise_and_fails_where_it_is_held_to_it(
    recorded: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch, held: str, code: int
) -> None:
    monkeypatch.setenv("SEATRIAL_FIDELITY", held)
    ran = recorded(suite="def test_that_exercises_nothing(): pass")
    assert ran.returncode == code
    assert "1 passed" in ran.stdout
    assert "run `seatrial fidelity --record`" in ran.stdout


@pytest.mark.parametrize("narrowed", [["tests/test_one.py"], ["-k", "nothing"], ["-m", "not wheel"]])
def test_a_part_of_the_suite_is_not_judged(
    recorded: Callable[..., subprocess.CompletedProcess[str]], narrowed: list[str]
) -> None:
    ran = recorded(*narrowed, suite="def test_that_exercises_nothing(): pass")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("claimed", "seen", "says"),
    [
        ({LISTED}, {LISTED}, []),
        ({LISTED}, set(), ["listOrders is said to be exercised in a.py, and was not"]),
        ({LISTED}, {(*LIST, "b.py")}, []),
        ({LISTED}, {LISTED, (*LIST, "b.py")}, []),
        (set(), {LISTED}, ["listOrders is exercised, and the map does not know"]),
        ({REFUSED}, {(*REFUSED[:3], "b.py")}, []),
        ({REFUSED}, set(), ["guide.not_found is said to be exercised in a.py, and was not"]),
        ({(OM, "generated", "listOrders", "a.py")}, set(), []),
        (set(), {(OM, "generated", "listOrders", "a.py")}, []),
        (set(), {("harbor", "operation", "cancelOrder", "a.py")}, []),
    ],
)
def test_the_map_is_stale_when_it_claims_too_much_or_knows_too_little(
    claimed: set[tuple[str, str, str, str]], seen: set[tuple[str, str, str, str]], says: list[str]
) -> None:
    problems = stale(mapped(claimed), seen, set())
    assert len(problems) == len(says)
    assert all(each.endswith(said) for each, said in zip(problems, says, strict=True))


def test_a_file_that_skipped_something_is_not_held_to_its_claims() -> None:
    assert stale(mapped({LISTED}), set(), {"a.py"}) == []


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_map(mapped({LISTED, REFUSED}), tmp_path / "map.json")
    assert read_map(tmp_path / "map.json").pairs() == {LISTED, REFUSED}
    assert read_map(tmp_path / "nothing.json") == Exercised()


STRICT = True
"""Whether a vendor that was never recorded fails as well. False only while several are being added at once."""


@pytest.mark.parametrize("vendor", vendors())
def test_the_map_knows_every_operation_of_the_contract_and_no_other(vendor: str) -> None:
    known = read_map()
    if not STRICT and vendor not in known.by_vendor:
        pytest.skip(f"{vendor} is not in the map yet: run `seatrial fidelity --record`")
    assert unrecorded(vendor, known) == [], "run `seatrial fidelity --record`"


def test_an_operation_that_came_or_went_makes_the_map_stale_and_nothing_else_does() -> None:
    true = mapped({LISTED, REFUSED})
    assert unrecorded(OM, true) == []
    assert unrecorded("shopify", true) == ["shopify was never recorded"]
    kinds = true.by_vendor[OM]
    assert "createOrder" in kinds["operation"], "also what no test stands behind"
    assert true.operations(OM) == {"listOrders"}
    less = {name: files for name, files in kinds["operation"].items() if name != "createOrder"}
    assert unrecorded(OM, Exercised({OM: kinds | {"operation": less}})) == [
        f"{OM} has an operation createOrder that the map does not know"
    ]
    more = kinds | {"operation": kinds["operation"] | {"sail": []}, "refusal": {"guide.sunk": ["a.py"]}}
    assert unrecorded(OM, Exercised({OM: more})) == [
        f"{OM} has no operation sail any more",
        f"{OM} has no refusal guide.sunk any more",
    ]


def test_the_map_names_only_files_that_there_are() -> None:
    assert {*read_map().by_vendor} <= {*vendors()}, "run `seatrial fidelity --record`"
    gone = {file for *_, file in read_map().pairs() if not (ROOT / "tests" / file).is_file()}
    assert not gone, "run `seatrial fidelity --record`"


def test_the_map_is_written_as_the_command_writes_it(tmp_path: Path) -> None:
    write_map(read_map(), tmp_path / "map.json")
    assert (tmp_path / "map.json").read_bytes() == MAP.read_bytes()
