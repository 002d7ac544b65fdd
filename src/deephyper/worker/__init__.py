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
from .output import Lines, write_replaced
from .running_job import Observations, RunningJob

__all__ = [
    "HOST",
    "LONGEST_MESSAGE",
    "NOTHING_LENT",
    "Address",
    "Channel",
    "Kind",
    "Lease",
    "Lines",
    "Observations",
    "Report",
    "RunFunction",
    "RunningJob",
    "SocketChannel",
    "Task",
    "evaluate",
    "evaluate_coroutine",
    "evaluate_pickled",
    "now",
    "packed_answer",
    "pickled",
    "unpacked",
    "write_replaced",
]


def __dir__() -> list[str]:
    return __all__
