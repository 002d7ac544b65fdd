"""Evaluators, which run a function on many configurations."""

from ..errors import MaximumJobsSpawnReached
from ..job import HPOJob, Job, JobStatus
from ..worker import RunFunction, RunningJob
from .decorators import profile
from .evaluator import EVALUATORS, Evaluator, Place
from .methods import (
    ExecutorEvaluator,
    LokyEvaluator,
    ProcessEvaluator,
    SerialEvaluator,
    SimulatedEvaluator,
    ThreadEvaluator,
)
from .queued import queued

__all__ = [
    "EVALUATORS",
    "Evaluator",
    "ExecutorEvaluator",
    "HPOJob",
    "Job",
    "JobStatus",
    "LokyEvaluator",
    "MaximumJobsSpawnReached",
    "Place",
    "ProcessEvaluator",
    "RunFunction",
    "RunningJob",
    "SerialEvaluator",
    "SimulatedEvaluator",
    "ThreadEvaluator",
    "profile",
    "queued",
]
