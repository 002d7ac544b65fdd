from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from deephyper.cluster import StepFailed, srun
from deephyper.evaluator import Evaluator
from schedulers import SRUN, path_with, program

PYTHON = sys.executable


@pytest.fixture(autouse=True)
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    program(folder, "srun", SRUN)
    monkeypatch.setenv("PATH", path_with(folder))
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "4")
    monkeypatch.delenv("SRUN_CPUS_PER_TASK", raising=False)
    return folder


def steps(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


def test_what_a_step_prints_is_returned():
    assert srun([PYTHON, "-c", "print('energy', 1.5)"]) == "energy 1.5\n"


def test_every_option_reaches_slurm(slurm: Path):
    srun(["true"], ntasks=64, cpus_per_task=2, gpus=3, nodes=["n1", "n2"], timeout=90, options=["--mem=0"])
    (step,) = steps(slurm)
    assert set(step["options"]) == {
        "--exact", "--kill-on-bad-exit=1", "--ntasks=64", "--cpus-per-task=2", "--gpus=3", "--nodelist=n1,n2",
        "--nodes=2", "--time=3", "--mem=0",
    }  # fmt: skip
    assert step["command"] == ["true"]
    assert step["cores"] == "2"


def test_the_cores_of_the_allocation_are_passed_on_to_versions_that_do_not_read_them(slurm: Path):
    srun(["true"], nodes=2)
    (step,) = steps(slurm)
    assert step["cores"] == "4"
    assert "--gres=none" in step["options"]
    assert "--nodes=2" in step["options"]


def test_output_goes_to_a_file_with_what_went_wrong(tmp_path: Path):
    path = tmp_path / "runs" / "7.txt"
    assert srun([PYTHON, "-c", "import sys; print('a'); print('b', file=sys.stderr)"], output=path) == ""
    assert sorted(path.read_text().split()) == ["a", "b"]


def test_a_step_that_fails_raises_with_what_it_printed(tmp_path: Path):
    with pytest.raises(StepFailed, match=r"ended with status 3; it printed: no licence\.") as caught:
        srun([PYTHON, "-c", "print('no licence'); raise SystemExit(3)"])
    assert (caught.value.status, caught.value.output) == (3, "no licence\n")
    with pytest.raises(StepFailed, match=r"status 3; see .*out\.txt\."):
        srun([PYTHON, "-c", "raise SystemExit(3)"], output=tmp_path / "out.txt")


def test_a_step_that_takes_too_long_is_ended():
    with pytest.raises(StepFailed, match=r"was ended after its timeout of 0\.3 s; it printed: begun\.") as caught:
        srun([PYTHON, "-u", "-c", "import time; print('begun'); time.sleep(600)"], timeout=3e-1)
    assert caught.value.status is None


def test_without_slurm_it_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError, match="there is no program 'srun' on this host; .*subprocess"):
        srun(["true"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"command": "./simulate --steps 3"}, "command must be a list of a program and its arguments"),
        ({"command": []}, "command must be a list"),
        ({"command": ["true"], "ntasks": 0}, "ntasks must be"),
        ({"command": ["true"], "gpus": -1}, "gpus must be"),
        ({"command": ["true"], "cpus_per_task": 1.5}, "cpus_per_task must be"),
        ({"command": ["true"], "nodes": "n1"}, "nodes must be a list of names"),
        ({"command": ["true"], "timeout": -1}, "timeout must be"),
    ],
)
def test_what_is_no_step_is_refused_in_a_sentence(arguments: dict[str, Any], message: str):
    command = arguments.pop("command")
    with pytest.raises((TypeError, ValueError), match=message):
        srun(command, **arguments)


def test_a_failed_step_fails_its_evaluation_only(slurm: Path):
    def run(job):
        return float(srun([PYTHON, "-c", f"print(1 / ({job['x']} - 1))"], ntasks=2))

    with Evaluator.create(run, "process", num_workers=2) as evaluator:
        evaluator.submit([{"x": x} for x in (0, 1, 2)])
        jobs = evaluator.gather("ALL")
    assert {job.parameters["x"]: job.objective for job in jobs} == {0: -1.0, 1: "F_StepFailed", 2: 1.0}
    assert len(steps(slurm)) == 3
