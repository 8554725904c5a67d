"""The plugin in suites of other people: those that use it, those that do not, alone and spread over processes."""

from collections.abc import Callable
from typing import Any

import pytest

Suite = Callable[..., Any]
HEAVY = ("contracts", "mock_servers", "connectors", "httpx", "msgspec", "graphql", "jsonschema_rs", "fastapi", "faker")

UNTOUCHED = f"""
import sys

def test_that_knows_nothing_of_it():
    loaded = {{name.split(".")[0] for name in sys.modules}}
    assert not loaded & set({HEAVY!r})
"""

FAILING = """
def test_that_fails(seatrial):
    om = seatrial.extensiv_order_manager
    om.client().get("/api/orders/9")
    om.client().post("/oauth/token", data={"grant_type": "client_credentials"} | om.credentials)
    om.faults.plan("createOrder", "lose")
    print("SECRET", om.credentials["access_token"])
    assert om.documents("order")

def test_that_passes(seatrial):
    seatrial.extensiv_order_manager.client().get("/api/orders/10")
"""

BROKEN_AFTERWARDS = """
import pytest

@pytest.fixture
def strict(seatrial):
    yield seatrial
    raise RuntimeError("in tearing down")

def test_whose_fixture_fails(strict):
    strict.extensiv_order_manager.client().get("/api/orders/11")
"""

SPREAD = """
import httpx, pytest

@pytest.mark.parametrize("number", range(12))
def test_that_has_the_world_to_itself(seatrial, number):
    om = seatrial.extensiv_order_manager
    seatrial.seed(products=2)
    assert om.documents("order") == []
    order = {"order_number": f"A-{number}", "items": [{"sku": om.documents("product")[0]["sku"], "quantity": 1}],
             "shipping_address": {"name": "A", "street1": "1 Main St", "city": "Austin", "state": "TX",
                                  "postal_code": "73301", "country": "US"}}
    with httpx.Client(base_url=om.url, headers=om.client().headers) as client:
        assert client.post("/api/orders", json=order).status_code == 201
    assert [each["order_number"] for each in om.documents("order")] == [f"A-{number}"]
    seatrial.assert_sound()
"""

SETTINGS = """
def test_that_looks_at_its_world(seatrial):
    assert [vendor.name for vendor in seatrial] == ["extensiv_order_manager"]
    assert seatrial.world.seed == {seed}
    assert seatrial.clock.now().isoformat() == "2031-05-06T07:08:09+00:00"
    assert seatrial.extensiv_order_manager.credentials["client_id"] == "YOUR_CLIENT_ID"
"""
INI = """
seatrial_seed = 11
seatrial_vendors = extensiv_order_manager
seatrial_now = 2031-05-06T07:08:09Z
seatrial_credentials = printed
"""


def test_a_suite_that_does_not_use_it_loads_nothing_of_it(suite: Suite) -> None:
    ran = suite(test_untouched=UNTOUCHED)
    assert ran.code == 0, ran.output


def test_a_failing_test_shows_its_world_s_journal_and_no_secret(suite: Suite) -> None:
    ran = suite(test_failing=FAILING)
    assert ran.counts() == {"failed": 1, "passed": 1}, ran.output
    _, _, section = ran.output.partition("Seatrial journal (call)")
    assert "GET /api/orders/9  404  (getOrder, refused by not_found)" in section
    assert "planned fault: extensiv_order_manager createOrder lose" in section
    assert "/api/orders/10" not in ran.output
    token = ran.output.partition("SECRET ")[2].split()[0]
    assert len(token) >= 32
    assert token not in section


def test_a_failure_in_tearing_down_shows_it_too(suite: Suite) -> None:
    ran = suite(test_afterwards=BROKEN_AFTERWARDS)
    assert ran.counts() == {"passed": 1, "error": 1}, ran.output
    assert "GET /api/orders/11" in ran.output.partition("Seatrial journal (teardown)")[2]


@pytest.mark.parametrize("processes", ["0", "3"])
def test_tests_do_not_meet_however_they_are_spread(suite: Suite, processes: str) -> None:
    ran = suite("-n", processes, test_spread=SPREAD)
    assert ran.counts() == {"passed": 12}, ran.output


def test_the_journal_reaches_the_report_from_another_process(suite: Suite) -> None:
    ran = suite("-n", "2", test_failing=FAILING)
    assert "GET /api/orders/9" in ran.output.partition("Seatrial journal (call)")[2], ran.output


def test_settings_come_from_the_ini_file(suite: Suite) -> None:
    ran = suite(ini=INI, test_settings=SETTINGS.format(seed=11))
    assert ran.code == 0, ran.output


def test_the_command_line_wins(suite: Suite) -> None:
    options = ("--seatrial-seed", "12", "--seatrial-vendors", "extensiv_order_manager")
    ran = suite(*options, ini=INI.replace("_manager", "_clerk"), test_settings=SETTINGS.format(seed=12))
    assert ran.code == 0, ran.output


@pytest.mark.parametrize(
    ("ini", "says"),
    [
        ("seatrial_seed = many", "seatrial_seed is a whole number, not 'many'"),
        ("seatrial_vendors = harbor", "there is no vendor 'harbor'"),
        ("seatrial_now = soon", "'soon' is not an ISO-8601 moment"),
        ("seatrial_credentials = none", "credentials are own or printed, not 'none'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_line(suite: Suite, ini: str, says: str) -> None:
    ran = suite(ini=ini, test_world="def test_world(seatrial): pass")
    assert ran.counts() == {"error": 1}, ran.output
    assert says in ran.output


def test_the_marker_is_known_where_markers_are_strict(suite: Suite) -> None:
    text = (
        "import pytest\n@pytest.mark.seatrial(seed=5)\ndef test_world(seatrial):\n    assert seatrial.world.seed == 5\n"
    )
    assert suite(test_marked=text).code == 0


UNSOUND = """
def test_after_which_the_books_do_not_balance(seatrial):
    seatrial.seed(products=1)
    stock = seatrial.world.work("extensiv_order_manager").collection("stock")
    stock.put(stock.rows()[0] | {"allocated": 5})
"""


@pytest.mark.parametrize(("ini", "counts"), [("", {"passed": 1}), ("seatrial_sound = true", {"passed": 1, "error": 1})])
def test_soundness_can_be_asked_of_every_test(suite: Suite, ini: str, counts: dict[str, int]) -> None:
    ran = suite(ini=ini, test_unsound=UNSOUND)
    assert ran.counts() == counts, ran.output
    assert ("5 allocated at" in ran.output) == bool(ini)
