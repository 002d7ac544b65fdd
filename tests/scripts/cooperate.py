"""Run-functions that work until they are told to end, under a deadline of the search."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from deephyper.evaluator import Evaluator, JobStatus

TIMEOUT_S = 0.6
PATIENCE_S = 60.0


def until_stopped(job: Any, folder: str) -> dict[str, Any]:
    steps = 0
    while not job.stopped():
        steps += 1
        time.sleep(0.01)
        job.record(steps, float(steps))
    (Path(folder) / f"noticed-{job.id}").touch()
    return {"objective": job.objective, "metadata": {"steps": steps}}


def until_cancelling(job: Any, folder: str) -> int:
    assert job.status is JobStatus.RUNNING
    steps = 0
    while job.status is not JobStatus.CANCELLING:
        steps += 1
        time.sleep(0.01)
    (Path(folder) / f"noticed-{job.id}").touch()
    return steps


def outcome_of(run: Any, method: str, old: bool) -> dict[str, Any]:
    from deephyper.hpo import HpProblem, RandomSearch

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    workers = 1 if method == "serial" else 2
    options = {"num_workers": workers, "run_function_kwargs": {"folder": method}}
    Path(method).mkdir()
    evaluator = Evaluator.create(run, method=method, method_kwargs=options)
    search = RandomSearch(problem, evaluator, random_state=1) if old else RandomSearch(problem, random_state=1)
    begin = time.monotonic()
    results = search.search(timeout=TIMEOUT_S) if old else search.search(evaluator, timeout=TIMEOUT_S)
    seconds = time.monotonic() - begin
    # Threads that were given up look once more, after the search has returned.
    while method == "thread" and len(list(Path(method).iterdir())) < workers and time.monotonic() < begin + PATIENCE_S:
        time.sleep(0.01)
    return {
        "workers": workers,
        "rows": len(results),
        "noticed": len(list(Path(method).iterdir())),
        "seconds": seconds,
        "statuses": sorted(set(results["job_status"])),
        "failures": int(results["objective"].astype(str).str.startswith("F").sum()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", action="store_true")
    parser.add_argument("--methods", nargs="+", default=["serial", "thread", "process"])
    parser.add_argument("--watch", choices=["stopped", "status"], default="stopped")
    arguments = parser.parse_args()

    run = until_stopped if arguments.watch == "stopped" else until_cancelling
    print(json.dumps({method: outcome_of(run, method, arguments.old) for method in arguments.methods}))


if __name__ == "__main__":
    main()
