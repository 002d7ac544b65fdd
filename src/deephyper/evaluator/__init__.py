"""Who runs the evaluations."""

from ..errors import MaximumJobsSpawnReached
from ..job import HPOJob, Job, JobStatus
from ..worker import RunFunction, RunningJob
from .decorators import profile
from .evaluator import EVALUATORS, Evaluator
from .foreign import ExecutorEvaluator
from .lanes import LokyEvaluator, ProcessEvaluator
from .local import SerialEvaluator, ThreadEvaluator
from .queued import queued
from .simulated import SimulatedEvaluator

__all__ = [
    "EVALUATORS",
    "Evaluator",
    "ExecutorEvaluator",
    "HPOJob",
    "Job",
    "JobStatus",
    "LokyEvaluator",
    "MaximumJobsSpawnReached",
    "ProcessEvaluator",
    "RunFunction",
    "RunningJob",
    "SerialEvaluator",
    "SimulatedEvaluator",
    "ThreadEvaluator",
    "profile",
    "queued",
]
