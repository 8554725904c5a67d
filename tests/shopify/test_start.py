"""A quick start: what only a query needs waits for the first query."""

import subprocess
import sys

STORY = """
import sys
import mock_servers.shopify
print("graphql" in sys.modules)
from mock_servers.shopify.behaviour.endpoint import machine_of
machine_of("2026-10").plan("{ shop { name } }")
print("graphql" in sys.modules)
"""


def test_the_fake_is_imported_without_graphql_core_which_the_first_query_loads():
    done = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["False", "True"]
