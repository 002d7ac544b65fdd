"""A search goes on from the `results.csv` of an earlier version; another one learns from it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

# Two time columns, hyperparameters in alphabetical order, a failure, and a column that nobody has asked for.
EARLIER = """\
p:activation,p:layers,p:lr,objective,job_id,m:timestamp_submit,m:host,m:timestamp_gather
relu,2,0.01,0.5,0,0.12,node7,1.31
tanh,3,0.1,0.75,1,0.12,node7,1.52
relu,4,0.5,F_out_of_memory,2,1.33,node7,2.11
tanh,4,0.2,0.7,3,1.54,node7,2.62
"""


def run(job: Any) -> float:
    assert isinstance(job.parameters["layers"], int) and isinstance(job.parameters["lr"], float)
    return 1.0 - abs(job.parameters["lr"] - 0.1) - abs(job.parameters["layers"] - 3) / 10


def problem_of(old: bool) -> Any:
    if old:
        from deephyper.problem import HpProblem
    else:
        from deephyper.hpo import HpProblem
    problem = HpProblem()
    problem.add_hyperparameter((1e-3, 1.0, "log-uniform"), "lr")
    problem.add_hyperparameter((1, 8), "layers")
    problem.add_hyperparameter(["relu", "tanh"], "activation")
    return problem


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", action="store_true")
    old = parser.parse_args().old
    from deephyper.hpo import CBO

    Path("log").mkdir()
    Path("log/results.csv").write_text(EARLIER)
    Path("earlier.csv").write_text(EARLIER.replace(",0,0.12", ",0.0,0.12").replace(",1,0.12", ",0.1,0.12"))
    Path("failed.csv").write_text(
        EARLIER.replace(",0.5,0,", ",F_a,0,").replace(",0.75,", ",F_b,").replace(",0.7,", ",F,")
    )

    common = {"random_state": 5, "surrogate_model": "ET"}
    again = {"log_dir": "log", "checkpoint_restart": True, **common}
    problem = problem_of(old)
    results = CBO(problem, run, **again).search(4) if old else CBO(problem, **again).search(run, max_evals=4)

    learned = {}
    for verb in ("fit_surrogate", "fit_generative_model", "fit_search_space"):
        for table in ("earlier.csv", "failed.csv"):
            search = CBO(problem_of(old), log_dir=f"{verb}-{table}", **common)
            getattr(search, verb)(table)
            learned[f"{verb} {table}"] = len(search.search(run, 2))
    facts = {
        "rows": len(results),
        "restored": results["objective"].astype(str).tolist()[:4],
        "new_failures": int(results["objective"].astype(str).str.startswith("F").sum()) - 1,
        "ids": sorted(map(int, results["job_id"])),
        "hosts": results["m:host"].notna().sum().item(),
        "times_go_on": bool(results["m:timestamp_submit"].iloc[4:].min() >= 2.62),
        "learned": learned,
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
