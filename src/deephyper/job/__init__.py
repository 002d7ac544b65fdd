"""One evaluation."""

from ..worker import Observations, RunningJob
from .job import HPOJob, Job, JobStatus
from .journal import Journal, cell, read_lines, value_of
from .outcome import LIMITS, WORKER_DIED, Objective, Outcome, is_failure, is_reason, n_objectives_of
from .row import METADATA, PARAMETER, TIMES, Row, flat_row, objective_columns

__all__ = [
    "LIMITS",
    "METADATA",
    "PARAMETER",
    "TIMES",
    "WORKER_DIED",
    "HPOJob",
    "Job",
    "JobStatus",
    "Journal",
    "Objective",
    "Observations",
    "Outcome",
    "Row",
    "RunningJob",
    "cell",
    "flat_row",
    "is_failure",
    "is_reason",
    "n_objectives_of",
    "objective_columns",
    "read_lines",
    "value_of",
]
