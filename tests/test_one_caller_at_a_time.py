"""A search or an evaluator that is used by two at once says so in one sentence, always."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deephyper.callback import Callback
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.storage import MemoryStorage

PATIENCE_S = 60.0
IN_USE = r"in use by .* in thread '.*'; call it when that has returned, or give each thread (a search|an evaluator) of"
FURTHER_UP = "further up in this thread, so a callback or a run-function must not call this; it may read"


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


class Gate:
    """Run-functions wait at it until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, job: Any) -> float:
        self.reached.set()
        assert self.opened.wait(PATIENCE_S)
        return 1.0


def search_of(problem: HpProblem, evaluator: Any = None) -> CBO:
    return CBO(problem, evaluator, random_state=1, log_dir=None)


@contextmanager
def busy(work: Callable[[], Any], gate: Gate) -> Iterator[Future[Any]]:
    """Work in another thread, which waits at the gate meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="busy") as pool:
        future = pool.submit(work)
        try:
            assert gate.reached.wait(PATIENCE_S)
            yield future
        finally:
            gate.opened.set()


@pytest.mark.parametrize("call", ["search", "ask", "tell", "fit_surrogate"])
def test_a_search_that_searches_refuses_every_other_thread(problem: HpProblem, call: str) -> None:
    gate = Gate()
    search = search_of(problem)
    calls: dict[str, Callable[[], Any]] = {
        "search": lambda: search.search(lambda job: 1.0, max_evals=1),
        "ask": search.ask,
        "tell": lambda: search.tell([({"x": 0.5}, 1.0)]),
        "fit_surrogate": lambda: search.fit_surrogate(search_of(problem).search(lambda job: job["x"], 5)),
    }
    with busy(lambda: search.search(gate, max_evals=2), gate) as future:
        with pytest.raises(RuntimeError, match=f"^CBO.{call}.*: this search is {IN_USE}"):
            calls[call]()
        assert len(search.history) == 0
        assert search.search_id

    assert len(future.result()) == 2
    calls[call]()
    assert len(search.search(lambda job: job["x"], max_evals=1)) >= 3


@pytest.mark.parametrize("call", ["submit", "gather", "cancel", "close", "news", "search"])
def test_an_evaluator_that_gathers_refuses_every_other_thread(problem: HpProblem, call: str) -> None:
    gate = Gate()
    with Evaluator.create(gate, "thread") as evaluator:
        evaluator.submit([{"x": 0}])
        calls: dict[str, Callable[[], Any]] = {
            "submit": lambda: evaluator.submit([{"x": 1}]),
            "search": lambda: search_of(problem, evaluator).search(max_evals=1),
        }
        with busy(lambda: evaluator.gather("ALL"), gate) as future:
            with pytest.raises(RuntimeError, match=f": this evaluator is {IN_USE}"):
                calls.get(call, getattr(evaluator, call, None))()
            assert evaluator.num_jobs_submitted == 1

        assert [job.objective for job in future.result()] == [1.0]


@pytest.mark.parametrize("call", ["search", "submit", "gather", "close"])
def test_an_evaluator_that_works_for_a_search_refuses_every_other_thread(problem: HpProblem, call: str) -> None:
    gate = Gate()
    with Evaluator.create(gate, "thread") as evaluator:
        other = search_of(problem, evaluator)
        calls: dict[str, Callable[[], Any]] = {
            "submit": lambda: evaluator.submit([{"x": 1}]),
            "search": lambda: other.search(max_evals=1),
        }
        refused = pytest.raises(RuntimeError, match=f": this evaluator is {IN_USE}")
        with busy(lambda: search_of(problem, evaluator).search(max_evals=2), gate) as future, refused:
            calls.get(call, getattr(evaluator, call, None))()

        assert len(future.result()) == 2
        assert len(other.search(max_evals=2)) == 2


def test_one_after_the_other_may_use_them_from_any_thread(problem: HpProblem) -> None:
    with Evaluator.create(lambda job: job["x"], "thread") as evaluator:
        searches = [search_of(problem, evaluator) for _ in range(2)]
        for n in (2, 4):
            for search in searches:
                with ThreadPoolExecutor(1) as pool:
                    assert len(pool.submit(search.search, max_evals=2).result()) == n


def test_many_threads_at_once_get_results_or_the_sentence_and_nothing_else(problem: HpProblem) -> None:
    with Evaluator.create(lambda job: job["x"], "thread", num_workers=2) as evaluator:
        search = search_of(problem, evaluator)
        start = threading.Barrier(6)

        def use(i: int) -> list[str]:
            start.wait()
            said = []
            for _ in range(8):
                try:
                    (configuration,) = search.ask()
                    search.tell([(configuration, 1.0)])
                    if i % 2:
                        search.search(max_evals=1)
                except RuntimeError as error:
                    said.append(str(error))
            return said

        with ThreadPoolExecutor(6) as pool:
            said = [sentence for sentences in pool.map(use, range(6)) for sentence in sentences]

        assert all("is in use by CBO." in sentence for sentence in said)
        assert search.history.job_id.is_unique
        assert len(search.search(max_evals=3)) == len(search.history)


def test_threads_with_a_search_each_share_a_problem_and_a_store(problem: HpProblem) -> None:
    storage = MemoryStorage()

    def use(seed: int) -> int:
        evaluator = Evaluator.create(lambda job: job["x"], "serial", storage=storage, search_id="shared")
        search = RandomSearch(problem, evaluator, random_state=seed, log_dir=None)
        search.search(max_evals=5)
        return len(search.history)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(use, range(4)))

    assert min(found) >= 5
    assert len(storage.records("shared")) == 20


class Calling(Callback):
    """Calls something at every event, and keeps what it raises."""

    def __init__(self) -> None:
        self.call: Callable[[], Any] = lambda: None
        self.raised: list[str] = []

    def on_done(self, job: Any) -> None:
        try:
            self.call()
        except RuntimeError as error:
            self.raised.append(str(error))

    on_launch = on_done


def calls_of(search: CBO, evaluator: Evaluator) -> dict[str, Callable[[], Any]]:
    return {
        "ask": search.ask,
        "tell": lambda: search.tell([({"x": 0.5}, 1.0)]),
        "search": lambda: search.search(max_evals=1),
        "submit": lambda: evaluator.submit([{"x": 1.0}]),
        "gather": evaluator.gather,
        "cancel": evaluator.cancel,
        "close": evaluator.close,
    }


@pytest.mark.parametrize("call", ["ask", "tell", "search", "submit", "gather", "cancel", "close"])
def test_a_callback_that_calls_back_gets_the_sentence_and_the_search_goes_on(problem: HpProblem, call: str) -> None:
    callback = Calling()
    with Evaluator.create(lambda job: job["x"], callbacks=[callback]) as evaluator:
        search = search_of(problem, evaluator)
        callback.call = calls_of(search, evaluator)[call]
        results = search.search(max_evals=3)
        callback.call = lambda: None

    assert len(results.successes) == 3
    assert len(callback.raised) == 6
    assert all(FURTHER_UP in sentence for sentence in callback.raised)


def test_a_callback_may_read(problem: HpProblem) -> None:
    callback = Calling()
    seen: list[Any] = []
    with Evaluator.create(lambda job: job["x"], callbacks=[callback]) as evaluator:
        search = search_of(problem, evaluator)
        callback.call = lambda: seen.append(
            (len(search.history), search.statistics, search.search_id, evaluator.time_left, search.get_params())
        )
        search.search(max_evals=3)
        callback.call = lambda: None

    assert len(seen) == 6
    assert not callback.raised


@pytest.mark.parametrize("method", ["serial", "thread"])
@pytest.mark.parametrize("call", ["ask", "search", "submit", "gather"])
def test_a_run_function_that_calls_back_fails_with_the_sentence(problem: HpProblem, call: str, method: str) -> None:
    made: list[Callable[[], Any]] = []

    def run(job: Any) -> float:
        if job["job_id"] == 1:
            made[0]()
        return 1.0

    with Evaluator.create(run, method) as evaluator:
        search = search_of(problem, evaluator)
        made.append(calls_of(search, evaluator)[call])
        results = search.search(max_evals=3).sort_values("job_id")

    assert results.objective.notna().tolist() == [True, False, True]
    assert "is in use by" in results["m:traceback"].dropna().item()


def test_an_interrupted_search_can_be_used_again(problem: HpProblem) -> None:
    def run(job: Any) -> float:
        if job["job_id"] == 1:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return 1.0

    search = search_of(problem, run)
    search.search(max_evals=3)
    results = search.search(max_evals=2)

    assert results.job_status.tolist().count("DONE") >= 3


def test_a_signal_handler_may_end_a_wait(problem: HpProblem, tmp_path: Path) -> None:
    gate = Gate()
    with Evaluator.create(gate, "thread") as evaluator:
        before = signal.signal(signal.SIGUSR1, lambda number, frame: evaluator.budget.interrupt())
        try:
            evaluator.submit([{"x": 0}])
            assert gate.reached.wait(PATIENCE_S)
            threading.Timer(0.01, signal.raise_signal, [signal.SIGUSR1]).start()
            (job,) = evaluator.gather("ALL")
        finally:
            signal.signal(signal.SIGUSR1, before)
            gate.opened.set()

    assert job.status.value == "CANCELLED"
