"""Measure how soon evaluations, searches and workers end on this machine: the median and the worst time, in ms.

    python benchmarks/endings.py
    python benchmarks/endings.py --repeats 20

An evaluation that hangs is killed at its limit, a search returns after its deadline, and worker processes end after
their manager was killed. On a machine where nothing else runs, each should take less than half a second. The tests only
prove that it happens.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch

MANAGER = """
import time
from deephyper.evaluator import Evaluator

def run(job):
    print("started", flush=True)
    time.sleep(3600)

Evaluator.create(run, "process", {"num_workers": 2}).submit([{"x": 1}, {"x": 2}])
time.sleep(3600)
"""


def hang(job: Any) -> float:
    time.sleep(3600)
    return 0.0


def after_a_limit(method: str) -> float:
    """Seconds from the limit of an evaluation to its end."""
    with Evaluator.create(hang, method, {"job_timeout": 0.5}) as evaluator:
        evaluator.submit([{"x": 0}])
        (job,) = evaluator.gather("ALL")
    return float(job.duration) - 0.5


def after_a_deadline(method: str) -> float:
    """Seconds from the deadline of a search to its return."""
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    evaluator = Evaluator.create(hang, method, {"num_workers": 4})
    search = RandomSearch(problem, evaluator, log_dir=tempfile.mkdtemp())
    begin = time.monotonic()
    search.search(timeout=2.0)
    return time.monotonic() - begin - 2.0


def is_at_work(process: psutil.Process) -> bool:
    """Whether it has not ended; whoever adopts it may ask for its exit status later."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def after_the_death_of_a_manager() -> float:
    """Seconds from the end of a manager to that of its workers."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", MANAGER]
        # The resource tracker of loky says there what it cleans up.
        manager = subprocess.Popen(command, cwd=Path(folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert manager.stdout is not None
        for _ in range(2):
            manager.stdout.readline()
        found = psutil.Process(manager.pid).children(recursive=True)
        workers = [child for child in found if "deephyper.worker.begin" in " ".join(child.cmdline())]
        manager.kill()
        begin = time.monotonic()
        manager.wait()
        manager.stdout.close()
        while any(map(is_at_work, workers)):
            time.sleep(0.005)
        return time.monotonic() - begin


ENDINGS: dict[str, Callable[[], float]] = {
    "limit of an evaluation, process": lambda: after_a_limit("process"),
    "limit of an evaluation, thread": lambda: after_a_limit("thread"),
    "deadline of a search, process": lambda: after_a_deadline("process"),
    "deadline of a search, thread": lambda: after_a_deadline("thread"),
    "death of a manager": after_the_death_of_a_manager,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()

    logging.disable(logging.WARNING)
    for name, seconds_of in ENDINGS.items():
        seconds = [seconds_of() for _ in range(args.repeats)]
        print(f"{name:32s} {1000 * statistics.median(seconds):6.0f} ms, at worst {1000 * max(seconds):6.0f} ms")


if __name__ == "__main__":
    main()
