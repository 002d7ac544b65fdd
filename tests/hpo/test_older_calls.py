"""Searches are made and called as scripts of earlier versions do it, with the same meaning or one sentence."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search

BOTH = pytest.mark.parametrize("kind", [CBO, RandomSearch])


def run(job: Any) -> float:
    return float(job["x"])


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def quietly(make: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return make()


def options_of(search: Search) -> dict[str, Any]:
    described = search.get_params()["search"]
    assert isinstance(described, dict)
    return described


# The seed second, and the evaluator in the call.


@BOTH
@pytest.mark.parametrize("seed", [42, np.int64(42)], ids=repr)
def test_a_number_in_the_second_place_is_the_seed(kind: Any, problem: HpProblem, seed: Any) -> None:
    assert quietly(lambda: kind(problem, seed, log_dir=None)).ask(3) == kind(problem, random_state=42).ask(3)


@BOTH
@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_in_the_second_place_is_the_seed(kind: Any, problem: HpProblem, make: Any) -> None:
    assert kind(problem, make(1)).ask(2) == kind(problem, random_state=make(1)).ask(2)


def test_what_follows_the_seed_has_the_order_of_its_time(problem: HpProblem) -> None:
    search = quietly(
        lambda: CBO(problem, 42, "there", True, None, False, None, False, "ET", {"n_estimators": 20}, "EI")
    )

    described = options_of(search)
    assert (described["random_state"], described["verbose"]) == (42, 1)
    assert (described["log_dir"], described["checkpoint_history_to_csv"]) == (str(Path("there").resolve()), False)
    assert (described["surrogate_model"], described["acq_func"]) == ("ET", "EI")


@BOTH
def test_our_own_order_and_an_evaluator_before_the_seed_stay(kind: Any, problem: HpProblem) -> None:
    with Evaluator.create(run) as evaluator:
        for second in (evaluator, run, None):
            assert options_of(kind(problem, second, 42, None))["random_state"] == 42


def test_a_search_of_the_users_own_has_its_own_arguments(problem: HpProblem) -> None:
    class Mine(Search):
        def __init__(self, problem: HpProblem, size: int, stopper: str = "none"):
            super().__init__(problem, random_state=size)
            self.size, self.stopper = size, stopper

        def _new_proposer(self, draws: Any, member: int) -> Any:
            raise NotImplementedError

    mine = Mine(problem, 3, stopper="mine")

    assert (mine.size, mine.stopper) == (3, "mine")
    with pytest.raises(TypeError, match="^Mine: unknown option 'sizes'.* Did you mean 'size'"):
        Mine(problem, sizes=3)  # type: ignore[call-arg]


@BOTH
def test_a_search_needs_a_problem(kind: Any) -> None:
    with pytest.raises(TypeError, match=f"^{kind.__name__}: problem must be a deephyper.hpo.HpProblem, got None"):
        kind()


def test_the_signature_is_that_of_the_constructor() -> None:
    assert list(inspect.signature(RandomSearch).parameters)[:3] == ["problem", "evaluator", "random_state"]
    assert "acq_func_kwargs" in inspect.signature(CBO).parameters
    assert not {"kappa", "stopper"} & set(inspect.signature(CBO).parameters)


# Options that have moved.

MOVED: list[tuple[str, Any, str, str]] = [
    ("kappa", 0.5, "acq_func_kwargs", "kappa"),
    ("xi", 0.1, "acq_func_kwargs", "xi"),
    ("scheduler", {"type": "periodic-exp-decay", "period": 10, "rate": 0.1}, "acq_func_kwargs", "scheduler"),
    ("n_points", 100, "acq_optimizer_kwargs", "n_points"),
    ("acq_optimizer_freq", 2, "acq_optimizer_kwargs", "acq_optimizer_freq"),
    ("filter_duplicated", False, "acq_optimizer_kwargs", "filter_duplicated"),
    ("filter_failures", "mean", "acq_optimizer_kwargs", "filter_failures"),
    ("max_total_failures", 7, "acq_optimizer_kwargs", "max_total_failures"),
    ("max_failures", 7, "acq_optimizer_kwargs", "max_total_failures"),
    ("n_jobs", 2, "acq_optimizer_kwargs", "n_jobs"),
    ("n_jobs", -1, "acq_optimizer_kwargs", "n_jobs"),
]


@pytest.mark.parametrize(("name", "value", "home", "key"), MOVED, ids=lambda value: str(value))
def test_an_option_that_has_moved_is_obeyed_and_the_warning_is_the_line_to_write(
    problem: HpProblem, name: str, value: Any, home: str, key: str
) -> None:
    with pytest.warns(DeprecationWarning, match="options have moved; write CBO") as warned:
        old: Any = CBO(problem, random_state=1, **{name: value})
    line = str(warned[0].message).removeprefix("CBO: options have moved; write ").removesuffix(".")
    new = quietly(
        lambda: eval(line.replace("CBO(problem", "CBO(problem, random_state=1"), globals(), {"problem": problem})
    )

    assert [warning.filename for warning in warned] == [__file__]
    assert options_of(old) == options_of(new)
    assert options_of(old)[home] == {key: value}


def test_options_that_have_moved_share_one_warning_and_the_dictionaries_that_are_given(problem: HpProblem) -> None:
    with pytest.warns(DeprecationWarning, match="options have moved; write CBO") as warned:
        search = CBO(problem, kappa=1.96, n_points=10, acq_func_kwargs={"xi": 0.5})  # type: ignore[call-arg]

    assert len(warned) == 1
    described = options_of(search)
    assert (described["acq_func_kwargs"], described["acq_optimizer_kwargs"]) == (
        {"kappa": 1.96, "xi": 0.5},
        {"n_points": 10},
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kappa": 1.0, "acq_func_kwargs": {"kappa": 2.0}}, "'kappa' is given twice"),
        ({"max_failures": 1, "max_total_failures": 2}, "'max_total_failures' is given twice"),
        ({"kappa": 1.0, "acq_func_kwargs": 3}, "acq_func_kwargs must be a dictionary"),
        ({"kappa": -1.0}, "kappa must be a number of at least 0"),
        ({"n_jobs": 0}, r"n_jobs \(or -1 for all cores\) must be a whole number"),
        (
            {"acq_optimizer_kwargs": {"ga_pop_size": 10}},
            "unknown key of acq_optimizer_kwargs 'ga_pop_size'; accepted are 'n_points'",
        ),
        (
            {"acq_optimizer_kwargs": {"outliers_iqr_factor": 1.5}},
            "unknown key of acq_optimizer_kwargs 'outliers_iqr_factor'; accepted are",
        ),
        ({"surrogate_model_kwargs": {"n_estimators": 10}}, "it goes with surrogate_model='ET'"),
        ({"acq_optimizer": "cobyqa"}, "acq_optimizer must be one of"),
        ({"acq_func": "qUCB"}, "acq_func must be one of"),
        ({"filter_failures": "max"}, "filter_failures must be one of 'model', 'min', 'mean', 'ignore', got 'max'"),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_value_that_cannot_be_meant_is_refused(problem: HpProblem, options: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^CBO: .*{words}") as raised:
        CBO(problem, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", sorted({name for name, *_ in MOVED}))
@pytest.mark.filterwarnings("error")
def test_a_search_that_learns_nothing_refuses_options_of_one_that_learns(problem: HpProblem, name: str) -> None:
    words = "workers belong to the evaluator" if name == "n_jobs" else "RandomSearch learns nothing"
    with pytest.raises(TypeError, match=f"^RandomSearch: unknown option '{name}'; .*{words}"):
        RandomSearch(problem, **{name: 1})


@pytest.mark.parametrize(
    "scheduler",
    [
        {"type": "periodic-exp-decay", "period": 10, "delay": "n-initial-points"},
        {"type": "bandit", "delta": 0.1, "lamb": 0.1, "delay": 3},
        {"type": "constant"},
        lambda i, start: start,
        lambda i, eta_0, num_dim: eta_0 * 0.5**i + num_dim,
    ],
    ids=["decay", "bandit", "constant", "two arguments", "three arguments"],
)
def test_a_scheduler_of_any_form_works(problem: HpProblem, scheduler: Any) -> None:
    search = CBO(problem, acq_func_kwargs={"scheduler": scheduler}, n_initial_points=1, random_state=1, log_dir=None)

    assert len(search.search(run, max_evals=3)) == 3


# Options that are not built.


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        *("stopper", "objective_scaler", "constraints", "moo_lower_bounds"),
        *("moo_scalarization_strategy", "moo_scalarization_weight", "update_prior", "sync_communication"),
    ],
)
def test_an_option_that_is_not_built_may_ask_for_what_happens_anyway(kind: Any, problem: HpProblem, name: str) -> None:
    for usual in (None, "auto", False):
        quietly(lambda value=usual: kind(problem, **{name: value}))
    with pytest.raises(ValueError, match=rf"^{kind.__name__}: {name} must be None, got 'other'; .+; leave it out"):
        kind(problem, **{name: "other"})


def test_what_only_qualifies_an_option_that_is_not_built_has_no_meaning_alone(problem: HpProblem) -> None:
    quietly(lambda: CBO(problem, update_prior=False, update_prior_quantile=0.9, sync_communication_freq=10))  # type: ignore[call-arg]


# The call.


@BOTH
@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.search(run, max_evals=3, max_evals_strict=True),
        lambda s: s.search(run, max_evals=3, max_evals_strict=False),
        lambda s: s.search(run, 3, None, True),
        lambda s: s.search(run, 3, 60, False),
        lambda s: s.search(3, 60, True),
        lambda s: s.search(3, max_evals_strict=True),
        lambda s: s.search(max_evals=np.float64(3), timeout=np.float64(60)),
        lambda s: s.search(timeout=None, max_evals=3.0),
    ],
)
def test_a_budget_is_exact_in_every_style(kind: Any, problem: HpProblem, call: Any) -> None:
    assert len(quietly(lambda: call(kind(problem, run, log_dir=Path("there"))))) == 3


def test_an_unknown_argument_of_save_params_is_answered(problem: HpProblem) -> None:
    with pytest.raises(TypeError, match=r"^CBO.save_params: unknown option 'path'; write search.save_params"):
        CBO(problem).save_params(path="params.json")  # type: ignore[call-arg]


def test_max_evals_strict_is_a_yes_or_no(problem: HpProblem) -> None:
    with pytest.raises(TypeError, match="max_evals_strict must be True or False, got 3"):
        CBO(problem).search(run, 3, max_evals_strict=3)  # type: ignore[arg-type]


# What a search says of itself.


@BOTH
def test_the_description_has_the_arguments_and_the_calls(kind: Any, problem: HpProblem) -> None:
    search = kind(problem, random_state=1, log_dir="there", verbose=False)
    search.search(run, max_evals=2)
    search.search(run, 1, 60)
    described = search.get_params()

    assert described["search"]["type"] == kind.__name__
    accepted = set(inspect.signature(kind).parameters)
    assert accepted - {"problem"} <= set(described["search"])
    assert [(call["max_evals"], call["timeout"]) for call in described["calls"]] == [(2, None), (1, 60.0)]
    assert json.loads(json.dumps(described)) == described == search.to_json()


@BOTH
def test_the_description_goes_to_a_file_and_to_the_folder(kind: Any, problem: HpProblem) -> None:
    search = kind(problem, log_dir="there")
    search.search(run, max_evals=2)
    search.save_params()
    search.save_params(filename="other.json")

    saved, other, beside = (
        json.loads(Path("there", f"{name}.json").read_text()) for name in ("params", "other", "search")
    )
    assert saved == other == search.get_params()
    assert all(beside[name] == saved[name] for name in ("search", "calls", "choices"))


def test_a_folder_whose_description_has_the_older_form_is_continued(problem: HpProblem) -> None:
    CBO(problem, random_state=1, log_dir="there").search(run, max_evals=3)
    path = Path("there", "search.json")
    described = json.loads(path.read_text())
    older = {**described, **described["search"], "search": "CBO"}
    path.write_text(json.dumps(older))

    search = CBO(problem, random_state=1, log_dir="there", checkpoint_restart=True)
    assert search.search(run, max_evals=2)["job_id"].tolist() == [0, 1, 2, 3, 4]


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        *("num_objective", "check_evaluator", "dump_jobs_done_to_csv", "reload_checkpoint", "gather_type"),
        *("gather_batch_size", "scheduler", "dump_context"),
    ],
)
def test_an_attribute_that_is_not_here_says_what_to_write(kind: Any, problem: HpProblem, name: str) -> None:
    search = kind(problem)

    assert not hasattr(search, name)
    with pytest.raises(AttributeError, match=f"^{kind.__name__}: there is no '{name}'; write "):
        getattr(search, name)


@BOTH
@pytest.mark.parametrize("name", ["gather_type", "gather_batch_size"])
def test_what_would_have_no_effect_cannot_be_set(kind: Any, problem: HpProblem, name: str) -> None:
    search = kind(problem)

    with pytest.raises(AttributeError, match=r"write evaluator.gather\('BATCH', size=1\) in a loop"):
        setattr(search, name, "ALL")
    search.note = "of a script"


@BOTH
def test_what_scripts_read_of_a_search_is_there(kind: Any, problem: HpProblem) -> None:
    search = kind(problem)

    assert (search.checkpoint_history_to_csv, search.checkpoint_restart) == (True, False)
    assert (search.is_master, search.stopped, len(search.history)) == (True, False, 0)
    assert isinstance(search.search_id, str)
