"""The search space as the user declares it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import ConfigSpace as CS
import numpy as np
from ConfigSpace.conditions import Condition, Conjunction
from ConfigSpace.forbidden import ForbiddenClause, ForbiddenConjunction, ForbiddenRelation
from ConfigSpace.hyperparameters import Hyperparameter

from .._checks import count, did_you_mean, explained, function, instance_of, is_integer, quoted, shown
from .._draws import Purpose, draws_from
from ..space import Space, Walkers
from .configspace import dimension_of, parent_names, space_of
from .constraint import ConstraintFn
from .given import legal_configuration
from .mistaken import INSTEAD, of_grid, of_keyword
from .sampler import SamplingFn
from .short_forms import hyperparameter_of, refuse_choices

_LONGEST_CHAIN = 12
_RESERVED_NAMES = ("job_id",)
_CONDITIONS = (Condition, Conjunction)
_CLAUSES = (ForbiddenClause, ForbiddenConjunction, ForbiddenRelation)
_PARTS = (Hyperparameter, *_CONDITIONS, *_CLAUSES)


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
        if config_space is not None and not isinstance(config_space, CS.ConfigurationSpace):
            raise TypeError(
                "HpProblem: config_space must be a ConfigSpace.ConfigurationSpace or None, got "
                f"{config_space!r} of type {type(config_space).__name__}."
                f"{of_grid(config_space) if isinstance(config_space, Mapping) else ''}"
            )
        self._space = CS.ConfigurationSpace() if config_space is None else config_space
        # What only we can see is filled late and in one go: every time, ConfigSpace goes through all that it has.
        self._is_seen = config_space is not None
        self._waiting: list[Any] = []
        self._waiting_clauses: list[Any] = []
        self._default: dict[str, Any] | None = None
        self._defined = list(self._space)
        self._constraint_fn: ConstraintFn | None = None
        self._sampling_fn: SamplingFn | None = None
        self.set_seed(seed)
        for name in self._defined:
            _refuse_unusable(self._space[name])

    @property
    def space(self) -> CS.ConfigurationSpace:
        """The ConfigSpace behind the problem. What is added there belongs to the problem too."""
        self._is_seen = True
        return self._filled()

    def _filled(self) -> CS.ConfigurationSpace:
        """The ConfigSpace with everything that was declared so far."""
        clauses, self._waiting_clauses = self._waiting_clauses, []
        _put_in(self._without_new_clauses(), clauses)
        return self._space

    def _without_new_clauses(self) -> CS.ConfigurationSpace:
        waiting, self._waiting = self._waiting, []
        _put_in(self._space, waiting)
        return self._space

    # Declaring.

    @explained("problem.add_hyperparameter((0.0, 1.0), 'x')")
    def add_hyperparameter(
        self, value: Any, name: str | None = None, default_value: Any = None, **unknown: Any
    ) -> Hyperparameter[Any, Any]:
        """Add one hyperparameter.

        Args:
            value: `(int, int)` whole numbers; `(float, float)` real ones; either with `"log-uniform"` as third item; a
                list of choices, ordered when all are numbers; `{"mu": …, "sigma": …, "lower": …, "upper": …}`, a normal
                distribution; a single value, a constant; or a ConfigSpace hyperparameter.
            name: what it is called.
            default_value: its default.
        """
        for option, given in unknown.items():
            raise TypeError(
                f"HpProblem.add_hyperparameter: unknown argument {option!r}; accepted are 'value', 'name', "
                f"'default_value'.{of_keyword(option, given, value, name)}"
            )
        hyperparameter = hyperparameter_of(value, name, default_value)
        self._add([hyperparameter])
        return hyperparameter

    def add_hyperparameters(self, hp_list: Iterable[Hyperparameter[Any, Any]]) -> list[Hyperparameter[Any, Any]]:
        """Add several ConfigSpace hyperparameters."""
        if isinstance(hp_list, Mapping):
            raise TypeError(
                "HpProblem.add_hyperparameters: hp_list must be a list of ConfigSpace hyperparameters, got a "
                f"dictionary.{of_grid(hp_list)}"
            )
        added = [hyperparameter_of(hyperparameter, None) for hyperparameter in hp_list]
        self._add(added)
        return added

    def add_condition(self, condition: Any) -> None:
        """Make a hyperparameter active only under a ConfigSpace condition."""
        self.add(condition)

    def add_conditions(self, conditions: Iterable[Any]) -> None:
        """Add several conditions."""
        self._add(list(conditions) if isinstance(conditions, Iterable) else [conditions])

    def add_forbidden_clause(self, clause: Any) -> None:
        """Rule out what a ConfigSpace clause describes."""
        self.add(clause)

    @explained("problem.add((0.0, 1.0), 'x'), or problem.add(condition)")
    def add(self, value: Any, name: str | None = None, default_value: Any = None) -> Hyperparameter[Any, Any] | None:
        """Add a hyperparameter, a condition, a forbidden clause, or a list of them.

        Args:
            value: with a name, what `add_hyperparameter` takes: `add((0, 10), "x")` adds whole numbers,
                `add(["a", "b"], "c")` a choice. Without one, a part of ConfigSpace, or a list or tuple of parts.
            name, default_value: as of `add_hyperparameter`.

        Returns the hyperparameter where a single one was added.
        """
        parts = value if isinstance(value, (list, tuple)) else [value]
        has_parts = any(isinstance(part, _PARTS) for part in parts)
        is_short_form = not has_parts and (name is not None or (parts is value and bool(parts)))
        if isinstance(value, Hyperparameter) or is_short_form:
            return self.add_hyperparameter(value, name, default_value)
        if name is not None or default_value is not None:
            raise TypeError(
                "HpProblem.add: conditions, clauses and lists of parts have no name and no default value, got "
                f"name={shown(name)}, default_value={shown(default_value)}. Several parts are one list: add([a, b])."
            )
        self._add(parts)
        return None

    def _add(self, components: Sequence[Any]) -> None:
        for part in components:
            instance_of("HpProblem.add", "component", part, _PARTS, "a part of ConfigSpace, or a list")
        hyperparameters = [part for part in components if isinstance(part, Hyperparameter)]
        names = set(self.hyperparameter_names)
        for hyperparameter in hyperparameters:
            _refuse_unusable(hyperparameter)
            if hyperparameter.name in names:
                raise ValueError(
                    f"HpProblem: a hyperparameter named {hyperparameter.name!r} is there already; give the second one "
                    "another name."
                )
            names.add(hyperparameter.name)
        # One kind after the other: what one call to ConfigSpace refuses, it keeps all the same.
        self._put_hyperparameters(hyperparameters)
        conditions = [part for part in components if isinstance(part, _CONDITIONS)]
        if conditions:
            self._default = None
            _refuse_long_chain([*self._filled().conditions, *conditions])
            _put_in(self._space, conditions)
        self._put_clauses([part for part in components if isinstance(part, _CLAUSES)])

    def _put_hyperparameters(self, hyperparameters: list[Hyperparameter[Any, Any]]) -> None:
        if not hyperparameters:
            return
        self._default = None
        if self._is_seen:
            _put_in(self._space, hyperparameters)
        else:
            self._waiting += hyperparameters
        self._defined += [hyperparameter.name for hyperparameter in hyperparameters]

    def _put_clauses(self, clauses: list[Any]) -> None:
        if not clauses:
            return
        default = self._default_configuration()
        for clause in clauses:
            if clause.is_forbidden_value(default):
                raise ValueError(
                    f"HpProblem: {clause} forbids the default configuration {default!r}; give one of its "
                    "hyperparameters another default_value."
                )
        if self._is_seen or not all(self._knows_all_of(clause) for clause in clauses):
            _put_in(self._filled(), clauses)
        else:
            self._waiting_clauses += clauses

    def _knows_all_of(self, clause: Any) -> bool:
        """Whether ConfigSpace can have nothing against a clause."""
        parts = clause.dlcs if isinstance(clause, ForbiddenConjunction) else [clause]
        places = ("hyperparameter", "left", "right")
        used = [getattr(part, place) for part in parts for place in places if hasattr(part, place)]
        known = self._without_new_clauses()
        return all(hyperparameter.name in known for hyperparameter in used)

    def _default_configuration(self) -> dict[str, Any]:
        """The default configuration, computed once as long as nobody else can add anything."""
        if self._default is None or self._is_seen:
            self._default = self.default_configuration
        return self._default

    def set_constraint_fn(self, fn: ConstraintFn | None) -> None:
        """Rule out configurations by a function; by none if it is None.

        Args:
            fn: from a DataFrame with a column per hyperparameter, empty where it is inactive, to a bool per row: True
                if the row is allowed. It judges every row by itself. A Series in another order is put in order by its
                index.
        """
        if fn is not None:
            function("HpProblem.set_constraint_fn", "fn", fn, "a function of a DataFrame")
        self._constraint_fn = fn

    constraint_fn = property(
        lambda self: self._constraint_fn, set_constraint_fn, doc="The constraint, if there is one."
    )

    def set_sampling_fn(self, fn: SamplingFn | None) -> None:
        """Draw random configurations by a function of your own; from the priors if it is None.

        Args:
            fn: from a number to that many configurations: dictionaries, or a DataFrame with a row for each. Left out
                are those with a value that does not exist, or without one that they need, and those that a clause
                or the constraint function rules out. Values of inactive hyperparameters do not matter.
        """
        if fn is not None:
            function("HpProblem.set_sampling_fn", "fn", fn, "a function of a size")
        self._sampling_fn = fn

    sampling_fn = property(lambda self: self._sampling_fn, set_sampling_fn, doc="What draws in place of the priors.")

    def set_seed(self, seed: int | None) -> None:
        """Start the draws of `sample` again, from a seed."""
        self._draws, self._n_samples = draws_from(seed, "HpProblem: seed"), 0

    # Asking.

    @property
    def hyperparameter_names(self) -> list[str]:
        """Names in order of definition; what was added to `space` directly comes last."""
        defined = set(self._defined)
        return self._defined + [name for name in self._space if name not in defined]

    @property
    def default_configuration(self) -> dict[str, Any]:
        """The active hyperparameters at their defaults."""
        names, declared = self.hyperparameter_names, self._without_new_clauses()
        space, values = space_of(declared, names), {name: declared[name].default_value for name in names}
        active = space.decode(space.encode([values]))[0]
        # A real number stays the one that was given, to the last digit.
        return {name: values[name] if isinstance(value, float) else value for name, value in active.items()}

    def numeric_space(self) -> Space:
        """The problem as rows of numbers, as it is declared by now."""
        return space_of(self._filled(), self.hyperparameter_names, self._constraint_fn, self._sampling_fn)

    @explained("problem.sample(10, strict=True)")
    def sample(self, size: int = 1, strict: bool = False, max_trials: int = 5, n_jobs: int = 1) -> list[dict[str, Any]]:
        """Draw random legal configurations.

        Args:
            size: how many.
            strict: raise instead of returning fewer, where the legal part is hard to hit.
            max_trials: how often to draw again for those that are missing.
            n_jobs: any whole number; it changes nothing, since all are drawn at once.
        """
        if not is_integer(n_jobs):
            raise ValueError(f"HpProblem.sample: n_jobs must be a whole number, such as 1 or -1, got {shown(n_jobs)}.")
        size = count("HpProblem.sample", "size", size)
        space, found = self.numeric_space(), np.empty((0, 0))
        space = space.walked_by(Walkers(np.empty((0, space.n_columns))))
        for _ in range(count("HpProblem.sample", "max_trials", max_trials)):
            rows = space.sample(size - len(found), self._draws.at(Purpose.SAMPLE, self._n_samples))
            self._n_samples += 1
            found = np.concatenate([found, rows]) if len(found) else rows
            if len(found) >= size:
                break
        if strict and len(found) < size:
            raise ValueError(
                f"HpProblem.sample: only {len(found)} of {size} legal configurations were found; raise max_trials."
            )
        return space.decode(found)

    @explained("problem.check_configuration({'x': 0.5})")
    def check_configuration(self, parameters: Mapping[str, Any], raise_if_not_valid: bool = True) -> bool:
        """Tell whether a configuration is legal.

        Args:
            parameters: the active hyperparameters. Whatever an inactive one holds does not count, as it is left out
                wherever configurations are passed. A row of a table, such as `results.iloc[0]`, is a configuration too.
            raise_if_not_valid: raise with the reason instead of returning False.
        """
        try:
            legal_configuration(self.numeric_space(), parameters, "HpProblem")
        except ValueError:
            if raise_if_not_valid:
                raise
            return False
        return True

    def to_json(self) -> dict[str, Any]:
        """The declaration as plain data, in ConfigSpace's form."""
        return dict(self._filled().to_serialized_dict())

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"HpProblem: there is no {name!r}{INSTEAD.get(name, '')}.", name=name, obj=self)

    def __len__(self) -> int:
        return len(self._filled())

    def __iter__(self) -> Iterator[str]:
        return iter(self.hyperparameter_names)

    def __getitem__(self, name: str) -> Hyperparameter[Any, Any]:
        if name not in self._filled():
            names = self.hyperparameter_names
            raise KeyError(
                f"HpProblem: unknown hyperparameter {name!r}; known are {quoted(names)}.{did_you_mean(name, names)}"
            )
        return self._space[name]

    def __repr__(self) -> str:
        return repr(self._filled())


def _refuse_unusable(hyperparameter: Hyperparameter[Any, Any]) -> None:
    name = hyperparameter.name
    if name in _RESERVED_NAMES:
        raise ValueError(
            f"HpProblem: {name!r} cannot be the name of a hyperparameter, since job[{name!r}] is the job's number."
        )
    dimension_of(hyperparameter)
    choices = getattr(hyperparameter, "choices", getattr(hyperparameter, "sequence", ()))
    refuse_choices(f"HpProblem: hyperparameter {name!r}", choices)


def _refuse_long_chain(conditions: Sequence[Any]) -> None:
    """Refuse what ConfigSpace would think about for hours: for every condition more in a chain, four times as long."""
    parents = {condition.child.name: parent_names(condition) for condition in conditions}
    for child in parents:
        level, names = 0, {child}
        while names := {name for child in names for name in parents.get(child, ())}:
            level += 1
            if level > len(parents):
                return  # a circle, which ConfigSpace refuses
        if level > _LONGEST_CHAIN:
            raise ValueError(
                f"HpProblem: {child!r} is the end of a chain of {level} conditions, and at most {_LONGEST_CHAIN} may "
                "depend on each other; let the later ones depend on the first hyperparameters, for example on a single "
                "ordinal that says how many of them are active."
            )


def _put_in(config_space: CS.ConfigurationSpace, components: Sequence[Any]) -> None:
    """Add parts of one kind to a ConfigSpace, with a sentence where it refuses them."""
    if not components:
        return  # to add nothing takes as long as to add anything
    try:
        config_space.add(*components)
    except ValueError as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"HpProblem: {components} cannot be added: {reason}") from error
