"""One evaluation as one flat row: the column names and their order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .job import Job, JobStatus

PARAMETER = "p:"
METADATA = "m:"
TIMES = ("timestamp_submit", "timestamp_start", "timestamp_end", "timestamp_gather")

Row = dict[str, Any]


def objective_columns(n_objectives: int | None) -> list[str]:
    """Names of the objective's columns; None and 1 both mean a single one."""
    if n_objectives is None or n_objectives == 1:
        return ["objective"]
    return [f"objective_{i}" for i in range(n_objectives)]


def flat_row(job: Job, names: Sequence[str], n_objectives: int | None, origin: float) -> Row:
    """Turn a job into a flat row.

    Args:
        job: an evaluation that has ended.
        names: all hyperparameters, in the order of the columns; inactive ones are NaN.
        n_objectives: number of objectives of the search, None while unknown.
        origin: the time on the evaluator's clock that counts as zero.
    """
    row: Row = {PARAMETER + name: job.parameters.get(name, math.nan) for name in names}
    row |= _objectives(job, objective_columns(n_objectives))
    row |= {"job_id": job.id, "job_status": job.status.value}
    row |= {METADATA + name: _since(origin, getattr(job, name)) for name in TIMES}
    # The evaluator's own times win: a function may report those of another clock.
    row |= {METADATA + key: value for key, value in job.metadata.items() if not key.startswith("_") and key not in TIMES}
    return row


def _objectives(job: Job, columns: list[str]) -> Row:
    if job.objective is None or job.status is JobStatus.CANCELLED:
        return dict.fromkeys(columns, math.nan)
    if isinstance(job.objective, tuple):
        return dict(zip(columns, job.objective, strict=True))
    return dict.fromkeys(columns, job.objective)


def _since(origin: float, time: float | None) -> float:
    return math.nan if time is None else time - origin
