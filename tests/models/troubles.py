"""Trouble, drawn: for most calls none, for the others a kind of fault and the request that meets it."""

from typing import Any

from hypothesis import strategies as st

from tests.models import Trouble

KINDS = ("refuse", "throttle", "drop", "lose", "cut", "repeat", "late", "slow", "too slow", "revoke")


def troubles(but: str = "") -> st.SearchStrategy[Trouble]:
    """None, or something that goes wrong with one of the first requests of a call."""
    kinds = st.sampled_from([kind for kind in KINDS if kind != but])
    return st.none() | st.tuples(kinds, st.integers(0, 3))


def met(trouble: Trouble) -> dict[str, Any]:
    """Said only where there is any, so that a script is short."""
    return {} if trouble is None else {"trouble": trouble}
