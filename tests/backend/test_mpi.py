"""Evaluations on the ranks of an MPI job."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deephyper.evaluator import MPICommEvaluator
from deephyper.testing import EvaluatorContract

pytestmark = pytest.mark.mpi

PATIENCE_S = 240.0
PROGRAM = Path(__file__).with_name("contract_on_mpi.py")
TESTS = [name for name in dir(EvaluatorContract) if name.startswith("test_")]


def under_mpi(n_ranks: int, *command: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mpi4py")
    mpiexec = Path(sys.executable).with_name("mpiexec")
    if not mpiexec.exists():
        pytest.skip("there is no mpiexec beside this Python; pip install mpich")
    line = [str(mpiexec), "-n", str(n_ranks), sys.executable, *command]
    return subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def ended() -> dict[str, str]:
    done = under_mpi(3, str(PROGRAM))
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", TESTS)
def test_the_contract_holds_on_ranks(name: str, ended: dict[str, str]) -> None:
    assert ended[name] == ""


SCRIPT = """
import os, sys, time
from pathlib import Path
from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch

problem = HpProblem()
problem.add_hyperparameter((0.0, 1.0), "x")


def run(job):
    if job["x"] < 0.5:
        raise ValueError("on a rank")
    return job["x"]


def endless(job):
    job.record(1, 0.5)
    if job["x"] == 0:
        time.sleep(1000)
    while True:
        pass


with Evaluator.create(run, "mpicomm") as evaluator:
    if evaluator is not None:
        table = RandomSearch(problem, evaluator, random_state=1, log_dir=None).search(20)
        print("rows", len(table), "failed", (table.objective == "F_ValueError").sum() > 0, evaluator.num_workers)
with Evaluator.create(endless, "mpicomm") as evaluator:
    if evaluator is not None:
        evaluator.submit([{"x": x} for x in range(3)])
        evaluator.timeout = 1.0
        jobs = evaluator.gather()
        print("cancelled", [(job.id, job.status.name, job.observations) for job in jobs], flush=True)
        if sys.argv[1] == "raises":
            raise KeyError("on the root")
# A file: what the launcher has not passed on yet is lost when a rank ends with an error.
Path(sys.argv[2], f"end-{os.getpid()}").touch()
"""


@pytest.mark.parametrize("end", ["returns", "raises"])
def test_failures_deadlines_and_errors_leave_a_clean_end_on_every_rank(end: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = under_mpi(3, str(script), end, str(tmp_path))
    lines = done.stdout.splitlines()

    assert "rows 20 failed True 2" in lines, done.stderr
    heard = "[(0, 'CANCELLED', [(1.0, 0.5)]), (1, 'CANCELLED', [(1.0, 0.5)]), (2, 'CANCELLED', [])]"
    assert f"cancelled {heard}" in lines
    assert len(list(tmp_path.glob("end-*"))) == (3 if end == "returns" else 2)
    assert done.returncode == (0 if end == "returns" else 1)
    assert ("KeyError: 'on the root'" in done.stderr) is (end == "raises")


def test_one_rank_alone_is_told_how_to_start_several() -> None:
    pytest.importorskip("mpi4py.MPI")
    with pytest.raises(ValueError, match="there is one rank.*start the script with mpiexec -n 8 python script.py"):
        MPICommEvaluator(len)
    with pytest.raises(ValueError, match="root must be one of the 1 ranks, 0 to 0, got 3"):
        MPICommEvaluator(len, root=3)
    with pytest.raises(TypeError, match="comm must be an intracommunicator of mpi4py"):
        MPICommEvaluator(len, comm=3)


def test_evaluations_outside_of_the_context_are_refused_with_how_to_write_it() -> None:
    pytest.importorskip("mpi4py.MPI")
    with pytest.raises(RuntimeError, match=r"its ranks evaluate inside of its context only; write with Evaluator"):
        MPICommEvaluator(len, num_workers=1).submit([{"x": 1}])
