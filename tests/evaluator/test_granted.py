from __future__ import annotations

import os
from typing import Any

import pytest

from deephyper.cluster import granted_cores
from deephyper.evaluator import Evaluator
from deephyper.worker import Lease


def run(job):
    from pathlib import Path

    beginning = Path("/proc/self/environ").read_bytes().decode().split("\0")
    seen = os.environ["CUDA_VISIBLE_DEVICES"]
    began_with_it = f"CUDA_VISIBLE_DEVICES={seen}" in beginning
    return {"objective": 0.0, "metadata": {"seen": seen, "began_with_it": began_with_it, "pid": os.getpid()}}


def nested(job):
    return Evaluator.create(run, "thread").num_workers


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "2")


def rows(evaluator: Evaluator, n: int) -> list[dict[str, Any]]:
    with evaluator:
        evaluator.submit([{"x": i} for i in range(n)])
        return [dict(job.metadata) for job in evaluator.gather("ALL")]


@pytest.mark.parametrize("method", ["serial", "thread", "process", "simulated"])
def test_outside_of_an_allocation_there_is_one_worker(method: str):
    options = {"duration": 1.0} if method == "simulated" else {}
    assert Evaluator.create(run, method, options).num_workers == 1
    assert Evaluator.create(run, method, num_workers=None, **options).num_workers == 1


@pytest.mark.parametrize("method", ["thread", "process"])
def test_an_allocation_gives_as_many_workers_as_cores(method: str, slurm: None):
    assert Evaluator.create(run, method).num_workers == min(2, granted_cores())
    assert Evaluator.create(run, method, threads_per_worker=2).num_workers == 1


@pytest.mark.parametrize("method", ["serial", "simulated"])
def test_where_workers_are_no_cores_an_allocation_changes_nothing(method: str, slurm: None):
    assert Evaluator.create(run, method, {"duration": 1.0} if method == "simulated" else {}).num_workers == 1


def test_the_number_of_the_user_wins(slurm: None):
    assert Evaluator.create(run, "process", num_workers=7).num_workers == 7


def test_an_evaluator_inside_of_an_evaluation_does_not_take_the_allocation_again(slurm: None):
    with Evaluator.create(nested, "process", num_workers=2) as evaluator:
        evaluator.submit([{"x": 0}])
        (job,) = evaluator.gather("ALL")
    assert job.objective == 1.0


@pytest.mark.parametrize(
    ("n_workers", "seen"),
    [(None, {"3", "5"}), (1, {"3,5"}), (2, {"3", "5"}), (4, {"3", "5"})],
)
def test_devices_are_divided_among_the_workers(n_workers: int | None, seen: set[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    evaluator = Evaluator.create(run, "process", num_workers=n_workers, resources={"gpu": "auto"})
    assert evaluator.num_workers == (n_workers or 2)
    assert {row["seen"] for row in rows(evaluator, 12)} <= seen


def test_a_worker_begins_with_its_device_and_keeps_it():
    found = rows(Evaluator.create(run, "process", num_workers=2, resources={"gpu": [0, 1, 2]}), 12)
    assert all(row["began_with_it"] for row in found)
    devices_of = {row["pid"]: {other["seen"] for other in found if other["pid"] == row["pid"]} for row in found}
    assert all(len(devices) == 1 for devices in devices_of.values())


class InTurns:
    """Lends one device after the other to the only worker."""

    n_available = 1

    def __init__(self) -> None:
        self.n_lent = 0

    def lend(self) -> Lease:
        self.n_lent += 1
        return Lease({}, {}, {"CUDA_VISIBLE_DEVICES": str(self.n_lent % 2)})

    def give_back(self, lease: Lease) -> None:
        pass


def test_another_device_is_lent_to_another_worker_process():
    evaluator = Evaluator.create(run, "process", num_workers=1)
    evaluator.lend_from(InTurns())
    found = rows(evaluator, 4)
    assert [row["seen"] for row in found] == ["1", "0", "1", "0"]
    assert all(row["began_with_it"] for row in found)
    assert len({row["pid"] for row in found}) == 4


def test_other_makers_variables_are_used_where_they_are_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("ROCR_VISIBLE_DEVICES", "4,6")

    def seen(job):
        return {"objective": 0.0, "metadata": {"seen": os.environ["ROCR_VISIBLE_DEVICES"]}}

    assert {row["seen"] for row in rows(Evaluator.create(seen, "process", resources={"gpu": "auto"}), 6)} <= {"4", "6"}


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"gpu": "auto"}, "this process may use no device"),
        ({"licence": "auto"}, r"only resources\['gpu'\] can be 'auto'"),
        ({"gpu": "all"}, "must be a list of items"),
    ],
)
def test_what_cannot_be_divided_is_refused(resources: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises((TypeError, ValueError), match=message):
        Evaluator.create(run, "process", num_workers=2, resources=resources)
