"""What one evaluation may take, and that nothing but it pays when it takes more."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from deephyper.evaluator import Evaluator, Job
from deephyper.evaluator.callback import Callback
from processes import PATIENCE_S, Before, all_end, comes_true, is_at_work


def jobs_by_kind(run: Callable[..., Any], kinds: list[Any], method: str = "process", **options: Any) -> dict[Any, Job]:
    with Evaluator.create(run, method, {"num_workers": 2, **options}) as evaluator:
        evaluator.submit([{"x": kind} for kind in kinds])
        jobs = evaluator.gather("ALL")
    return {job.parameters["x"]: job for job in jobs}  # type: ignore[union-attr]


# Evaluations that do nothing but return have to keep it on a busy machine too.
LIMIT_S = 1.0


def has_ended_at_the_limit(job: Job) -> bool:
    """Not before it, and not when it would have ended by itself. `benchmarks/endings.py` measures how soon after it."""
    return 0.9 * LIMIT_S < job.duration < PATIENCE_S


def hang(job: Any) -> Any:
    kind = job["x"]
    if kind == "C code":
        # Catastrophic backtracking: it holds the interpreter's lock.
        re.match(r"(a+)+b", "a" * 60)
    elif kind == "sleep":
        time.sleep(3600)
    elif kind == "ignores signals":
        while True:
            with contextlib.suppress(BaseException):
                time.sleep(3600)
    return 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["sleep", *[pytest.param(kind, marks=pytest.mark.slow) for kind in ("C code", "ignores signals")]]
)
def test_an_evaluation_that_hangs_is_killed_at_its_limit(kind: str) -> None:
    jobs = jobs_by_kind(hang, [kind, 0, 1, 2], job_timeout=LIMIT_S)

    assert {job.objective for x, job in jobs.items() if x != kind} == {1.0}
    assert jobs[kind].objective == "F_timeout"
    assert f"job_timeout={LIMIT_S:g} s" in jobs[kind].metadata["traceback"]
    assert has_ended_at_the_limit(jobs[kind])


@pytest.mark.slow
def test_the_start_of_a_worker_does_not_count() -> None:
    jobs = jobs_by_kind(lambda job: 1.0, [0, 1], job_timeout=LIMIT_S, initializer=time.sleep, initargs=(1.2 * LIMIT_S,))

    assert [job.objective for job in jobs.values()] == [1.0, 1.0]


@pytest.mark.slow
def test_descendants_of_an_evaluation_end_with_it(tmp_path: Path) -> None:
    def fork(job: Any) -> Any:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=False)
        (tmp_path / "child").write_text(str(child.pid))
        time.sleep(3600)

    jobs = jobs_by_kind(fork, [0], job_timeout=LIMIT_S)

    assert jobs[0].objective == "F_timeout"
    assert all_end([int((tmp_path / "child").read_text())])


def eat(job: Any) -> float:
    kind, mb = job["x"]
    if kind != "itself":
        code = f"import time; eaten = bytearray({mb} << 20); time.sleep(3600)"
        subprocess.run([sys.executable, "-c", code], check=False, start_new_session=kind == "session")
    eaten = bytearray(mb << 20)
    time.sleep(0.5 if mb < 300 else 3600)
    return float(len(eaten) > 0)


@pytest.mark.parametrize(
    "kind", ["itself", *[pytest.param(kind, marks=pytest.mark.slow) for kind in ("child", "session")]]
)
def test_an_evaluation_that_eats_memory_is_killed(kind: str) -> None:
    jobs = jobs_by_kind(eat, [(kind, 500), ("itself", 10)], job_memory_limit=300 << 20)

    assert jobs[("itself", 10)].objective == 1.0
    assert jobs[(kind, 500)].objective == "F_memory_limit_exceeded"
    assert "over job_memory_limit" in jobs[(kind, 500)].metadata["traceback"]


@pytest.mark.slow
def test_memory_that_forked_children_share_counts_once() -> None:
    def run(job: Any) -> float:
        eaten = bytearray(b"x") * (180 << 20)
        pid = os.fork()
        if pid == 0:
            time.sleep(0.6)
            os._exit(0)
        os.waitpid(pid, 0)
        return float(len(eaten) > 0)

    assert jobs_by_kind(run, [0], job_memory_limit=300 << 20)[0].objective == 1.0


def test_a_thread_that_takes_too_long_is_abandoned_and_its_slot_replaced() -> None:
    release, n_stopped = threading.Event(), threading.Semaphore(0)

    def run(job: Any) -> float:
        if job["x"] == "slow":
            while not job.stopped():
                release.wait(0.01)
            n_stopped.release()
        return 1.0

    jobs = jobs_by_kind(run, ["slow", 0, 1, 2], "thread", num_workers=1, job_timeout=LIMIT_S)

    assert jobs["slow"].objective == "F_timeout"
    assert has_ended_at_the_limit(jobs["slow"])
    assert [jobs[x].objective for x in range(3)] == [1.0, 1.0, 1.0]
    assert n_stopped.acquire(timeout=PATIENCE_S)


def test_a_coroutine_that_takes_too_long_is_cancelled() -> None:
    cancelled = threading.Event()

    async def run(job: Any) -> float:
        try:
            await asyncio.sleep(3600 if job["x"] == "slow" else 0)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return 1.0

    jobs = jobs_by_kind(run, ["slow", 0], "serial", job_timeout=LIMIT_S)

    assert {x: job.objective for x, job in jobs.items()} == {"slow": "F_timeout", 0: 1.0}
    assert cancelled.wait(PATIENCE_S)


def test_a_timeout_error_of_the_function_itself_stays_its_own() -> None:
    async def run(job: Any) -> float:
        raise TimeoutError("a server did not answer")

    assert jobs_by_kind(run, [0], "serial", job_timeout=PATIENCE_S)[0].objective == "F_TimeoutError"


@pytest.mark.slow
def test_what_was_recorded_before_the_end_of_a_worker_is_kept() -> None:
    def run(job: Any) -> float:
        for step in range(3):
            job.record(step, step / 2)
        time.sleep(3600) if job["x"] == "hang" else os._exit(1)
        return 0.0

    jobs = jobs_by_kind(run, ["hang", "exit"], job_timeout=LIMIT_S)

    assert [jobs[x].objective for x in ("hang", "exit")] == ["F_timeout", "F_worker_died"]
    assert all(job.observations == [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0)] for job in jobs.values())


def test_a_worker_that_dies_and_leaves_a_forked_child_is_noticed(tmp_path: Path) -> None:
    def run(job: Any) -> float:
        if job["x"] == "orphan":
            pid = os.fork()
            if pid == 0:
                time.sleep(3600)
            (tmp_path / "child").write_text(str(pid))
            os._exit(1)
        return 1.0

    jobs = jobs_by_kind(run, ["orphan", 0])

    assert {x: job.objective for x, job in jobs.items()} == {"orphan": "F_worker_died", 0: 1.0}
    assert all_end([int((tmp_path / "child").read_text())])


def test_the_last_words_of_a_worker_are_kept() -> None:
    def run(job: Any) -> float:
        import faulthandler

        faulthandler._sigsegv()  # type: ignore[attr-defined]
        return 1.0

    traceback = jobs_by_kind(run, [0])[0].metadata["traceback"]

    assert "SIGSEGV" in traceback
    assert "Fatal Python error: Segmentation fault" in traceback
    assert "in run" in traceback


class Counting(Callback):
    def __init__(self) -> None:
        self.n_done = self.n_launched = 0

    def on_launch(self, job: Job) -> None:
        self.n_launched += 1

    def on_done(self, job: Job) -> None:
        self.n_done += 1


def dies_until_third_attempt(job: Any) -> float:
    path = Path(job["x"])
    attempts = len(path.read_text()) if path.exists() else 0
    path.write_text("." * (attempts + 1))
    if attempts < 2:
        job.record(attempts, 0.0)
        os._exit(1)
    return 1.0


@pytest.mark.slow
@pytest.mark.parametrize(("max_retries", "expected"), [(0, "F_worker_died"), (1, "F_worker_died"), (2, 1.0), (5, 1.0)])
def test_an_evaluation_whose_worker_died_is_tried_again(tmp_path: Path, max_retries: int, expected: Any) -> None:
    counting = Counting()
    with Evaluator.create(
        dies_until_third_attempt, "process", {"max_retries": max_retries, "callbacks": [counting]}
    ) as evaluator:
        evaluator.submit([{"x": str(tmp_path / "attempts")}])
        (job,) = evaluator.gather("ALL")

    n_attempts = min(max_retries, 2) + 1
    assert job.objective == expected
    assert job.metadata.get("retries", 0) == n_attempts - 1
    assert (counting.n_launched, counting.n_done) == (n_attempts, 1)
    assert (evaluator.num_jobs_submitted, evaluator.num_jobs_gathered) == (1, 1)
    # Those of attempts that were lost are not those of the evaluation.
    assert len(job.observations) <= 1


def test_an_exception_is_not_tried_again(tmp_path: Path) -> None:
    def run(job: Any) -> float:
        with (tmp_path / "calls").open("a") as file:
            file.write(".")
        raise ValueError

    jobs = jobs_by_kind(run, [0], max_retries=3)

    assert jobs[0].objective == "F_ValueError"
    assert (tmp_path / "calls").read_text() == "."


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (
            "process",
            {"job_timeout": 0},
            "job_timeout must be a positive number of seconds, or None for no limit, got 0",
        ),
        ("thread", {"job_timeout": "1"}, "job_timeout must be a positive number"),
        (
            "process",
            {"job_memory_limit": 0.5},
            r"job_memory_limit \(bytes\) must be a whole number of at least 1, got 0.5",
        ),
        ("process", {"max_retries": -1}, "max_retries must be a whole number of at least 0, got -1"),
        ("process", {"initializer": 3}, "initializer must be a function that every worker calls once"),
        ("serial", {"job_timeout": 1}, "job_timeout works for 'async def' functions only.*use method 'process'"),
        ("thread", {"job_memory_limit": 1}, "unknown option 'job_memory_limit'"),
    ],
)
def test_bad_limits_are_refused_in_one_sentence(method: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Evaluator.create(hang, method, options)


@pytest.mark.slow
def test_a_manager_that_is_killed_takes_workers_with_it_that_hang_in_c_code(tmp_path: Path) -> None:
    script = """
import re, subprocess, sys, time
from deephyper.evaluator import Evaluator

def run(job):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    open("child.new", "w").write(str(child.pid))
    import os
    os.rename("child.new", "child")
    re.match(r"(a+)+b", "a" * 60)

Evaluator.create(run, "process").submit([{"x": 1}])
time.sleep(3600)
"""
    manager = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    assert comes_true((tmp_path / "child").exists)
    found = psutil.Process(manager.pid).children(recursive=True)
    lanes = [child.pid for child in found if "deephyper.worker.begin" in " ".join(child.cmdline())]
    manager.kill()
    manager.wait()

    assert len(lanes) == 1
    assert all_end([*lanes, int((tmp_path / "child").read_text())])


@pytest.mark.slow
def test_without_a_shell_there_is_no_guard_and_evaluations_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deephyper.backend.guard._SHELL", "/no/such/shell")

    assert {job.objective for job in jobs_by_kind(hang, [0, 1, 2]).values()} == {1.0}


@pytest.mark.slow
def test_nothing_is_left_after_close() -> None:
    before, semaphores = Before(), set(_semaphores())
    n_files = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    jobs = jobs_by_kind(hang, ["sleep", 0, 1, "C code"], job_timeout=0.2, job_memory_limit=1 << 34, num_workers=3)

    assert len(jobs) == 4
    assert before.new_processes() == []
    assert comes_true(lambda: not before.new_threads())
    # What loky's threads leave in a circle goes with the garbage.
    assert comes_true(lambda: gc.collect() >= 0 and set(_semaphores()) <= semaphores)
    assert not n_files or len(os.listdir("/proc/self/fd")) <= n_files + 2
    assert is_at_work(os.getpid())


def _semaphores() -> list[str]:
    return (
        [name for name in os.listdir("/dev/shm") if f"loky-{os.getpid()}-" in name] if os.path.isdir("/dev/shm") else []
    )


@pytest.mark.slow
def test_a_worker_that_grows_loses_nothing() -> None:
    kept: list[bytes] = []

    def run(job: Any) -> int:
        # Touched, so that the memory is there.
        kept.append(b"x" * (200 << 20))
        time.sleep(0.05)
        return os.getpid()

    # Every third one lasts so long that a look at the size of the process would be due after it.
    jobs = jobs_by_kind(lambda job: (time.sleep(1.1 if job["x"] % 3 == 2 else 0), run(job))[1], list(range(9)))

    assert len({job.objective for job in jobs.values()}) == 2
