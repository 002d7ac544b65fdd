"""What a worker needs to run evaluations. Every worker process imports this folder, so it stays small."""

from .channel import LONGEST_MESSAGE, Address, Channel, Kind, SocketChannel, packed_answer, unpacked
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
from .leaving import Recalled
from .output import Lines, write_replaced
from .returned import isinstance_of, items_of, numbers_of
from .running_job import JobStatus, Observations, RunningJob

__all__ = [
    "HOST",
    "LONGEST_MESSAGE",
    "NOTHING_LENT",
    "Address",
    "Channel",
    "JobStatus",
    "Kind",
    "Lease",
    "Lines",
    "Observations",
    "Recalled",
    "Report",
    "RunFunction",
    "RunningJob",
    "SocketChannel",
    "Task",
    "evaluate",
    "evaluate_coroutine",
    "evaluate_pickled",
    "isinstance_of",
    "items_of",
    "now",
    "numbers_of",
    "packed_answer",
    "pickled",
    "unpacked",
    "write_replaced",
]
__dir__ = __all__.copy
