"""The search space as the user declares it."""

from __future__ import annotations

import copy
import json
import math
import pickle
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np
import pytest

from deephyper.hpo import CBO, RandomSearch
from deephyper.problem import HpProblem, legal_configuration


def conditional(seed: int | None = 0) -> HpProblem:
    problem = HpProblem(seed=seed)
    kind = problem.add_hyperparameter(["plain", "deep", None], "kind")
    problem.add_hyperparameter((1, 10), "x10")
    depth = problem.add_hyperparameter((2, 5), "x2")
    problem.add_condition(CS.EqualsCondition(depth, kind, "deep"))
    return problem


def test_order_is_the_order_of_definition() -> None:
    problem = conditional()

    assert problem.hyperparameter_names == list(problem) == [*problem.default_configuration, "x2"]
    assert problem.hyperparameter_names == ["kind", "x10", "x2"]
    assert {tuple(c) for c in problem.sample(30)} == {("kind", "x10"), ("kind", "x10", "x2")}
    assert len(problem) == 3


def test_a_given_space_keeps_its_own_order_and_may_grow_on_both_sides() -> None:
    space = CS.ConfigurationSpace({"b": (0, 3), "a": ["x", "y"]})
    problem = HpProblem(space, seed=0)

    problem.add_hyperparameter((0.0, 1.0), "A")
    problem.space.add(CS.UniformIntegerHyperparameter("0", 1, 3))

    assert problem.space is space
    assert problem.hyperparameter_names == ["a", "b", "A", "0"]
    assert list(problem.sample(1)[0]) == ["a", "b", "A", "0"]
    assert len(problem) == 4


def test_adding_returns_the_configspace_hyperparameter() -> None:
    problem = HpProblem()

    added = problem.add_hyperparameter((0, 1), "x")

    assert isinstance(added, CS.UniformIntegerHyperparameter)
    assert problem["x"] is added is problem.space["x"]
    assert problem.add_hyperparameters([CS.Constant("c", 1), CS.Constant("d", 2)]) == [problem["c"], problem["d"]]


@pytest.mark.parametrize(
    "name", ["a b", "ü", "日本", "p:x", "a,b", 'q"x', "a\nb", "objective", "job_status", "class", "__x", "x" * 300]
)
def test_names_may_be_odd(name: str) -> None:
    problem = HpProblem(seed=0)
    problem.add_hyperparameter((0, 1), name)

    (configuration,) = problem.sample()

    assert list(configuration) == [name]
    assert problem.check_configuration(configuration)


def test_the_number_of_the_job_is_no_name() -> None:
    with pytest.raises(
        ValueError, match=r"'job_id' cannot be the name of a hyperparameter, since job\['job_id'\] is the job's number"
    ):
        HpProblem().add_hyperparameter((0, 1), "job_id")
    with pytest.raises(ValueError, match="'job_id' cannot be the name"):
        HpProblem(CS.ConfigurationSpace({"job_id": (0, 1)}))


def test_a_second_one_of_the_same_name_is_refused() -> None:
    problem = conditional()
    twice = CS.Constant("new", 1)

    with pytest.raises(
        ValueError, match="a hyperparameter named 'x10' is there already; give the second one another name"
    ):
        problem.add_hyperparameter((0, 1), "x10")
    with pytest.raises(ValueError, match="a hyperparameter named 'new' is there already"):
        problem.add([twice, twice])
    assert problem.hyperparameter_names == list(conditional())


@pytest.mark.parametrize("component", ["abc", 3, None, [CS.Constant("new", 1), "x"]], ids=repr)
def test_what_is_no_part_of_a_space_is_refused_and_nothing_is_added(component: Any) -> None:
    problem = conditional()

    with pytest.raises(TypeError, match=r"^HpProblem\.add: component must be a part of ConfigSpace, or a list, got"):
        problem.add(component)
    assert problem.hyperparameter_names == list(conditional())


def test_a_mixed_list_is_added_in_any_order() -> None:
    problem = HpProblem(seed=0)
    a, b = CS.OrdinalHyperparameter("a", [1, 2]), CS.OrdinalHyperparameter("b", [1, 2])

    problem.add([CS.ForbiddenEqualsClause(b, 2), CS.EqualsCondition(b, a, 1), a, b])

    assert {tuple(c.items()) for c in problem.sample(30)} == {(("a", 1), ("b", 1)), (("a", 2),)}


def test_a_clause_that_forbids_the_default_is_refused_and_forgotten() -> None:
    problem = HpProblem(seed=0)
    a = problem.add_hyperparameter([1, 2, 3], "a")

    with pytest.raises(
        ValueError,
        match=r"a == 1 forbids the default configuration \{'a': 1\}; give one of its hyperparameters another",
    ):
        problem.add_forbidden_clause(CS.ForbiddenEqualsClause(a, 1))

    assert problem.space.forbidden_clauses == []
    problem.add_forbidden_clause(CS.ForbiddenEqualsClause(a, 2))
    assert {c["a"] for c in problem.sample(30)} == {1, 3}


def test_a_condition_on_a_stranger_is_refused_in_one_sentence() -> None:
    problem = conditional()
    stranger = CS.Constant("stranger", 1)

    with pytest.raises(ValueError, match=r"^HpProblem: \[stranger .* cannot be added: Could not find child 'stranger'"):
        problem.add_condition(CS.EqualsCondition(stranger, problem["kind"], "deep"))
    with pytest.raises(ValueError, match=r"^HpProblem: .* cannot be added: Adding a second parent condition"):
        problem.add_conditions([CS.EqualsCondition(problem["x2"], problem["x10"], 3)])
    assert problem.check_configuration({"kind": None, "x10": 3})


def test_a_space_of_another_kind_is_refused() -> None:
    with pytest.raises(
        TypeError, match=r"config_space must be a ConfigSpace\.ConfigurationSpace or None, got .* of type dict"
    ):
        HpProblem({"x": (0, 1)})  # type: ignore[arg-type]


def test_the_default_configuration_holds_the_values_that_were_given() -> None:
    problem = HpProblem()
    problem.add(CS.NormalFloatHyperparameter("x", 10.0, 2.0, 1.0, 100.0, log=True))
    problem.add(CS.CategoricalHyperparameter("kind", np.array(["a", "b"])))

    found = problem.default_configuration

    assert found == {"x": 10.0, "kind": "a"}
    assert [type(value) for value in found.values()] == [float, str]


def test_a_seed_fixes_the_samples() -> None:
    problem, again = conditional(3), conditional(3)

    first, second = problem.sample(5), problem.sample(5)

    assert [again.sample(5), again.sample(5)] == [first, second]
    assert first != second
    problem.set_seed(3)
    assert problem.sample(5) == first
    assert conditional(None).sample(5) != conditional(None).sample(5)


@pytest.mark.parametrize("seed", [-1, "a", 1.5, True], ids=repr)
def test_what_is_no_seed_is_refused(seed: Any) -> None:
    with pytest.raises(
        ValueError, match="^HpProblem: seed must be None, an int of at least 0, or a numpy generator, got"
    ):
        HpProblem(seed=seed)


@pytest.mark.parametrize("size", [0, -1, 2.5, "3", True, None], ids=repr)
def test_what_is_no_size_is_refused(size: Any) -> None:
    with pytest.raises(ValueError, match=r"^HpProblem\.sample: size must be a whole number of at least 1, got"):
        conditional().sample(size)


def test_samples_may_be_fewer_unless_strict() -> None:
    problem = conditional()
    problem.set_sampling_fn(lambda size: [{"kind": None, "x10": 3}, {"kind": None, "x10": 9}])
    problem.set_constraint_fn(lambda df: df.x10 < 5)

    assert problem.sample(9, max_trials=2) == [{"kind": None, "x10": 3}] * 2
    with pytest.raises(ValueError, match="only 5 of 9 legal configurations were found; raise max_trials"):
        problem.sample(9, strict=True)


def test_a_sampling_function_is_asked_until_enough_are_legal() -> None:
    problem = conditional()
    sizes: list[int] = []

    def sampler(size: int) -> list[dict[str, Any]]:
        sizes.append(size)
        return [{"kind": None, "x10": np.int64(3 + len(sizes) % 2)}] * size

    problem.set_sampling_fn(sampler)
    problem.set_constraint_fn(lambda df: df.x10 == 3)

    assert problem.sample(2) == [{"kind": None, "x10": 3}] * 2
    assert sizes == [2, 2]


def test_a_sampling_function_that_gives_more_is_cut() -> None:
    problem = conditional()
    problem.set_sampling_fn(lambda size: [{"kind": None, "x10": 3}] * (size + 5))

    assert len(problem.sample(2)) == 2


@pytest.mark.parametrize("setter", ["set_constraint_fn", "set_sampling_fn"])
def test_what_is_no_function_is_refused(setter: str) -> None:
    with pytest.raises(
        TypeError, match=rf"HpProblem\.{setter}: fn must be a function of a \w+, got 'x10 < 3' of type str"
    ):
        getattr(conditional(), setter)("x10 < 3")


@pytest.mark.parametrize(
    "parameters",
    [
        {"kind": "plain", "x10": 3},
        {"x10": np.int64(3), "kind": None, "x2": None},
        {"kind": "plain", "x10": 3.0, "x2": math.nan},
        {"kind": "plain", "x10": 3, "x2": np.float32("nan")},
        {"kind": "deep", "x10": np.float64(3), "x2": 5},
        {"kind": "plain", "x10": 3, "x2": 3},
        {"kind": "plain", "x10": 3, "x2": "what an inactive one holds does not count"},
    ],
    ids=repr,
)
def test_a_legal_configuration_passes(parameters: dict[str, Any]) -> None:
    assert conditional().check_configuration(parameters) is True


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kind": "plain"}, r"hyperparameter 'x10' is active and has no value in \{'kind': 'plain'\}"),
        ({"kind": "plain", "x10": None}, "hyperparameter 'x10' is active and has no value"),
        (
            {"kind": "plain", "x1O": 3},
            r"unknown hyperparameter 'x1O'; known are 'kind', 'x10', 'x2'\. Did you mean 'x10'\?",
        ),
        ({"kind": "Plain", "x10": 3}, r"hyperparameter 'kind' must be one of \['plain', 'deep', None\], got 'Plain'"),
        ({"kind": "plain", "x10": 11}, "hyperparameter 'x10' must be between 1 and 10, got 11"),
        ({"kind": "plain", "x10": "3"}, "hyperparameter 'x10' must be a number, got '3'"),
        ({"kind": "plain", "x10": True}, "hyperparameter 'x10' must be a number, got True"),
        ({"kind": "plain", "x10": math.inf}, "hyperparameter 'x10' must be between 1 and 10, got inf"),
        ({"kind": "plain", "x10": 10**400}, "hyperparameter 'x10' must be between 1 and 10, got 1000"),
        ({"kind": np.array([1]), "x10": 3}, "hyperparameter 'kind' must be one of"),
        ({"kind": "deep", "x10": 9, "x2": 2}, "is ruled out by a forbidden clause or by the constraint function"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_illegal_configuration_is_told_why(parameters: dict[str, Any], message: str) -> None:
    problem = conditional()
    problem.set_constraint_fn(lambda df: ~(df.x10 > df.x2))

    with pytest.raises(ValueError, match=message):
        problem.check_configuration(parameters)
    assert problem.check_configuration(parameters, raise_if_not_valid=False) is False


def test_an_unknown_name_is_a_key_error_with_the_near_one() -> None:
    with pytest.raises(KeyError, match="HpProblem: unknown hyperparameter 'x11'; known are .* Did you mean 'x10'"):
        conditional()["x11"]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda problem: pickle.loads(pickle.dumps(problem))])
def test_a_duplicate_is_the_same_problem(duplicate: Any) -> None:
    problem = conditional()

    again = duplicate(problem)

    assert again.hyperparameter_names == problem.hyperparameter_names
    assert again.sample(5) == problem.sample(5)
    again.add_hyperparameter((0, 1), "new")
    assert len(problem) == 3


def test_the_declaration_can_be_written_and_shown() -> None:
    problem = conditional()

    text = json.dumps(problem.to_json())

    assert [part["name"] for part in json.loads(text)["hyperparameters"]] == ["kind", "x10", "x2"]
    assert repr(problem) == repr(problem.space)
    assert repr(problem).startswith("Configuration space object:\n  Hyperparameters:\n    kind, Type: Categorical")


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        ({"z": 1}, "unknown hyperparameter 'z'; known are 'kind', 'c', 'x'"),
        ({}, "hyperparameter 'kind' is active and has no value in {}"),
        ({"kind": "a", "x": 2.0}, "hyperparameter 'x' must be between 0.0 and 1.0, got 2.0"),
        ({"kind": "a", "x": "text"}, "hyperparameter 'x' must be a number, got 'text'"),
        ({"kind": "d", "x": 0.5}, r"hyperparameter 'kind' must be one of \['a', 'b'\], got 'd'"),
        ({"kind": "a", "x": 0.5, "c": 4}, "hyperparameter 'c' must be 3, got 4"),
        ({"kind": "a", "x": 0.75}, ".* is ruled out by a forbidden clause or by the constraint function"),
        ([("kind", "a")], "a configuration must be a dictionary of parameters, got .* of type list"),
    ],
)
@pytest.mark.parametrize("door", ["check", "initial points", "tell"])
def test_a_bad_configuration_is_told_with_the_place_where_it_was_passed(
    tmp_path: Path, configuration: Any, sentence: str, door: str
) -> None:
    problem = HpProblem()
    kind = problem.add_hyperparameter(["a", "b"], "kind")
    problem.add_hyperparameter(3, "c")
    x = problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_condition(CS.EqualsCondition(x, kind, "a"))
    problem.set_constraint_fn(lambda df: ~(df.x > 0.7))
    good = {"kind": "b"}

    def check() -> None:
        problem.check_configuration(configuration)

    def initial_points() -> None:
        CBO(problem, log_dir=tmp_path, initial_points=[good, configuration])

    def tell() -> None:
        RandomSearch(problem, log_dir=tmp_path).tell([(good, 0.0), (configuration, 1.0)])

    called, subject = {
        "check": (check, "HpProblem: "),
        "initial points": (initial_points, r"CBO: initial_points\[1\]: "),
        "tell": (tell, r"RandomSearch\.tell: results\[1\]: "),
    }[door]

    with pytest.raises((ValueError, TypeError), match=f"^{subject}{sentence}"):
        called()


def test_a_configuration_keeps_the_digits_that_were_passed_and_gets_its_constants() -> None:
    problem = HpProblem()
    problem.add_hyperparameter((1e-5, 1.0, "log-uniform"), "x")
    problem.add_hyperparameter(3, "c")

    for given in ({"x": 0.1}, {"x": 0.1, "c": None}, {"c": 3, "x": 0.1}):
        row, configuration = legal_configuration(problem.numeric_space(), given, "here")

        assert row.shape == (1, 1)
        assert configuration == {"x": 0.1, "c": 3}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "what it returns must be a list of configurations, which are dictionaries, got None of type NoneType"),
        ("text", "each configuration must be a dictionary of parameters, got 't' of type str"),
        ({"x": 1}, "each configuration must be a dictionary of parameters, got 'x' of type str"),
        ([(1, 2)], r"each configuration must be a dictionary of parameters, got \(1, 2\) of type tuple"),
        ([{"y": 1}], "unknown hyperparameter 'y'; accepted are 'x'"),
        ([{"x": 9}], "hyperparameter 'x' must be between 0.0 and 1.0, got 9"),
        ([{}], "hyperparameter 'x' is active and has no value"),
    ],
)
def test_a_sampling_function_that_returns_nonsense_is_named(answer: Any, sentence: str) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.set_sampling_fn(lambda size: answer)

    with pytest.raises((ValueError, TypeError), match=f"^HpProblem: sampling function: {sentence}"):
        problem.sample(1)
