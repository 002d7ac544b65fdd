"""The side of an evaluation that runs in a worker of Dask."""

from __future__ import annotations

from typing import cast, final

import cloudpickle
from distributed import WorkerPlugin, get_worker

from .evaluation import Report, evaluate_pickled


@final
class Payload(WorkerPlugin):
    """The run-function, kept by every worker. The scheduler gives it once to each, also to those that come later."""

    def __init__(self, payload: bytes):
        self.payload = payload


def evaluate_kept(name: str, packed_task: bytes) -> Report:
    """Run one evaluation of the function that this worker keeps under a name; the report is packed.

    The task comes as bytes: Dask would look into it for keys of its own.
    """
    kept = cast(Payload, get_worker().plugins[name])
    task, channel = cloudpickle.loads(packed_task)
    return evaluate_pickled(kept.payload, task, channel)
