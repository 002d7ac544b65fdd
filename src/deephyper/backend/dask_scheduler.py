"""What runs in the scheduler of Dask, so that no evaluation is repeated, or goes on when nobody awaits it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, final

from distributed import SchedulerPlugin

# No worker has this name.
_NOWHERE = "deephyper: given up"
# How many seconds a worker may take to end by itself before it is killed.
_TO_END_S = 0.2


@final
class NoRepeats(SchedulerPlugin):
    """Gives up a task of ours whose worker was lost.

    Dask itself would run it again, up to three times, or any number of times where the worker left by its own will, as
    at the end of its walltime. Whether an evaluation is tried again is for its manager to say.

    Args:
        prefix: how the keys of our tasks begin.
    """

    idempotent = True

    def __init__(self, prefix: str):
        self._prefix = prefix

    async def start(self, scheduler: Any) -> None:
        self._scheduler = scheduler

    def transition(self, key: Any, start: str, finish: str, *args: Any, **kwargs: Any) -> None:
        if start != "processing" or finish != "released" or not str(key).startswith(self._prefix):
            return
        task = self._scheduler.tasks.get(key)
        if task is not None and task.who_wants:
            # At once, since the next transition would send it to another worker.
            task.worker_restrictions, task.loose_restrictions = {_NOWHERE}, False
            client = next(iter(task.who_wants)).client_key
            self._scheduler.loop.add_callback(_cancel, self._scheduler, [key], client, "its worker was lost")


def end_tasks(keys: Sequence[str], client: str, prefix: str, dask_scheduler: Any = None) -> None:
    """Cancel tasks, and start the workers again that were at them, since nothing ends a thread.

    A worker is left alone if it does something else, holds data of somebody else, or has no nanny to start it again.

    Args:
        keys: of the tasks.
        client: whose tasks they are.
        prefix: how the keys of our tasks begin.
        dask_scheduler: the scheduler; Dask puts it there.
    """
    tasks = [task for key in keys if (task := dask_scheduler.tasks.get(key)) is not None]
    workers = {task.processing_on for task in tasks} - {None}
    _cancel(dask_scheduler, [task.key for task in tasks if task.who_wants], client, "it was given up")
    for worker in workers:
        is_ours = all(str(task.key).startswith(prefix) for task in worker.has_what)
        if worker.nanny and not worker.processing and is_ours:
            # Nothing is sent there from now on.
            dask_scheduler.handle_worker_status_change("paused", worker, "deephyper-end-tasks")
            dask_scheduler.loop.add_callback(partial(_kill, dask_scheduler, worker.nanny))


def _cancel(scheduler: Any, keys: Sequence[str], client: str, reason: str) -> None:
    wanted = [key for key in keys if (task := scheduler.tasks.get(key)) is not None and task.who_wants]
    scheduler.stimulus_cancel(keys=wanted, client=client, force=True, reason=reason, msg=reason)


async def _kill(scheduler: Any, nanny: str) -> None:
    """Kill the worker of a nanny, which starts another one."""
    await scheduler.rpc(nanny).kill(timeout=_TO_END_S, reason="deephyper-end-tasks")
