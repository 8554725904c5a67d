"""What is skipped is counted at the end, by reason; a skip without one fails the run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
HEAD = "import pytest\n"
WITH_REASONS = """
def test_done(): pass
def test_one(): pytest.skip("no printer here")
def test_two(): pytest.skip("no printer here")
@pytest.mark.skip(reason="another day")
def test_three(): pass
"""


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize(
    ("suite", "code", "says"),
    [
        (WITH_REASONS, 0, "skipped, by reason: 3 in all: 1 × another day; 2 × no printer here"),
        ("def test_done(): pass", 0, "1 passed"),
        ("def test_one(): pytest.skip()", 1, "does not say why: that fails the run"),
        ("@pytest.mark.skip\ndef test_one(): pass", 1, "does not say why: that fails the run"),
    ],
)
def test_skips_are_counted_by_their_reasons(tmp_path: Path, processes: str, suite: str, code: int, says: str) -> None:
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    (tmp_path / "test_it.py").write_text(HEAD + suite)
    bare = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "xdist.plugin", "-n", processes]
    ran = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert says in ran.stdout
