"""The GraphQL folder: its modules stand on one another in one order, and graphql-core is loaded only when asked for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from mock_servers.core import graphql as machinery

FOLDER = Path(machinery.__file__).parent
LIGHT = ("words", "scalars", "run", "paging")
HEAVY = ("nodes", "sdl", "values", "service", "plan", "execution", "validation", "machine")
ORDER = (*LIGHT, *HEAVY)


def imported(module: str) -> set[str]:
    """Modules of the folder that one of them imports when it runs; what is only for its types does not count."""
    found = set()
    waiting: list[ast.AST] = [ast.parse((FOLDER / f"{module}.py").read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(machinery.__name__):
            found.add(str(node.module).rsplit(".", 1)[1])
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def test_every_module_has_its_place_in_the_order():
    assert {path.stem for path in FOLDER.glob("*.py")} == {"__init__", *ORDER}
    assert " · ".join(LIGHT) in str(machinery.__doc__)
    assert " · ".join(HEAVY) in str(machinery.__doc__)


@pytest.mark.parametrize("module", ORDER)
def test_a_module_stands_only_on_those_before_it(module):
    assert imported(module) <= set(ORDER[: ORDER.index(module)])


def loaded_by(statement: str) -> bool:
    """Whether a fresh interpreter has graphql-core after this statement."""
    code = f"import sys; {statement}; print('graphql' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip() == "True"


def test_what_resolvers_are_written_with_does_not_load_graphql_core():
    assert not loaded_by("from mock_servers.core.graphql import Connection, Dialect, FieldError, Rejected, Run, Scalar")
    assert loaded_by("from mock_servers.core.graphql import Machine")


@pytest.mark.parametrize("name", sorted(machinery.LATER))
def test_a_name_that_needs_graphql_core_is_there_when_asked_for(name):
    assert getattr(machinery, name) is not None


def test_a_name_nobody_gave_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        machinery.Nonsense  # noqa: B018 - asking is the test
