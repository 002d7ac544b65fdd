"""What a user passes to a search is used as it was meant, or refused in one sentence that says what to write."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deephyper.evaluator import ProcessEvaluator, SerialEvaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.job import Job

C = {"x": 0.5}


def run(job: Any) -> float:
    return float(job["x"])


@pytest.fixture(params=[CBO, RandomSearch])
def kind(request: pytest.FixtureRequest) -> type[Search]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(words: str, make: Callable[[], Any]) -> None:
    """It raises one sentence that names where and holds these words."""
    with pytest.raises((TypeError, ValueError), match=words) as raised:
        make()
    assert ": " in str(raised.value) and "\n" not in str(raised.value)


# Names that belong to other tools.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_trials": 10}, r"a budget belongs to the call: search.search\(run, max_evals=100"),
        ({"max_trials": 10}, "a budget belongs to the call"),
        ({"n_iter": 10}, "a budget belongs to the call"),
        ({"n_calls": 10}, "a budget belongs to the call"),
        ({"num_samples": 10}, "a budget belongs to the call"),
        ({"budget": 10}, "a budget belongs to the call"),
        ({"max_evals": 10}, "a budget belongs to the call"),
        ({"timeout": 10}, "a budget belongs to the call"),
        ({"direction": "minimize"}, "to minimize, return the negative, return -loss"),
        ({"directions": ["minimize"]}, "return -loss"),
        ({"minimize": True}, "return -loss"),
        ({"mode": "min"}, "return -loss"),
        (
            {"num_workers": 4},
            r"workers belong to the evaluator: CBO\(problem, Evaluator.create\(run, 'process', num_workers=4",
        ),
        ({"seed": 1}, "the seed is random_state=42"),
        ({"random_seed": 1}, "the seed is random_state=42"),
        ({"space": {}}, r"problem.add_hyperparameter\(\(0.0, 1.0\), 'x'\)"),
        ({"pbounds": {}}, "the space is the first argument"),
        ({"fn": run}, "the function is the second argument"),
        ({"run_function": run}, r"CBO\(problem\).search\(run, max_evals=100\)"),
        ({"points_to_evaluate": [C]}, r"initial_points=\[\{'x': 0.5\}\]"),
        ({"n_startup_trials": 10}, "n_initial_points=8"),
        ({"callbacks": []}, "callbacks belong to the evaluator"),
        ({"storage": None}, "a store belongs to the evaluator"),
        ({"study_name": "s"}, "search_id='name'"),
        ({"sampler": "tpe"}, "surrogate_model='ET'"),
        ({"random_stat": 1}, "Did you mean 'random_state'"),
        ({"Random_State": 1}, "Did you mean 'random_state'"),
        ({"zzz": 1}, "accepted are 'problem', 'evaluator'"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_name_from_elsewhere_is_answered_with_the_line_to_write(
    kind: type[Search], problem: HpProblem, options: dict[str, Any], words: str
) -> None:
    refused(f"^{kind.__name__}: unknown option .*{words}", lambda: kind(problem, **options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_trials": 10}, "a budget belongs to the call"),
        ({"n_jobs": 4}, "workers belong to the evaluator"),
        ({"callbacks": []}, "callbacks belong to the evaluator"),
        ({"max_eval": 10}, "Did you mean 'max_evals'"),
        ({"show_progress_bar": True}, "verbose=1"),
        ({"verbose": 1}, r"it belongs to the constructor: CBO\(problem, verbose=…\)"),
        ({"random_state": 1}, "it belongs to the constructor"),
    ],
    ids=str,
)
def test_a_name_from_elsewhere_in_the_call_is_answered_too(
    kind: type[Search], problem: HpProblem, options: dict[str, Any], words: str
) -> None:
    refused(
        f"^{kind.__name__}.search: unknown option .*{words}",
        lambda: kind(problem).search(run, **options),
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("run", "search.search(run, max_evals=100, timeout=3600)"),
        ("optimize", "search.search("),
        ("minimize", "search.search("),
        ("fit", "search.search("),
        ("suggest", "search.ask("),
        ("observe", "search.tell([(configuration, objective)])"),
        ("best_params", "search.history.best_parameters"),
        ("best_value", "search.history.best"),
        ("results", "search.history"),
    ],
)
def test_a_method_from_elsewhere_is_answered_with_the_line_to_write(
    kind: type[Search], problem: HpProblem, name: str, line: str
) -> None:
    search = kind(problem)

    with pytest.raises(AttributeError, match=f"^{kind.__name__}: there is no '{name}'; write ") as raised:
        getattr(search, name)
    assert line in str(raised.value)
    assert not hasattr(search, name)


def test_another_name_is_only_missing(problem: HpProblem) -> None:
    with pytest.raises(AttributeError, match=r"^CBO: there is no 'zzz'\.$"):
        CBO(problem).zzz  # noqa: B018


def test_an_option_of_cbo_is_told_from_those_of_a_search_that_learns_nothing(problem: HpProblem) -> None:
    refused(
        "^RandomSearch: unknown option 'acq_func'; it is an option of CBO", lambda: RandomSearch(problem, acq_func=1)
    )


def test_a_search_can_be_copied(problem: HpProblem) -> None:
    assert copy.copy(CBO(problem, random_state=1)).problem is problem


def test_only_public_names_are_completed(kind: type[Search], problem: HpProblem) -> None:
    names = dir(kind(problem))

    assert {"ask", "tell", "search", "history", "problem", "statistics"} <= set(names)
    assert [name for name in names if name.startswith("_")] == []


# The arguments of the constructor.


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda kind, problem: kind(run, problem),
            r"got <function run .*The problem comes first: \w+\(problem, evaluator",
        ),
        (lambda kind, problem: kind(SerialEvaluator(run), problem), "The problem comes first"),
        (
            lambda kind, problem: kind(HpProblem),
            r"got the class HpProblem. Make an object of it: problem = HpProblem\(\)",
        ),
        (lambda kind, problem: kind({"lr": (0.1, 1.0)}), r"problem.add_hyperparameter\(\(0.1, 1.0\), 'lr'\)"),
        (lambda kind, problem: kind(problem.space), r"Write HpProblem\(config_space\)"),
        (lambda kind, problem: kind(None), "problem must be a deephyper.hpo.HpProblem, got None"),
        (lambda kind, problem: kind(problem, "process"), r"Evaluator.create\(run, 'process', num_workers=4\)"),
        (lambda kind, problem: kind(problem, "results"), "a folder goes by name: log_dir='results'"),
        (lambda kind, problem: kind(problem, -1), "random_state must be None, an int of at least 0"),
        (lambda kind, problem: kind(problem, 1.5), "random_state must be None, an int of at least 0"),
        (lambda kind, problem: kind(problem, 42, random_state=1), r"'random_state' is given twice; write them by name"),
        (
            lambda kind, problem: kind(problem, 42, ".", 0, "IdleStopper"),
            "stopper must be None, got 'IdleStopper'; early",
        ),
        (lambda kind, problem: kind(problem, ProcessEvaluator), r"Make one: ProcessEvaluator\(run, num_workers=4\)"),
        (lambda kind, problem: kind(problem, ThreadPoolExecutor(1)), r"Evaluator.create\(run, executor"),
        (lambda kind, problem: kind(problem, problem), r"search\(run, max_evals=100\)"),
        (lambda kind, problem: kind(problem, lambda a, b: a), "the signature of 'lambda' is"),
        (lambda kind, problem: kind(problem, random_state="42"), "random_state must be None, an int"),
        (lambda kind, problem: kind(problem, random_state=-1), "random_state must be"),
        (lambda kind, problem: kind(problem, random_state=[1]), "random_state must be"),
        (lambda kind, problem: kind(problem, verbose="yes"), "verbose must be a whole number"),
        (lambda kind, problem: kind(problem, verbose=None), "verbose must be a whole number"),
        (lambda kind, problem: kind(problem, checkpoint_restart=3), "checkpoint_restart must be True or False"),
        (lambda kind, problem: kind(problem, checkpoint_history_to_csv="no"), "must be True or False, got 'no'"),
        (
            lambda kind, problem: kind(problem, run, 1, ".", 0, True, False, "GP"),
            "at most 7 arguments are taken by position",
        ),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused_with_what_to_write(
    kind: type[Search], problem: HpProblem, make: Any, words: str
) -> None:
    refused(words, lambda: make(kind, problem))


@pytest.mark.parametrize("verbose", [True, False, np.True_, 1, np.int64(0)], ids=repr)
def test_verbose_is_a_number_or_a_yes_or_no(kind: type[Search], problem: HpProblem, verbose: Any) -> None:
    assert kind(problem, verbose=verbose).get_params()["search"]["verbose"] == int(verbose)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"acq_func": "ei"}, "Did you mean 'EI'"),
        ({"acq_func": "ucb"}, "Did you mean 'UCB'"),
        ({"acq_func": "GP_Hedge"}, "Did you mean 'gp_hedge'"),
        ({"surrogate_model": "gp"}, "Did you mean 'GP'"),
        ({"acq_optimizer": "LBFGS"}, "Did you mean 'lbfgs'"),
        ({"multi_point_strategy": "CL_MAX"}, "Did you mean 'cl_max'"),
        ({"initial_point_generator": "Sobol"}, "Did you mean 'sobol'"),
        ({"acq_func": "Expected Improvement"}, "Did you mean 'EI'"),
        ({"acq_func": "LCB"}, "Did you mean 'UCB'"),
        ({"surrogate_model": "RandomForest"}, "Did you mean 'RF'"),
        ({"surrogate_model": "gaussian_process"}, "Did you mean 'GP'"),
        ({"initial_point_generator": "latin_hypercube"}, "Did you mean 'lhs'"),
        ({"acq_optimizer_kwargs": {"filter_failures": "max"}}, r"Did you mean 'min'\?"),
        ({"acq_optimizer_kwargs": {"filter_failures": "worst"}}, r"Did you mean 'min'\?"),
        ({"acq_optimizer": "boltzmann_sampling"}, r"Did you mean multi_point_strategy='boltzmann'\?"),
        ({"acq_optimizer": "boltzmann"}, r"Did you mean multi_point_strategy='boltzmann'\?"),
        ({"acq_func": "qUCB"}, r"Did you mean multi_point_strategy='qUCB'\?"),
        ({"acq_func": "qUCBd"}, r"Did you mean multi_point_strategy='qUCBd'\?"),
        ({"acq_func": None}, "acq_func must be one of"),
        ({"acq_func_kwargs": 1.96}, "acq_func_kwargs must be a dictionary"),
        ({"acq_func_kwargs": {"scheduler": "bandit"}}, "Write {'type': 'bandit'}"),
        ({"acq_func_kwargs": {"Kappa": 1}}, "Did you mean 'kappa'"),
        ({"initial_points": C}, r"Write initial_points=\[\{'x': 0.5\}\]"),
        ({"initial_points": 5}, "initial_points must be a list of configurations, or None, got 5"),
        ({"initial_points": "x"}, "initial_points must be a list of configurations"),
        ({"initial_points": pd.DataFrame([C])}, r"to_dict\('records'\)"),
        ({"initial_points": [C, 3]}, r"initial_points\[1\]: a configuration must be a dictionary"),
        ({"n_initial_points": "10"}, "Write 10, without quotes"),
    ],
    ids=str,
)
def test_an_option_of_cbo_that_cannot_be_meant_is_refused(problem: HpProblem, options: Any, words: str) -> None:
    refused(f"^CBO: .*{words}", lambda: CBO(problem, **options))


def test_initial_points_may_come_from_a_generator(problem: HpProblem) -> None:
    assert CBO(problem, initial_points=(c for c in [C])).ask() == [C]  # type: ignore[arg-type]


# The arguments of the methods.


@pytest.mark.parametrize("budget", [3, 3.0, np.int64(3), np.float64(3)], ids=repr)
def test_a_budget_is_a_whole_number_however_it_is_written(kind: type[Search], problem: HpProblem, budget: Any) -> None:
    assert len(kind(problem, run, random_state=1).search(max_evals=budget)) == 3
    assert len(kind(problem, run, random_state=1, log_dir="other").search(budget)) == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: s.search(run, "10"), "max_evals must be a whole number of at least 1, got '10'. Write 10"),
        (lambda s: s.search(run, 10.5), "max_evals must be a whole number of at least 1, got 10.5"),
        (lambda s: s.search(run, float("inf")), "For no limit leave it out"),
        (lambda s: s.search(run, float("nan")), "max_evals must be a whole number"),
        (lambda s: s.search(run, 0), "max_evals must be a whole number"),
        (lambda s: s.search(run, -2), "max_evals must be a whole number"),
        (lambda s: s.search(run, True), "max_evals must be a whole number"),
        (lambda s: s.search(run, Decimal(3)), "max_evals must be a whole number"),
        (lambda s: s.search(run, [10]), "max_evals must be a whole number"),
        (lambda s: s.search(run, 3, "1h"), "timeout must be a positive number of seconds.*Write 3600"),
        (lambda s: s.search(run, 3, "10 min"), "Write 600"),
        (lambda s: s.search(run, 3, "01:30:00"), "Write 5400"),
        (lambda s: s.search(run, 3, datetime.timedelta(hours=1)), "Write 3600"),
        (lambda s: s.search(run, 3, datetime.timedelta(hours=-1)), r"days=-1, seconds=82800\)\.$"),
        (lambda s: s.search(run, 3, 0), "timeout must be a positive number of seconds"),
        (lambda s: s.search(run, 3, -1), "timeout must be a positive number of seconds"),
        (lambda s: s.search(run, 3, float("nan")), "timeout must be a positive number of seconds"),
        (lambda s: s.search("process"), r"Evaluator.create\(run, 'process'"),
        (lambda s: s.search(s.problem), r"The problem belongs to the constructor: \w+\(problem\).search"),
        (lambda s: s.search(ProcessEvaluator), "Make one: ProcessEvaluator"),
        (lambda s: s.search([run]), "of type list"),
        (lambda s: s.search(5), "there is no evaluator"),
        (lambda s: s.search(run, 1, 2, 3, 4), "too many positional arguments; write search"),
        (lambda s: s.ask(0), "n must be a whole number of at least 1, got 0"),
        (lambda s: s.ask(-1), "n must be a whole number"),
        (lambda s: s.ask("2"), "Write 2, without quotes"),
        (lambda s: s.ask(None), "n must be a whole number"),
        (lambda s: s.ask(n_points=2), r"unknown option 'n_points'; write search.ask\(4\)"),
        (lambda s: s.tell(C, 1.0), r"write tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell([C], [1.0]), r"write tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell(configuration=C, objective=1.0), r"write tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell(), r"write tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell(C), r"pass tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell((C, 1.0)), r"pass tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell({0: 1.0}), r"pass tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell(None), "results must be a list, each element a pair"),
        (lambda s: s.tell(5), "results must be a list"),
        (lambda s: s.tell("ab"), r"pass tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell(pd.DataFrame([C])), r"pass tell\(\[\(configuration, objective\)\]\)"),
        (lambda s: s.tell([Job(0, C)]), r"pass tell\(\[\(job.parameters, job.objective\) for job in jobs\]\)"),
        (lambda s: s.tell([(1.0, C)]), "a configuration must be a dictionary of parameters"),
        (lambda s: s.save_params(3), "filename must be the path of a file, got 3"),
        (lambda s: s.save_params(None), "filename must be the path of a file"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_with_what_to_write(
    kind: type[Search], problem: HpProblem, call: Any, words: str
) -> None:
    search = kind(problem)

    refused(words, lambda: call(search))
    assert len(search.history) == 0
