"""What runs beside the run-function. Every worker process imports this, so it stays small."""

from .evaluation import (
    HOST,
    NOTHING_LENT,
    Lease,
    Report,
    RunFunction,
    Task,
    evaluate,
    evaluate_coroutine,
    evaluate_pickled,
    now,
    pickled,
)
from .output import Lines
from .running_job import Channel, Observations, RunningJob

__all__ = [
    "HOST",
    "NOTHING_LENT",
    "Channel",
    "Lease",
    "Lines",
    "Observations",
    "Report",
    "RunFunction",
    "RunningJob",
    "Task",
    "evaluate",
    "evaluate_coroutine",
    "evaluate_pickled",
    "now",
    "pickled",
]
