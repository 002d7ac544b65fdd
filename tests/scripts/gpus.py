"""Devices of a queue: every evaluation is lent its own, and nobody else has it meanwhile."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from deephyper.evaluator import ProcessPoolEvaluator, queued


def run(job: Any, dequed: list[str] | None = None) -> dict[str, Any]:
    assert dequed is not None and len(dequed) == 2
    held = Path("-".join(dequed))
    held.mkdir()  # it fails if another evaluation has them
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(dequed)
    score = float(job.parameters["width"])
    held.rmdir()
    return {"objective": score, "metadata": {"devices": os.environ["CUDA_VISIBLE_DEVICES"], "pid": os.getpid()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", action="store_true")
    old = parser.parse_args().old
    if old:
        from deephyper.problem import HpProblem
        from deephyper.search.hps import CBO
    else:
        from deephyper.hpo import CBO, HpProblem
    problem = HpProblem()
    problem.add_hyperparameter((50, 500), "width")
    problem.add_hyperparameter(["egnn", "pna"], "kind")

    devices = ["0", "1", "2", "3"]
    evaluator = queued(ProcessPoolEvaluator)(run, num_workers=2, queue=devices, queue_pop_per_task=2)
    before = list(evaluator.queue)
    common = {"acq_func": "UCB", "multi_point_strategy": "cl_min", "random_state": 42, "log_dir": "log"}
    if old:
        results = CBO(problem, evaluator, n_jobs=7, **common).search(max_evals=8, timeout=1200)
    else:
        results = CBO(problem, **common).search(evaluator, max_evals=8, timeout=None)
    facts = {
        "before": before,
        "after": sorted(evaluator.queue),
        "per_task": evaluator.queue_pop_per_task,
        "rows": len(results),
        "failures": int(results["objective"].astype(str).str.startswith("F").sum()),
        "used": sorted({device for devices in results["m:devices"] for device in str(devices).split(",")}),
        "class": type(evaluator).__name__,
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
