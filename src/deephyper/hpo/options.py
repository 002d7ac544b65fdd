"""CBO's options, checked once where the user passes them, and turned into the optimizer's settings."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array
from .._checks import count, instance_of, is_number, known_names, one_of, quoted
from .._draws import Draws
from ..acquisition import (
    ACQUISITIONS,
    MAXIMIZERS,
    USUAL_KAPPA,
    USUAL_XI,
    Acquisition,
    Bandit,
    Custom,
    Drawn,
    Effort,
    Fixed,
    Maximizer,
    PeriodicDecay,
    Schedule,
)
from ..optimizer import N_CONTROLS, N_INITIAL, STRATEGIES, Settings, Strategy
from ..space import DESIGNS, Space, row_keys
from ..surrogate import SURROGATES, Family, family_of, settings_of
from .problem import legal_row

MAX_TOTAL_FAILURES = 100
_PORTFOLIO = "gp_hedge"
_PORTFOLIO_MEMBERS = ("UCB", "EI", "PI")
_FAILURE_RULES = ("model", "min", "mean", "ignore")
_ACQ_FUNC_KEYS = ("kappa", "xi", "scheduler")
_ACQ_OPTIMIZER_KEYS = (
    "n_points",
    "filter_duplicated",
    "filter_failures",
    "max_total_failures",
    "acq_optimizer_freq",
    "n_jobs",
    "n_restarts_optimizer",
)
_SCHEDULERS: dict[str, tuple[str, ...]] = {
    "constant": (),
    "periodic-exp-decay": ("period", "rate", "kappa_final", "xi_final", "delay"),
    "bandit": ("delta", "lamb", "delay"),
}


@dataclass(frozen=True)
class Options:
    """What a user passes to CBO; see there for the meaning."""

    surrogate_model: Any
    surrogate_model_kwargs: Mapping[str, Any] | None
    acq_func: str
    acq_func_kwargs: Mapping[str, Any] | None
    acq_optimizer: str
    acq_optimizer_kwargs: Mapping[str, Any] | None
    multi_point_strategy: str
    n_initial_points: int | None
    initial_point_generator: str
    initial_points: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True)
class Checked:
    """What became of them.

    Args:
        settings: of the optimizer.
        given: the initial points as the user wrote them, by the key of their row.
        max_total_failures: how many failed evaluations end the search; infinity for no limit.
    """

    settings: Settings
    given: dict[bytes, dict[str, Any]]
    max_total_failures: float


def checked_options(options: Options, space: Space, draws: Draws) -> Checked:
    """Check what the user passes to CBO, alone and together.

    Raises:
        ValueError: a value is not accepted, or two of them make no sense together.
        TypeError: a key is not known, or a value is of another kind.
    """
    tuning = _mapping("acq_optimizer_kwargs", options.acq_optimizer_kwargs, _ACQ_OPTIMIZER_KEYS)
    family = _family(options.surrogate_model, options.surrogate_model_kwargs)
    strategy = _strategy(options.multi_point_strategy, options.acq_func)
    maximizer = _maximizer(options.acq_optimizer, family, options.surrogate_model)
    initial_rows, given = _initial_points(space, options.initial_points)
    one_of("CBO", "initial_point_generator", options.initial_point_generator, DESIGNS)
    n_initial = N_INITIAL if options.n_initial_points is None else count("CBO", "n_initial_points", options.n_initial_points)
    settings = Settings(
        space,
        draws,
        n_initial=n_initial,
        # A number that the user gives is not cut short by an earlier search.
        n_controls=N_CONTROLS if options.n_initial_points is None else n_initial,
        initial_rows=initial_rows,
        design=DESIGNS[options.initial_point_generator],
        family=family,
        acquisitions=_acquisitions(options.acq_func, strategy),
        schedule=_schedule(options, space),
        strategy=strategy,
        maximizer=maximizer,
        effort=_effort(maximizer, tuning),
        maximize_every=count("CBO", "acq_optimizer_freq", tuning.get("acq_optimizer_freq", 1)),
        failures=_failure_rule(tuning.get("filter_failures", "model")),
        may_repeat=not _flag("filter_duplicated", tuning.get("filter_duplicated", True)),
        n_threads=count("CBO", "n_jobs", tuning.get("n_jobs", 1)),
    )
    return Checked(settings, given, _failure_limit(tuning.get("max_total_failures", MAX_TOTAL_FAILURES)))


def _mapping(what: str, given: Mapping[str, Any] | None, keys: Sequence[str]) -> Mapping[str, Any]:
    if given is None:
        return {}
    instance_of("CBO", what, given, Mapping, "a dictionary")
    known_names("CBO", f"key of {what}", given, keys)
    return given


# What is believed.


def _family(model: Any, settings: Mapping[str, Any] | None) -> Family:
    settings = settings or {}
    if isinstance(model, str):
        one_of("CBO", "surrogate_model", model, SURROGATES)
        known_names("CBO", f"key of surrogate_model_kwargs for {model!r}", settings, settings_of(model))
        count("CBO", "max_rows", settings.get("max_rows", 100), at_least=10)
        return family_of(model, settings)
    takes_std = callable(getattr(model, "predict", None)) and "return_std" in inspect.signature(model.predict).parameters
    if not takes_std or isinstance(model, type):
        raise TypeError(
            f"CBO: surrogate_model must be one of {quoted(SURROGATES)}, or a scikit-learn regressor whose predict takes "
            f"return_std, got {model!r}. Pass an object, such as sklearn.gaussian_process.GaussianProcessRegressor()."
        )
    if settings:
        raise ValueError("CBO: surrogate_model_kwargs goes with a surrogate's name; set the options of a regressor on itself.")
    return family_of(model, {})


# Where to look.


def _acquisitions(name: str, strategy: Strategy) -> tuple[Acquisition, ...]:
    one_of("CBO", "acq_func", name, [*ACQUISITIONS, _PORTFOLIO, _PORTFOLIO + "d"])
    if name.startswith(_PORTFOLIO):
        suffix = name.removeprefix(_PORTFOLIO)
        return tuple(ACQUISITIONS[member + suffix] for member in _PORTFOLIO_MEMBERS)
    return (ACQUISITIONS[strategy.acquisition or name],)


def _strategy(name: str, acq_func: str) -> Strategy:
    one_of("CBO", "multi_point_strategy", name, STRATEGIES)
    strategy = STRATEGIES[name]
    if strategy.acquisition is not None and acq_func not in ("UCB", strategy.acquisition):
        raise ValueError(
            f"CBO: multi_point_strategy {name!r} draws a kappa for every suggestion, so acq_func must be 'UCB', "
            f"got {acq_func!r}. Choose multi_point_strategy='auto'."
        )
    if acq_func.startswith(_PORTFOLIO) and strategy.takes_several_of_one_score:
        raise ValueError(
            f"CBO: acq_func {acq_func!r} chooses an acquisition for every single suggestion, and multi_point_strategy {name!r} "
            "takes several from one score. Choose multi_point_strategy='auto'."
        )
    return strategy


def _maximizer(name: str, family: Family, model: Any) -> Maximizer:
    one_of("CBO", "acq_optimizer", name, MAXIMIZERS)
    if MAXIMIZERS[name].needs_slopes and not family.has_slopes:
        raise ValueError(
            f"CBO: acq_optimizer {name!r} climbs along gradients, and surrogate_model {model!r} has none. Choose 'auto', "
            "'sampling' or 'mixedga', or surrogate_model='GP'."
        )
    return MAXIMIZERS[name]


def _effort(maximizer: Maximizer, tuning: Mapping[str, Any]) -> Effort:
    usual = maximizer.usual
    if "n_restarts_optimizer" in tuning and not maximizer.has_starts:
        climbing = quoted(name for name, other in MAXIMIZERS.items() if other.has_starts)
        raise ValueError(f"CBO: n_restarts_optimizer goes with the acq_optimizer {climbing}, the others start from no row.")
    n_points = count("CBO", "n_points", tuning.get("n_points", usual.n_points))
    return Effort(n_points, count("CBO", "n_restarts_optimizer", tuning.get("n_restarts_optimizer", usual.n_starts)))


def _schedule(options: Options, space: Space) -> Schedule:
    given = _mapping("acq_func_kwargs", options.acq_func_kwargs, _ACQ_FUNC_KEYS)
    kappa, xi = (_not_negative(name, given.get(name)) for name in ("kappa", "xi"))
    start = (USUAL_KAPPA if kappa is None else kappa, USUAL_XI if xi is None else xi)
    scheduler = given.get("scheduler")
    if callable(scheduler):
        return Custom(scheduler, start)
    if scheduler is not None:
        return _named_schedule(scheduler, start, space.n_columns)
    if STRATEGIES[options.multi_point_strategy].needs_different_kappas and kappa is not None:
        return Drawn(kappa, start[1])
    return Drawn(xi=start[1]) if kappa is None else Fixed(*start)


def _named_schedule(given: Any, start: tuple[float, float], n_columns: int) -> Schedule:
    instance_of("CBO", "scheduler", given, Mapping, "a dictionary with a 'type', a function of (index, (kappa, xi)), or None")
    kind = given.get("type")
    one_of("CBO", "the scheduler's type", kind, _SCHEDULERS)
    known_names("CBO", f"key of the scheduler {kind!r}", given, ["type", *_SCHEDULERS[kind]])
    delay = count("CBO", "the scheduler's delay", given.get("delay", 0), at_least=0)
    if kind == "constant":
        return Fixed(*start)
    if kind == "bandit":
        delta, lamb = (_not_negative(name, given.get(name, usual)) for name, usual in (("delta", 0.05), ("lamb", 0.2)))
        if delta is None or lamb is None or not 0.0 < delta < 1.0:
            raise ValueError(f"CBO: the scheduler's delta must be a number between 0 and 1, got {given.get('delta')!r}.")
        return Bandit(start[1], n_columns, delta, lamb, delay)
    period = count("CBO", "the scheduler's period", given.get("period", 25))
    # The usual rate: what is left at the end of a period is a tenth.
    rate = _not_negative("rate", given.get("rate"))
    left = 0.1 if rate is None else math.exp(-rate * max(period - 1, 1))
    finals = (_not_negative(name, given.get(name)) for name in ("kappa_final", "xi_final"))
    kappa_final, xi_final = (left * first if last is None else last for first, last in zip(start, finals, strict=True))
    return PeriodicDecay(start, (kappa_final, xi_final), period, delay)


def _not_negative(name: str, value: Any) -> float | None:
    if value is not None and not (is_number(value) and 0 <= value < np.inf):
        raise ValueError(f"CBO: {name} must be a number of at least 0, or None for the usual, got {value!r}.")
    return None if value is None else float(value)


# What failures and repetitions mean.


def _failure_rule(value: Any) -> Any:
    one_of("CBO", "filter_failures", value, _FAILURE_RULES)
    return value


def _failure_limit(value: Any) -> float:
    return math.inf if value == -1 else count("CBO", "max_total_failures (or -1 for no limit)", value)


def _flag(name: str, value: Any) -> bool:
    instance_of("CBO", name, value, (bool, np.bool_), "True or False")
    return bool(value)


def _initial_points(
    space: Space, initial_points: Sequence[Mapping[str, Any]] | None
) -> tuple[Array, dict[bytes, dict[str, Any]]]:
    """Their canonical rows, (k, d), and the points as the user wrote them."""
    for point in initial_points or ():
        instance_of("CBO", "each of initial_points", point, Mapping, "a dictionary of parameters")
    points = [dict(point) for point in initial_points or ()]
    rows = [legal_row(space, point) for point in points]
    initial_rows = np.concatenate([np.empty((0, space.n_columns)), *rows])
    active = [space.decode(row)[0] for row in rows]
    # As the user wrote them: what was encoded and decoded differs in the last digits. A constant may be left out.
    given = [{name: point.get(name, value) for name, value in a.items()} for point, a in zip(points, active, strict=True)]
    return initial_rows, dict(zip(row_keys(initial_rows), given, strict=True))
