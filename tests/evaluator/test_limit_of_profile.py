"""The limit of `profile` holds in workers whatever the function does, and evaluators warn where it does not."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from deephyper.evaluator import Evaluator, Job, ProcessEvaluator, profile, queued
from deephyper.hpo import HpProblem, RandomSearch
from processes import Before

MB = 1_000_000
LIMIT = 400 * MB
# What is allocated between two looks on a busy machine; all of them would take 1.6 GB and more.
MARGIN = 1000 * MB
TOO_MUCH = "F_memory_limit_exceeded"
HOLD = "held = b'x' * 2_000_000_000; input()"
EARLIER = functools.partial(profile, memory_limit=0.4 * 1000**3, memory_tracing_interval=0.01)


def in_one_call() -> None:
    import numpy as np

    np.ones(300 * MB).sum()


def in_a_fit() -> None:
    import numpy as np
    from sklearn.cluster import FeatureAgglomeration

    # The distances of 20,000 features are 1.6 GB, and all of them are computed in one call.
    FeatureAgglomeration(n_clusters=2).fit(np.random.default_rng(0).random((4, 20_000)))


def in_a_child() -> None:
    subprocess.run([sys.executable, "-c", HOLD], check=False, stdin=subprocess.PIPE)


def in_a_thread() -> None:
    thread = threading.Thread(target=in_one_call)
    thread.start()
    thread.join()


def however_often_it_is_interrupted() -> None:
    held = []
    while len(held) < 2000:
        try:
            held.append(b"x" * MB)
        except BaseException:
            continue


WAYS = {f.__name__: f for f in (in_one_call, in_a_fit, in_a_child, in_a_thread, however_often_it_is_interrupted)}


def take(job: Any) -> float:
    WAYS[job["x"]]() if job["x"] in WAYS else None
    return 1.0


async def take_asynchronously(job: Any) -> float:
    await asyncio.sleep(0)
    return take(job)


class Watched:
    """The largest memory of the workers of this process, measured by somebody who has nothing to do with the limit."""

    def __init__(self) -> None:
        self.peak, self._is_over, self._before = 0, threading.Event(), Before()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._is_over.wait(0.01):
            for process in self._before.new_processes():
                try:
                    self.peak = max(self.peak, process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()


def ended(function: Callable[..., Any], xs: list[str], method: str = "process", **options: Any) -> dict[str, Job]:
    with Evaluator.create(function, method, num_workers=2, **options) as evaluator:
        evaluator.submit([{"x": x} for x in xs])
        jobs = evaluator.gather("ALL")
    return {job.parameters["x"]: job for job in jobs}  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "way"), [*(("process", way) for way in WAYS), ("loky", "in_one_call")])
def test_the_limit_holds_in_workers_whatever_the_function_does(method: str, way: str) -> None:
    with Watched() as watched:
        jobs = ended(EARLIER(take), [way, "neighbour"], method)

    assert jobs["neighbour"].objective == 1.0
    assert jobs[way].objective == TOO_MUCH
    assert jobs[way].metadata["memory"] > LIMIT
    assert watched.peak < LIMIT + MARGIN


@pytest.mark.slow
def test_it_holds_in_a_coroutine_of_a_worker_that_never_awaits() -> None:
    jobs = ended(EARLIER(take_asynchronously), ["in_one_call", "neighbour"])

    assert {x: job.objective for x, job in jobs.items()} == {"in_one_call": TOO_MUCH, "neighbour": 1.0}


class Model:
    @EARLIER
    def run(self, job: Any, **further: Any) -> float:
        return take(job)


class Caller:
    @EARLIER
    def __call__(self, job: Any, **further: Any) -> float:
        return take(job)


@functools.wraps(inner := EARLIER(take))
def wraps(job: Any, **further: Any) -> Any:
    return inner(job)


WRAPPED = {
    "partial": functools.partial(EARLIER(lambda data, job: take(job)), None),
    "partial of a partial": functools.partial(functools.partial(EARLIER(lambda a, b, job: take(job)), 1), 2),
    "method": Model().run,
    "partial of a method": functools.partial(Model().run, y=1),
    "object": Caller(),
    "wraps": wraps,
    "cached": functools.lru_cache(EARLIER(take)),
    "twice": profile(EARLIER(take)),
    "the smaller one inside": profile(EARLIER(take), memory_limit=1 << 40),
    "the smaller one outside": EARLIER(profile(take, memory_limit=1 << 40)),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_the_limit_is_found_in_what_wraps_a_profiled_function(name: str) -> None:
    with pytest.warns(UserWarning, match="memory_limit"):
        Evaluator.create(WRAPPED[name], "thread")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["partial", "method", "object"])
def test_it_holds_in_what_wraps_a_profiled_function(name: str) -> None:
    assert ended(WRAPPED[name], ["in_one_call"])["in_one_call"].objective == TOO_MUCH


class AnswersToAnything:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name) if name.startswith("_deephyper") else AttributeError(name)

    def __call__(self, job: Any) -> float:
        return 1.0


def wraps_itself() -> Any:
    def run(job: Any) -> float:
        return 1.0

    run.__wrapped__ = run  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(
    "function",
    [AnswersToAnything(), wraps_itself(), max, str.upper, functools.partial(max), profile(take)],
    ids=["answers to anything", "wraps itself", "builtin", "method in C", "partial", "without a limit"],
)
def test_nothing_is_said_of_functions_without_a_limit(function: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Evaluator.create(function, "thread")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of_profile", "of_evaluator"), [(LIMIT, 1 << 40), (1 << 40, 0.4 * 1000**3), (1 << 40, LIMIT), (LIMIT, None)]
)
def test_the_smaller_of_two_limits_holds(of_profile: int, of_evaluator: float | None) -> None:
    function = profile(take, memory_limit=of_profile)
    (job,) = ended(function, ["in_one_call"], job_memory_limit=of_evaluator).values()

    assert job.objective == TOO_MUCH
    assert LIMIT < job.metadata["memory"] < LIMIT + MARGIN


@pytest.mark.slow
def test_the_row_says_how_much_was_taken() -> None:
    problem = HpProblem()
    problem.add_hyperparameter(["in_one_call"], "x")
    with Evaluator.create(EARLIER(take), "process") as evaluator:
        row = RandomSearch(problem, evaluator, random_state=0, log_dir=None).search(max_evals=1).iloc[0]

    assert row["objective"] == TOO_MUCH
    assert row["m:memory"] > LIMIT


@contextmanager
def a_thread_pool() -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(1) as executor:
        yield {"executor": executor}


@pytest.mark.parametrize(
    ("method", "function"),
    [*((method, take) for method in ("serial", "thread", "simulated", "executor")), ("serial", take_asynchronously)],
)
def test_evaluators_that_can_end_nothing_say_so_once_and_what_to_write(method: str, function: Any) -> None:
    with a_thread_pool() as pool, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        options = {"simulated": {"duration": 1.0}, "executor": pool}.get(method, {})
        with Evaluator.create(EARLIER(function), method, **options) as evaluator:
            for _ in range(2):
                evaluator.submit([{"x": "neighbour"}])
                evaluator.gather("ALL")

    (warning,) = caught
    assert warning.filename == __file__
    assert f"Evaluator.create({function.__name__}, 'process', num_workers=4)" in str(warning.message)


def test_a_search_that_makes_the_evaluator_says_so_too() -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    with pytest.warns(UserWarning, match="memory_limit") as caught:
        RandomSearch(problem, EARLIER(take), log_dir=None).search(max_evals=2)

    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("kind", [ProcessEvaluator, queued(ProcessEvaluator)])
def test_nothing_is_said_where_it_holds(kind: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kind(EARLIER(lambda job, dequed=None: 1.0), **({} if kind is ProcessEvaluator else {"queue": [0]}))


@pytest.mark.parametrize("given", ["1GB", 0, True, float("nan"), 0.5])
def test_a_limit_of_the_evaluator_that_is_none_is_refused_beside_that_of_profile(given: Any) -> None:
    with pytest.raises(ValueError, match=r"job_memory_limit \(bytes\) must be a whole number of at least 1, got"):
        Evaluator.create(EARLIER(take), "process", job_memory_limit=given)


def test_limits_of_evaluators_may_be_floats() -> None:
    assert ended(take, ["x"], job_memory_limit=0.5 * 1024**3, max_memory_per_child=1e9)["x"].objective == 1.0
