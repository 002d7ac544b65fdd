"""The seeded searches that `golden.py` records and runs again.

Each case makes a search through the public interface only, runs it with a fixed seed and returns a `Trace`. Nothing in
a case may depend on the clock: there is one worker, or the workers are simulated, or `ask` and `tell` are called by
hand.
"""

from __future__ import annotations

import inspect
import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from golden_problems import (
    Configuration,
    bowl,
    by_hand,
    choices,
    choosing,
    failing_bowl,
    failing_training,
    floats,
    grid,
    mixed,
    on_grid,
    refusing_training,
    training,
    two_objectives,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import SearchEarlyStopping
from deephyper.hpo import CBO, HpProblem, RandomSearch, SearchSpaceExhausted

RunFunction = Callable[[Any], Any]


@dataclass(frozen=True)
class Place:
    """Where a case may write and what it may read.

    Args:
        log_dir: an empty folder for the search.
        older_results: the `results.csv` of a search that was recorded once and is resumed again and again.
    """

    log_dir: Path
    older_results: Path


@dataclass
class Trace:
    """What a search did.

    Args:
        asked: the configurations in the order in which they were asked for.
        table: the rows that the search returned.
        has_virtual_times: the times in the table are those of a simulated clock, so they are the same in every run.
    """

    asked: list[Any] = field(default_factory=list)
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    has_virtual_times: bool = False


Case = Callable[[Place], Trace]


class Watched:
    """A run-function that notes the configurations it is called with, by the number of the job."""

    def __init__(self, run: RunFunction):
        self._run = run
        self._seen: list[tuple[int, dict[str, Any]]] = []

    def __call__(self, job: Any) -> Any:
        self._seen.append((job["job_id"], dict(job)))
        return self._run(job)

    @property
    def in_order(self) -> list[dict[str, Any]]:
        """The configurations in the order in which the search submitted them."""
        return [configuration for _, configuration in sorted(self._seen, key=lambda pair: pair[0])]


# Ways to drive a search.


def searched(search: Any, run: RunFunction, *budgets: int | Mapping[str, float]) -> Trace:
    """One worker; a call of `search` for every budget."""
    watched = Watched(run)
    for budget in budgets:
        table = search.search(watched, **(budget if isinstance(budget, Mapping) else {"max_evals": budget}))
    return Trace(watched.in_order, table)


def in_all(n: int) -> dict[str, float]:
    """The budget of a search that goes on until it has `n` evaluations; older versions call it by another name."""
    has_total = "max_evals_total" in inspect.signature(CBO.search).parameters
    return {"max_evals_total" if has_total else "max_evals": n}


def simulated(run: RunFunction, n_workers: int = 8, **options: Any) -> Evaluator:
    duration: Callable[..., float] = lambda parameters, rng: float(rng.lognormal(0.0, 0.5))  # noqa: E731
    settings = {"num_workers": n_workers, "duration": duration, "seed": 3, "charge_manager": False, **options}
    return Evaluator.create(run, "simulated", settings)


def simulated_search(search: Any, run: RunFunction, *budgets: Mapping[str, float], **options: Any) -> Trace:
    """Simulated workers; a call of `search` for every budget."""
    watched = Watched(run)
    with simulated(watched, **options) as evaluator:
        for budget in budgets:
            table = search.search(evaluator, **budget)
    return Trace(watched.in_order, table, has_virtual_times=True)


def asked_in_batches(search: Any, objective: RunFunction, *sizes: int) -> Trace:
    """Ask for several configurations at a time, and tell all of their results."""
    asked: list[Any] = []
    for size in sizes:
        batch = search.ask(size)
        asked += batch
        search.tell([(configuration, objective(configuration)) for configuration in batch])
    return Trace(asked, search.history)


def new(kind: Any, problem: HpProblem, place: Place, seed: int = 1, **options: Any) -> Any:
    return kind(problem, random_state=seed, log_dir=place.log_dir, **options)


# Cases: one worker after the other.


def plain_case(
    place: Place, problem: Callable[[], HpProblem], run: RunFunction, *budgets: int, kind: Any = CBO, **options: Any
) -> Trace:
    return searched(new(kind, problem(), place, **options), run, *budgets)


def batch_case(place: Place, *sizes: int, problem: Callable[[], HpProblem] = floats, **options: Any) -> Trace:
    return asked_in_batches(new(CBO, problem(), place, **options), training if problem is mixed else bowl, *sizes)


def exhausted_case(place: Place, kind: Any) -> Trace:
    search = new(kind, grid(), place)
    trace = searched(search, on_grid, -1)
    try:
        trace.asked += search.ask(1)
    except SearchSpaceExhausted:
        trace.asked.append("exhausted")
    return trace


def initial_points_case(place: Place) -> Trace:
    points = [
        {"x0": 0.0123456789012345678, "x1": 1 / 3, "x2": -0.1},
        {"x0": 1e-4, "x1": 2.0, "x2": -1.0},
        {"x0": 0.3, "x1": 0.3, "x2": 0.3},
    ]
    return plain_case(place, floats, bowl, 20, initial_points=points, n_initial_points=6)


def mixed_initial_points_case(place: Place) -> Trace:
    points = [
        {"rate": 1e-3, "width": 16, "layers": 2, "optimizer": "adam", "batch": 64, "offset": 0.25, "fixed": 7},
        {"rate": 0.1, "width": 30, "layers": 5, "optimizer": "sgd", "momentum": 0.9, "nesterov": True, "batch": 8}
        | {"offset": -3.0},
    ]
    return plain_case(place, mixed, training, 14, initial_points=points)


def worker_case(place: Place, method: str) -> Trace:
    """One real worker: a thread or a process. What was asked is read from the table."""
    with Evaluator.create(failing_training, method, {"num_workers": 1}) as evaluator:
        table = new(CBO, mixed(), place).search(evaluator, max_evals=14)
    names = [name for name in table.columns if name.startswith("p:")]
    return Trace(table.sort_values("job_id")[names].to_dict("records"), table)


# Cases: earlier tables.


def earlier(problem: HpProblem, run: RunFunction, n: int = 40) -> pd.DataFrame:
    """The table of an earlier search: random configurations, good ones among them."""
    problem.set_seed(11)
    rows = [(c, run(c)) for c in problem.sample(n)]
    return pd.DataFrame([{**{f"p:{name}": x for name, x in c.items()}, "objective": value} for c, value in rows])


def moved_bowl(job: Configuration) -> float:
    return bowl({name: value - 0.1 for name, value in job.items()})


def generative_case(place: Place) -> Trace:
    search = new(CBO, floats(), place)
    model = search.fit_generative_model(earlier(floats(), moved_bowl))
    trace = searched(search, bowl, 30)
    trace.asked += model.sample(5).to_dict("records")
    return trace


def enlarged_case(place: Place) -> Trace:
    """The earlier problem had two of five hyperparameters; its table comes from a file."""
    path = place.log_dir / "earlier.csv"
    earlier(floats(2), moved_bowl).to_csv(path, index=False)
    search = new(CBO, floats(5), place)
    search.fit_generative_model(path, q=0.8)
    return searched(search, bowl, 40)


def earlier_surrogate_case(place: Place) -> Trace:
    """Many columns, so that a model guides; two earlier tables; the second call of `search` continues."""
    search = new(CBO, floats(5), place)
    search.fit_surrogate([earlier(floats(5), moved_bowl), earlier(floats(4), moved_bowl)])
    return searched(search, bowl, 20, 15)


def misleading_case(place: Place) -> Trace:
    """The earlier objective has its sign flipped, so that the table is dropped."""
    search = new(CBO, mixed(), place)
    search.fit_surrogate(earlier(mixed(), lambda job: -training(job)))
    return searched(search, training, 24)


def search_space_case(place: Place) -> Trace:
    search = new(CBO, mixed(), place)
    search.fit_search_space(earlier(mixed(), training), fac_numerical=0.1, fac_categorical=5)
    return searched(search, training, 20)


def late_source_case(place: Place) -> Trace:
    """A table that comes between two calls, with simulated workers."""
    search = new(CBO, mixed(), place)
    watched = Watched(training)
    with simulated(watched, 4) as evaluator:
        search.search(evaluator, max_evals=12)
        search.fit_generative_model(earlier(mixed(), training))
        table = search.search(evaluator, max_evals=20)
    return Trace(watched.in_order, table, has_virtual_times=True)


# Cases: ask and tell with rows that stay open.


def open_rows_case(place: Place, problem: Callable[[], HpProblem], objective: RunFunction, n: int) -> Trace:
    """Asked in threes; told from the last to the first; every fifth one is told much later, every eleventh never."""
    search, asked, late = new(CBO, problem(), place), [], []
    for k in range(n):
        batch = list(enumerate(search.ask(3), start=3 * k))
        asked += [configuration for _, configuration in batch]
        late += [configuration for i, configuration in batch if i % 5 == 4 and i % 11]
        now = [configuration for i, configuration in reversed(batch) if i % 5 != 4 and i % 11]
        if k % 4 == 3:
            now, late = late[::-1] + now, []
        # A run-function may return None; a person who tells it is asked what that means.
        told = [(configuration, objective(configuration)) for configuration in now]
        search.tell([(configuration, "F_none" if returned is None else returned) for configuration, returned in told])
    return Trace(asked, search.history)


def out_of_order_case(place: Place) -> Trace:
    """Five stay open; which one is told is drawn."""
    search, rng = new(CBO, floats(), place), np.random.default_rng(5)
    waiting = search.ask(5)
    asked = list(waiting)
    for _ in range(35):
        configuration = waiting.pop(int(rng.integers(len(waiting))))
        search.tell([(configuration, bowl(configuration))])
        waiting += search.ask(1)
        asked.append(waiting[-1])
    return Trace(asked, search.history)


def copied_case(place: Place) -> Trace:
    """Configurations come back with fewer digits; some were never asked for; some fail or lose their worker."""
    search, asked = new(CBO, floats(), place), []
    for k in range(24):
        (configuration,) = search.ask(1)
        asked.append(configuration)
        copy = json.loads(json.dumps({name: float(np.float32(value)) for name, value in configuration.items()}))
        returned = "F_worker_died" if k % 9 == 8 else math.nan if k % 7 == 6 else bowl(copy)
        search.tell([(copy, returned)])
        if k % 6 == 5:
            foreign = {"x0": 0.01 * (k + 1), "x1": 0.05 * k, "x2": 0.3}
            search.tell([(foreign, {"objective": bowl(foreign), "note": k})])
    return Trace(asked, search.history)


def hundred_case(place: Place) -> Trace:
    """A hundred at once after 40 rows, twice; half of the first hundred are told in between."""
    search = new(CBO, floats(4), place)
    trace = asked_in_batches(search, bowl, *[10] * 4)
    first = search.ask(100)
    search.tell([(configuration, bowl(configuration)) for configuration in first[::2]])
    return Trace([*trace.asked, *first, *search.ask(100)], search.history)


# Cases: simulated workers.


def simulated_case(
    place: Place, problem: Callable[[], HpProblem], run: RunFunction, *budgets: Mapping[str, float], **options: Any
) -> Trace:
    kind, n_workers = options.pop("kind", CBO), options.pop("n_workers", 8)
    return simulated_search(new(kind, problem(), place, **options), run, *budgets, n_workers=n_workers)


def stopped_early_case(place: Place) -> Trace:
    callbacks = [SearchEarlyStopping(patience=12, verbose=0)]
    return simulated_search(new(CBO, floats(), place), failing_bowl, {"max_evals": 60}, callbacks=callbacks)


def short_case(place: Place) -> Trace:
    """Evaluations that are much shorter than a suggestion takes, all of the same length."""
    search = new(CBO, floats(), place)
    return simulated_search(search, bowl, {"max_evals": 40}, duration=0.001, n_workers=4)


# Cases: resumed searches.


def resumed_case(place: Place, kind: Any = CBO) -> Trace:
    """One worker; the file's last line was cut off."""
    first = searched(new(kind, mixed(), place), failing_training, 17)
    path = place.log_dir / "results.csv"
    path.write_bytes(path.read_bytes()[:-9])
    rest = searched(new(kind, mixed(), place, checkpoint_restart=True), failing_training, in_all(40))
    return Trace(first.asked + rest.asked, rest.table)


def resumed_simulated_case(place: Place, kind: Any = CBO) -> Trace:
    """Eight simulated workers; the first search was ended by its timeout, so that the file has cancelled rows."""
    first = simulated_search(new(kind, mixed(), place), failing_training, {"timeout": 4.5})
    again = new(kind, mixed(), place, checkpoint_restart=True)
    rest = simulated_search(again, failing_training, in_all(60), {"max_evals": 10})
    return Trace(first.asked + rest.asked, rest.table, has_virtual_times=True)


def resumed_by_hand_case(place: Place) -> Trace:
    asked_in_batches(new(CBO, floats(), place), bowl, 4, 4, 4, 3)
    return asked_in_batches(new(CBO, floats(), place, checkpoint_restart=True), bowl, 2, 2, 5, 3)


def resumed_older_case(place: Place) -> Trace:
    """The file was written by the code that made the recording."""
    shutil.copy(place.older_results, place.log_dir / "results.csv")
    search = new(CBO, mixed(), place, checkpoint_restart=True)
    n_older = len(search.history)
    return simulated_search(search, failing_training, in_all(n_older + 16), n_workers=4)


def write_older_results(log_dir: Path) -> None:
    """The file that `resumed_older_case` begins with: failures, cancelled rows, inactive cells."""
    place = Place(log_dir, log_dir)
    simulated_search(new(CBO, mixed(), place), failing_training, {"timeout": 4.0}, {"max_evals": 10}, n_workers=6)


# All cases by name.


def falling(index: int, values: Sequence[float]) -> tuple[float, float]:
    """A schedule of the user's own."""
    kappa, xi = values
    return kappa / (1.0 + 0.1 * index), xi


_TREES = {"n_estimators": 10}
_FOURS = (4,) * 6

# Options of CBO, each driven by batches of four on the bowl.
_OPTIONS: dict[str, dict[str, Any]] = {
    "surrogate-ET": {"surrogate_model": "ET", "surrogate_model_kwargs": _TREES},
    "surrogate-RF": {"surrogate_model": "RF", "surrogate_model_kwargs": _TREES},
    "surrogate-GBRT": {"surrogate_model": "GBRT", "surrogate_model_kwargs": _TREES},
    "surrogate-DUMMY": {"surrogate_model": "DUMMY"},
    "surrogate-external": {"surrogate_model": GaussianProcessRegressor(Matern(nu=2.5), alpha=1e-6)},
    "surrogate-few-rows": {"surrogate_model": "GP", "surrogate_model_kwargs": {"max_rows": 12}},
    "acquisition-EI": {"acq_func": "EI"},
    "acquisition-PI": {"acq_func": "PI", "acq_func_kwargs": {"xi": 0.01}},
    "acquisition-MES": {"acq_func": "MES"},
    "acquisition-hedge": {"acq_func": "gp_hedge"},
    "acquisition-UCBd": {"acq_func": "UCBd", "surrogate_model": "ET", "surrogate_model_kwargs": _TREES},
    "kappa-fixed": {"acq_func_kwargs": {"kappa": 1.5}},
    "strategy-cl_min": {"multi_point_strategy": "cl_min"},
    "strategy-cl_max": {"multi_point_strategy": "cl_max"},
    "strategy-topk": {"multi_point_strategy": "topk"},
    "strategy-boltzmann": {"multi_point_strategy": "boltzmann"},
    "strategy-qUCB": {"multi_point_strategy": "qUCB"},
    "strategy-qUCBd": {"multi_point_strategy": "qUCBd", "acq_func_kwargs": {"kappa": 2.0}},
    "optimizer-sampling": {"acq_optimizer": "sampling", "acq_optimizer_kwargs": {"n_points": 300}},
    "optimizer-lbfgs": {"acq_optimizer": "lbfgs", "acq_optimizer_kwargs": {"n_restarts_optimizer": 3}},
    "optimizer-ga": {"acq_optimizer": "ga"},
    "optimizer-mixedga": {"acq_optimizer": "mixedga"},
    "optimizer-seldom": {"acq_optimizer_kwargs": {"acq_optimizer_freq": 3, "filter_duplicated": False}},
    "schedule-periodic": {"acq_func_kwargs": {"scheduler": {"type": "periodic-exp-decay", "period": 6, "delay": 2}}},
    "schedule-bandit": {"acq_func_kwargs": {"scheduler": {"type": "bandit"}}},
    "schedule-function": {"acq_func_kwargs": {"scheduler": falling}},
    "design-random": {"initial_point_generator": "random", "n_initial_points": 12},
    "design-halton": {"initial_point_generator": "halton", "problem": mixed},
    "design-lhs": {"initial_point_generator": "lhs"},
    "design-grid": {"initial_point_generator": "grid", "n_initial_points": 10},
}


def case(drive: Callable[..., Trace], *args: Any, **options: Any) -> Case:
    """A way to drive a search with everything fixed but the place."""
    return lambda place: drive(place, *args, **options)


CASES: dict[str, Case] = {
    "floats": case(plain_case, floats, bowl, 40),
    "floats-many-rows": case(plain_case, partial(floats, 6), bowl, 132),
    "floats-many-rows-simulated": case(simulated_case, partial(floats, 6), bowl, {"max_evals": 160}),
    "mixed": case(plain_case, mixed, training, 35),
    "choices": case(plain_case, choices, choosing, 40),
    "sampling-function": case(plain_case, by_hand, bowl, 20),
    "two-calls": case(plain_case, floats, bowl, 9, 12),
    "failures": case(plain_case, floats, failing_bowl, 40),
    "failures-min": case(plain_case, floats, failing_bowl, 25, acq_optimizer_kwargs={"filter_failures": "min"}),
    "failures-mean": case(plain_case, floats, failing_bowl, 25, acq_optimizer_kwargs={"filter_failures": "mean"}),
    "failures-ignore": case(plain_case, floats, failing_bowl, 25, acq_optimizer_kwargs={"filter_failures": "ignore"}),
    "failures-limit": case(plain_case, floats, failing_bowl, 60, acq_optimizer_kwargs={"max_total_failures": 7}),
    "failures-mixed": case(plain_case, mixed, failing_training, 35),
    "initial-points": initial_points_case,
    "initial-points-mixed": mixed_initial_points_case,
    "worker-thread": case(worker_case, "thread"),
    "worker-process": case(worker_case, "process"),
    "exhausted": case(exhausted_case, CBO),
    "exhausted-random": case(exhausted_case, RandomSearch),
    "source-generative": generative_case,
    "source-enlarged": enlarged_case,
    "source-surrogate": earlier_surrogate_case,
    "source-misleading": misleading_case,
    "source-search-space": search_space_case,
    "source-late": late_source_case,
    "open-rows": case(open_rows_case, floats, bowl, 14),
    "open-rows-mixed": case(open_rows_case, mixed, refusing_training, 12),
    "out-of-order": out_of_order_case,
    "copied": copied_case,
    "hundred-at-once": hundred_case,
    "simulated": case(simulated_case, floats, bowl, {"max_evals": 60}),
    "simulated-mixed": case(simulated_case, mixed, failing_training, {"max_evals": 40}),
    "simulated-cancelled": case(
        simulated_case, floats, failing_bowl, {"timeout": 3.5}, {"max_evals": 20, "timeout": 2.0}, {"max_evals": 10}
    ),
    "simulated-grid": case(simulated_case, grid, on_grid, {"timeout": 1.2}, {"max_evals": -1}),
    "simulated-stopped-early": stopped_early_case,
    "simulated-short": short_case,
    "simulated-cl_mean": case(simulated_case, floats, bowl, {"max_evals": 40}, multi_point_strategy="cl_mean"),
    "resumed": case(resumed_case, CBO),
    "resumed-random": case(resumed_case, RandomSearch),
    "resumed-simulated": case(resumed_simulated_case, CBO),
    "resumed-simulated-random": case(resumed_simulated_case, RandomSearch),
    "resumed-by-hand": resumed_by_hand_case,
    "resumed-older": resumed_older_case,
    "random": case(plain_case, mixed, failing_training, 50, kind=RandomSearch),
    "random-simulated": case(
        simulated_case, mixed, failing_training, {"timeout": 4.0}, {"max_evals": 20}, kind=RandomSearch
    ),
    "random-two-objectives": case(plain_case, mixed, two_objectives, 30, kind=RandomSearch),
    **{name: case(batch_case, *_FOURS, **options) for name, options in _OPTIONS.items()},
}
