"""The search space as the user declares it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, final

import ConfigSpace as CS
import numpy as np
from ConfigSpace.exceptions import ForbiddenValueError
from ConfigSpace.hyperparameters import Hyperparameter

from .._checks import count, did_you_mean, function, instance_of, quoted
from .._draws import Purpose, draws_from
from ..space import Space
from .configspace import ConstraintFn, SamplingFn, space_of
from .short_forms import hyperparameter_of

_RESERVED_NAMES = ("job_id",)


@final
class HpProblem:
    """A search space: hyperparameters, what makes them active, and what is forbidden.

    Args:
        config_space: a ConfigSpace to begin with; an empty one if None.
        seed: fixes the draws of `sample`.

    Example:
        >>> problem = HpProblem()
        >>> problem.add_hyperparameter((1e-5, 1e-1, "log-uniform"), "learning_rate")
        UniformFloatHyperparameter(name='learning_rate', ...)
        >>> problem.add_hyperparameter(["sgd", "adam"], "optimizer")
        CategoricalHyperparameter(name='optimizer', ...)
        >>> problem
        Configuration space object:
          Hyperparameters:
            learning_rate, Type: UniformFloat, Range: [1e-05, 0.1], Default: 0.001, on log-scale
            optimizer, Type: Categorical, Choices: {sgd, adam}, Default: sgd
        <BLANKLINE>
    """

    def __init__(self, config_space: CS.ConfigurationSpace | None = None, seed: int | None = None):
        if config_space is not None:
            instance_of(
                "HpProblem", "config_space", config_space, CS.ConfigurationSpace, "a ConfigSpace.ConfigurationSpace or None"
            )
        self._config_space = CS.ConfigurationSpace() if config_space is None else config_space
        self._names = list(self._config_space)
        self._constraint_fn: ConstraintFn | None = None
        self._sampling_fn: SamplingFn | None = None
        self.set_seed(seed)
        for name in self._names:
            self._refuse_reserved(name)

    # Declaring.

    def add_hyperparameter(self, value: Any, name: str | None = None, default_value: Any = None) -> Hyperparameter[Any, Any]:
        """Add one hyperparameter.

        Args:
            value: `(int, int)` whole numbers; `(float, float)` real ones; either with `"log-uniform"` as third item; a list of
                choices, ordered when all are numbers; `{"mu": …, "sigma": …, "lower": …, "upper": …}` a normal distribution;
                a single value, a constant; or a ConfigSpace hyperparameter.
            name: what it is called.
            default_value: its default.
        """
        hyperparameter = hyperparameter_of(value, name, default_value)
        self.add(hyperparameter)
        return hyperparameter

    def add_hyperparameters(self, hyperparameters: Iterable[Hyperparameter[Any, Any]]) -> list[Hyperparameter[Any, Any]]:
        """Add several ConfigSpace hyperparameters."""
        return [self.add_hyperparameter(hyperparameter) for hyperparameter in hyperparameters]

    def add_condition(self, condition: Any) -> None:
        """Make a hyperparameter active only under a ConfigSpace condition."""
        self.add(condition)

    def add_conditions(self, conditions: Iterable[Any]) -> None:
        """Add several conditions."""
        self.add(list(conditions))

    def add_forbidden_clause(self, clause: Any) -> None:
        """Rule out what a ConfigSpace clause describes."""
        self.add(clause)

    def add(self, component: Any) -> None:
        """Add a hyperparameter, condition, forbidden clause, or several of them."""
        components = component if isinstance(component, (list, tuple)) else [component]
        new = [part.name for part in components if isinstance(part, Hyperparameter)]
        for name in new:
            self._refuse_reserved(name)
            if name in self._names or new.count(name) > 1:
                raise ValueError(
                    f"HpProblem: a hyperparameter named {name!r} is there already; give the second one another name."
                )
        try:
            self._config_space.add(*components)
        except ForbiddenValueError as error:
            raise ValueError(
                f"HpProblem: {component} forbids the default configuration {self.default_configuration!r}; give one of its "
                "hyperparameters another default_value."
            ) from error
        self._names += new

    def set_constraint_fn(self, fn: ConstraintFn) -> None:
        """Rule out configurations by a function.

        Args:
            fn: from a DataFrame with a column per hyperparameter (empty where inactive) to a bool per row, True if allowed.
        """
        function("HpProblem.set_constraint_fn", "fn", fn, "a function of a DataFrame")
        self._constraint_fn = fn

    def set_sampling_fn(self, fn: SamplingFn) -> None:
        """Draw random configurations by a function of your own.

        Args:
            fn: from a number to that many configurations, dictionaries; what is not legal among them is left out.
        """
        function("HpProblem.set_sampling_fn", "fn", fn, "a function of a size")
        self._sampling_fn = fn

    def set_seed(self, seed: int | None) -> None:
        """Begin the draws of `sample` anew from a seed."""
        self._draws, self._n_samples = draws_from(seed), 0

    # Asking.

    @property
    def space(self) -> CS.ConfigurationSpace:
        """The ConfigSpace behind the problem."""
        return self._config_space

    @property
    def hyperparameter_names(self) -> list[str]:
        """Names in order of definition."""
        return list(self._names)

    @property
    def default_configuration(self) -> dict[str, Any]:
        """The active hyperparameters at their defaults."""
        space = self.numeric_space()
        values = {name: self._config_space[name].default_value for name in self._names}
        return space.decode(space.canonical(space.encode([values])))[0]

    def numeric_space(self) -> Space:
        """The problem as rows of numbers, as it is declared by now."""
        return space_of(self._config_space, self._names, self._constraint_fn, self._sampling_fn)

    def sample(self, size: int = 1, strict: bool = False, max_trials: int = 5) -> list[dict[str, Any]]:
        """Draw random legal configurations.

        Args:
            size: how many.
            strict: raise instead of returning fewer, where the legal part is hard to hit.
            max_trials: how often to draw again for those that are missing.
        """
        size = count("HpProblem.sample", "size", size)
        space, found = self.numeric_space(), np.empty((0, 0))
        for _ in range(count("HpProblem.sample", "max_trials", max_trials)):
            rows = space.sample(size - len(found), self._draws.at(Purpose.SAMPLE, self._n_samples))
            self._n_samples += 1
            found = np.concatenate([found, rows]) if len(found) else rows
            if len(found) >= size:
                break
        if strict and len(found) < size:
            raise ValueError(f"HpProblem.sample: only {len(found)} of {size} legal configurations were found; raise max_trials.")
        return space.decode(found)

    def check_configuration(self, parameters: Mapping[str, Any], raise_if_not_valid: bool = True) -> bool:
        """Tell whether a configuration is legal.

        Args:
            parameters: the active hyperparameters; inactive ones missing, None or NaN.
            raise_if_not_valid: raise with the reason instead of returning False.
        """
        try:
            self._check(parameters)
        except ValueError:
            if raise_if_not_valid:
                raise
            return False
        return True

    def _check(self, parameters: Mapping[str, Any]) -> None:
        for name in parameters:
            if name not in self._names:
                raise ValueError(
                    f"HpProblem: unknown hyperparameter {name!r}; known are {quoted(self._names)}."
                    + did_you_mean(name, self._names)
                )
        space = self.numeric_space()
        X = space.encode([parameters])
        active = space.decode(X)[0]
        for name, value in parameters.items():
            if name not in active and value is not None and not (isinstance(value, float) and math.isnan(value)):
                raise ValueError(f"HpProblem: hyperparameter {name!r} is inactive in {dict(parameters)!r}, so it takes no value.")
        if not space.legal(X)[0]:
            raise ValueError(f"HpProblem: {dict(parameters)!r} is ruled out by a forbidden clause or by the constraint function.")

    def to_json(self) -> dict[str, Any]:
        """The declaration as plain data, in ConfigSpace's form."""
        return dict(self._config_space.to_serialized_dict())

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __getitem__(self, name: str) -> Hyperparameter[Any, Any]:
        if name not in self._names:
            raise KeyError(f"unknown hyperparameter {name!r}; there are {quoted(self._names)}.{did_you_mean(name, self._names)}")
        return self._config_space[name]

    def __repr__(self) -> str:
        return repr(self._config_space)

    @staticmethod
    def _refuse_reserved(name: str) -> None:
        if name in _RESERVED_NAMES:
            raise ValueError(
                f"HpProblem: {name!r} cannot be the name of a hyperparameter, since job[{name!r}] is the job's number."
            )
