"""CBO's options, checked once where the user passes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array
from .._checks import count, instance_of, is_number, known_names
from ..space import Space, row_keys
from .problem import legal_row

N_INITIAL_POINTS = 8


@dataclass(frozen=True)
class Options:
    """What shapes CBO's suggestions.

    Args:
        n_initial_points: how many suggestions come before the model's.
        initial_rows: canonical rows to suggest first, (k, d).
        given: the same points as the user wrote them, by the key of their row.
        kappa: constant width of the confidence bound; None draws it anew for every suggestion.
    """

    n_initial_points: int
    initial_rows: Array
    given: dict[bytes, dict[str, Any]]
    kappa: float | None


def checked_options(
    space: Space,
    n_initial_points: int | None,
    initial_points: Sequence[Mapping[str, Any]] | None,
    acq_func_kwargs: Mapping[str, Any] | None,
) -> Options:
    """Check what the user passes to CBO."""
    n = N_INITIAL_POINTS if n_initial_points is None else count("CBO", "n_initial_points", n_initial_points)
    points = [dict(point) for point in _points(initial_points or ())]
    rows = [legal_row(space, point) for point in points]
    initial_rows = np.concatenate([np.empty((0, space.n_columns)), *rows])
    active = [space.decode(row)[0] for row in rows]
    # As the user wrote them: what was encoded and decoded differs in the last digits. A constant may be left out.
    given = [{name: point.get(name, value) for name, value in a.items()} for point, a in zip(points, active, strict=True)]
    return Options(n, initial_rows, dict(zip(row_keys(initial_rows), given, strict=True)), _kappa(acq_func_kwargs or {}))


def _points(points: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    for point in points:
        instance_of("CBO", "each of initial_points", point, Mapping, "a dictionary of parameters")
    return points


def _kappa(given: Mapping[str, Any]) -> float | None:
    known_names("CBO", "key of acq_func_kwargs", given, ["kappa"])
    kappa = given.get("kappa")
    if kappa is not None and not (is_number(kappa) and 0 <= kappa < np.inf):
        raise ValueError(f"CBO: kappa must be a number of at least 0, or None to draw it for every suggestion, got {kappa!r}.")
    return None if kappa is None else float(kappa)
