"""What run-functions recorded on the way, beside the rows of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from ..job import Observations

Curves = tuple[tuple[int, Observations], ...]
"""For evaluations that recorded anything, in the order of gathering: the number of the job, and what it recorded."""


def curves_frame(curves: Curves, job_ids: Collection[int] | None) -> pd.DataFrame:
    """Make one row of every recorded value.

    Args:
        curves: of the whole search.
        job_ids: only of these jobs; of all if None.
    """
    kept = [curve for curve in curves if job_ids is None or curve[0] in job_ids]
    # At once, since a search may have recorded millions of values.
    pairs = np.array([pair for _, observations in kept for pair in observations], np.float64).reshape(-1, 2)
    numbers = np.repeat(
        np.array([number for number, _ in kept], np.int64), [len(observations) for _, observations in kept]
    )
    return pd.DataFrame({"job_id": numbers, "budget": pairs[:, 0], "objective": pairs[:, 1]})


def in_all(parts: Iterable[Curves]) -> Curves:
    """Put curves of several tables together; one that several of them have is kept once."""
    found: dict[int, list[Observations]] = {}
    for number, observations in (curve for part in parts for curve in part):
        # Tables of different searches have jobs of the same number.
        if observations not in found.setdefault(number, []):
            found[number].append(observations)
    return tuple((number, observations) for number, several in found.items() for observations in several)
