"""CBO: options in, parts wired, dictionaries out."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import pandas as pd

from .._arrays import Array
from ..evaluator import Evaluator, RunFunction
from ..job import WORKER_DIED, Job, JobStatus, cell, is_failure
from ..optimizer import BayesianOptimizer
from ..space import row_keys
from .ahead import Ahead
from .options import checked_options
from .problem import HpProblem
from .search import Search, Suggestion
from .transfer import GenerativeModel, best_source_rows, generative_model

# How far a told configuration may lie from the one that was asked and still be it: single precision and text cost that much.
_SAME_ROW = 1e-5


@final
class CBO(Search):
    """Asynchronous Bayesian optimization.

    A Gaussian process of what has been evaluated, running evaluations included, tells where to look next; the first
    suggestions come from a space-filling design. `docs/engine.md` explains the defaults.

    Args:
        problem: the search space.
        evaluator: who runs the evaluations, as for every search.
        random_state: fixes every random draw; None makes every search another one.
        log_dir: folder of `results.csv`.
        verbose: 0 is silent, 1 shows a progress bar.
        checkpoint_history_to_csv: append every evaluation to the file at once.
        checkpoint_restart: continue from the file.
        n_initial_points: how many suggestions are made before the model speaks; 8 if None.
        initial_points: configurations to evaluate before all others; they count as initial ones.
        acq_func_kwargs: `kappa` is the width of the upper confidence bound in standard deviations; where it is not given it is
            drawn anew for every suggestion.
    """

    def __init__(
        self,
        problem: HpProblem,
        evaluator: Evaluator | RunFunction | None = None,
        random_state: Any = None,
        log_dir: str | os.PathLike[str] = ".",
        verbose: int = 0,
        checkpoint_history_to_csv: bool = True,
        checkpoint_restart: bool = False,
        *,
        n_initial_points: int | None = None,
        initial_points: Sequence[Mapping[str, Any]] | None = None,
        acq_func_kwargs: Mapping[str, Any] | None = None,
    ):
        self._options = (n_initial_points, initial_points, acq_func_kwargs)
        self._asked: dict[tuple[str, ...], Array] = {}
        super().__init__(problem, evaluator, random_state, log_dir, verbose, checkpoint_history_to_csv, checkpoint_restart)

    def _prepare_to_ask(self) -> None:
        self._checked = checked_options(self._space, *self._options)
        self._use_optimizer(self._checked.initial_rows)

    def _use_optimizer(self, initial_rows: Array) -> None:
        options = self._checked
        self._optimizer = BayesianOptimizer(self._space, self._draws, options.n_initial_points, initial_rows, options.kappa)
        self._ahead = Ahead(self._optimizer)

    # Suggestions.

    def _ask(self, n: int) -> list[Suggestion]:
        return [self._suggestion(row, self._optimizer.n_told) for row in self._optimizer.ask(n)]

    def _suggest(self, n: int, evaluator: Evaluator) -> list[Suggestion]:
        return [self._suggestion(row, n_told) for row, n_told in self._ahead.suggest(n, evaluator)]

    def _while_running(self, evaluator: Evaluator) -> None:
        self._ahead.prepare(evaluator)

    def _rest(self) -> None:
        self._ahead.close()

    def _suggestion(self, row: Array, n_told: int) -> Suggestion:
        decoded = self._space.decode(row[None])[0]
        configuration = self._checked.given.get(row_keys(row[None])[0], decoded)
        self._asked[self._key(configuration)] = row
        # With several workers the clock decides what a suggestion knew, so it is noted.
        return Suggestion(configuration, {"_n_told": n_told})

    # Results.

    def _tell(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if isinstance(job.objective, tuple):
                raise ValueError(
                    f"CBO: it maximizes one objective, and an evaluation returned {len(job.objective)}; return a single number, "
                    "or use RandomSearch, whose table holds several."
                )
        rows = self._rows_of(jobs)
        is_taught = np.array([_teaches(job) for job in jobs], bool)
        is_cancelled = np.array([job.status is JobStatus.CANCELLED for job in jobs], bool)
        self._optimizer.forget(rows[is_cancelled])
        self._optimizer.forget(rows[~is_taught & ~is_cancelled], may_return=False)
        if is_taught.any():
            objectives = [_objective(job) for job in jobs if _teaches(job)]
            self._optimizer.tell(rows[is_taught], np.array(objectives))
        for job in jobs:
            if job.duration is not None and job.status is JobStatus.DONE:
                self._ahead.note_evaluation(job.duration)

    def _restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        taught = [job for job in jobs if _teaches(job)]
        lost = [job for job in jobs if job.objective == WORKER_DIED]
        self._optimizer.forget(self._rows_of(lost), may_return=False)
        self._optimizer.restore(self._rows_of(taught), np.array([_objective(job) for job in taught]), n_asked)

    def _rows_of(self, jobs: Sequence[Job]) -> Array:
        """The rows that were asked, to the last bit, or those that the configurations stand for, (n, d)."""
        return np.array([self._row_of(job.parameters) for job in jobs]).reshape(len(jobs), self._space.n_columns)

    def _row_of(self, configuration: Mapping[str, Any]) -> Array:
        known = self._asked.pop(self._key(configuration), None)
        if known is not None:
            return known
        row: Array = self._space.encode([configuration])[0]
        tolerance = np.where(self._space.is_continuous, _SAME_ROW, 0.0)
        for key, asked in self._asked.items():
            if (np.abs(asked - row) <= tolerance).all():
                return self._asked.pop(key)
        return row

    def _key(self, configuration: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(cell(configuration.get(name, math.nan)) for name in self._space.names)

    def get_params(self) -> dict[str, Any]:
        n_initial_points, initial_points, acq_func_kwargs = self._options
        return super().get_params() | {
            "n_initial_points": n_initial_points,
            "initial_points": initial_points,
            "acq_func_kwargs": acq_func_kwargs,
        }

    # Earlier tables.

    def fit_generative_model(self, df: pd.DataFrame | str | os.PathLike[str], q: float = 0.90) -> GenerativeModel:
        """Learn from an earlier search where good configurations lie.

        Before the first suggestion the best configurations of the table are evaluated first; from then on suggestions are
        drawn towards its good region, the less so the more this search has seen itself. The table may miss hyperparameters
        of this problem, which are then drawn, and may have others.

        Args:
            df: the table of an earlier search, or the path of its CSV file.
            q: rows above this quantile of the objective count as good; lowered, with a warning, to keep 10 rows.

        Returns:
            The density of good configurations; `sample(n)` draws from it.
        """
        model = generative_model(df, q, self._space, self._draws)
        if self._optimizer.n_asked == self._optimizer.n_told == 0:
            first = best_source_rows(model, self._space, self._draws, self._checked.n_initial_points // 2)
            self._use_optimizer(np.concatenate([self._checked.initial_rows, first]))
        self._optimizer.set_prior(model.density)
        return model


def _teaches(job: Job) -> bool:
    """Neither a cancelled evaluation nor one whose worker was lost says anything about its configuration."""
    return job.status is JobStatus.DONE and job.objective != WORKER_DIED


def _objective(job: Job) -> float:
    return math.nan if is_failure(job.objective) else float(job.objective)  # type: ignore[arg-type]
