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
