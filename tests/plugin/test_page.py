"""The plugin's page, done as it says: here, and as a new user would in an empty project with a fresh installation."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ONLY = "-p seatrial.pytest_plugin -p xdist.plugin -p respx.plugin"
"""What a user has; the plugins installed for our own tests take seconds to load."""
UNREACHED = re.compile(
    r"Failed to establish a new connection|name resolution|Max retries|timed out|ProxyError|Could not fetch URL"
    r"|Connection refused|Network is unreachable|No matching distribution found for hatchling",
)


def test_every_example_of_the_page_does_what_it_says(page: Any, page_follower: Any, tmp_path: Path) -> None:
    steps = [step for step in page if not getattr(step, "text", "").startswith("python -m pip install")]
    assert len(steps) == len(page) - 1
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    as_a_user = os.environ | {"PATH": path, "PYTEST_ADDOPTS": ONLY, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    assert page_follower(steps, tmp_path, as_a_user) == 3


def test_the_page_about_fidelity_does_what_it_says_too(page_reader: Any, page_follower: Any, tmp_path: Path) -> None:
    steps = page_reader((ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert page_follower(steps, tmp_path, os.environ | {"PATH": path}) == 3
    assert {each.name for each in tmp_path.iterdir()} == {"fidelity.json", "fidelity.html"}


@pytest.mark.wheel
def test_a_new_user_in_an_empty_project_can_do_as_the_page_says(page: Any, page_follower: Any, tmp_path: Path) -> None:
    wheel = _built(tmp_path / "wheel")
    python = tmp_path / "venv" / "bin" / "python"
    _ran(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv"))
    install, *steps = page
    wanted = install.text.removeprefix("python -m pip install ").split()
    assert wanted[0] == "seatrial"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
    _ran(*pip, "-c", str(ROOT / "constraints.txt"), str(wheel), *wanted[1:])

    project = tmp_path / "project"
    project.mkdir()
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    assert page_follower(steps, project, clean | {"PATH": path}) == 3


def _built(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    try:
        import hatchling  # noqa: F401 - there already: nothing has to be fetched to build
    except ImportError:
        _ran(*command, str(ROOT))
    else:
        _ran(*command, "--no-build-isolation", str(ROOT))
    return next(folder.glob("seatrial-*.whl"))


def _ran(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and UNREACHED.search(done.stdout + done.stderr):
        pytest.skip("the package registry cannot be reached from here")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", ["```python\nprint(1)\n```\n", "```text\n1\n```\n", "```js\n1\n```\n"])
def test_an_example_that_nobody_would_run_is_not_let_stand(page_reader: Any, block: str) -> None:
    with pytest.raises(ValueError, match="nobody runs this block"):
        page_reader(block)


@pytest.mark.parametrize(("prints", "holds"), [("one\n…\nthree", True), ("one\ntwo", True), ("one\nthree", False)])
def test_what_the_page_says_is_printed_is_compared(
    page_reader: Any, page_follower: Any, tmp_path: Path, prints: str, holds: bool
) -> None:
    steps = page_reader(f"```sh\nprintf 'one\\ntwo\\nthree\\n'\n```\n\n```text\n{prints}\n```\n")
    if holds:
        assert page_follower(steps, tmp_path, dict(os.environ)) == 1
    else:
        with pytest.raises(AssertionError, match="the page says"):
            page_follower(steps, tmp_path, dict(os.environ))
