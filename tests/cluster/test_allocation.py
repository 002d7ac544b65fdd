from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from deephyper.cluster import Allocation, allocation, granted_cores
from schedulers import answering, path_with, program

HOST = socket.gethostname()


@pytest.fixture
def bin_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", path_with(folder))
    return folder


def found(variables: dict[str, str]) -> Allocation:
    granted = allocation(variables)
    assert granted is not None
    return granted


def test_outside_of_an_allocation_nothing_is_found():
    assert allocation({"PATH": "/bin", "SLURM_CONF": "/etc/slurm.conf"}) is None


@pytest.mark.parametrize(
    ("variables", "n_cores"),
    [
        ({"SLURM_CPUS_ON_NODE": "16"}, 16),
        ({"SLURM_JOB_CPUS_PER_NODE": "72(x2),36"}, 72),
        ({}, None),
        ({"SLURM_CPUS_ON_NODE": "many"}, None),
        ({"SLURM_CPUS_ON_NODE": "-3"}, None),
        # A batch script has the whole host, whatever its steps will be.
        ({"SLURM_CPUS_ON_NODE": "16", "SLURM_CPUS_PER_TASK": "4"}, 16),
        # One of several tasks has its own share.
        ({"SLURM_CPUS_ON_NODE": "16", "SLURM_CPUS_PER_TASK": "4", "SLURM_STEP_NUM_TASKS": "4"}, 4),
        ({"SLURM_CPUS_ON_NODE": "16", "SLURM_STEP_NUM_TASKS": "8", "SLURM_STEP_TASKS_PER_NODE": "4(x2)"}, 4),
        ({"SLURM_CPUS_ON_NODE": "2", "SLURM_STEP_NUM_TASKS": "8", "SLURM_STEP_TASKS_PER_NODE": "8"}, 1),
        ({"SLURM_CPUS_ON_NODE": "16", "SLURM_STEP_NUM_TASKS": "1"}, 16),
    ],
)
def test_cores_of_slurm_are_those_of_this_host_or_of_this_task(variables: dict[str, str], n_cores: int | None):
    granted = found({"SLURM_JOB_ID": "12", **variables})
    assert (granted.scheduler, granted.job, granted.n_cores) == ("Slurm", "12", n_cores)


def test_cores_of_pbs_are_those_of_this_host(tmp_path: Path):
    nodes = tmp_path / "nodes"
    nodes.write_text("\n".join([f"{HOST}.cluster.org"] * 3 + ["other"] * 5))
    assert found({"PBS_JOBID": "7.head", "NCPUS": "24"}).n_cores == 24
    assert found({"PBS_JOBID": "7.head", "PBS_NUM_PPN": "8"}).n_cores == 8
    assert found({"PBS_JOBID": "7.head", "PBS_NODEFILE": str(nodes)}).n_cores == 3
    assert found({"PBS_JOBID": "7.head", "PBS_NODEFILE": str(tmp_path / "elsewhere")}).n_cores is None


def test_cores_of_lsf_are_those_of_this_host():
    assert found({"LSB_JOBID": "5", "LSB_MCPU_HOSTS": f"other 16 {HOST} 6"}).n_cores == 6
    assert found({"LSB_JOBID": "5", "LSB_DJOB_NUMPROC": "12"}).n_cores == 12
    assert found({"LSB_JOBID": "5", "LSB_JOBINDEX": "3"}).job == "5[3]"
    assert found({"LSB_JOBID": "5", "LSB_JOBINDEX": "0", "LSB_MCPU_HOSTS": f"{HOST}"}).n_cores is None


def test_granted_cores_are_never_more_than_the_process_may_use():
    here = granted_cores({})
    assert granted_cores({"SLURM_JOB_ID": "1", "SLURM_CPUS_ON_NODE": "100000"}) == here
    assert granted_cores({"SLURM_JOB_ID": "1", "SLURM_CPUS_ON_NODE": "1"}) == 1


def test_the_end_stands_in_a_variable_of_slurm():
    assert found({"SLURM_JOB_ID": "12", "SLURM_JOB_END_TIME": "1900000000"}).end == 1.9e9


def test_an_older_slurm_is_asked_for_the_end(bin_: Path):
    end = float(round(time.time()) + 3600)
    answering(bin_, "squeue", time.strftime("%Y-%m-%dT%H:%M:%S\n", time.localtime(end)))
    assert found({"SLURM_JOB_ID": "13"}).end == end
    assert (bin_ / "squeue.arguments").read_text() == "--noheader --format=%e --jobs=13"


def test_pbs_is_asked_for_the_start_and_the_length(bin_: Path):
    start = float(round(time.time()) - 60)
    described = {
        "stime": time.strftime("%a %b %d %H:%M:%S %Y", time.localtime(start)),
        "Resource_List": {"walltime": "02:00:30"},
    }
    answering(bin_, "qstat", json.dumps({"Jobs": {"7.head": described}}))
    assert found({"PBS_JOBID": "7.head"}).end == start + 7230


def test_lsf_and_flux_are_asked_for_the_time_that_is_left(bin_: Path):
    answering(bin_, "bjobs", "1:30 L\n")
    answering(bin_, "flux", "5400.5\n")
    begin = time.time()
    for variables in ({"LSB_JOBID": "77"}, {"FLUX_URI": "local:///run/flux"}):
        end = found(variables).end
        assert end is not None
        assert begin + 5400 <= end <= time.time() + 5401


@pytest.mark.parametrize(
    "answer", ["", "N/A\n", "Unknown\n", "{", '{"Jobs": {}}', '{"Jobs": {"1": {"stime": 3}}}', "inf"]
)
@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("squeue", {"SLURM_JOB_ID": "%"}),
        ("qstat", {"PBS_JOBID": "%"}),
        ("bjobs", {"LSB_JOBID": "%"}),
        ("flux", {"FLUX_JOB_ID": "%"}),
    ],
)
def test_another_answer_means_that_the_end_is_not_known(answer: str, name: str, variables: dict[str, str], bin_: Path):
    answering(bin_, name, answer)
    assert found(dict.fromkeys(variables, f"{name}{answer!r}")).end is None


def test_a_command_that_fails_or_is_missing_means_that_the_end_is_not_known(
    bin_: Path, caplog: pytest.LogCaptureFixture
):
    answering(bin_, "squeue", "2026-11-28T14:20:00", status=1)
    assert found({"SLURM_JOB_ID": "fails"}).end is None
    assert "squeue could not be asked" in caplog.text
    assert found({"LSB_JOBID": "missing"}).end is None


def test_the_scheduler_is_asked_once(bin_: Path):
    program(bin_, "flux", "open(__file__ + '.n', 'a').write('x')\nprint(60)\n")
    ends = {found({"FLUX_JOB_ID": "once"}).end for _ in range(3)}
    assert len(ends) == 1
    assert (bin_ / "flux.n").read_text() == "x"
