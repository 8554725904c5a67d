"""The repository's own habits. A habit that nothing checks is gone in a month."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import grimp
import pytest

from contracts.contract import vendors

ROOT = Path(__file__).parent.parent
PACKAGES = ("contracts", "mock_servers", "connectors", "seatrial")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
CLOCKS = {"mock_servers/core/clock.py", "connectors/core/clock.py", "seatrial/verify/clock.py"}
WALL_CLOCK = re.compile(
    r"\btime\.(?:time|time_ns|monotonic|sleep)\(|from time import|\b(?:datetime\.(?:now|utcnow|today)|date\.today)\("
)
"""Not `perf_counter` and `process_time`: they tell how long something took, and nothing is decided by that."""
MACHINE_PATHS = re.compile(r"(?:^|[^.\w])/(?:work|root|home|tmp|opt|farm)/[a-z]")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: what is tracked is not known")
    return tuple(ROOT / name for name in listed.stdout.split("\0") if name)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{named(path)} opens without a sentence"


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=named)
def test_a_test_module_says_what_it_is_about(path):
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{named(path)} opens without a sentence"


def test_tests_do_not_sleep():
    """Time is moved, not waited for. What waits for another process or thread does so with a bound and a reason."""
    sleeps = re.compile(r"\btime\.sleep\((?!0\))")
    found = {
        f"{named(path)}:{number}"
        for path in (ROOT / "tests").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if sleeps.search(line) and "sleeps = " not in line
    }
    assert found == set(), "move the clock"


def test_the_wall_clock_is_read_in_clock_modules_alone():
    """Whatever asks the machine for the time cannot be simulated. A command line may show how long it took."""
    found = {
        f"{named(path)}:{number}"
        for path in MODULES
        if named(path) not in CLOCKS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WALL_CLOCK.search(line)
    }
    assert found == set(), "have the time passed in"


@pytest.mark.parametrize(
    "modules",
    ["mock_servers/core/**/*.py", "connectors/core/**/*.py", "connectors/sync/**/*.py", "seatrial/verify/**/*.py",
     "contracts/*.py", "tests/support.py"],
)  # fmt: skip
def test_no_vendor_is_named_in(modules):
    words = re.compile("|".join([*vendors(), "shopify", "extensiv", "skubana"]), re.IGNORECASE)
    assert any(ROOT.glob(modules))
    found = [
        f"{named(path)}:{number} {line.strip()}"
        for path in ROOT.glob(modules)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("vendor", vendors())
def test_a_vendor_is_one_name_in_four_places(vendor):
    for place in ("contracts", "mock_servers", "connectors", "tests"):
        assert (ROOT / place / vendor).is_dir(), f"{vendor} has no {place}/{vendor}"
    for page in ("README.md", "profile.yaml", "examples"):
        assert (ROOT / "contracts" / vendor / page).exists(), f"{vendor} has no contracts/{vendor}/{page}"


@pytest.mark.parametrize("package", ["mock_servers", "connectors"])
def test_no_vendor_knows_another_and_no_machine_knows_a_vendor(package):
    graph = grimp.build_graph(package, cache_dir=None)
    folders = {name for name in vendors() if f"{package}.{name}" in graph.modules}
    assert folders == set(vendors())
    for importer in folders | {"core", "sync"} & {name.split(".")[1] for name in graph.modules if "." in name}:
        for imported in folders - {importer}:
            chain = graph.find_shortest_chain(f"{package}.{importer}", f"{package}.{imported}", as_packages=True)
            assert chain is None, " → ".join(chain)


def test_no_path_of_a_machine_is_in_a_tracked_file():
    found = [
        f"{named(path)}:{number}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".yaml", ".toml", ".json", ".graphql", ""} and path.is_file()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATHS.search(line) and "MACHINE_PATHS" not in line
    ]
    assert found == []


REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io|rubygems\.org|proxy\.golang\.org")


def test_no_registry_is_named_in_a_tracked_file():
    """Which one is used is for the machine's own settings to say."""
    found = [
        named(path)
        for path in tracked()
        if path.is_file() and REGISTRIES.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert [name for name in found if name != "tests/test_tidy.py"] == []


def test_the_locked_versions_name_no_registry():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert " @ " not in text


@pytest.mark.parametrize("target", ["setup", "demo", "serve", "test", "check", "laws", "simulate", "bench", "clean"])
def test_every_target_is_one_word_with_a_line_of_help(target):
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^\s*make {target}\s+\S", shown, re.MULTILINE)


def test_commands_give_their_connection_to_the_admin_api_back():
    text = (ROOT / "seatrial" / "cli.py").read_text(encoding="utf-8")
    uses = [line.strip() for line in text.splitlines() if "_admin(" in line and "def _admin" not in line]
    assert uses
    assert [line for line in uses if not line.startswith("with _admin(")] == []
