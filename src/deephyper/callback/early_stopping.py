"""A callback that ends a search that no longer improves."""

from __future__ import annotations

from collections.abc import Callable

from .._checks import count, function, got, is_bool, is_number
from ..job import Job
from .callback import Callback
from .progress import Best


class SearchEarlyStopping(Callback):
    """Ends a search that no longer improves.

    Args:
        patience: how many evaluations in a row without an improvement end the search. Those of other members count too.
        objective_func: turns a job into the number to watch. If None that is the objective, or the hypervolume of
            several, which a result improves that none dominates. Failures are never an improvement.
        threshold: patience counts only once the best watched number is above this; nothing ends the search before.
        verbose: 0 is silent, 1 prints why the search ends.

    `search_stopped` tells afterwards whether it has ended the search, and `stop_reason` why.
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
        self.search_stopped = False
        self._best = Best()
        self._n_without = 0

    def on_done(self, job: Job) -> None:
        watched = job.objective if self._objective_func is None or job.is_failure else float(self._objective_func(job))
        self._n_without = 0 if self._best.add(watched) else self._n_without + 1
        if self._n_without >= self._patience and self._is_good_enough:
            self._stop(f"the objective has not improved for {self._n_without} evaluations")

    def on_done_other(self, job: Job) -> None:
        if job.objective is not None:
            self.on_done(job)

    @property
    def _is_good_enough(self) -> bool:
        return self._threshold is None or ((best := self._best.value) is not None and best > self._threshold)

    def _stop(self, reason: str) -> None:
        if not self.search_stopped and self._verbose:
            print(f"The search ends early: {reason}.")  # noqa: T201
        self.stop_reason, self.search_stopped = reason, True
