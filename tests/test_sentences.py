"""Whatever is passed to whatever argument of the public interface: it is taken, or refused in one sentence of ours."""

from __future__ import annotations

import contextlib
import inspect
import linecache
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import deephyper
from deephyper.callback import CSVLoggerCallback, LoggerCallback, SearchEarlyStopping, TqdmCallback
from deephyper.evaluator import EVALUATORS, Evaluator, SerialEvaluator, ThreadEvaluator, profile, queued
from deephyper.evaluator import evaluator as evaluator_module
from deephyper.hpo import CBO, HpProblem, RandomSearch

PACKAGE = str(Path(deephyper.__file__).parent)


def run(job: Any) -> float:
    return float(job["x"])


def with_items(job: Any, dequed: list[Any]) -> float:
    return 1.0


VALUES: list[Any] = [
    *(None, True, 0, -1, 2.5, float("nan"), float("inf"), 1j, "text", "10", b"x", int, run, object(), HpProblem),
    *([], [1], (), {}, {"a": 1}, set(), np.array([1, 2]), pd.DataFrame({"a": [1, 2]}), range(2), np.float32(1)),
]


def refusal_of(call: Callable[[], Any]) -> BaseException | None:
    """What a call raises; what it makes is closed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = call()
        except Exception as error:
            return error
    if isinstance(made, Evaluator):
        made.close()
    return None


def is_ours(error: BaseException) -> bool:
    """Whether it was raised on purpose, by a line of the package, in one line that says where."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    # A raise may be written over several lines; Python names the first or the last of them.
    around = [linecache.getline(last.filename, (last.lineno or 0) - back) for back in range(6)]
    is_raised = last.filename.startswith(PACKAGE) and any(line.strip().startswith("raise ") for line in around)
    return is_raised and ": " in str(error) and "\n" not in str(error)


def assert_all_are_taken_or_refused(call: Callable[[Any], Any]) -> None:
    __tracebackhide__ = True
    for value in VALUES:
        error = refusal_of(lambda value=value: call(value))  # type: ignore[misc]
        if error is not None:
            assert is_ours(error), f"{value!r}: {''.join(traceback.format_exception(error))}"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


# Evaluators.


def options_of_all() -> Iterator[tuple[str, str]]:
    for method, name in EVALUATORS.items():
        kind = getattr(deephyper.evaluator, name)
        yield from ((method, option) for option in evaluator_module.options_for(kind))


@pytest.mark.parametrize(("method", "option"), [*options_of_all()])
def test_an_option_of_an_evaluator(method: str, option: str) -> None:
    assert_all_are_taken_or_refused(lambda value: Evaluator.create(run, method, {option: value}))


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda value: Evaluator.create(value), id="run_function"),
        pytest.param(lambda value: Evaluator.create(run, value), id="method"),
        pytest.param(lambda value: Evaluator.create(run, "thread", value), id="method_kwargs"),
        pytest.param(lambda value: queued(value), id="queued"),
        pytest.param(lambda value: queued(ThreadEvaluator)(with_items, queue=value), id="queue"),
        pytest.param(
            lambda value: queued(ThreadEvaluator)(with_items, queue=[1], queue_pop_per_task=value),
            id="queue_pop_per_task",
        ),
        pytest.param(lambda value: SerialEvaluator(run).submit(value), id="submit"),
        pytest.param(lambda value: SerialEvaluator(run).submit([value]), id="a configuration"),
        pytest.param(lambda value: SerialEvaluator(run).submit([{"x": 1}], value), id="metadata"),
        pytest.param(lambda value: SerialEvaluator(run).submit([{"x": 1}], [value]), id="one of metadata"),
        pytest.param(lambda value: SerialEvaluator(run).gather(value), id="gather"),
        pytest.param(lambda value: SerialEvaluator(run).gather("BATCH", value), id="size"),
        pytest.param(lambda value: setattr(SerialEvaluator(run), "timeout", value), id="timeout"),
        pytest.param(lambda value: SerialEvaluator(run).set_maximum_num_jobs_submitted(value), id="maximum"),
        *(
            pytest.param(lambda value, name=name: profile(**{name: value}), id=f"profile {name}")
            for name in inspect.signature(profile).parameters
        ),
    ],
)
def test_an_argument_of_an_evaluator(call: Callable[[Any], Any]) -> None:
    assert_all_are_taken_or_refused(call)


# Callbacks.


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind in (TqdmCallback, LoggerCallback, SearchEarlyStopping, CSVLoggerCallback)
        for name in inspect.signature(kind).parameters
    ],
)
def test_an_argument_of_a_callback(kind: Any, name: str) -> None:
    assert_all_are_taken_or_refused(lambda value: kind(**{name: value}))


# Searches.


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind in (CBO, RandomSearch)
        for name in inspect.signature(kind.__init__).parameters
        if name != "self"
    ],
)
def test_an_argument_of_a_search(problem: HpProblem, kind: Any, name: str) -> None:
    assert_all_are_taken_or_refused(lambda value: kind(**{"problem": problem, name: value}))


GROUPS = {
    "acq_func_kwargs": ["kappa", "xi", "scheduler"],
    "acq_optimizer_kwargs": [
        *("n_points", "n_restarts_optimizer", "acq_optimizer_freq", "filter_duplicated", "filter_failures"),
        *("max_total_failures", "n_jobs"),
    ],
    "surrogate_model_kwargs": ["max_rows"],
}


@pytest.mark.parametrize(("group", "key"), [(group, key) for group, keys in GROUPS.items() for key in keys])
def test_a_key_of_a_dictionary_of_options(problem: HpProblem, group: str, key: str) -> None:
    assert_all_are_taken_or_refused(lambda value: CBO(problem, **{group: {key: value}}))


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *(("periodic-exp-decay", key) for key in ("period", "rate", "kappa_final", "xi_final", "delay")),
        *(("bandit", key) for key in ("delta", "lamb", "delay")),
    ],
)
def test_a_key_of_a_scheduler(problem: HpProblem, kind: str, key: str) -> None:
    assert_all_are_taken_or_refused(
        lambda value: CBO(problem, acq_func_kwargs={"scheduler": {"type": kind, key: value}})
    )


@pytest.mark.parametrize("kind", [CBO, RandomSearch])
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda search, value: search.ask(value), id="ask"),
        pytest.param(lambda search, value: search.tell(value), id="tell"),
        pytest.param(lambda search, value: search.tell([value]), id="a pair"),
        pytest.param(lambda search, value: search.tell([(value, 1.0)]), id="a configuration"),
        pytest.param(lambda search, value: search.tell([({"x": value}, 1.0)]), id="a value"),
        pytest.param(lambda search, value: search.tell([({"x": 0.5}, value)]), id="an objective"),
        pytest.param(lambda search, value: search.search(value, max_evals=1), id="evaluator"),
        pytest.param(lambda search, value: search.search(max_evals=value, timeout=0.02), id="max_evals"),
        pytest.param(lambda search, value: search.search(max_evals_total=value, timeout=0.02), id="max_evals_total"),
        pytest.param(lambda search, value: search.search(max_evals=1, timeout=value), id="timeout"),
    ],
)
def test_an_argument_of_a_method_of_a_search(problem: HpProblem, kind: Any, call: Callable[[Any, Any], Any]) -> None:
    def of_a_new_one(value: Any) -> None:
        call(kind(problem, run, random_state=1, checkpoint_history_to_csv=False), value)

    assert_all_are_taken_or_refused(of_a_new_one)


@pytest.mark.parametrize("name", ["fac_numerical", "fac_categorical"])
def test_a_factor_of_a_narrowed_space(problem: HpProblem, name: str) -> None:
    table = pd.DataFrame({"p:x": np.linspace(0, 1, 20), "objective": np.arange(20.0)})

    assert_all_are_taken_or_refused(lambda value: CBO(problem).fit_search_space(table, **{name: value}))


def test_a_quantile_of_good_rows(problem: HpProblem) -> None:
    table = pd.DataFrame({"p:x": np.linspace(0, 1, 20), "objective": np.arange(20.0)})

    assert_all_are_taken_or_refused(lambda value: CBO(problem).fit_generative_model(table, q=value))


def test_a_wrong_sentence_would_be_found() -> None:
    with pytest.raises(AssertionError, match="TypeError"):
        assert_all_are_taken_or_refused(lambda value: len(value))
    with contextlib.suppress(AssertionError):
        assert_all_are_taken_or_refused(lambda value: value.missing)
        pytest.fail("an AttributeError was taken for a sentence")
