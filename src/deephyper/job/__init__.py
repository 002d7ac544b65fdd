"""One evaluation."""

from ..worker import JobStatus, Observations, RunningJob
from .columns import METADATA, PARAMETER, REPLAY, TIMES, Row
from .files import identity, keep_older_file, replace_file
from .job import HPOJob, Job, Read, ready_record
from .journal import Journal, with_late_columns
from .objectives import Objectives
from .outcome import LIMITS, Objective, Outcome, is_failure, is_lost, is_reason, number_of
from .row import flat_row

__all__ = [
    "LIMITS",
    "METADATA",
    "PARAMETER",
    "REPLAY",
    "TIMES",
    "HPOJob",
    "Job",
    "JobStatus",
    "Journal",
    "Objective",
    "Objectives",
    "Observations",
    "Outcome",
    "Read",
    "Row",
    "RunningJob",
    "flat_row",
    "identity",
    "is_failure",
    "is_lost",
    "is_reason",
    "keep_older_file",
    "number_of",
    "ready_record",
    "replace_file",
    "with_late_columns",
]
__dir__ = __all__.copy
