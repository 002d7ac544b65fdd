"""What ConfigSpace calls active and legal is active and legal here, and every row is one configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import (
    BetaFloatHyperparameter,
    BetaIntegerHyperparameter,
    CategoricalHyperparameter,
    Configuration,
    Constant,
    EqualsCondition,
    ForbiddenInClause,
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
    NotEqualsCondition,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from ConfigSpace.exceptions import ForbiddenValueError
from hypothesis import HealthCheck, given, settings
from scipy.stats import ks_2samp

from deephyper.problem import HpProblem, dimension_of
from generated_problems import Declared, is_same, problems

declared_problems = problems()
quickly = settings(suppress_health_check=list(HealthCheck))


@quickly
@given(declared_problems)
def test_every_sample_is_legal_in_order_of_definition_and_made_of_python_objects(declared: Declared) -> None:
    names = declared.problem.hyperparameter_names

    configurations = declared.problem.sample(20)

    for configuration in configurations:
        Configuration(declared.problem.space, values=configuration).check_valid_configuration()
        assert declared.allows(configuration)
        assert list(configuration) == [name for name in names if name in configuration]
        assert not any(isinstance(value, np.generic) for value in configuration.values())
    if configurations:
        assert declared.problem.check_configuration(configurations[0])


@quickly
@given(declared_problems)
def test_decoding_and_encoding_gives_the_same_row_and_the_same_configuration(declared: Declared) -> None:
    space = declared.problem.numeric_space()
    X = space.canonical(np.random.default_rng(1).random((30, space.n_columns)))
    configurations = space.decode(X)

    again = space.encode(configurations)

    np.testing.assert_allclose(again, X, rtol=0, atol=1e-12)
    for first, second in zip(configurations, space.decode(again), strict=True):
        assert list(first) == list(second)
        assert [type(value) for value in first.values()] == [type(value) for value in second.values()]
        assert all(is_same(one, other) for one, other in zip(first.values(), second.values(), strict=True))


@quickly
@given(declared_problems)
def test_active_and_legal_rows_are_those_of_configspace(declared: Declared) -> None:
    space = declared.problem.numeric_space()
    X = space.from_shares(np.random.default_rng(2).random((40, space.n_columns)))

    legal = space.legal(X)

    for configuration, is_legal in zip(space.decode(X), legal, strict=True):
        try:
            # It raises for an active hyperparameter that is missing and an inactive one that is there.
            Configuration(declared.problem.space, values=configuration)
            is_forbidden = False
        except ForbiddenValueError:
            is_forbidden = True
        assert is_legal == (not is_forbidden and declared.allows(configuration))


@pytest.mark.parametrize(
    "hyperparameter",
    [
        CategoricalHyperparameter("x", np.array(["a", "b"])),
        CategoricalHyperparameter("x", [np.int64(1), "a"]),
        OrdinalHyperparameter("x", [np.int64(1), np.int64(2)]),
        Constant("x", np.int64(3)),
        Constant("x", np.str_("a")),
    ],
    ids=repr,
)
def test_numpy_values_inside_configspace_come_out_as_python_scalars(hyperparameter: Any) -> None:
    problem = HpProblem(seed=0)
    problem.add(hyperparameter)

    values = [configuration["x"] for configuration in problem.sample(20)]

    assert {type(value) for value in values} <= {int, str}


@pytest.mark.parametrize(
    "hyperparameter",
    [
        NormalFloatHyperparameter("x", 1.0, 2.0, -3.0, 10.0),
        NormalIntegerHyperparameter("x", 10, 4, 0, 30),
        BetaFloatHyperparameter("x", 2, 5, 0.0, 3.0),
        BetaFloatHyperparameter("x", 2, 5, 1.0, 30.0, log=True),
        BetaIntegerHyperparameter("x", 2, 5, 0, 300),
        UniformIntegerHyperparameter("x", 0, 300),
        UniformFloatHyperparameter("x", 1e-5, 1e-1, log=True),
    ],
    ids=repr,
)
def test_priors_are_those_of_configspace(hyperparameter: Any) -> None:
    problem = HpProblem(seed=0)
    problem.add(hyperparameter)
    theirs = hyperparameter.sample_value(4000, seed=np.random.RandomState(0))

    ours = [configuration["x"] for configuration in problem.sample(4000)]

    # Kolmogorov and Smirnov: two samples of 4,000 differ by more with probability 1e-3; whole numbers are rounded
    # differently.
    assert ks_2samp(ours, theirs).statistic < (0.044 if isinstance(ours[0], float) else 0.06)


def test_weights_are_the_probabilities_of_choices() -> None:
    problem = HpProblem(seed=0)
    problem.add(CategoricalHyperparameter("x", ["a", "b", "c"], weights=[0, 1, 3]))

    values = [configuration["x"] for configuration in problem.sample(2000)]

    assert values.count("a") == 0
    assert values.count("c") / 2000 == pytest.approx(0.75, abs=0.04)  # four standard deviations


def test_a_child_of_an_inactive_parent_is_inactive() -> None:
    problem = HpProblem(seed=0)
    top = problem.add_hyperparameter(["on", "off"], "top")
    middle = problem.add_hyperparameter([1, 2, 3], "middle")
    leaf = problem.add_hyperparameter((0.0, 1.0), "leaf")
    problem.add_conditions([EqualsCondition(middle, top, "on"), NotEqualsCondition(leaf, middle, 1)])

    names = {(c["top"], c.get("middle"), "leaf" in c) for c in problem.sample(100)}

    assert names == {("on", 1, False), ("on", 2, True), ("on", 3, True), ("off", None, False)}


def test_a_conditional_constant_comes_and_goes() -> None:
    problem = HpProblem(seed=0)
    switch = problem.add_hyperparameter([True, False], "switch")
    constant = problem.add_hyperparameter("fixed", "constant")
    problem.add_condition(EqualsCondition(constant, switch, True))

    found = {(c["switch"], c.get("constant")) for c in problem.sample(30)}

    assert found == {(True, "fixed"), (False, None)}
    assert problem.check_configuration({"switch": False})
    assert problem.check_configuration({"switch": False, "constant": "another"})


def test_a_forbidden_clause_on_an_inactive_hyperparameter_rules_nothing_out() -> None:
    problem = HpProblem(seed=0)
    switch = problem.add_hyperparameter(["off", "on"], "switch")
    child = problem.add_hyperparameter([1, 2], "child")
    problem.add_condition(EqualsCondition(child, switch, "on"))
    problem.add_forbidden_clause(ForbiddenInClause(child, [1, 2]))

    assert {tuple(c.items()) for c in problem.sample(20)} == {(("switch", "off"),)}


def test_the_constraint_function_sees_a_column_for_each_hyperparameter_with_its_own_type() -> None:
    problem = HpProblem(seed=0)
    kind = problem.add_hyperparameter(["a", None, (1, 2)], "kind")
    rate = problem.add_hyperparameter((0.0, 1.0), "rate")
    problem.add_hyperparameter((1, 9), "n")
    problem.add_hyperparameter([2, 4, 8], "units")
    problem.add_hyperparameter([True, False], "flag")
    problem.add_hyperparameter("c", "constant")
    problem.add_condition(EqualsCondition(rate, kind, "a"))
    tables: list[pd.DataFrame] = []

    def constraint(df: pd.DataFrame) -> Any:
        tables.append(df)
        return df.rate.isna() | (2 * df.rate < 1) & df.flag

    problem.set_constraint_fn(constraint)
    problem.sample(50)

    assert list(tables[0].columns) == ["kind", "rate", "n", "units", "flag", "constant"]
    assert [str(dtype) for dtype in tables[0].dtypes] == ["object", "float64", "int64", "int64", "bool", "object"]
    assert {type(value) for value in tables[0].kind} == {str, type(None), tuple}
    assert tables[0].rate.isna().sum() == (tables[0].kind != "a").sum()


def test_a_constraint_may_compute_where_its_hyperparameter_is_always_inactive() -> None:
    problem = HpProblem(seed=0)
    kind = problem.add_hyperparameter(["a", "b"], "kind")
    rate = problem.add_hyperparameter((0.0, 1.0), "rate")
    problem.add_condition(EqualsCondition(rate, kind, "b"))
    problem.set_constraint_fn(lambda df: ~(2 * df.rate > 1))

    assert problem.check_configuration({"kind": "a"})


@pytest.mark.parametrize("answer", [True, [1, 0], pd.Series(["yes"] * 3), np.ones((3, 1), bool)], ids=repr)
def test_a_constraint_that_does_not_answer_row_by_row_is_refused(answer: Any) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0, 1), "x")
    problem.set_constraint_fn(lambda df: answer)

    with pytest.raises(
        ValueError, match="the constraint function must return one bool per row of its table, here 1, got"
    ):
        problem.check_configuration({"x": 1})


def test_an_unknown_kind_of_hyperparameter_is_refused() -> None:
    class Other(Constant):
        pass

    odd = Other("x", 1)

    assert dimension_of(odd).name == "x"
    with pytest.raises(TypeError, match=r"hyperparameters of type \w+ are not supported"):
        dimension_of(type("Odd", (), {"name": "x"})())
