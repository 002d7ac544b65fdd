"""`profile` adds times and memory, ends what takes too much, and changes nothing else."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from deephyper.evaluator import Evaluator, profile
from deephyper.worker import tracing
from deephyper.worker.memory import resident_memory_of
from processes import PATIENCE_S

MB = 1_000_000
TOO_MUCH = "F_memory_limit_exceeded"
# How far a loop may get before the next look, also on a busy machine.
FURTHER = 250 * MB
HOLD = "held = b'x' * 150_000_000; print('held', flush=True); input()"


@profile
def run(job: Any) -> Any:
    """What it is."""
    return job["x"]


def with_room_for(n_bytes: int) -> int:
    return resident_memory_of(os.getpid()) + n_bytes


def grow(job: Any) -> Any:
    """Take 2 GB, some in every millisecond, and then wait for somebody to mind.

    Tests before this one may have left hundreds of megabytes that the process still has and can use again.
    """
    held = []
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        # So slowly that whoever looks every hundredth of a second sees it in time also on a busy machine.
        run_ordinary_code(20_000)
        if len(held) < 2000:
            held.append(b"x" * MB)
    raise AssertionError("nobody minded")


class Measured:
    """Stands for the memory of the process: one number where the function runs, another where it is traced."""

    def __init__(self) -> None:
        self.here = self.traced = 0
        self.n_samples = self.n_traced = 0
        self._traced = threading.Semaphore(0)

    def __call__(self, root: int, limit: float = math.inf) -> int:
        self.n_samples += 1
        if threading.current_thread().name != "deephyper-memory":
            return self.here
        self.n_traced += 1
        self._traced.release()
        # The function may go on before anything is made of the sample.
        time.sleep(1e-6)
        return self.traced

    def wait_for_traced(self, n: int = 2) -> None:
        """Wait for so many samples to begin; all but the last have then had their effect."""
        for _ in range(n):
            assert self._traced.acquire(timeout=PATIENCE_S)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measured:
    measured = Measured()
    monkeypatch.setattr(tracing, "resident_memory_of", measured)
    return measured


def run_ordinary_code(n: int = 20_000) -> None:
    for i in range(n):
        str(i)


def wait_to_be_interrupted() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        run_ordinary_code(10)
    raise AssertionError("nobody interrupted")


async def wait_to_be_cancelled() -> None:
    await asyncio.sleep(PATIENCE_S)
    raise AssertionError("nobody cancelled")


def test_a_profiled_function_returns_its_objective_with_two_times() -> None:
    returned = run({"x": 3})

    assert returned["objective"] == 3
    assert returned["metadata"]["timestamp_start"] <= returned["metadata"]["timestamp_end"]


def test_metadata_of_the_function_stays() -> None:
    returned = profile(lambda job: {"objective": 1, "metadata": {"loss": 2}}, memory=True)({})

    assert returned["metadata"]["loss"] == 2
    assert {"timestamp_end", "memory"} < returned["metadata"].keys()


def test_it_may_be_written_with_brackets_and_around_a_coroutine() -> None:
    @profile()
    async def waits(job: Any) -> Any:
        return job["x"]

    assert asyncio.run(waits({"x": 4}))["objective"] == 4


def test_evaluators_understand_a_profiled_function() -> None:
    evaluator = Evaluator.create(run, "serial")
    evaluator.submit([{"x": 3}])
    (job,) = evaluator.gather("ALL")

    assert job.objective == 3.0


def test_name_and_doc_stay() -> None:
    @profile(memory=True)
    async def waits(job: Any) -> Any:
        """What it waits for."""

    traced = profile(grow, memory=True)
    assert (run.__name__, run.__doc__) == ("run", "What it is.")
    assert (waits.__name__, waits.__doc__) == ("waits", "What it waits for.")
    assert (traced.__name__, traced.__doc__) == (grow.__name__, grow.__doc__)


def test_memory_of_a_child_counts() -> None:
    @profile(memory=True)
    def with_child(job: Any) -> Any:
        before = resident_memory_of(os.getpid())
        child = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None and child.stdout.readline() == b"held\n"
        return before

    # In a process that has no other children, which might end meanwhile.
    with Evaluator.create(with_child, "process") as evaluator:
        evaluator.submit([{}])
        (job,) = evaluator.gather("ALL")

    assert job.objective + 150 * MB < job.metadata["memory"] < job.objective + 250 * MB


def test_the_peak_is_seen_while_the_function_runs_and_at_both_ends(measured: Measured) -> None:
    @profile(memory=True, memory_tracing_interval=0.001)
    def waits(job: Any) -> Any:
        measured.wait_for_traced()

    measured.here, measured.traced = 5, 7
    assert waits({})["metadata"]["memory"] == 7
    measured.traced = 3
    assert waits({})["metadata"]["memory"] == 5


def test_there_is_a_sample_at_both_ends_however_long_the_interval(measured: Measured) -> None:
    profile(lambda job: 1, memory=True, memory_tracing_interval=1e12)({})

    assert measured.n_samples == 2


def test_a_limit_alone_traces() -> None:
    assert profile(lambda job: 1, memory_limit=with_room_for(500 * MB))({})["metadata"]["memory"] > MB


def test_a_loop_that_takes_too_much_is_interrupted_and_lets_go_of_what_it_held() -> None:
    class Held:
        pass

    held = []

    @profile(memory_limit=(limit := with_room_for(50 * MB)), memory_tracing_interval=0.01)
    def holds(job: Any) -> Any:
        thing = Held()
        held.append(weakref.ref(thing))
        return grow(thing)

    returned = holds({})

    assert returned["objective"] == TOO_MUCH
    assert returned["metadata"].keys() == {"timestamp_start", "timestamp_end", "memory"}
    assert limit < returned["metadata"]["memory"] < limit + FURTHER
    assert held[0]() is None


@pytest.mark.slow
@pytest.mark.parametrize("method", ["thread", "process"])
def test_the_limit_holds_in_evaluators(method: str) -> None:
    # A worker process is smaller than this one, which has run other tests before.
    limit = 300 * MB if method == "process" else with_room_for(80 * MB)
    with Evaluator.create(profile(grow, memory_limit=limit, memory_tracing_interval=0.01), method) as evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert (job.objective, job.crashed) == (TOO_MUCH, False)
    assert limit < job.metadata["memory"] < limit + FURTHER


def test_the_limit_holds_for_coroutines_in_evaluators(measured: Measured) -> None:
    async def waits(job: Any) -> Any:
        await wait_to_be_cancelled()

    measured.traced = 2
    with Evaluator.create(profile(waits, memory_limit=1, memory_tracing_interval=0.001), "serial") as evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert job.objective == TOO_MUCH


def test_it_raises_instead_if_that_is_wanted(measured: Measured) -> None:
    @profile(memory_limit=400 * MB, memory_tracing_interval=0.001, raise_exception=True)
    def waits(job: Any) -> Any:
        wait_to_be_interrupted()

    measured.traced = 500 * MB
    with pytest.raises(
        MemoryError, match=r"^profile: the run-function took 500 MB, over memory_limit=400 MB\.$"
    ) as raised:
        waits({})

    assert isinstance(raised.value.__cause__, tracing.Interrupted)


def test_a_function_does_not_begin_in_a_process_that_is_too_large() -> None:
    begun = []
    returned = profile(begun.append, memory_limit=1)({})

    assert (returned["objective"], begun) == (TOO_MUCH, [])


def returns(measured: Measured) -> Any:
    measured.here = 2
    return 1


def swallows(measured: Measured) -> Any:
    try:
        wait_to_be_interrupted()
    except tracing.Interrupted:
        return 1


def turns_it_into_another(measured: Measured) -> Any:
    try:
        wait_to_be_interrupted()
    finally:
        raise ValueError("in the midst of tidying up")


@pytest.mark.parametrize("behaviour", [returns, swallows, turns_it_into_another])
def test_a_function_fails_that_took_too_much_whatever_else_it_does(behaviour: Any, measured: Measured) -> None:
    measured.traced = 2
    returned = profile(lambda job: behaviour(measured), memory_limit=1, memory_tracing_interval=0.001)({})

    assert (returned["objective"], returned["metadata"]["memory"]) == (TOO_MUCH, 2)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_the_function_raises_by_itself_passes(error: type[BaseException]) -> None:
    @profile(memory_limit=with_room_for(500 * MB))
    def raises(job: Any) -> Any:
        raise error

    with pytest.raises(error):
        raises({})


def test_a_keyboard_interrupt_passes_after_the_limit_too(measured: Measured) -> None:
    @profile(memory_limit=1, memory_tracing_interval=0.001)
    def is_stopped(job: Any) -> Any:
        try:
            wait_to_be_interrupted()
        except tracing.Interrupted:
            raise KeyboardInterrupt from None

    measured.traced = 2
    with pytest.raises(KeyboardInterrupt):
        is_stopped({})


def test_an_inner_limit_ends_the_inner_function_and_an_outer_one_both(measured: Measured) -> None:
    def inner(job: Any) -> Any:
        wait_to_be_interrupted()

    def ended(inner_limit: int, outer_limit: int) -> Any:
        by_inner_limit = []
        traced = profile(inner, memory_limit=inner_limit, memory_tracing_interval=0.001)

        @profile(memory_limit=outer_limit, memory_tracing_interval=0.001)
        def outer(job: Any) -> Any:
            by_inner_limit.append(traced(job)["objective"])
            return 1

        return by_inner_limit, outer({})["objective"]

    measured.traced = 2
    assert ended(inner_limit=1, outer_limit=3) == ([TOO_MUCH], 1)
    assert ended(inner_limit=3, outer_limit=1) == ([], TOO_MUCH)


@pytest.fixture
def threads_take_turns() -> Iterator[None]:
    """Let another thread go on every few microseconds, so that any step of one may come between any two of another."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def interruptions_take_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the function go on while it is being interrupted."""

    def send_slowly(interruption: tracing.ThreadInterruption) -> bool:
        time.sleep(1e-6)
        is_sent = send(interruption)
        time.sleep(1e-6)
        return is_sent

    send = tracing.ThreadInterruption.send
    monkeypatch.setattr(tracing.ThreadInterruption, "send", send_slowly)


def in_another_thread(function: Callable[[], None]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def threads_end() -> bool:
    """True if no thread traces any more, soon."""
    threads = [thread for thread in threading.enumerate() if thread.name == "deephyper-memory"]
    for thread in threads:
        thread.join(PATIENCE_S)
    return not any(thread.is_alive() for thread in threads)


@pytest.mark.usefixtures("threads_take_turns", "interruptions_take_time")
@pytest.mark.parametrize(
    "in_some_thread",
    [pytest.param(in_another_thread, marks=pytest.mark.slow), lambda function: function()],
    ids=["another", "main"],
)
def test_no_interruption_ever_arrives_after_the_function(in_some_thread: Any, measured: Measured) -> None:
    ended_by_itself = []
    returned = []

    @profile(memory_limit=1, memory_tracing_interval=1e-6)
    def ends_when_it_is_interrupted(n_further_steps: Any) -> Any:
        n_traced = measured.n_traced
        while measured.n_traced == n_traced:
            pass
        run_ordinary_code(n_further_steps)
        ended_by_itself.append(n_further_steps)

    def often() -> None:
        for i in range(500):
            returned.append(ends_when_it_is_interrupted(i * 37 % 3000)["objective"])
            run_ordinary_code(20)
        run_ordinary_code()
        returned.append("the end")

    measured.traced = 2
    in_some_thread(often)

    assert returned.pop() == "the end"
    assert set(returned) <= {None, TOO_MUCH}
    assert 0 < len(ended_by_itself) < len(returned)
    assert threads_end()


@pytest.mark.usefixtures("threads_take_turns")
def test_no_cancellation_ever_arrives_after_a_coroutine(measured: Measured) -> None:
    ended_by_itself = []

    @profile(memory_limit=1, memory_tracing_interval=1e-6)
    async def ends_when_it_is_cancelled(n_further_steps: Any) -> Any:
        n_traced = measured.n_traced
        while measured.n_traced == n_traced:
            await asyncio.sleep(0)
        for _ in range(n_further_steps):
            await asyncio.sleep(0)
        ended_by_itself.append(n_further_steps)

    async def often() -> int:
        for i in range(600):
            assert (await ends_when_it_is_cancelled(i % 30))["objective"] in (None, TOO_MUCH)
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        task = asyncio.current_task()
        return -1 if task is None else task.cancelling()

    measured.traced = 2
    assert asyncio.run(often()) == 0
    assert 0 < len(ended_by_itself) < 600


def test_a_coroutine_that_takes_too_much_is_cancelled_and_its_task_goes_on(measured: Measured) -> None:
    @profile(memory_limit=1, memory_tracing_interval=0.001)
    async def waits(job: Any) -> Any:
        await wait_to_be_cancelled()

    async def afterwards() -> Any:
        returned = await waits({})
        await asyncio.sleep(0)
        return returned

    measured.traced = 2
    returned = asyncio.run(afterwards())

    assert (returned["objective"], returned["metadata"]["memory"]) == (TOO_MUCH, 2)


def test_a_cancellation_by_somebody_else_stays_one(measured: Measured) -> None:
    async def cancelled() -> None:
        begun = asyncio.Event()

        @profile(memory_limit=1)
        async def waits(job: Any) -> Any:
            begun.set()
            await wait_to_be_cancelled()

        task = asyncio.create_task(waits({}))
        await begun.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_a_cancellation_by_somebody_else_stays_one_after_the_limit_too(measured: Measured) -> None:
    async def cancelled() -> None:
        tidies_up = asyncio.Event()

        @profile(memory_limit=1, memory_tracing_interval=0.001)
        async def waits(job: Any) -> Any:
            try:
                await wait_to_be_cancelled()
            finally:
                tidies_up.set()
                await wait_to_be_cancelled()

        task = asyncio.create_task(waits({}))
        await tidies_up.wait()
        task.cancel()
        await task

    measured.traced = 2
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_the_start_of_a_thread_is_not_interrupted(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []

    @profile(memory_limit=1, memory_tracing_interval=0.001)
    def starts_a_thread(job: Any) -> Any:
        with monkeypatch.context() as while_it_starts:
            while_it_starts.setattr(threading, "enumerate", lambda: [threading.Thread()])
            measured.traced = 2
            measured.wait_for_traced(4)
            reached.append("started")
        wait_to_be_interrupted()

    assert (starts_a_thread({})["objective"], reached) == (TOO_MUCH, ["started"])


def test_no_thread_stays_behind_however_long_the_interval(measured: Measured) -> None:
    profile(lambda job: 1, memory=True, memory_tracing_interval=1e12)({})

    assert threads_end()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"memory": 1}, r"memory must be True or False, got 1 of type int\."),
        ({"raise_exception": "yes"}, r"raise_exception must be True or False, got 'yes' of type str\."),
        ({"memory_limit": 0}, r"memory_limit \(bytes, -1 for no limit\) must be a whole number of at least 1, got 0\."),
        ({"memory_limit": -2}, r"memory_limit .* got -2\."),
        ({"memory_limit": 0.5}, r"memory_limit .* got 0\.5\."),
        ({"memory_limit": math.nan}, r"memory_limit .* got nan\."),
        ({"memory_limit": True}, r"memory_limit .* got True\."),
        ({"memory_limit": "1GB"}, r"memory_limit .* got '1GB'\."),
        ({"memory_limits": 1}, r"unknown option 'memory_limits'; write .* Did you mean 'memory_limit'\?"),
        ({"memory_tracing_interval": 0}, r"memory_tracing_interval must be a positive number of seconds, got 0\."),
        ({"memory_tracing_interval": None}, r"memory_tracing_interval .* got None\."),
        ({"memory_tracing_interval": math.inf}, r"memory_tracing_interval .* got inf\."),
        ({"run_function": 3}, r"run_function must be a function of a job, got 3 of type int\."),
    ],
    ids=repr,
)
def test_bad_options_are_refused(options: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^profile: {sentence}$"):
        profile(**options)


@pytest.mark.parametrize(
    "limit",
    [0.5 * 1024**3, 0.7 * 1024**3, 8e9, np.float64(8e9), np.int64(8e9), np.float32(8e9), -1, -1.0, None, math.inf],
)
def test_a_limit_may_be_a_float_and_none_is_no_limit(limit: Any, measured: Measured) -> None:
    measured.here = 8_000_000_001
    returned = profile(lambda job: 1, memory=True, memory_limit=limit)({})

    assert returned["objective"] == (TOO_MUCH if limit is not None and 0 < limit < math.inf else 1)
    assert returned["metadata"]["memory"] == measured.here


@pytest.mark.parametrize("register", [True, False])
def test_an_argument_of_older_scripts_warns_at_their_line_and_changes_nothing(register: bool) -> None:
    with pytest.warns(DeprecationWarning, match="leave out register") as caught:
        function = profile(memory=True, register=register)(grow)

    assert [warning.filename for warning in caught] == [__file__]
    assert (function.__name__, function.__qualname__) == (grow.__name__, grow.__qualname__)


def test_numbers_of_numpy_are_options_too() -> None:
    function = profile(memory=np.True_, memory_limit=np.int64(-1), memory_tracing_interval=np.float32(0.5))(
        lambda job: 1
    )

    assert function({})["objective"] == 1
