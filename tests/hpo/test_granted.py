from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch
from deephyper.hpo.granted import timeout_of
from programs import PATIENCE_S, output_of


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


@pytest.fixture
def granted(monkeypatch: pytest.MonkeyPatch) -> float:
    """An allocation of Slurm that ends in an hour; its end."""
    end = round(time.time()) + 3600
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "2")
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(end))
    return float(end)


def run(job):
    return job["x"]


def test_the_timeout_is_what_is_left_of_the_allocation_less_two_minutes(granted: float):
    evaluator = Evaluator.create(run)
    begin = time.time()
    timeout = timeout_of(evaluator, None)
    assert timeout is not None
    assert granted - time.time() <= timeout + 120 <= granted - begin


def test_a_timeout_of_the_user_wins(granted: float):
    assert timeout_of(Evaluator.create(run), 7.0) == 7.0


def test_outside_of_an_allocation_there_is_no_timeout():
    assert timeout_of(Evaluator.create(run), None) is None


def test_one_line_of_the_log_says_what_was_granted(
    granted: float, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with caplog.at_level(logging.INFO, "deephyper.hpo.granted"):
        timeout_of(Evaluator.create(run, "process", resources={"gpu": "auto"}), None)
    at = time.strftime("%H:%M", time.localtime(granted))
    assert caplog.messages[0].startswith("2 workers, devices 0, 1, 1 each, 1 core each, until ")
    assert caplog.messages[0].endswith(f"until {at} (Slurm)")


def test_a_search_whose_allocation_is_over_ends_at_once_and_says_so(
    problem: HpProblem,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    granted: float,
    tmp_path: Path,
):
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + 60))
    with Evaluator.create(run, "thread", num_workers=2) as evaluator:
        RandomSearch(problem, evaluator, log_dir=tmp_path).search()
    assert "ends in less than 120 s" in caplog.text


def test_a_call_is_recorded_as_the_user_made_it(problem: HpProblem, granted: float, tmp_path: Path):
    search = RandomSearch(problem, run, log_dir=tmp_path)
    search.search(max_evals=1)
    assert json.loads((tmp_path / "search.json").read_text())["calls"][0]["timeout"] is None


PROGRAM = """
import logging, sys, time
from pathlib import Path
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem

problem = HpProblem()
problem.add_hyperparameter((0.0, 1.0), "x")

def run(job):
    if job["x"] > 0.5:
        Path("running").touch()
        time.sleep(600)
    return job["x"]

with Evaluator.create(run, "process", num_workers=2) as evaluator:
    search = CBO(problem, evaluator, random_state=1, log_dir="log")
    results = search.search()
print(search.stop_reason, len(results) == len(open("log/results.csv").readlines()) - 1, "saved")
"""


@pytest.mark.slow
@pytest.mark.parametrize("warning", [signal.SIGUSR1, signal.SIGUSR2])
def test_the_warning_of_a_scheduler_ends_the_search_and_the_script_goes_on(warning: signal.Signals, tmp_path: Path):
    environment = {**os.environ, "SLURM_JOB_ID": "5", "SLURM_JOB_END_TIME": str(int(time.time()) + 7200)}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + PATIENCE_S
    while not (tmp_path / "running").exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(warning)
    printed, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, printed) == (0, f"interrupted by {warning.name} True saved\n")


@pytest.mark.slow
def test_outside_of_an_allocation_these_signals_are_nobodys(tmp_path: Path):
    printed = output_of(
        """
        import signal
        from deephyper.hpo import HpProblem, RandomSearch

        problem = HpProblem()
        problem.add_hyperparameter((0.0, 1.0), "x")
        RandomSearch(problem, lambda job: float(signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL), log_dir=None) \\
            .search(max_evals=2)["objective"].pipe(lambda column: print(set(column)))
        """,
        tmp_path,
        {"SLURM_JOB_ID": None},
    )
    assert printed == "{1.0}\n"
