"""What a worker does with one task."""

from __future__ import annotations

import asyncio
import platform
import subprocess
import sys
from typing import Any

import pytest

from deephyper.worker import HOST, Task, evaluate, evaluate_coroutine, evaluate_pickled, pickled

TASK = Task(0, 0, {"x": 3})


class Channel:
    def __init__(self) -> None:
        self.said: list[Any] = []

    def begin(self) -> None:
        self.said.append("begin")

    def record(self, budget: float, objective: float) -> None:
        self.said.append((budget, objective))

    def stopped(self) -> bool:
        return True


def run(job: Any, factor: float) -> float:
    job.record(1, 2)
    return float(job["x"] * factor * job.stopped())


async def run_async(job: Any, factor: float) -> float:
    return run(job, factor)


def test_every_way_to_evaluate_tells_its_beginning_and_uses_the_channel() -> None:
    channels = [Channel() for _ in range(3)]
    reports = [
        evaluate(run, TASK, {"factor": 2}, channels[0]),
        asyncio.run(evaluate_coroutine(run_async, TASK, {"factor": 2}, channels[1])),
        evaluate_pickled(pickled("test", run, {"factor": 2}), TASK, channels[2]),
    ]

    assert [report.returned for report in reports] == [6.0] * 3
    assert [channel.said for channel in channels] == [["begin", (1.0, 2.0)]] * 3


def test_all_processes_of_a_host_name_it_alike() -> None:
    code = "from deephyper.worker import HOST; print(HOST)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed == HOST + "\n"
    assert HOST.startswith(platform.node())


def test_hosts_of_one_name_differ_by_their_boots(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from deephyper.worker import evaluation

    names = set()
    for boot in ("one", "another"):
        (tmp_path / boot).write_text(f"{boot}\n")
        monkeypatch.setattr(evaluation, "_BOOT_ID", str(tmp_path / boot))
        names.add(evaluation._host())
    monkeypatch.setattr(evaluation, "_BOOT_ID", str(tmp_path / "none"))
    names.add(evaluation._host())

    assert len(names) == 3
    assert evaluation._host() in names


def test_a_lane_loads_no_other_folder() -> None:
    code = (
        "import sys, deephyper.worker.process; print(*[name for name in sys.modules if name.startswith('deephyper.')])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {name.split(".")[1] for name in loaded} == {"errors", "worker"}
