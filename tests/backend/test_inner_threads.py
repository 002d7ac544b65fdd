"""How many threads the libraries inside of one evaluation may use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from programs import output_of

N_THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS"]

# The number of cores is what loky says, and loky can be told.
PROGRAM = """
import json, os, sys
from deephyper.evaluator import Evaluator

def variables(job):
    from threadpoolctl import threadpool_info
    import numpy, scipy.linalg, sklearn.ensemble
    pools = {pool["user_api"]: pool["num_threads"] for pool in threadpool_info()}
    here = {name: value for name, value in os.environ.items() if "THREADS" in name}
    return {"objective": 0.0, "metadata": {**here, **pools}}

with Evaluator.create(variables, "process", json.loads(sys.argv[1])) as evaluator:
    evaluator.submit([{}])
    (job,) = evaluator.gather("ALL")
assert not job.is_failure, job
print(json.dumps(job.metadata))
"""


def in_a_worker(folder: Path, options: Mapping[str, Any], **variables: str) -> dict[str, Any]:
    """The variables of a worker and the limits of the libraries that are loaded there."""
    (folder / "program.py").write_text(PROGRAM)
    printed = output_of(["program.py", json.dumps(options)], folder, {"LOKY_MAX_CPU_COUNT": None, **variables})
    found: dict[str, Any] = json.loads(printed)
    return found


@pytest.mark.slow
def test_a_worker_of_many_computes_on_one_thread(tmp_path: Path) -> None:
    found = in_a_worker(tmp_path, {"num_workers": 100})

    assert [found[name] for name in N_THREADS] == ["1"] * len(N_THREADS)
    assert (found["blas"], found["openmp"]) == (1, 1)


@pytest.mark.slow
def test_what_the_user_asks_for_comes_before_the_users_variables(tmp_path: Path) -> None:
    found = in_a_worker(tmp_path, {"num_workers": 1, "threads_per_worker": 3}, OMP_NUM_THREADS="1")

    assert [found[name] for name in N_THREADS] == ["3"] * len(N_THREADS)
    assert found["openmp"] == 3


@pytest.mark.slow
def test_a_variable_of_the_users_comes_before_the_default(tmp_path: Path) -> None:
    found = in_a_worker(tmp_path, {"num_workers": 100}, OPENBLAS_NUM_THREADS="2", NUMEXPR_NUM_THREADS="5")

    assert [found[name] for name in N_THREADS] == ["1", "2", "1", "5", "1"]


@pytest.mark.slow
def test_libraries_that_follow_open_mp_follow_that_of_the_user(tmp_path: Path) -> None:
    found = in_a_worker(tmp_path, {"num_workers": 100}, OMP_NUM_THREADS="3,1")

    assert [found.get(name) for name in N_THREADS] == ["3,1", None, None, None, "3"]
    assert found["openmp"] == 3


@pytest.mark.slow
def test_workers_of_a_worker_share_what_it_was_given(tmp_path: Path) -> None:
    program = """
    import os
    from deephyper.evaluator import Evaluator

    def inner(job):
        return int(os.environ["OMP_NUM_THREADS"])

    def outer(job):
        with Evaluator.create(inner, "process", {"num_workers": 2}) as evaluator:
            evaluator.submit([{}])
            return evaluator.gather("ALL")[0].objective

    with Evaluator.create(outer, "process", {"num_workers": 1, "threads_per_worker": 6}) as evaluator:
        evaluator.submit([{}])
        print(evaluator.gather("ALL")[0].objective)
    """

    assert output_of(program, tmp_path) == "3.0\n"


@pytest.mark.slow
def test_the_manager_keeps_its_own_variables(tmp_path: Path) -> None:
    program = """
    import os
    from deephyper.evaluator import Evaluator

    before = dict(os.environ)
    with Evaluator.create(len, "process", {"num_workers": 2, "threads_per_worker": 1}) as evaluator:
        evaluator.submit([{}])
        evaluator.gather("ALL")
        print(os.environ == before)
    """

    assert output_of(program, tmp_path) == "True\n"


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", True])
def test_what_is_no_number_of_threads_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="ProcessEvaluator: threads_per_worker .* whole number of at least 1, got"):
        Evaluator.create(len, "process", {"threads_per_worker": wrong})
