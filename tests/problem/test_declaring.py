"""Every way of declaring that existing scripts use works, or says in one sentence what to write."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import ConfigSpace as CS
import numpy as np
import pytest

import deephyper.hpo
from deephyper.hpo import HpProblem, check_hyperparameter


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (((0, 10), "x"), "UniformIntegerHyperparameter"),
        (((0.0, 10.0), "x", 2.0), "UniformFloatHyperparameter"),
        (((1e-3, 1.0, "log-uniform"), "x"), "UniformFloatHyperparameter"),
        ((["a", "b"], "x", "b"), "CategoricalHyperparameter"),
        (([1, 2, 4], "x"), "OrdinalHyperparameter"),
        (({"mu": 0.0, "sigma": 1.0, "lower": -1.0, "upper": 1.0}, "x"), "NormalFloatHyperparameter"),
        ((3, "x"), "Constant"),
        ((np.array([1, 2]), "x"), "OrdinalHyperparameter"),
    ],
    ids=repr,
)
def test_add_takes_every_short_form_with_a_name(arguments: Any, kind: str) -> None:
    by_add, by_long_name = HpProblem(), HpProblem()

    made = by_add.add(*arguments)

    assert type(made).__name__ == kind and made is by_add["x"]
    assert made == by_long_name.add_hyperparameter(*arguments)
    names = dict(zip(("value", "name", "default_value"), arguments, strict=False))
    assert HpProblem().add(**names) == made


def test_add_takes_parts_of_configspace_alone_and_in_lists() -> None:
    problem = HpProblem()
    a, b = CS.OrdinalHyperparameter("a", [1, 2]), CS.OrdinalHyperparameter("b", [1, 2])

    assert problem.add(a) is a
    assert problem.add((b,)) is None
    assert problem.add([CS.EqualsCondition(b, a, 1)]) is None
    assert problem.add(CS.ForbiddenEqualsClause(a, 2)) is None
    assert problem.add(a.__class__("c", [1, 2]), "c") is problem["c"]
    assert problem.add([]) is None
    assert problem.hyperparameter_names == ["a", "b", "c"]
    assert len(problem.space.conditions) == len(problem.space.forbidden_clauses) == 1


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (((0, 10),), ValueError, r"needs a name, .* got None\. Write problem.add_hyperparameter\(\(0, 10\), 'x'\)"),
        ((["a", "b"],), ValueError, r"needs a name, .* Write problem.add_hyperparameter\(\['a', 'b'\], 'x'\)"),
        (("x", (0, 10)), TypeError, r"The value comes first, then the name: .*\(\(0, 10\), 'x'\)"),
        (((0, 10), 5), TypeError, "needs a name, a string that is not empty, got 5"),
        ((CS.Constant("a", 1), "b"), ValueError, "has its own name 'a'; leave out 'b'"),
        (([CS.Constant("a", 1)], "b"), TypeError, r"have no name and no default value, got name='b'.*add\(\[a, b\]\)"),
        (
            (CS.ForbiddenEqualsClause(CS.OrdinalHyperparameter("a", [1, 2]), 2), CS.Constant("a", 1)),
            TypeError,
            r"Several parts are one list: add\(\[a, b\]\)",
        ),
        ((), TypeError, r"HpProblem\.add: missing .*; write problem\.add\(\(0\.0, 1\.0\), 'x'\)"),
    ],
)
def test_what_add_does_not_take_is_told_with_the_line(arguments: Any, error: type[Exception], sentence: str) -> None:
    problem = HpProblem()

    with pytest.raises(error, match=sentence) as raised:
        problem.add(*arguments)

    assert "\n" not in str(raised.value) and not len(problem)


def test_an_argument_that_add_does_not_know_is_told_with_the_line() -> None:
    with pytest.raises(TypeError, match=r"HpProblem\.add: unknown option 'hyperparameter'; write problem\.add"):
        HpProblem().add(hyperparameter=(0, 1), name="x")  # type: ignore[call-arg]


def test_a_configuration_under_another_name_is_told_with_the_line() -> None:
    with pytest.raises(TypeError, match=r"unknown option 'configuration'; write problem\.check_configuration\(\{'x'"):
        HpProblem().check_configuration(configuration={})  # type: ignore[call-arg]


def test_a_single_condition_may_stand_where_several_do() -> None:
    problem = HpProblem()
    a, b = problem.add([1, 2], "a"), problem.add([1, 2], "b")

    problem.add_conditions(CS.EqualsCondition(b, a, 1))  # type: ignore[arg-type]

    assert len(problem.space.conditions) == 1


def test_add_hyperparameters_takes_its_list_by_name() -> None:
    parts = [CS.Constant("a", 1), CS.Constant("b", 1)]

    assert HpProblem().add_hyperparameters(hp_list=parts) == parts


@pytest.mark.parametrize("n_jobs", [1, 4, -1, np.int64(2)])
def test_samples_are_the_same_for_every_number_of_jobs(n_jobs: int) -> None:
    problems = HpProblem(seed=3), HpProblem(seed=3)
    for problem in problems:
        problem.add((0.0, 1.0), "x")

    assert problems[0].sample(size=4, n_jobs=n_jobs) == problems[1].sample(4)


@pytest.mark.parametrize("n_jobs", [1.5, "2", None, True])
def test_a_number_of_jobs_is_whole(n_jobs: Any) -> None:
    with pytest.raises(ValueError, match=r"HpProblem\.sample: n_jobs must be a whole number, such as 1 or -1, got"):
        HpProblem().sample(n_jobs=n_jobs)


def test_the_functions_of_a_problem_can_be_read_set_and_taken_away() -> None:
    problem = HpProblem(seed=0)
    problem.add((0, 9), "x")
    assert problem.constraint_fn is None and problem.sampling_fn is None

    problem.constraint_fn = lambda df: df.x > 7
    problem.sampling_fn = lambda size: [{"x": 8}, {"x": 1}] * size

    assert [c["x"] for c in problem.sample(2)] == [8, 8]
    assert callable(problem.constraint_fn) and callable(problem.sampling_fn)
    problem.set_constraint_fn(None)
    problem.sampling_fn = None
    assert {c["x"] for c in problem.sample(200)} == set(range(10))
    with pytest.raises(TypeError, match="fn must be a function of a DataFrame, got 3"):
        problem.constraint_fn = 3


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("add_dim", r"write problem\.add_hyperparameter\(value, name\), where the value comes first"),
        ("add_starting_point", r"CBO\(problem, initial_points=\[\{'x': 0\.5\}\]\)"),
        ("starting_point", "initial_points="),
        ("starting_point_asdict", "initial_points="),
        ("references", "initial_points="),
        ("config_space", r"is problem\.space"),
        ("skopt_dims", r"problem\['x'\]"),
        ("rng", r"problem\.set_seed\(seed\)"),
        ("anything", r"HpProblem: there is no 'anything'\.$"),
    ],
)
def test_an_attribute_of_another_version_is_answered_with_the_line(name: str, line: str) -> None:
    problem = HpProblem()

    with pytest.raises(AttributeError, match=line):
        getattr(problem, name)
    assert not hasattr(problem, name) and getattr(problem, name, 3) == 3


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_problem_is_copied_with_its_functions(again: Any) -> None:
    problem = HpProblem(seed=1)
    problem.add((0, 9), "x")
    problem.set_sampling_fn(_eights)

    assert again(problem).sampling_fn is _eights
    assert again(problem).sample(2) == [{"x": 8}, {"x": 8}]


def _eights(size: int) -> list[dict[str, int]]:
    return [{"x": 8}] * size


def test_a_short_form_is_checked_by_its_public_name() -> None:
    made = check_hyperparameter(parameter=(0, 10), name="x", default_value=3)

    assert (made.name, made.lower, made.upper, made.default_value) == ("x", 0, 10, 3)
    assert check_hyperparameter(made) is made
    assert deephyper.hpo.check_hyperparameter is check_hyperparameter
