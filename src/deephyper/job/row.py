"""One evaluation as one flat row; `Job.from_row` is the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .._cells import showable
from ..worker import JobStatus
from .columns import METADATA, PARAMETER, REPLAY, TIMES, Row
from .job import Job
from .objectives import Objectives


def flat_row(job: Job, names: Sequence[str], objectives: Objectives) -> Row:
    """Turn a job into a flat row.

    Args:
        job: an evaluation that has ended.
        names: all hyperparameters, in the order of the columns; inactive ones are NaN.
        objectives: those of the search.
    """
    row: Row = {PARAMETER + name: job.parameters.get(name, math.nan) for name in names}
    row |= objectives.cells(None if job.status is JobStatus.CANCELLED else job.objective)
    row |= {"job_id": job.id, "job_status": job.status.value}
    if REPLAY in job.metadata:
        # A last row that was cut off is found by its last cell, so a number should stand there.
        row[METADATA + REPLAY] = showable(job.metadata[REPLAY])
    for name in TIMES:
        time = getattr(job, name)
        row[METADATA + name] = math.nan if time is None else time
    # The job's own times win: a function may report those of another clock.
    row |= {
        METADATA + key: showable(value)
        for key, value in job.metadata.items()
        if not key.startswith("_") and key not in TIMES
    }
    return row
