"""Evaluators whose jobs each hold some items of a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._checks import known_names, options_of
from .evaluator import Evaluator
from .leases import Queue


def queued(evaluator_class: type[Evaluator]) -> Callable[..., Evaluator]:
    """Make a kind of evaluator lend items of a queue to its jobs.

    The class that comes back takes two more arguments: `queue`, a list of items, and `queue_pop_per_task`, how many of them each
    evaluation gets (1). The run-function finds its own in the keyword argument `dequed`, a list, the table in `m:dequed`. No two
    running evaluations hold the same item, and an item comes back whatever happens to its evaluation.

    Example:
        >>> from deephyper.evaluator import ThreadEvaluator
        >>> def run(job, dequed):
        ...     return len(dequed)
        >>> with queued(ThreadEvaluator)(run, num_workers=2, queue=["cpu-0", "cpu-1"]) as evaluator:
        ...     jobs = evaluator.submit([{"x": 1}, {"x": 2}]) and evaluator.gather("ALL")
        >>> sorted(job.metadata["dequed"] for job in jobs)
        [['cpu-0'], ['cpu-1']]
    """

    class Queued(evaluator_class):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, queue: Iterable[Any], queue_pop_per_task: int = 1, **kwargs: Any):
            where = type(self).__name__
            known_names(where, "option", kwargs, [*options_of(evaluator_class.__init__), "queue", "queue_pop_per_task"])
            super().__init__(*args, **kwargs)
            self._in_flight.lend_from(Queue(where, queue, queue_pop_per_task))

    Queued.__name__ = Queued.__qualname__ = f"Queued{evaluator_class.__name__}"
    return Queued
