"""The page an operator reads, held to the program: its file is read, and its names are those there are."""

import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from connectors.core import errors
from connectors.sync import Part, Settings
from connectors.sync.merchant import Every
from seatrial.cli import app
from seatrial.sync.config import duration, read_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sync.md").read_text(encoding="utf-8")
SECRETS = {"SHOP_TOKEN": "shpat_1", "SHOP_SECRET": "s1", "OM_CLIENT_ID": "me", "OM_CLIENT_SECRET": "s2"}
HANDLED = {"unauthorized", "bad_cursor"}
"""Refusals that are an incident of the whole connection, and no effect's reason."""


def part(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table's rows."""
    found = (line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---"))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found]


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_its_file_is_read_as_the_page_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    path = tmp_path / "acme.toml"
    path.write_text(example, "utf-8")
    config = read_config(path, SECRETS)
    assert (config.merchant, config.ledger) == ("acme", "acme.ledger")
    assert [(cart.name, cart.vendor) for cart in config.carts] == [("shop", "shopify")]
    assert config.carts[0].settings.access_token == "shpat_1"
    assert (config.wms.name, config.wms.settings.client_secret) == ("om", "s2")
    assert config.settings.delivery_delay == timedelta(minutes=10)
    assert (config.settings.safety_default, dict(config.settings.safety)) == (1, {"MUG": 2})
    assert config.settings.every.order_download == timedelta(minutes=2)
    assert config.skus.parts("shop", "GIFT-SET") == (Part("MUG", 2), Part("TEE", 1))


def test_every_function_is_told_with_how_often_it_runs() -> None:
    told = {
        named(row[0])[0]: duration(named(row[2])[0])
        for row in rows(part("What runs when"))
        if len(row) == 4 and "`" in row[2]
    }
    assert told == dataclasses.asdict(Every())


def test_every_setting_is_told_with_what_holds_without_it() -> None:
    text = part("The file")
    told = {name: row[1] for row in rows(text) if len(row) == 3 and "`" in row[0] for name in named(row[0])}
    bounds = set(named(text.split("The engine's bounds")[1]))
    assert told.keys() | bounds == {field.name for field in dataclasses.fields(Settings)} - {"every"}
    for name, default in ((name, named(default)[0]) for name, default in told.items() if named(default)):
        real: Any = getattr(Settings(), name)
        if isinstance(real, timedelta):
            assert duration(default) == real
        else:
            assert default == ("false" if real is False else str(real or 0))


def test_every_reason_for_which_something_waits_is_told_with_a_next_step() -> None:
    told = {reason for row in rows(part("The error queue")) for reason in named(row[0])}
    source = "".join(
        (ROOT / "connectors" / "sync" / name).read_text("utf-8") for name in ("rules.py", "kinds.py", "effects.py")
    )
    ours = set(re.findall(r'\b(?:Wrong|Parked)\(\s*"(\w+)"', source)) | set(
        re.findall(r'_bury\([^"\n]*"(\w+)"', source)
    )
    refusals = {errors.Refused, *errors.Refused.__subclasses__()}
    theirs = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", each.__name__).lower() for each in refusals} - HANDLED
    assert {"unmapped_sku", "more_than_ordered", "unknown", "ambiguous"} <= ours
    assert (ours | theirs) - told == set()


def options_of(*names: str) -> set[str]:
    command: Any = typer.main.get_command(app)
    for name in names:
        command = command.commands[name]
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("command", ["sync", "reconcile", "queue list", "queue replay", "serve", "faults"])
def test_what_the_page_has_one_type_can_be_typed(command: str) -> None:
    typed = re.findall(rf"seatrial {command}\b([^\n`│]*)", PAGE)
    assert typed
    used = {option for line in typed for option in re.findall(r"--[a-z-]+", line)}
    assert used - options_of(*command.split()) == set()


def test_the_options_that_are_listed_are_there() -> None:
    listed = {option for row in rows(PAGE.split("\n## ")[0]) for option in re.findall(r"`(--[a-z-]+)`", row[0])}
    assert {"--once", "--webhooks", "--workers"} <= listed <= options_of("sync")
    assert {"--reason", "--kind", "--order", "--all"} <= options_of("queue", "replay") & options_of("queue", "skip")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)`", PAGE))))
def test_what_proves_it_is_a_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, heading = link.partition("#")
        text = (ROOT / "docs" / path).read_text("utf-8") if path else PAGE
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("#")
        }
        assert not heading or heading in headings
