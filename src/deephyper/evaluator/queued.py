"""Evaluators that lend items of a queue to their jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._checks import got
from .evaluator import Evaluator
from .leases import Queue


def queued(evaluator_class: type[Evaluator]) -> type[Evaluator]:
    """Make an evaluator class lend items of a queue to its jobs.

    The result is a class that takes two more arguments by name: `queue`, a list of items, and `queue_pop_per_task`, how
    many items each evaluation gets. The run-function receives its items as the keyword argument `dequed`, a list; the
    table has them in `m:dequed`. Attributes of the evaluator are `queue`, the items that are free right now, and
    `queue_pop_per_task`. No two running evaluations hold the same item, and an item is returned to the queue
    however its evaluation ends.

    Example:
        >>> from deephyper.evaluator import ThreadEvaluator
        >>> def run(job, dequed):
        ...     return len(dequed)
        >>> with queued(ThreadEvaluator)(run, num_workers=2, queue=["cpu-0", "cpu-1"]) as evaluator:
        ...     jobs = evaluator.submit([{"x": 1}, {"x": 2}]) and evaluator.gather("ALL")
        >>> sorted(job.metadata["dequed"] for job in jobs)
        [['cpu-0'], ['cpu-1']]
    """
    if not isinstance(evaluator_class, type) or not issubclass(evaluator_class, Evaluator):
        raise TypeError(
            f"queued: evaluator_class must be an evaluator class, {got(evaluator_class)}. "
            "Write queued(ProcessEvaluator)(run, num_workers=4, queue=[…])."
        )

    class Queued(evaluator_class):  # type: ignore[valid-type, misc]  # a class that is known only when this runs
        lends = ("dequed",)

        def __init__(self, *args: Any, queue: Iterable[Any] = (), queue_pop_per_task: int = 1, **options: Any):
            lent = Queue(type(self).__name__, queue, queue_pop_per_task)
            if options.get("resources") is not None:
                raise ValueError(
                    f"{type(self).__name__}: it takes either resources or a queue, got both; put the items of both "
                    "into one queue."
                )
            super().__init__(*args, **options)
            self.queue, self.queue_pop_per_task = lent.free, queue_pop_per_task
            self.lend_from(lent)

    Queued.__name__ = Queued.__qualname__ = f"Queued{evaluator_class.__name__}"
    Queued.__doc__ = evaluator_class.__doc__
    return Queued
