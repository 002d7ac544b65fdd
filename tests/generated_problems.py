"""Generated search spaces: every kind of hyperparameter, conditions, forbidden clauses, a constraint function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    AndConjunction,
    BetaFloatHyperparameter,
    BetaIntegerHyperparameter,
    CategoricalHyperparameter,
    Constant,
    EqualsCondition,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    ForbiddenEqualsRelation,
    ForbiddenGreaterThanRelation,
    ForbiddenInClause,
    ForbiddenLessThanRelation,
    GreaterThanCondition,
    InCondition,
    LessThanCondition,
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
    NotEqualsCondition,
    OrConjunction,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from hypothesis import strategies as st

from deephyper.hpo import HpProblem
from deephyper.problem import dimension_of

NAMES = ("x10", "x2", "a b", "ü", "m:x", "objective", "Z")
NUMERIC = (
    UniformIntegerHyperparameter,
    UniformFloatHyperparameter,
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
    BetaFloatHyperparameter,
    BetaIntegerHyperparameter,
)
HYPERPARAMETERS = (
    lambda name: UniformIntegerHyperparameter(name, -3, 5),
    lambda name: UniformIntegerHyperparameter(name, 1, 1000, log=True),
    lambda name: UniformIntegerHyperparameter(name, 0, 1),
    lambda name: UniformFloatHyperparameter(name, -2.0, 7.5),
    lambda name: UniformFloatHyperparameter(name, 1e-5, 1e-1, log=True),
    lambda name: NormalFloatHyperparameter(name, 1.0, 2.0, -3.0, 10.0),
    lambda name: NormalFloatHyperparameter(name, 10.0, 4.0, 1.0, 100.0, log=True),
    lambda name: NormalIntegerHyperparameter(name, 4, 3, -2, 20),
    lambda name: BetaFloatHyperparameter(name, 2, 5, 0.0, 3.0),
    lambda name: BetaIntegerHyperparameter(name, 2, 5, 0, 30),
    lambda name: CategoricalHyperparameter(name, ["None", "nan", "", "é"]),
    lambda name: CategoricalHyperparameter(name, [None, True, 2.5, "a"]),
    lambda name: CategoricalHyperparameter(name, ["a", "b", "c"], weights=[0.0, 1.0, 3.0]),
    lambda name: CategoricalHyperparameter(name, ["only"]),
    lambda name: OrdinalHyperparameter(name, [1, 2.5, 10]),
    lambda name: OrdinalHyperparameter(name, ["s", "m", "l", "xl"]),
    lambda name: OrdinalHyperparameter(name, [7]),
    lambda name: Constant(name, "constant"),
)


@dataclass(frozen=True)
class Declared:
    problem: HpProblem
    constrained: str | None
    limit: float

    def allows(self, configuration: dict[str, Any]) -> bool:
        return self.constrained not in configuration or configuration[self.constrained] <= self.limit


@st.composite
def problems(draw: st.DrawFn) -> Declared:
    problem = HpProblem(seed=0)
    names = draw(st.permutations(NAMES))[: draw(st.integers(2, 6))]
    parts = [draw(st.sampled_from(HYPERPARAMETERS))(name) for name in names]
    problem.add_hyperparameters(parts)
    for i in range(1, len(parts)):
        if draw(st.booleans()):
            problem.add_condition(draw(conditions(problem, parts[i], parts[:i])))
    for _ in range(draw(st.integers(0, 3))):
        clause = draw(clauses(parts))
        if clause is not None and not clause.is_forbidden_value(problem.default_configuration):
            problem.add_forbidden_clause(clause)
    numbers = [part for part in parts if isinstance(part, NUMERIC)]
    if not numbers or draw(st.booleans()):
        return Declared(problem, None, math.inf)
    constrained, limit = numbers[0].name, float(numbers[0].default_value)
    problem.set_constraint_fn(lambda df: df[constrained].isna() | (df[constrained] <= limit))
    return Declared(problem, constrained, limit)


@st.composite
def conditions(draw: st.DrawFn, problem: HpProblem, child: Any, parents: list[Any], depth: int = 2) -> Any:
    if depth and draw(st.booleans()):
        kind = draw(st.sampled_from([AndConjunction, OrConjunction]))
        shuffled = draw(st.permutations(parents))
        # ConfigSpace takes one condition for a pair of parent and child.
        halves = shuffled[::2], shuffled[1::2]
        if all(halves):
            return kind(*(draw(conditions(problem, child, half, depth - 1)) for half in halves))
    parent = draw(st.sampled_from(parents))
    value = draw(values_of(parent))
    kinds = [EqualsCondition, InCondition]
    if parent.name not in problem.space.conditional_hyperparameters:
        # ConfigSpace itself sometimes finds an inactive parent, NaN, to be different from any value.
        kinds += [NotEqualsCondition]
    if isinstance(parent, (*NUMERIC, OrdinalHyperparameter)):
        kinds += [LessThanCondition, GreaterThanCondition]
    kind = draw(st.sampled_from(kinds))
    return kind(child, parent, [value, parent.default_value] if kind is InCondition else value)


@st.composite
def clauses(draw: st.DrawFn, parts: list[Any]) -> Any:
    numbers = [part for part in parts if isinstance(part, NUMERIC)]
    if len(numbers) > 1 and draw(st.booleans()):
        kind = draw(st.sampled_from([ForbiddenLessThanRelation, ForbiddenGreaterThanRelation, ForbiddenEqualsRelation]))
        return kind(numbers[0], numbers[1])
    one, other = draw(st.permutations(parts))[:2]
    simple = ForbiddenEqualsClause(one, draw(values_of(one))), ForbiddenInClause(other, [draw(values_of(other))])
    return draw(st.sampled_from([*simple, ForbiddenAndConjunction(*simple)]))


def values_of(part: Any) -> st.SearchStrategy[Any]:
    if isinstance(part, NUMERIC):
        # ConfigSpace rounds real numbers to 13 decimals before it compares them.
        return st.sampled_from(
            [round(value, 6) for value in dimension_of(part).decode(np.array([0.0, 0.3, 0.5, 0.8, 1.0]))]
        )
    return st.sampled_from(list(getattr(part, "choices", None) or getattr(part, "sequence", None) or [part.value]))


def is_same(one: Any, other: Any) -> bool:
    return bool(one == pytest.approx(other, rel=1e-12)) if isinstance(one, float) else one == other
