"""A failing history is a script: short, plain, and failing again when it is pasted."""

from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import RULE_MARKER, run_state_machine_as_test

from seatrial.histories import History, recorded, script_in
from tests.models import (
    defects,
    test_extend_commerce,
    test_extensiv_order_manager,
    test_shopify,
    test_woocommerce,
)
from tests.models.extend_commerce import Installation
from tests.models.extensiv_order_manager import Account
from tests.models.shopify import Shop
from tests.models.woocommerce import Store
from tests.ports.effort import effort

LINES_MAXIMUM = 4
PLANTED = [
    # (machine, the rules that may be chosen, facade, its name, what is wrong with the connector)
    (test_extensiv_order_manager.Machine, {"set_levels", "count_stock"}, Account, "om", defects.Remembering),
    (test_extensiv_order_manager.Machine, {"deliver", "ship", "cancel_delivery"}, Account, "om", defects.Trusting),
    (test_extend_commerce.Machine, {"deliver", "reserve", "cancel_delivery"}, Installation, "extend", defects.Obliging),
    (test_extend_commerce.Machine, {"count_stock", "read_levels", "wait"}, Installation, "extend", defects.Leaping),
    (test_shopify.Machine, {"set_levels", "count_stock"}, Shop, "shop", defects.Additive),
    (test_shopify.Machine, {"checkout", "cancel_order"}, Shop, "shop", defects.Careless),
    (test_woocommerce.Machine, {"checkout", "tell", "tell_again"}, Store, "store", defects.Forgetful),
    (test_woocommerce.Machine, {"checkout", "tell", "take_back"}, Store, "store", defects.Final),
]


def story_of(machine: type[Any], rules: set[str], facade: type[Any], name: str, defect: type[Any]) -> str:
    """The script of the history in which a machine catches a planted defect, as short as Hypothesis can make it."""
    module, word = facade.__module__, facade.__name__

    def opened(_: Any) -> Any:
        opening = f"from {module} import {word}\nfrom tests.models.defects import {defect.__name__}"
        return recorded(facade(defect), name, opening=opening, made=f"{name} = {word}({defect.__name__})")

    every = {name for name, each in vars(machine).items() if hasattr(each, RULE_MARKER)}
    assert rules < every
    planted = type("Planted", (machine,), {"opened": opened} | dict.fromkeys(every - rules))
    short = settings(
        effort(100, stateful_step_count=5), phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False
    )
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(planted, settings=short)
    return script_in(caught.value)


@pytest.mark.parametrize(
    ("machine", "rules", "facade", "name", "defect"), PLANTED, ids=[each[-1].__name__ for each in PLANTED]
)
def test_a_planted_defect_is_found_and_its_script_finds_it_again(machine, rules, facade, name, defect):
    script = story_of(machine, rules, facade, name, defect)
    opened, _, steps = script.partition(f"{name} = {facade.__name__}({defect.__name__})\n")
    assert opened.startswith("from tests.models.")
    assert 1 <= len(steps.splitlines()) <= LINES_MAXIMUM, script

    pasted: dict[str, Any] = {}
    try:
        with pytest.raises(AssertionError):
            exec(script, pasted)
    finally:
        pasted[name].close()

    honest: dict[str, Any] = {}
    exec(script.replace(f"{facade.__name__}({defect.__name__})", f"{facade.__name__}()"), honest)
    honest[name].close()


# The writing down


class Till:
    """Somebody to write down."""

    total = 0

    def sell(self, items: dict[str, int], *, to: str | None = None) -> str:
        self.total += sum(items.values())
        return f"order-{self.total}"

    def split(self, order: str, shares: tuple[int, ...]) -> list[str]:
        return [f"{order}/{share}" for share in shares]

    def void(self, order: str) -> None:
        raise LookupError(order)


def test_what_was_called_is_written_as_it_can_be_pasted():
    till = recorded(Till(), "till", opening="from shop import Till")
    order = till.sell({"A": 2}, to="Ana")
    parts = till.split(order, (1, 2))
    till.sell({"B": 1})
    with pytest.raises(LookupError) as caught:
        till.void(parts[1])
    assert script_in(caught.value) == (
        "from shop import Till\n"
        "\n"
        "till = Till()\n"
        "x1 = till.sell({'A': 2}, to='Ana')\n"
        "x2 = till.split(x1, (1, 2))\n"
        "x3 = till.sell({'B': 1})\n"
        "till.void(x2[1])\n"
    )
    assert till.total == 3, "what is no call is the subject's own"


def test_values_are_written_as_python_has_them():
    history = History("till", "")
    for value in (None, True, 7, -1.5, "a'b\n", [1, ["x"]], (1,), (), {"a": (1, 2)}, {}):
        assert eval(history.written(value)) == value


def test_what_has_no_literal_is_refused_before_it_is_called():
    till = recorded(Till(), "till", opening="")
    with pytest.raises(TypeError, match="no literal"):
        till.sell({"A": object()})
    assert till.history.lines == []
    assert till.total == 0


def test_an_exception_that_went_through_no_history_carries_no_script():
    assert script_in(ValueError("x")) == ""


def test_a_script_is_found_under_what_was_raised_over_it_and_in_groups():
    till = recorded(Till(), "till", opening="from shop import Till")
    with pytest.raises(ExceptionGroup) as caught:
        try:
            till.void("order-1")
        except LookupError as error:
            try:
                raise ConnectionError("and while giving everything back this broke as well")
            except ConnectionError as other:
                raise ExceptionGroup("both", [ValueError("elsewhere"), other]) from error
    assert script_in(caught.value).endswith("till.void('order-1')\n")
