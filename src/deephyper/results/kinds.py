"""What a column of hyperparameters made of the user's values, and how to get them back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .._cells import scalar

Kinds = Mapping[str, "Whole"]
"""For columns of numbers, by their name, which of the numbers were whole ones."""

Whole = Literal["all"] | frozenset[float]
"""Which numbers of a column of floats were whole numbers: all, or these."""


def kind_of(values: Sequence[Any]) -> Whole | None:
    """Note which values were whole numbers, since a column may turn them into floats; None if not all are numbers."""
    types = set(map(type, values))
    if not types or not types <= {int, float}:
        return None
    if types == {int}:
        return "all"
    whole = frozenset(float(value) for value in values if type(value) is int)
    return "all" if whole and all(type(value) is int or math.isnan(value) for value in values) else whole


def in_common(kinds: Sequence[Kinds]) -> dict[str, Whole]:
    """What is true of the rows of several tables together: only what they agree on, or what one of them alone knows."""
    found: dict[str, Whole] = {}
    for name in dict.fromkeys(name for one in kinds for name in one):
        known = [one[name] for one in kinds if name in one]
        if all(kind == "all" for kind in known):
            found[name] = "all"
        elif all(kind != "all" for kind in known):
            found[name] = frozenset[float]().union(*(kind for kind in known if kind != "all"))
    return found


def original(value: Any, kind: Whole | None) -> Any:
    """The user's own value: a Python scalar instead of numpy's, and a whole number if it was one."""
    value = scalar(value)
    if kind is None or type(value) is not float or not value.is_integer():
        return value
    return int(value) if kind == "all" or value in kind else value


def is_inactive(value: Any) -> bool:
    """True for the empty cell of a hyperparameter that is not active."""
    return isinstance(value, float) and math.isnan(value)
