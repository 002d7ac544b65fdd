"""Ctrl-C, SIGTERM and SIGHUP: once in an orderly way, twice at once, and nothing is left behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pty
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from deephyper.evaluator import Evaluator
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
    try:
        for _ in range(2 if "loop" in sys.argv else 1):
            with Evaluator.create(run, method, {"num_workers": 1 if method == "serial" else 2}) as evaluator:
                search = CBO(problem, evaluator)
                table = search.search()
                print(*table.job_status, search.stop_reason, sep=",")
    finally:
        print("the end")
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
@pytest.mark.parametrize("method", ["serial", "thread", "process"])
def test_one_interrupt_cancels_what_runs_and_returns_the_table(searching: Any, tmp_path: Path, method: str) -> None:
    script = searching(method)
    script.send(signal.SIGINT)
    status, printed, errors = script.ended()

    n_running = 1 if method == "serial" else 2
    assert status == 0
    assert printed == "DONE,DONE,DONE," + "CANCELLED," * n_running + "interrupted by SIGINT\nthe end"
    assert (tmp_path / "results.csv").read_text().count("CANCELLED") == n_running
    assert errors == "CBO: interrupted by SIGINT; what ran was cancelled.\n"
    _, alive = psutil.wait_procs(script.descendants, timeout=PATIENCE_S)
    assert not alive


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("method", ["serial", "thread", "process"])
def test_a_signal_for_the_process_writes_the_table_and_ends_it_also_in_a_loop_of_searches(
    searching: Any, tmp_path: Path, method: str, number: signal.Signals
) -> None:
    script = searching(method, "loop")
    script.send(number)
    status, printed, errors = script.ended()

    n_running = 1 if method == "serial" else 2
    # The endings of the script itself are made.
    assert (status, printed) == (128 + number, "the end")
    assert (tmp_path / "results.csv").read_text().count("CANCELLED") == n_running
    assert errors == f"CBO: interrupted by {number.name}; what ran was cancelled, and the process ends.\n"
    assert not list(tmp_path.glob("results_*"))
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

    assert (status, printed) == (-signal.SIGINT if number == signal.SIGINT else 143, "the end")
    assert ("KeyboardInterrupt" in errors) == (number == signal.SIGINT)
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


@pytest.fixture
def search(tmp_path: Path) -> RandomSearch:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return RandomSearch(problem, log_dir=tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda number, frame: None], ids=["ignored", "handled"])
def test_what_the_program_does_with_a_signal_stays_so(
    search: RandomSearch, number: signal.Signals, handler: Any
) -> None:
    before = signal.signal(number, handler)
    try:
        table = search.search(lambda job: signal.raise_signal(number) or 1.0, 2)
        after = signal.getsignal(number)
    finally:
        signal.signal(number, before)

    assert len(table) == 2
    assert after == handler


def test_a_process_that_is_to_end_ends_by_an_exception_after_the_table_is_written(
    search: RandomSearch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as raised:
        search.search(lambda job: signal.raise_signal(signal.SIGTERM) or 1.0, 2)

    assert raised.value.code == 143
    assert search.stop_reason == "interrupted by SIGTERM"
    assert (tmp_path / "results.csv").read_text().count("CANCELLED") == 1
    assert not list(tmp_path.glob("*.lock"))
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_ctrl_c_ends_a_search_inside_of_asyncio_too(search: RandomSearch) -> None:
    async def main() -> Any:
        return search.search(lambda job: signal.raise_signal(signal.SIGINT) or 1.0, 5)

    assert asyncio.run(main()).job_status.tolist() == ["CANCELLED"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("method", ["serial", "thread"])
def test_a_forked_child_ends_by_a_signal_as_if_there_were_no_search(
    search: RandomSearch, number: signal.Signals, method: str
) -> None:
    def forks(job: Any) -> float:
        if (pid := os.fork()) == 0:
            try:
                os.kill(os.getpid(), number)
                time.sleep(PATIENCE_S)
            except KeyboardInterrupt:
                os._exit(77)
            finally:
                os._exit(78)
        return float(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    with Evaluator.create(forks, method) as evaluator:
        table = search.search(evaluator, 1)

    assert table.objective.tolist() == [77 if number == signal.SIGINT else -number]


SIGNALLED_AT_BIRTH = """
    import os, signal, sys
    # Called in every forked child, before all that the package has registered.
    os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
    from deephyper.hpo import HpProblem, RandomSearch

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")

    def forks(job):
        if (pid := os.fork()) == 0:
            os._exit(78)
        return float(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    print(RandomSearch(problem, log_dir=None).search(forks, 1).objective.tolist())
"""


@pytest.mark.slow
def test_a_forked_child_ends_by_a_signal_that_comes_before_it_knows_who_it_is() -> None:
    command = [sys.executable, "-c", textwrap.dedent(SIGNALLED_AT_BIRTH)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)

    assert (ended.stdout.strip(), ended.stderr) == (f"[{-signal.SIGTERM}.0]", "")


@pytest.mark.slow
def test_a_pool_that_a_run_function_forks_can_be_terminated(search: RandomSearch) -> None:
    def pools(job: Any) -> float:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return float(sum(pool.map(abs, [1, -2])))

    assert search.search(pools, 2).objective.tolist() == [3.0, 3.0]


AT_A_TERMINAL = """
    import time
    from deephyper.evaluator import Evaluator
    from deephyper.hpo import HpProblem, RandomSearch

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    with Evaluator.create(lambda job: time.sleep(3600), "process", num_workers=3) as evaluator:
        table = RandomSearch(problem, evaluator, log_dir=None).search(6)
        print(len(table), "rows")
"""


@pytest.mark.slow
@pytest.mark.parametrize("n_children", [1, 3, 5])
def test_ctrl_c_at_a_terminal_while_workers_start_prints_no_traceback(n_children: int) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", textwrap.dedent(AT_A_TERMINAL)])
    # The whole group in the foreground is interrupted, the trackers and the workers that have just begun included.
    assert comes_true(lambda: len(psutil.Process(pid).children(recursive=True)) >= n_children)
    os.write(terminal, b"\x03")
    shown = b""
    with suppress(OSError):  # the terminal ends with its last process
        while text := os.read(terminal, 4096):
            shown += text
    os.close(terminal)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown.decode()
    assert b"3 rows" in shown
    assert b"Traceback" not in shown
