"""Evaluators, which run a function on many configurations."""

from .._missing import refuse_names
from ..errors import MaximumJobsSpawnReached
from ..job import HPOJob, Job, JobStatus
from ..worker import RunFunction, RunningJob
from .commands import parse_subprocess_result
from .decorators import profile
from .elsewhere import MPIPoolEvaluator
from .evaluator import EVALUATORS, Evaluator
from .methods import (
    DaskEvaluator,
    ExecutorEvaluator,
    LokyEvaluator,
    MPICommEvaluator,
    ProcessEvaluator,
    ProcessPoolEvaluator,
    RayEvaluator,
    SerialEvaluator,
    SimulatedEvaluator,
    ThreadEvaluator,
    ThreadPoolEvaluator,
)
from .place import Place
from .queued import queued

__all__ = [
    "EVALUATORS",
    "DaskEvaluator",
    "Evaluator",
    "ExecutorEvaluator",
    "HPOJob",
    "Job",
    "JobStatus",
    "LokyEvaluator",
    "MPICommEvaluator",
    "MPIPoolEvaluator",
    "MaximumJobsSpawnReached",
    "Place",
    "ProcessEvaluator",
    "ProcessPoolEvaluator",
    "RayEvaluator",
    "RunFunction",
    "RunningJob",
    "SerialEvaluator",
    "SimulatedEvaluator",
    "ThreadEvaluator",
    "ThreadPoolEvaluator",
    "parse_subprocess_result",
    "profile",
    "queued",
]
__dir__ = __all__.copy

refuse_names(__name__)
