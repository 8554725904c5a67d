"""Suites of other people, in a folder of their own and a process of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

PLUGINS = ("seatrial.pytest_plugin", "xdist.plugin")


class Ran(Struct, frozen=True):
    """What came of a suite."""

    code: int
    output: str

    def counts(self) -> dict[str, int]:
        """`{"passed": 3, "failed": 1}` out of the closing line."""
        closing = self.output.strip().splitlines()[-1]
        return {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)", closing)}


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., Ran]:
    """Runs pytest over the files given, `name="text"`; only the plugin under test and xdist are loaded."""

    def run(*options: str, ini: str = "", plugins: tuple[str, ...] = PLUGINS, **files: str) -> Ran:
        (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers --strict-config -ra\n{ini}")
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        chosen = [option for name in plugins for option in ("-p", name)]
        command = [sys.executable, "-m", "pytest", "-W", "error", *chosen, *options, str(tmp_path)]
        bare = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=bare, check=False, timeout=120)
        return Ran(ran.returncode, ran.stdout + ran.stderr)

    return run


class File(Struct, frozen=True):
    """A block that is a file: its first line names it."""

    name: str
    text: str


class Command(Struct, frozen=True):
    """A block that is typed, and what it prints if the page says so; `…` stands for anything."""

    text: str
    prints: str | None = None


PAGE = Path(__file__).parents[2] / "docs" / "pytest.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# ([\w./-]+\.\w+)\n")


def read_page(text: str) -> list[File | Command]:
    """The page's blocks in their order. Raises ValueError for one that nobody would run."""
    steps: list[File | Command] = []
    for language, body in BLOCK.findall(text):
        named = NAMED.match(body)
        if language in {"python", "ini"} and named:
            steps.append(File(named[1], body))
        elif language == "sh":
            steps.append(Command(body.strip()))
        elif language == "text" and steps and isinstance(steps[-1], Command):
            steps[-1] = Command(steps[-1].text, body)
        else:
            raise ValueError(f"nobody runs this block of {PAGE.name}:\n```{language}\n{body}```")
    return steps


def follow(steps: list[File | Command], folder: Path, environment: dict[str, str]) -> int:
    """Do as the page says in a folder, and check what it says is printed; how many commands were run."""
    ran = 0
    for step in steps:
        if isinstance(step, File):
            (folder / step.name).write_text(step.text)
            continue
        done = subprocess.run(
            ["bash", "-ec", step.text],
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment,
            timeout=300,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == 0, f"$ {step.text}\n{printed}"
        if step.prints is not None:
            wanted = ".*?".join(re.escape(part) for part in step.prints.strip().split("…"))
            assert re.search(wanted, printed, re.DOTALL), f"$ {step.text}\n{printed}\n--- the page says:\n{step.prints}"
        ran += 1
    return ran


@pytest.fixture
def page() -> list[File | Command]:
    """The plugin's page, block by block."""
    return read_page(PAGE.read_text(encoding="utf-8"))


@pytest.fixture
def page_reader() -> Callable[[str], list[File | Command]]:
    """Reads a page."""
    return read_page


@pytest.fixture
def page_follower() -> Callable[[list[File | Command], Path, dict[str, str]], int]:
    """Does what a page says."""
    return follow
