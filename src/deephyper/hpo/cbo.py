"""CBO, the search by Bayesian optimization."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, cast, final

import numpy as np
import pandas as pd

from .._arrays import Array
from .._checks import explained, instance_of, is_number, shown
from .._draws import Draws
from ..evaluator import Evaluator, RunFunction
from ..problem import HpProblem
from ..results import Results
from ..transfer import N_LEADS
from .bayesian import Bayesian
from .option_groups import Options, moved
from .options import checked_options
from .proposer import Proposer
from .search import Search
from .selection import ESTIMATED, OBSERVED
from .tables import (
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

# The configurations to try first are chosen from the best tenth of an earlier search.
_GOOD_QUANTILE = 0.9


@final
class CBO(Search):
    """Asynchronous Bayesian optimization.

    A Gaussian process is fitted to all evaluations so far and decides what to evaluate next; it also knows which
    evaluations are running. The first suggestions come from a space-filling design. `docs/engine.md` explains the
    defaults, and `docs/options.md` lists what every option accepts.

    Args:
        problem: the search space.
        evaluator: runs the evaluations, as in every search.
        random_state: fixes every random draw; None draws differently in every search.
        log_dir: folder of `results.csv` and `search.json`; None writes nothing. `Search` says more.
        verbose: 0 is silent, 1 shows a progress bar.
        checkpoint_history_to_csv: append every evaluation to `results.csv` as soon as it is gathered.
        checkpoint_restart: continue from `results.csv` if it is there.
        surrogate_model: the model of the objective. "auto" is a Gaussian process for any number of evaluations, as is
            "GP". "ET", "RF", "TB" and "RS" are forests (extremely randomized, random, bagged, on random subspaces).
            "GBRT" and "HGBRT" are boosted quantiles. "DUMMY" learns nothing. A scikit-learn regressor whose `predict`
            takes `return_std` is also accepted.
        surrogate_model_kwargs: `max_rows`, the number of evaluations that the model uses at most. Forests and boosting
            also take the settings of their scikit-learn classes.
        acq_func: how candidates are scored: "UCB", "EI", "PI", "MES", or "gp_hedge", a portfolio of the first three.
            With a "d" at the end, as in "UCBd", only the uncertainty that further evaluations can remove counts.
            Forests can tell it apart from the rest.
        acq_func_kwargs: `kappa`, the width of the confidence bound in standard deviations; it is drawn for every
            suggestion if it is not given. `xi`, the gain that is too small to count for "EI" and "PI". `scheduler`, how
            both change from one suggestion to the next: a dictionary with the `type` "periodic-exp-decay" (`period`,
            `rate`, `kappa_final`, `xi_final`, `delay`), "bandit" (`delta`, `lamb`, `delay`) or "constant", or a
            function of a suggestion's number and (kappa, xi) that returns both.
        acq_optimizer: how the candidate with the best score is searched for: "auto", "sampling", "lbfgs" (only for
            surrogates with gradients), "ga" or "mixedga".
        acq_optimizer_kwargs: `n_points`, how many candidates are scored first. `n_restarts_optimizer`, from how many of
            them the optimizer starts. `acq_optimizer_freq`: with k, only every k-th suggestion is optimized, and the
            others are drawn at random. `filter_duplicated`: False allows repeated suggestions, which pays where values
            are noisy and all hyperparameters are choices or whole numbers. `filter_failures`:
            "model" learns where evaluations succeed, also from a bad value that comes again and again, "min" and "mean"
            give failures that value, "ignore" leaves them out. `max_total_failures`, how many failures end the search,
            -1 for no limit. `n_jobs`, the threads for linear algebra.
        multi_point_strategy: how suggestions for several workers differ. "auto": running evaluations lower the
            uncertainty around them, and every suggestion has its own kappa. "cl_min", "cl_mean" and "cl_max": running
            evaluations count as if they had returned that value. "topk" takes the best rows of one score, and
            "boltzmann" draws rows with probabilities that grow with the score. "qUCB" and "qUCBd" only draw a kappa for
            each suggestion.
        n_initial_points: how many suggestions are made before the model is used; 8 if None.
        initial_point_generator: how the initial points are spread: "sobol", "random", "halton", "hammersly", "lhs" or
            "grid".
        initial_points: configurations to evaluate before all others, each as often as it is listed. They count as
            initial points. What they hold for inactive hyperparameters is left out.
        solution_selection: what every row of the table recommends, in the columns `sol.p:<name>` and `sol.objective`.
            With "argmax_est" it is the evaluated configuration of which the model believed most when the row was
            gathered, and what it believed of it: under noise the best observed value is largely luck. While there is no
            model it is the best one observed, which it always is with "argmax_obs". None recommends nothing; `believed`
            can always be asked.

    Example:
        >>> import tempfile
        >>> from deephyper.hpo import CBO, HpProblem
        >>> problem = HpProblem()
        >>> x = problem.add_hyperparameter((-10.0, 10.0), "x")
        >>> search = CBO(problem, random_state=1, log_dir=tempfile.mkdtemp())
        >>> results = search.search(lambda job: -(job["x"] ** 2), max_evals=12)
        >>> len(results), results.best.objective.item() > -1.0
        (12, True)
    """

    _in_todays_words = staticmethod(moved)
    _selections = (OBSERVED, ESTIMATED)

    def __init__(
        self,
        problem: HpProblem,
        evaluator: Evaluator | RunFunction | None = None,
        random_state: Any = None,
        log_dir: str | os.PathLike[str] | None = ".",
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
        solution_selection: str | None = None,
    ):
        options = Options.of(
            surrogate_model=surrogate_model,
            surrogate_model_kwargs=surrogate_model_kwargs,
            acq_func=acq_func,
            acq_func_kwargs=acq_func_kwargs,
            acq_optimizer=acq_optimizer,
            acq_optimizer_kwargs=acq_optimizer_kwargs,
            multi_point_strategy=multi_point_strategy,
            n_initial_points=n_initial_points,
            initial_point_generator=initial_point_generator,
            initial_points=initial_points,
            solution_selection=solution_selection,
        )
        super().__init__(
            problem,
            evaluator,
            random_state,
            log_dir,
            verbose,
            checkpoint_history_to_csv,
            checkpoint_restart,
            solution_selection=options.solution_selection,
        )
        self._checked = checked_options(options, self._space, self._draws)

    def _new_proposer(self, draws: Draws, member: int) -> Proposer:
        return Bayesian(self._checked, draws, member, self._ledger.search_id)

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), **self._checked.options.as_dict()}

    @explained("search.believed([{'x': 0.5}])")
    def believed(self, configurations: Mapping[str, Any] | pd.Series | Sequence[Any] | pd.DataFrame) -> pd.DataFrame:
        """Tell what the model believes of configurations, evaluated or not, after all evaluations so far.

        Under noise the best observed objective is largely luck: `search.believed(results)["mean"].idxmax()` labels the
        row of which most is believed. No suggestion is changed by asking.

        Args:
            configurations: a list of configurations, a table of results, or a single configuration.

        Returns:
            One row for each configuration, with the index of the table if it is one, and with the columns `mean` and
            `std`, in the units of the objective: the value that the true objective is as likely to exceed as not, and
            half the width of the interval around it in which it lies with a probability of about two thirds. The noise
            of single evaluations is not part of it. Where an evaluation may fail, it is the objective if it does not.

        Raises:
            ValueError: there are fewer than three objectives, or all are the same; or a configuration is not legal.
            TypeError: something is no configuration.
        """
        with self._turn("believed"):
            belief = cast(Bayesian, self._seated()).believed("CBO.believed", _one_by_one(configurations))
        index = configurations.index if isinstance(configurations, pd.DataFrame) else None
        return pd.DataFrame({"mean": belief.mean, "std": belief.std}, index=index)

    # Earlier tables.

    def fit_generative_model(self, df: Table | Sequence[Table], q: float = 0.90) -> GenerativeModel:
        """Learn from the tables of earlier searches where good configurations lie.

        The best configurations of the tables are tried first, with a few others as controls. Then the model of this
        search starts from the tables. They count the more, the better they agree with the results of this search.
        Their influence fades within 12 evaluations, or 24 if they share at most three hyperparameters with this
        problem. They are dropped if two controls beat all of their best configurations. `statistics.source` says what
        became of them.

        May be called before or between calls of `search`. Another call replaces the tables of the previous one.

        Args:
            df: the table of an earlier search, the path of its CSV file, or a list of these. Hyperparameters of this
                problem that are missing there are drawn, and others there are ignored. With several objectives, the
                rows of the Pareto front count as the best. From failures alone nothing is learned, with a warning.
            q: rows above this quantile of the objective count as good. It is lowered, with a warning, to keep 10 rows.

        Returns:
            The density of good configurations; `sample(n)` draws from it.

        Raises:
            ValueError: a table has nothing to learn from, or q is no quantile.
            TypeError: this is no table.
        """
        tasks = earlier_tasks("CBO.fit_generative_model", df, self._space)
        model = generative_model(tasks, q, self._space, self._draws)
        self._use(tasks, [density.good for density in model.densities])
        return model

    def fit_surrogate(self, df: Table | Sequence[Table]) -> None:
        """Learn from the tables of earlier searches as `fit_generative_model` does, but return no density.

        Args:
            df: the table of an earlier search, the path of its CSV file, or a list of these.

        Raises:
            ValueError: a table has nothing to learn from.
            TypeError: this is no table.
        """
        tasks = earlier_tasks("CBO.fit_surrogate", df, self._space)
        self._use(tasks, [good_rows(task, n_good_of(len(task.values), _GOOD_QUANTILE), self._space) for task in tasks])

    def _use(self, tasks: Sequence[EarlierTask], goods: Sequence[Array]) -> None:
        if not tasks:
            return
        n_leads = min(N_LEADS, self._checked.settings.n_initial)
        source = source_of(tasks, goods, n_leads, self._space, self._draws)
        self._teach(lambda proposer: proposer.learn_from(source))

    def fit_search_space(
        self, df: Table | Sequence[Table], fac_numerical: float = 0.125, fac_categorical: float = 10
    ) -> None:
        """Draw configurations near the best one of an earlier search from now on.

        This changes the initial design and the candidates that the model scores. No range becomes narrower.

        Args:
            df: the table of an earlier search, the path of its CSV file, or a list of these. The best configuration of
                each table counts the same.
            fac_numerical: standard deviation around the best value, as a share of the range. For a logarithmic
                hyperparameter this is the range of the logarithm.
            fac_categorical: how many times more often the best choice is drawn than any other one.

        Raises:
            ValueError: a table has nothing to learn from, a factor is not positive, or the problem has a sampling
                function.
            TypeError: this is no table.
        """
        where = "CBO.fit_search_space"
        for name, value in (("fac_numerical", fac_numerical), ("fac_categorical", fac_categorical)):
            if not is_number(value) or not 0 < value < math.inf:
                raise ValueError(f"{where}: {name} must be a positive number, got {shown(value)}.")
        if self._space.has_sampler:
            raise ValueError(
                f"{where}: the problem draws with its own sampling function, which knows nothing of priors; use "
                "fit_generative_model, or a problem without one."
            )
        tasks = earlier_tasks(where, df, self._space)
        if not tasks:
            return
        best = np.concatenate([partial_rows(task.frame.head(1), self._space) for task in tasks])
        space = self._space = self._space.drawn_near(best, float(fac_numerical), float(fac_categorical))
        self._teach(lambda proposer: proposer.draw_from(space))


def _one_by_one(configurations: Any) -> list[Any]:
    """What a user passes as some configurations, one after the other."""
    if isinstance(configurations, Results):
        return configurations.configurations
    if isinstance(configurations, pd.DataFrame):
        return [row for _, row in configurations.iterrows()]
    if isinstance(configurations, (Mapping, pd.Series)):
        return [configurations]
    instance_of("CBO.believed", "configurations", configurations, Sequence, "a list of configurations or a table")
    return list(configurations)
