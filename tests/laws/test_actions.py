"""What people do, with arguments nobody would type: done, or refused in words, and never anything else."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import msgspec
import pytest

from mock_servers.core.refusal import Refusal, UsageError
from seatrial.verify.bench import Bench
from seatrial.verify.growth import Growth
from seatrial.verify.recipes import VARIANTS
from seatrial.verify.schemas import NoSampleError
from tests.laws.places import VENDORS, contract_of, target_of

TEXTS = (
    "",
    " ",
    "x",
    "-1",
    "NaN",
    "-Infinity",
    "1e999",
    "1e-40",
    "9" * 40,
    "1,5",
    "２",
    "é" * 3000,
    "\N{BOM}",
    "#",
    "gid://",
)
NUMBERS = (-1, 0, 2**31, 2**63 - 1, -(2**63))
ODD: tuple[Any, ...] = (*TEXTS, *NUMBERS, None, True, [], {}, [None], {"": 0}, {"x": -1}, 1.5)

ACTIONS = [
    (vendor, name) for vendor in VENDORS for name in sorted(target_of(vendor).control.world.fakes[vendor].actions)
]


def changed(value: Any) -> Iterator[Any]:
    """The value with one thing in it made odd: each in turn, at any depth, members left out and names as well."""
    yield from ODD
    match value:
        case dict():
            for name, member in value.items():
                yield {key: each for key, each in value.items() if key != name}
                yield from (value | {name: odd} for odd in changed(member))
                yield from ({key: each for key, each in value.items() if key != name} | {odd: member} for odd in TEXTS)
        case list():
            yield value * 2
            for place, member in enumerate(value):
                yield from ([*value[:place], odd, *value[place + 1 :]] for odd in changed(member))


def whole(schema: Any) -> Any:
    """The same form with nothing optional in it."""
    match schema:
        case dict():
            filled = {name: whole(part) for name, part in schema.items() if name != "default"}
            return filled | {"required": [*schema["properties"]]} if "properties" in schema else filled
        case list():
            return [whole(part) for part in schema if part != {"type": "null"}]
    return schema


def plausible(vendor: str, action: str) -> list[dict[str, Any]]:
    """The form filled in as well as it can be, with what is known and with new words: all of it, and what is needed."""
    target = target_of(vendor)
    form = msgspec.json.schema(target.control.world.fakes[vendor].actions[action].arguments)
    found: list[dict[str, Any]] = []
    for surface, variant, schema in product(contract_of(vendor).surfaces, VARIANTS, (form, whole(form))):
        with suppress(NoSampleError):
            arguments = Growth(Bench(target, surface))._arguments(schema, variant)
            if arguments not in found:
                found.append(arguments)
    return found


@pytest.mark.parametrize(("vendor", "action"), ACTIONS)
def test_whatever_people_are_said_to_do_is_done_or_refused_in_words(vendor, action):
    target = target_of(vendor)
    target.control.reset()
    world = target.control.world
    forms = plausible(vendor, action)
    assert forms
    for form in forms:
        for arguments in changed(form):
            world.reset()
            try:
                world.act(vendor, action, arguments)
            except (UsageError, Refusal) as refused:
                assert "\n" not in str(refused), "one line"
    target.control.reset()
