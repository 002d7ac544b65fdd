"""Ctrl-C and SIGTERM: once in an orderly way, twice at once, and nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from deephyper.hpo import HpProblem, RandomSearch
from processes import PATIENCE_S, comes_true

SCRIPT = """
    import signal, sys, time
    from deephyper.hpo import CBO, HpProblem
    from deephyper.evaluator import Evaluator

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")

    def run(job):
        if job["job_id"] < 3:
            return 1.0
        try:
            open(f"running{job['job_id']}", "w").close()
            time.sleep(3600)
        except KeyboardInterrupt:
            open(f"caught{job['job_id']}", "w").close()
            if "stubborn" in sys.argv:
                time.sleep(3600)
            raise

    method = sys.argv[1]
    with Evaluator.create(run, method, {"num_workers": 1 if method == "serial" else 2}) as evaluator:
        search = CBO(problem, evaluator)
        table = search.search()
        print(*table.job_status, search.stop_reason, sep=",")
"""


class Searching:
    """A script that searches, in a process of its own, until `n` evaluations run that never end."""

    def __init__(self, folder: Path, *arguments: str):
        command = [sys.executable, "-c", textwrap.dedent(SCRIPT), *arguments]
        self.folder = folder
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.wait_for("running*", 1 if arguments[0] == "serial" else 2)
        self.descendants = psutil.Process(self.process.pid).children(recursive=True)

    def wait_for(self, pattern: str, n: int) -> None:
        assert comes_true(lambda: len(list(self.folder.glob(pattern))) >= n)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self) -> tuple[int, str, str]:
        printed, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, printed.strip(), errors


@pytest.fixture
def searching(tmp_path: Path) -> Iterator[Any]:
    started: list[Searching] = []

    def start(*arguments: str) -> Searching:
        started.append(Searching(tmp_path, *arguments))
        return started[0]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("method", ["serial", "thread", "process"])
def test_one_interrupt_cancels_what_runs_and_returns_the_table(
    searching: Any, tmp_path: Path, method: str, number: signal.Signals
) -> None:
    script = searching(method)
    script.send(number)
    status, printed, errors = script.ended()

    n_running = 1 if method == "serial" else 2
    assert status == 0
    assert printed == "DONE,DONE,DONE," + "CANCELLED," * n_running + f"interrupted by {number.name}"
    assert (tmp_path / "results.csv").read_text().count("CANCELLED") == n_running
    assert errors == f"CBO: interrupted by {number.name}; what ran was cancelled.\n"
    _, alive = psutil.wait_procs(script.descendants, timeout=PATIENCE_S)
    assert not alive


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_interrupts_end_at_once_and_keep_the_rows(searching: Any, tmp_path: Path, number: signal.Signals) -> None:
    script = searching("serial", "stubborn")
    script.send(number)
    script.wait_for("caught3", 1)
    script.send(number)
    status, printed, errors = script.ended()

    assert (status, printed) == (-signal.SIGINT, "")
    assert "KeyboardInterrupt" in errors
    assert (tmp_path / "results.csv").read_text().count("CANCELLED") == 1


def test_handlers_come_back_and_those_of_the_user_stay(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    caught: list[int] = []

    def run(job: Any) -> float:
        signal.raise_signal(signal.SIGTERM)
        return 1.0

    before = signal.signal(signal.SIGTERM, lambda number, frame: caught.append(number))
    try:
        table = RandomSearch(problem, log_dir=tmp_path).search(run, 2)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert caught == 2 * [signal.SIGTERM]
    assert list(table.job_status) == ["DONE", "DONE"]
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler


def test_a_search_goes_on_after_an_interrupt(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    search = RandomSearch(problem, log_dir=tmp_path)

    def run(job: Any) -> float:
        if job["job_id"] == 1:
            signal.raise_signal(signal.SIGINT)
        return 1.0

    assert list(search.search(run, 4).job_status) == ["DONE", "CANCELLED"]
    assert search.stop_reason == "interrupted by SIGINT"
    assert list(search.search(run, 2).job_status) == ["DONE", "CANCELLED", "DONE", "DONE"]
    assert search.stop_reason is None


def test_a_search_in_another_thread_leaves_signals_alone(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    tables: list[Any] = []
    search = RandomSearch(problem, log_dir=tmp_path)
    thread = threading.Thread(target=lambda: tables.append(search.search(lambda job: 1.0, 3)))
    thread.start()
    thread.join(PATIENCE_S)

    assert len(tables[0]) == 3
