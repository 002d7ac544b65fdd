"""Evaluators that lend items of a queue to their jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._checks import known_names
from .evaluator import Evaluator, options_for
from .leases import Queue


def queued(evaluator_class: type[Evaluator]) -> Callable[..., Evaluator]:
    """Make an evaluator class lend items of a queue to its jobs.

    The result is called like the class and takes two more arguments: `queue`, a list of items, and
    `queue_pop_per_task`, how many items each evaluation gets. The run-function receives its items as the keyword
    argument `dequed`, a list; the table has them in `m:dequed`. No two running evaluations hold the same item, and an
    item is returned to the queue however its evaluation ends.

    Example:
        >>> from deephyper.evaluator import ThreadEvaluator
        >>> def run(job, dequed):
        ...     return len(dequed)
        >>> with queued(ThreadEvaluator)(run, num_workers=2, queue=["cpu-0", "cpu-1"]) as evaluator:
        ...     jobs = evaluator.submit([{"x": 1}, {"x": 2}]) and evaluator.gather("ALL")
        >>> sorted(job.metadata["dequed"] for job in jobs)
        [['cpu-0'], ['cpu-1']]
    """
    where = f"Queued{evaluator_class.__name__}"

    def make(*args: Any, queue: Iterable[Any], queue_pop_per_task: int = 1, **options: Any) -> Evaluator:
        known_names(where, "option", options, [*options_for(evaluator_class), "queue", "queue_pop_per_task"])
        evaluator = evaluator_class(*args, **options)
        evaluator.line.lend_from(Queue(where, queue, queue_pop_per_task))
        return evaluator

    make.__name__ = make.__qualname__ = where
    return make
