"""Times of a job are seconds since its search began, whatever clock its host has, and lie in order."""

from __future__ import annotations

import math
import subprocess
import sys
import textwrap
from concurrent.futures import BrokenExecutor, Executor, Future
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, JobStatus
from deephyper.hpo import HpProblem, RandomSearch

HOUR = 3600.0


class Far(Executor):
    """Evaluates on other hosts: each report has the times of its host's clock, and comes when the test says so.

    Args:
        spans: host, start and end for each evaluation, on that host's clock; the last one for all further ones.
    """

    def __init__(self, *spans: tuple[str, float, float], at_once: bool = False):
        self._spans, self._at_once = list(spans), at_once
        self.waiting: list[tuple[Future[Any], Any]] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        host, start, end = self._spans.pop(0) if len(self._spans) > 1 else self._spans[0]
        report = function(*args, **kwargs)._replace(host=host, start=start, end=end)
        if self._at_once:
            future.set_result(report)
        else:
            self.waiting.append((future, report))
        return future

    def receive(self, *numbers: int) -> None:
        """Let the reports of these submissions come in."""
        for number in numbers:
            future, report = self.waiting[number]
            if future.set_running_or_notify_cancel():
                future.set_result(report)


def run(job: Any) -> float:
    return 1.0


def on(executor: Executor, n_workers: int = 4, **options: Any) -> Evaluator:
    return Evaluator.create(run, executor, {"num_workers": n_workers, **options})


def are_in_order(*jobs: Any) -> bool:
    """Whether submit, start, end and gather of each follow each other."""
    for job in jobs:
        times = [job.timestamp_submit, job.timestamp_start, job.timestamp_end, job.timestamp_gather]
        if None in times or any(a > b for a, b in pairwise(times)):
            return False
    return True


def rows_are_in_order(table: Any) -> bool:
    times = table[[f"m:timestamp_{name}" for name in ("submit", "start", "end", "gather")]].to_numpy()
    return bool((times[:, 1:] >= times[:, :-1]).all())


def test_nothing_ends_after_its_gather_when_the_first_report_came_late() -> None:
    # Received at one time, so the first one was an hour on its way.
    far = Far(("there", 0.0, 1.0), ("there", HOUR, HOUR + 1.0))
    with on(far) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 1}])
        far.receive(0, 1)
        jobs = evaluator.gather("ALL")

    assert are_in_order(*jobs)


def test_nothing_ends_after_its_gather_when_a_clock_is_set_forward() -> None:
    far = Far(("there", 0.0, 1.0), ("there", HOUR, HOUR + 1.0), ("there", -HOUR, 1.0 - HOUR))
    gathered = []
    with on(far, 1) as evaluator:
        for number in range(3):
            evaluator.submit([{"x": number}])
            far.receive(number)
            gathered += evaluator.gather("ALL")

    assert len(gathered) == 3
    assert are_in_order(*gathered)


def test_nothing_begins_before_its_submission_however_long_its_host_says_it_took() -> None:
    far = Far(("there", 0.0, HOUR), at_once=True)
    with on(far) as evaluator:
        evaluator.submit([{"x": 0}])
        jobs = evaluator.gather("ALL")

    assert are_in_order(*jobs)


def test_each_host_has_its_own_offset() -> None:
    far = Far(("one", 0.0, 0.0), ("other", HOUR, HOUR), at_once=True)
    with on(far) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 1}])
        jobs = evaluator.gather("ALL")

    assert are_in_order(*jobs)
    assert all(job.timestamp_end < 60.0 for job in jobs)


def test_every_row_of_a_search_on_other_hosts_is_in_order_whichever_evaluator_comes_next(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    search = RandomSearch(problem, random_state=1, log_dir=tmp_path)
    search.search(on(Far(("there", 0.0, 1.0), ("there", HOUR, HOUR + 9.0), at_once=True)), 5)
    # Its clock has another origin, and its first evaluation comes before those of the earlier evaluator by far.
    search.search(on(Far(("there", -HOUR, -HOUR), ("else", 5 * HOUR, 6 * HOUR), at_once=True)), 5)
    table = search.search(Evaluator.create(run, "simulated", {"charge_manager": False, "num_workers": 2}), 4)
    again = RandomSearch(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True)
    resumed = again.search(on(Far(("there", 0.0, 1.0), at_once=True)), 4)

    assert rows_are_in_order(table)
    assert rows_are_in_order(resumed)
    assert resumed.timestamp_submit.is_monotonic_increasing
    # A resumed search goes on after its last time.
    assert resumed.timestamp_submit.iloc[14] >= table.timestamp_gather.max()
    assert table.timestamp_end.max() < 60.0


def test_cancelled_jobs_on_other_hosts_have_times_in_order() -> None:
    far = Far(("there", HOUR, 2 * HOUR))
    with on(far, 2) as evaluator:
        evaluator.submit([{"x": x} for x in range(4)])
        far.receive(1)
        (done,) = evaluator.gather("BATCH")
        cancelled = evaluator.cancel()

    assert are_in_order(done)
    assert [job.status for job in cancelled] == [JobStatus.CANCELLED] * 3
    for job in cancelled:
        known = [t for t in (job.timestamp_submit, job.timestamp_start, job.timestamp_end) if t is not None]
        assert known == sorted(known)
        assert job.timestamp_end == job.timestamp_gather


def test_an_evaluation_that_lost_its_worker_on_another_host_has_the_times_of_its_last_attempt() -> None:
    far = Far(("there", HOUR, HOUR + 1.0))
    evaluator = Evaluator.create(run, far, {"num_workers": 1})
    evaluator.submit([{"x": 0}])
    future, _ = far.waiting[0]
    future.set_exception(BrokenExecutor("killed"))
    (job,) = evaluator.gather("ALL")

    assert job.objective == "F_worker_died"
    assert are_in_order(job)


def test_containers_with_one_name_are_two_hosts() -> None:
    script = """
        import builtins, io, platform, sys
        platform.node = lambda: "container"
        original = builtins.open
        def opened(name, *args, **kwargs):
            if "boot_id" in str(name):
                return io.StringIO(sys.argv[1])
            return original(name, *args, **kwargs)
        builtins.open = opened
        from deephyper.worker import HOST
        print(HOST)
    """
    names = []
    for boot in ("first", "second", "first"):
        command = [sys.executable, "-c", textwrap.dedent(script), boot]
        names.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert names[0] == names[2] != names[1]
    assert all("container" in name for name in names)


def test_times_of_virtual_evaluations_are_exact_after_another_clock(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    search = RandomSearch(problem, random_state=1, log_dir=tmp_path)
    before = search.search(on(Far(("there", 0.0, 1.0), at_once=True)), 2)
    options = {"duration": 10.0, "charge_manager": False}
    table = search.search(Evaluator.create(run, "simulated", options), 3)

    last = before.timestamp_gather.max()
    assert table.timestamp_end.iloc[2:].tolist() == pytest.approx([last + 10.0, last + 20.0, last + 30.0])
    assert not any(map(math.isnan, table.timestamp_start))
