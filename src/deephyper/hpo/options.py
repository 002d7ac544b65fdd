"""Check the options of CBO together, and turn them into the settings of the optimizer."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array
from .._checks import count, instance_of, known_names, one_of, quoted, shown
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
from ..cluster import granted_cores
from ..optimizer import N_CONTROLS, N_INITIAL, STRATEGIES, Settings, Strategy
from ..problem import legal_configuration
from ..space import DESIGNS, Space, row_keys
from ..surrogate import SURROGATES, Family, family_of, settings_of
from .accepted import NotNegative
from .option_groups import PORTFOLIO, Options
from .other_words import called_here

_PORTFOLIO_MEMBERS = ("UCB", "EI", "PI")
_SCHEDULERS: dict[str, tuple[str, ...]] = {
    "constant": (),
    "periodic-exp-decay": ("period", "rate", "kappa_final", "xi_final", "delay"),
    "bandit": ("delta", "lamb", "delay"),
}


@dataclass(frozen=True)
class Checked:
    """The result of the check.

    Args:
        options: the options as the user gave them.
        settings: the settings of the optimizer.
        given: the initial points as the user wrote them, by the key of their row.
        max_total_failures: how many failed evaluations end the search; infinity for no limit.
    """

    options: Options
    settings: Settings
    given: dict[bytes, dict[str, Any]]
    max_total_failures: float


def checked_options(options: Options, space: Space, draws: Draws) -> Checked:
    """Check the options together, and turn them into the settings of the optimizer.

    Raises:
        ValueError: a value is not accepted, or two values contradict each other.
        TypeError: a key is not known, or a value has a wrong type.
    """
    family = _family(options.surrogate_model, options.surrogate_model_kwargs)
    strategy = _strategy(options.multi_point_strategy, options.acq_func)
    maximizer = _maximizer(options.acq_optimizer, family, options.surrogate_model)
    initial_rows, given = _initial_points(space, options.initial_points)
    n_initial = N_INITIAL if options.n_initial_points is None else options.n_initial_points
    settings = Settings(
        space,
        draws,
        n_initial=n_initial,
        # If the user asks for a number of initial points, the table of an earlier search does not reduce it.
        n_controls=N_CONTROLS if options.n_initial_points is None else n_initial,
        initial_rows=initial_rows,
        design=DESIGNS[options.initial_point_generator],
        family=family,
        acquisitions=_acquisitions(options.acq_func, strategy),
        schedule=_schedule(options, strategy, space),
        strategy=strategy,
        maximizer=maximizer,
        effort=_effort(maximizer, options),
        maximize_every=options.acq_optimizer_freq,
        failures=options.filter_failures,
        may_repeat=not options.filter_duplicated,
        n_threads=granted_cores() if options.n_jobs == -1 else options.n_jobs,
    )
    limit = options.max_total_failures
    return Checked(options, settings, given, math.inf if limit == -1 else limit)


# The surrogate.


def _family(model: Any, settings: Mapping[str, Any] | None) -> Family:
    settings = settings or {}
    if isinstance(model, str):
        one_of("CBO", "surrogate_model", model, SURROGATES, called_here)
        known_names("CBO", f"key of surrogate_model_kwargs for {model!r}", settings, settings_of(model), _goes_with)
        count("CBO", "max_rows", settings.get("max_rows", 100), at_least=10)
        return family_of(model, settings)
    takes_std = (
        callable(getattr(model, "predict", None)) and "return_std" in inspect.signature(model.predict).parameters
    )
    if not takes_std or isinstance(model, type):
        raise TypeError(
            f"CBO: surrogate_model must be one of {quoted(SURROGATES)}, or a scikit-learn regressor whose predict "
            f"takes return_std, got {shown(model)}. "
            "Pass an object, such as sklearn.gaussian_process.GaussianProcessRegressor()."
        )
    if settings:
        raise ValueError(
            "CBO: surrogate_model_kwargs goes with a surrogate's name; set the options of a regressor on itself."
        )
    return family_of(model, {})


# The acquisition function, its optimizer and its schedule.


def _acquisitions(name: str, strategy: Strategy) -> tuple[Acquisition, ...]:
    if name.startswith(PORTFOLIO):
        suffix = name.removeprefix(PORTFOLIO)
        return tuple(ACQUISITIONS[member + suffix] for member in _PORTFOLIO_MEMBERS)
    return (ACQUISITIONS[strategy.acquisition or name],)


def _strategy(name: str, acq_func: str) -> Strategy:
    strategy = STRATEGIES[name]
    if strategy.acquisition is not None and acq_func not in ("UCB", "UCBd"):
        raise ValueError(
            f"CBO: multi_point_strategy {name!r} draws a kappa for every suggestion, so acq_func must be 'UCB', "
            f"got {acq_func!r}. Choose multi_point_strategy='auto'."
        )
    if acq_func.startswith(PORTFOLIO) and strategy.takes_several_of_one_score:
        raise ValueError(
            f"CBO: acq_func {acq_func!r} chooses an acquisition for every single suggestion, and multi_point_strategy "
            f"{name!r} takes several from one score. Choose multi_point_strategy='auto'."
        )
    return strategy


def _goes_with(setting: str) -> str:
    """Say which surrogate has a setting; empty if none has it."""
    kinds = [name for name in SURROGATES if setting in settings_of(name)]
    return f"it goes with surrogate_model={kinds[0]!r}" if kinds else ""


def _maximizer(name: str, family: Family, model: Any) -> Maximizer:
    if MAXIMIZERS[name].needs_slopes and not family.has_slopes:
        raise ValueError(
            f"CBO: acq_optimizer {name!r} climbs along gradients, and surrogate_model {model!r} has none. "
            "Choose 'auto', 'sampling' or 'mixedga', or surrogate_model='GP'."
        )
    return MAXIMIZERS[name]


def _effort(maximizer: Maximizer, options: Options) -> Effort:
    usual = maximizer.usual
    if options.n_restarts_optimizer is not None and not maximizer.has_starts:
        climbing = quoted(name for name, other in MAXIMIZERS.items() if other.has_starts)
        raise ValueError(f"CBO: n_restarts_optimizer goes with the acq_optimizer {climbing}; others start from no row.")
    return Effort(options.n_points or usual.n_points, options.n_restarts_optimizer or usual.n_starts)


def _schedule(options: Options, strategy: Strategy, space: Space) -> Schedule:
    kappa, xi, scheduler = options.kappa, options.xi, options.scheduler
    start = (USUAL_KAPPA if kappa is None else kappa, USUAL_XI if xi is None else xi)
    if callable(scheduler):
        return Custom(_with_n_columns(scheduler, space.n_columns), start)
    if scheduler is not None:
        return _named_schedule(scheduler, start, space.n_columns)
    if strategy.needs_different_kappas and kappa is not None:
        return Drawn(kappa, start[1])
    return Drawn(xi=start[1]) if kappa is None else Fixed(*start)


def _with_n_columns(scheduler: Any, n_columns: int) -> Any:
    """Let a function that also takes the number of hyperparameters, as older ones do, be called without it."""
    try:
        inspect.signature(scheduler).bind(0, (0.0, 0.0))
    except TypeError:
        return lambda index, start: scheduler(index, np.asarray(start), n_columns)
    except ValueError:
        pass  # Functions in C may have no signature.
    return scheduler


def _named_schedule(given: Any, start: tuple[float, float], n_columns: int) -> Schedule:
    accepted = "a dictionary with a 'type', a function of (index, (kappa, xi)), or None"
    if isinstance(given, str) and given in _SCHEDULERS:
        raise TypeError(f"CBO: scheduler must be {accepted}, got {given!r}. Write {{'type': {given!r}}}.")
    instance_of("CBO", "scheduler", given, Mapping, accepted)
    kind = given.get("type")
    one_of("CBO", "the scheduler's type", kind, _SCHEDULERS)
    known_names("CBO", f"key of the scheduler {kind!r}", given, ["type", *_SCHEDULERS[kind]])
    # Suggestions are counted after the initial ones.
    delay = given.get("delay", 0)
    delay = 0 if isinstance(delay, str) and delay == "n-initial-points" else delay
    delay = count("CBO", "the scheduler's delay", delay, at_least=0)
    if kind == "constant":
        return Fixed(*start)
    if kind == "bandit":
        delta, lamb = (_not_negative(name, given.get(name, usual)) for name, usual in (("delta", 0.05), ("lamb", 0.2)))
        if delta is None or lamb is None or not 0.0 < delta < 1.0:
            raise ValueError(
                f"CBO: the scheduler's delta must be a number between 0 and 1, got {shown(given.get('delta'))}."
            )
        return Bandit(start[1], n_columns, delta, lamb, delay)
    period = count("CBO", "the scheduler's period", given.get("period", 25))
    # Unless a rate is given, kappa and xi fall to a tenth of their first values within a period.
    rate = _not_negative("rate", given.get("rate"))
    left = 0.1 if rate is None else math.exp(-rate * max(period - 1, 1))
    finals = (_not_negative(name, given.get(name)) for name in ("kappa_final", "xi_final"))
    kappa_final, xi_final = (left * first if last is None else last for first, last in zip(start, finals, strict=True))
    return PeriodicDecay(start, (kappa_final, xi_final), period, delay)


def _not_negative(name: str, value: Any) -> float | None:
    number: float | None = NotNegative().check("CBO", name, value)
    return number


# The initial points.


def _initial_points(
    space: Space, initial_points: Sequence[Mapping[str, Any]] | None
) -> tuple[Array, dict[bytes, dict[str, Any]]]:
    """Return the canonical rows of the initial points, (k, d), and the points as the user wrote them, by row key."""
    legal = [
        legal_configuration(space, point, f"CBO: initial_points[{i}]") for i, point in enumerate(initial_points or ())
    ]
    rows = np.concatenate([np.empty((0, space.n_columns)), *(row for row, _ in legal)])
    return rows, dict(zip(row_keys(rows), (configuration for _, configuration in legal), strict=True))
