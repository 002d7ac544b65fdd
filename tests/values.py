"""Values of every kind that a cell of a table may hold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TRICKY = [
    "",
    "None",
    "nan",
    "NaN",
    "null",
    "true",
    "True",
    "1",
    "1e5",
    "[1]",
    '"',
    '"q"',
    "a,b",
    "a\r\nb",
    " x ",
    "\ud800",
    "é",
    "Infinity",
]

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(TRICKY))
cells = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=8)


def is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (repr(one) == repr(other))
