"""Whatever a run-function raises, or does to the event loop it runs on, is a failure of its own evaluation."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch
from deephyper.job import Job


class OfMyOwn(BaseException):
    pass


class NeedsArguments(Exception):
    def __init__(self, one: int, two: int):
        super().__init__("made")


class NoText(Exception):
    def __str__(self) -> str:
        raise SystemExit("no text")


def with_a_bad_note() -> Exception:
    error = ValueError("noted")
    error.__notes__ = [NoText(), 5]  # type: ignore[list-item]
    return error


MAKE: dict[str, Callable[[], BaseException]] = {
    "CancelledError": asyncio.CancelledError,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "SystemExit": partial(SystemExit, 0),
    "StopIteration": StopIteration,
    "StopAsyncIteration": StopAsyncIteration,
    "MemoryError": MemoryError,
    "OfMyOwn": OfMyOwn,
    "Failed": lambda: pytest.fail.Exception("of pytest"),
    "Exit": lambda: pytest.exit.Exception("of pytest"),
    "NeedsArguments": lambda: NeedsArguments(1, 2),
    "NoText": NoText,
    "BaseExceptionGroup": lambda: BaseExceptionGroup("several", [KeyboardInterrupt(), ValueError()]),
    "ValueError": with_a_bad_note,
    "OverflowError": lambda: OverflowError("x" * 10_000_000),
    "With_a_line": type("With\na line", (Exception,), {}),
}


def raises(job: Any) -> float:
    if job["x"]:
        raise MAKE[job["x"]]()
    return 1.0


async def raises_later(job: Any) -> float:
    await asyncio.sleep(0)
    return raises(job)


@contextmanager
def evaluator_of(function: Any, method: str, **options: Any) -> Iterator[Evaluator]:
    pools = {"own threads": ThreadPoolExecutor, "own processes": ProcessPoolExecutor}
    with pools.get(method, ThreadPoolExecutor)(2) as pool:
        chosen = pool if method in pools else method
        with Evaluator.create(
            function, chosen, {"num_workers": 1 if method == "serial" else 2, **options}
        ) as evaluator:
            yield evaluator


def gathered(evaluator: Evaluator) -> list[Job]:
    jobs = evaluator.gather("ALL")
    assert isinstance(jobs, list)
    return sorted(jobs, key=lambda job: job.id)


SLOW = pytest.mark.slow


HERE, ELSEWHERE = ["serial", "thread", "simulated", "own threads"], ["process", "own processes"]
WAYS = [(raises, method) for method in HERE] + [(raises_later, method) for method in ("serial", "thread")]
SLOW_WAYS = [pytest.param(function, method, marks=SLOW) for function in (raises, raises_later) for method in ELSEWHERE]


@pytest.mark.parametrize(("function", "method"), [*WAYS, *SLOW_WAYS])
def test_an_exception_of_any_kind_fails_its_own_evaluation(function: Any, method: str) -> None:
    kinds = [kind for name in MAKE for kind in (name, "")]
    with evaluator_of(function, method) as evaluator:
        evaluator.submit([{"x": kind} for kind in kinds])
        jobs = gathered(evaluator)

    # Python itself makes RuntimeErrors of these two in coroutines.
    turned = {"StopIteration": "RuntimeError"} if function is raises_later else {}
    assert [job.objective for job in jobs] == [f"F_{turned.get(kind, kind)}" if kind else 1.0 for kind in kinds]
    assert all(job.crashed for job in jobs if job.is_failure)
    assert all(len(job.metadata["traceback"]) < 200_000 for job in jobs if job.is_failure)


def test_a_search_goes_on_after_them() -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    errors = iter([*MAKE.values()])

    def run(job: Any) -> float:
        if job["job_id"] % 2:
            raise next(errors)()
        return float(job["x"])

    results = RandomSearch(problem, run, random_state=1, log_dir=None).search(max_evals=2 * len(MAKE))

    assert len(results) == 2 * len(MAKE)
    assert len(results.successes) == len(MAKE)
    assert set(results.job_status) == {"DONE"}


@pytest.mark.parametrize("within_a_search", [False, True])
def test_a_ctrl_c_is_told_from_an_interrupt_of_the_functions_own(within_a_search: bool) -> None:
    def run(job: Any) -> float:
        if job["job_id"] == 0:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)
        return 1.0

    if within_a_search:
        problem = HpProblem()
        problem.add_hyperparameter((0.0, 1.0), "x")
        search = RandomSearch(problem, run, random_state=1, log_dir=None)
        results = search.search(max_evals=5).sort_values("job_id")

        assert results.job_status.tolist() == ["DONE", "CANCELLED"]
        assert search.stop_reason == "interrupted by SIGINT"
    else:
        with Evaluator.create(run) as evaluator:
            evaluator.submit([{"x": 0}, {"x": 1}])
            (job,) = evaluator.gather("BATCH")  # type: ignore[misc]
            with pytest.raises(KeyboardInterrupt):
                evaluator.gather("BATCH")

        assert job.objective == "F_KeyboardInterrupt"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_functions_own_stays() -> None:
    def run(job: Any) -> float:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return 1.0

    try:
        with Evaluator.create(run) as evaluator:
            evaluator.submit([{"x": 0}])
            gathered(evaluator)

        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("method", ["serial", "thread"])
def test_a_recursion_limit_that_a_function_lowers_is_lifted_again(method: str) -> None:
    before = sys.getrecursionlimit()

    def run(job: Any) -> float:
        sys.setrecursionlimit(200)
        return run(job)

    with Evaluator.create(run, method) as evaluator:
        evaluator.submit([{"x": 0}])
        (job,) = gathered(evaluator)

    assert job.objective == "F_RecursionError"
    assert sys.getrecursionlimit() == before


NO_THREAD = """
import resource, threading
from deephyper.evaluator import Evaluator

evaluator = Evaluator.create(lambda job: 1.0, "thread")
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (1 << 33, hard))
threading.stack_size(1 << 34)
try:
    evaluator.submit([{"x": 0}])
except RuntimeError as error:
    print(error)
threading.stack_size(0)
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
print(evaluator.submit([{"x": 1}]) and [job.objective for job in evaluator.gather("ALL")])
evaluator.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is that of Linux")
def test_a_thread_that_cannot_be_started_is_one_sentence_and_costs_no_job() -> None:
    command = [sys.executable, "-c", NO_THREAD]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    assert printed[0].startswith("ThreadEvaluator: the system starts no thread for another evaluation (can't start new")
    assert printed[1:] == ["[1.0, 1.0]"]


# What has to be awaited.


async def later(job: Any) -> float:
    await asyncio.sleep(0)
    return float(job["x"])


class Promise:
    """It can stand behind `await`."""

    def __init__(self, job: Any):
        self._job = job

    def __await__(self) -> Any:
        return later(self._job).__await__()


def promising(job: Any) -> Any:
    makers: list[Any] = [later, Promise, lambda job: asyncio.wait_for(later(job), 30)]
    return makers[job["x"] % 3](job)


@pytest.mark.parametrize("method", [*HERE, *(pytest.param(method, marks=SLOW) for method in ELSEWHERE)])
@pytest.mark.parametrize("is_in_a_loop", [False, True])
def test_a_plain_function_may_return_what_has_to_be_awaited_also_inside_of_a_running_loop(
    method: str, is_in_a_loop: bool
) -> None:
    def evaluate() -> list[Any]:
        with evaluator_of(promising, method) as evaluator:
            evaluator.submit([{"x": x} for x in range(6)])
            return [job.objective for job in gathered(evaluator)]

    async def in_a_loop() -> list[Any]:
        return evaluate()

    assert (asyncio.run(in_a_loop()) if is_in_a_loop else evaluate()) == [0, 1, 2, 3, 4, 5]


def test_an_async_function_may_return_what_has_to_be_awaited() -> None:
    async def run(job: Any) -> Any:
        return Promise(job)

    with Evaluator.create(run) as evaluator:
        evaluator.submit([{"x": 3}])
        assert gathered(evaluator)[0].objective == 3.0


def test_an_interrupt_cancels_what_is_awaited_inside_of_a_running_loop() -> None:
    cancelled = threading.Event()

    async def run(job: Any) -> float:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return 1.0

    async def in_a_loop() -> None:
        with Evaluator.create(lambda job: run(job)) as evaluator:
            evaluator.submit([{"x": 0}])
            evaluator.gather("ALL")

    # Not `asyncio.run`, which has a handler of its own for Ctrl-C.
    loop = asyncio.new_event_loop()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(in_a_loop())
    loop.close()

    assert cancelled.wait(30)


def test_a_task_of_the_loop_that_stands_still_is_refused_in_one_sentence() -> None:
    async def in_a_loop() -> Job:
        with Evaluator.create(lambda job: asyncio.ensure_future(later(job))) as evaluator:
            evaluator.submit([{"x": 0}])
            return gathered(evaluator)[0]

    job = asyncio.run(in_a_loop())

    assert job.objective == "F_TypeError"
    assert "must return the coroutine itself" in job.metadata["traceback"]


def generating(job: Any) -> Any:
    yield 1.0


async def generating_later(job: Any) -> Any:
    yield 1.0


@pytest.mark.parametrize("function", [generating, generating_later, lambda job: (x for x in range(3))])
@pytest.mark.parametrize("method", ["serial", "thread", pytest.param("process", marks=SLOW)])
def test_a_generator_is_a_failure_that_says_what_to_write(function: Any, method: str) -> None:
    with evaluator_of(function, method) as evaluator:
        evaluator.submit([{"x": 0}])
        (job,) = gathered(evaluator)

    assert job.objective == "F_TypeError"
    assert "remove 'yield' from it" in job.metadata["traceback"]


# What a coroutine does to its event loop.


async def hurting(job: Any) -> float:
    kind, loop = job["x"], asyncio.get_running_loop()

    async def leave() -> None:
        sys.exit(1)

    if kind == "stop":
        loop.stop()
    if kind == "close":
        loop.close()
    if kind == "cancel itself":
        current = asyncio.current_task()
        assert current is not None
        current.cancel()
    if kind == "exit in a task":
        await loop.create_task(leave())
    if kind == "interrupt in a group":
        async with asyncio.TaskGroup() as group:
            group.create_task(leave())
    if kind == "exit unseen":
        hidden = loop.create_task(leave())
        await asyncio.sleep(0)
        assert hidden.done()
    await asyncio.sleep(0)
    return 1.0


def test_an_event_loop_goes_on_whatever_a_coroutine_does_to_it() -> None:
    expected = {
        "stop": "F_RuntimeError",
        "close": "F_RuntimeError",
        "cancel itself": "F_CancelledError",
        "exit in a task": "F_SystemExit",
        "interrupt in a group": "F_SystemExit",
        "exit unseen": 1.0,
        "": 1.0,
    }
    with Evaluator.create(hurting, "serial", {"num_workers": 3}) as evaluator:
        evaluator.timeout = 60
        evaluator.submit([{"x": kind} for kind in [*expected, *reversed(expected)]])
        found = [(job.parameters["x"], job.objective) for job in gathered(evaluator)]

    assert found == [*expected.items(), *reversed(expected.items())]


def test_a_coroutine_that_blocks_the_loop_keeps_neither_the_deadline_nor_the_next_ones() -> None:
    blocks, goes_on = threading.Event(), threading.Event()

    async def run(job: Any) -> float:
        if job["x"]:
            blocks.set()
            goes_on.wait(60)
        return 1.0

    with Evaluator.create(run, "serial", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": 1}])
        assert blocks.wait(60)
        evaluator.timeout = 0.01
        began = time.monotonic()
        (blocked,) = gathered(evaluator)
        evaluator.timeout = None
        evaluator.submit([{"x": 0}])
        (next_one,) = gathered(evaluator)

        assert time.monotonic() - began < 30
        goes_on.set()

    assert blocked.status.value == "CANCELLED"
    assert next_one.objective == 1.0


def test_a_coroutine_that_blocks_the_loop_is_found_to_take_too_long() -> None:
    goes_on = threading.Event()

    async def run(job: Any) -> float:
        if job["x"]:
            goes_on.wait(60)
        await asyncio.sleep(0)
        return 1.0

    with Evaluator.create(run, "serial", {"num_workers": 1, "job_timeout": 0.05}) as evaluator:
        evaluator.submit([{"x": 1}, {"x": 0}])
        found = [job.objective for job in gathered(evaluator)]
        goes_on.set()

    assert found == ["F_timeout", 1.0]


def test_what_runs_beside_a_blocked_coroutine_still_comes_to_its_end() -> None:
    goes_on = threading.Event()

    async def run(job: Any) -> float:
        await asyncio.sleep(0)
        if job["x"] == 0:
            while not goes_on.is_set():
                await asyncio.sleep(0.001)
        if job["x"] == 1:
            goes_on.wait(60)
        return 1.0

    with Evaluator.create(run, "serial", {"num_workers": 2}) as evaluator:
        (beside,) = evaluator.submit([{"x": 0}])
        evaluator.submit([{"x": 2}])
        evaluator.gather("BATCH")
        assert beside.objective is None
        goes_on.set()
        assert gathered(evaluator)[0].objective == 1.0
