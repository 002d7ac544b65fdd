"""CBO: options in, parts wired, dictionaries out."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np

from .._arrays import Array
from .._checks import is_number
from ..evaluator import Evaluator, RunFunction
from ..job import WORKER_DIED, Job, JobStatus, cell, is_failure
from ..optimizer import BayesianOptimizer, Settings
from ..space import row_keys
from ..transfer import N_LEADS, SourceReport
from .ahead import Ahead
from .options import Options, checked_options
from .problem import HpProblem
from .search import Search, Suggestion
from .transfer import (
    EarlierTask,
    GenerativeModel,
    Table,
    earlier_tasks,
    generative_model,
    good_rows,
    n_good_of,
    partial_rows,
    source_of,
)

logger = logging.getLogger(__name__)

# How far a told configuration may lie from the one that was asked and still be it: single precision and text cost that much.
_SAME_ROW = 1e-5
# Among the best tenth of an earlier search are the configurations to try first.
_GOOD_QUANTILE = 0.9


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
        surrogate_model: what is believed about the objective: "auto", which is a Gaussian process at all sizes, or "GP", "ET",
            "RF", "TB", "RS" (forests: extremely randomized, random, bagged, on random subspaces), "GBRT", "HGBRT" (boosted
            quantiles), "DUMMY" (nothing), or a scikit-learn regressor whose `predict` takes `return_std`.
        surrogate_model_kwargs: `max_rows`, how many evaluations the model sees at most, and of forests and boosting the settings
            of their scikit-learn classes.
        acq_func: how rows are scored: "UCB", "EI", "PI", "MES", or "gp_hedge", a portfolio of the first three; with a "d" behind
            it, doubt is only what further evaluations can remove, which a forest tells apart.
        acq_func_kwargs: `kappa`, the width of the confidence bound in standard deviations, drawn anew for every suggestion where
            it is not given; `xi`, the gain too small to count for "EI" and "PI"; `scheduler`, a dictionary with the `type`
            "periodic-exp-decay" (`period`, `rate`, `kappa_final`, `xi_final`, `delay`), "bandit" (`delta`, `lamb`, `delay`) or
            "constant", or a function of a suggestion's number and (kappa, xi) that gives both.
        acq_optimizer: how the best row is looked for: "auto", "sampling", "lbfgs" (surrogates with gradients), "ga" or "mixedga".
        acq_optimizer_kwargs: `n_points` candidates; `n_restarts_optimizer` of them are climbed from; `acq_optimizer_freq`, only
            every so many suggestions are looked for in this way, the others drawn; `filter_duplicated=False` allows repetitions;
            `filter_failures` is "model" (learn where evaluations succeed), "min", "mean" (count them as that value) or "ignore";
            `max_total_failures` ends the search, -1 for no limit; `n_jobs` threads for linear algebra.
        multi_point_strategy: how suggestions for several workers differ: "auto" (what is open shrinks doubt, and every suggestion
            has a kappa of its own), "cl_min", "cl_mean", "cl_max" (what is open counts as told with that value), "topk" (the best
            of one score), "boltzmann" (drawn by it), "qUCB", "qUCBd" (a kappa each, whatever else is asked with it).
        n_initial_points: how many suggestions are made before the model speaks; 8 if None.
        initial_point_generator: spreads them: "sobol", "random", "halton", "hammersly", "lhs" or "grid".
        initial_points: configurations to evaluate before all others; they count as initial ones.
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
        surrogate_model: Any = "auto",
        surrogate_model_kwargs: Mapping[str, Any] | None = None,
        acq_func: str = "UCB",
        acq_func_kwargs: Mapping[str, Any] | None = None,
        acq_optimizer: str = "auto",
        acq_optimizer_kwargs: Mapping[str, Any] | None = None,
        multi_point_strategy: str = "auto",
        n_initial_points: int | None = None,
        initial_point_generator: str = "sobol",
        initial_points: Sequence[Mapping[str, Any]] | None = None,
    ):
        self._options = Options(
            surrogate_model,
            surrogate_model_kwargs,
            acq_func,
            acq_func_kwargs,
            acq_optimizer,
            acq_optimizer_kwargs,
            multi_point_strategy,
            n_initial_points,
            initial_point_generator,
            initial_points,
        )
        self._n_failures = 0
        self._is_drop_logged = False
        self._asked: dict[tuple[str, ...], Array] = {}
        super().__init__(problem, evaluator, random_state, log_dir, verbose, checkpoint_history_to_csv, checkpoint_restart)

    def _prepare_to_ask(self) -> None:
        self._checked = checked_options(self._options, self._space, self._draws)
        self._use_optimizer(self._checked.settings)

    def _use_optimizer(self, settings: Settings) -> None:
        self._optimizer = BayesianOptimizer(settings)
        self._ahead = Ahead(self._optimizer)

    # Suggestions.

    def _ask(self, n: int) -> list[Suggestion]:
        return [self._suggestion(s.row, s.n_told) for s in self._optimizer.suggest(n)]

    def _suggest(self, n: int, evaluator: Evaluator) -> list[Suggestion]:
        return [self._suggestion(s.row, s.n_told, s.was_prepared) for s in self._ahead.suggest(n, evaluator)]

    def _while_running(self, evaluator: Evaluator) -> None:
        self._ahead.prepare(evaluator)

    def _rest(self) -> None:
        self._ahead.close()

    def _suggestion(self, row: Array, n_told: int, was_prepared: bool = False) -> Suggestion:
        decoded = self._space.decode(row[None])[0]
        configuration = self._checked.given.get(row_keys(row[None])[0], decoded)
        self._asked[self._key(configuration)] = row
        # With several workers the clock decides what a suggestion knew, so it is noted.
        return Suggestion(configuration, {"_n_told": n_told}, was_prepared)

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
            self._n_failures += job.status is JobStatus.DONE and is_failure(job.objective)
            if job.duration is not None and job.status is JobStatus.DONE:
                self._ahead.note_evaluation(job.duration)
        self._log_source()

    def _log_source(self) -> None:
        """Say so once when earlier tables are heard no more."""
        report = self._source_report()
        if report is not None and report.dropped_after is not None and not self._is_drop_logged:
            self._is_drop_logged = True
            logger.info("search %s: %s", self.search_id, report)

    def _source_report(self) -> SourceReport | None:
        return self._optimizer.source_report

    def _reason_to_stop(self) -> str | None:
        limit = self._checked.max_total_failures
        return f"{self._n_failures} evaluations have failed (max_total_failures={limit:g})" if self._n_failures >= limit else None

    def _restore(self, jobs: Sequence[Job], n_asked: int) -> None:
        self._n_failures = sum(is_failure(job.objective) for job in jobs if job.status is JobStatus.DONE)
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
        return super().get_params() | vars(self._options)

    # Earlier tables.

    def fit_generative_model(self, df: Table | Sequence[Table], q: float = 0.90) -> GenerativeModel:
        """Learn from earlier searches where good configurations lie.

        Their best configurations are tried first, with a few others as controls. Then the model of this search starts from what
        they say: as much of it is heard as agrees with the values seen here, less and less within 12 evaluations (24 if they had
        at most three hyperparameters of this problem), and nothing if two controls beat all their best configurations.
        `statistics.source` tells.

        Args:
            df: the table of an earlier search, the path of its CSV file, or a list of these, before or between calls of `search`.
                It may miss hyperparameters of this problem, which are then drawn, and may have others; of several objectives
                the Pareto front is what is good. A further call replaces the tables of the one before.
            q: rows above this quantile of the objective count as good; lowered, with a warning, to keep 10 rows.

        Returns:
            The density of good configurations; `sample(n)` draws from it.

        Raises:
            ValueError: a table has nothing to learn from, or q is no quantile.
            TypeError: it is no table.
        """
        tasks = earlier_tasks("CBO.fit_generative_model", df, self._space)
        model = generative_model(tasks, q, self._space, self._draws)
        self._hear(tasks, [density.good for density in model.densities])
        return model

    def fit_surrogate(self, df: Table | Sequence[Table]) -> None:
        """Learn from earlier searches what the objective looks like: as `fit_generative_model`, without the density.

        Args:
            df: the table of an earlier search, the path of its CSV file, or a list of these.

        Raises:
            ValueError: a table has nothing to learn from.
            TypeError: it is no table.
        """
        tasks = earlier_tasks("CBO.fit_surrogate", df, self._space)
        self._hear(tasks, [good_rows(task, n_good_of(len(task.values), _GOOD_QUANTILE), self._space) for task in tasks])

    def _hear(self, tasks: Sequence[EarlierTask], goods: Sequence[Array]) -> None:
        n_leads = min(N_LEADS, self._checked.settings.n_initial)
        self._optimizer.learn_from(source_of(tasks, goods, n_leads, self._space, self._draws))
        self._is_drop_logged = False

    def fit_search_space(self, df: Table | Sequence[Table], fac_numerical: float = 0.125, fac_categorical: float = 10) -> None:
        """Draw configurations from now on near the best one of an earlier search.

        Only draws change: the initial design, and the candidates among which the model looks; no range becomes narrower.

        Args:
            df: the table of an earlier search, the path of its CSV file, or a list of these, whose best ones count alike.
            fac_numerical: standard deviation around the best value, in units of the range (of its logarithm where that is
                what is searched).
            fac_categorical: how many times as often as every other choice the best one is drawn.

        Raises:
            ValueError: a table has nothing to learn from, a factor is not positive, or the problem has a sampling function.
            TypeError: it is no table.
        """
        where = "CBO.fit_search_space"
        for name, value in (("fac_numerical", fac_numerical), ("fac_categorical", fac_categorical)):
            if not is_number(value) or not 0 < value < math.inf:
                raise ValueError(f"{where}: {name} must be a positive number, got {value!r}.")
        if self._space.has_sampler:
            raise ValueError(
                f"{where}: the problem draws with its own sampling function, which knows nothing of priors; use "
                "fit_generative_model, or a problem without one."
            )
        tasks = earlier_tasks(where, df, self._space)
        best = np.concatenate([partial_rows(task.frame.head(1), self._space) for task in tasks])
        self._space = self._space.drawn_near(best, float(fac_numerical), float(fac_categorical))
        self._optimizer.draw_from(self._space)


def _teaches(job: Job) -> bool:
    """Neither a cancelled evaluation nor one whose worker was lost says anything about its configuration."""
    return job.status is JobStatus.DONE and job.objective != WORKER_DIED


def _objective(job: Job) -> float:
    return math.nan if is_failure(job.objective) else float(job.objective)  # type: ignore[arg-type]
