"""A callback that ends a search that no longer improves."""

from __future__ import annotations

from collections.abc import Callable

from .._checks import count, function, got, is_bool, is_number
from ..job import Job
from .callback import Callback


class SearchEarlyStopping(Callback):
    """Ends a search that no longer improves.

    Args:
        patience: how many evaluations in a row without an improvement end the search.
        objective_func: turns a job into the number to watch; the job's objective if None. Failures are never an
            improvement.
        threshold: the search also ends as soon as the watched number reaches this.
        verbose: 0 is silent, 1 prints why the search ends.
    """

    def __init__(
        self,
        patience: int = 10,
        objective_func: Callable[[Job], float] | None = None,
        threshold: float | None = None,
        verbose: int = 1,
    ):
        where = type(self).__name__
        self._patience = count(where, "patience", patience)
        if objective_func is not None:
            function(where, "objective_func", objective_func, "a function of a job that returns a number, or None")
        if threshold is not None and not is_number(threshold):
            raise TypeError(f"{where}: threshold must be a number or None, {got(threshold)}.")
        self._objective_func, self._threshold = objective_func, threshold
        self._verbose = int(verbose) if is_bool(verbose) else count(where, "verbose", verbose, at_least=0)
        self.on_start(None)

    def on_start(self, max_evals: int | None) -> None:
        self.stop_reason: str | None = None
        self._best: float | None = None
        self._n_without = 0

    def on_done(self, job: Job) -> None:
        value = None if job.is_failure else self._watched(job)
        if value is not None and (self._best is None or value > self._best):
            self._best, self._n_without = value, 0
        else:
            self._n_without += 1
        if self._threshold is not None and self._best is not None and self._best >= self._threshold:
            self._stop(f"the objective {self._best} has reached the threshold {self._threshold}")
        elif self._n_without >= self._patience:
            self._stop(f"the objective has not improved for {self._n_without} evaluations")

    def _watched(self, job: Job) -> float:
        if self._objective_func is not None:
            return float(self._objective_func(job))
        if not isinstance(job.objective, float):
            raise ValueError(
                "SearchEarlyStopping: with several objectives pass objective_func, which turns a job into one number."
            )
        return job.objective

    def _stop(self, reason: str) -> None:
        if self.stop_reason is None and self._verbose:
            print(f"The search ends early: {reason}.")  # noqa: T201
        self.stop_reason = reason
