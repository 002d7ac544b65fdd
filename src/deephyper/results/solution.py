"""The columns that say, beside every evaluation, what was recommended when it had been gathered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ..job import PARAMETER, Row

SOLUTION = "sol."


@final
@dataclass(frozen=True)
class Solution:
    """What is recommended at one time.

    Args:
        job_id: the number of the evaluation whose configuration it is; None while there is nothing to recommend.
        objective: what was observed there, or what is believed of it.
    """

    job_id: int | None = None
    objective: float = math.nan


def solution_cells(solution: Solution, row: Row | None, names: Sequence[str]) -> Row:
    """The cells of a solution.

    Args:
        solution: what is recommended.
        row: of the evaluation whose configuration it is; None if there is none.
        names: all hyperparameters, in the order of the columns; inactive ones are NaN.
    """
    values = {PARAMETER + name: math.nan if row is None else row[PARAMETER + name] for name in names}
    return {SOLUTION + name: value for name, value in {**values, "objective": solution.objective}.items()}
