"""Which processes a process has started, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deephyper.worker import descendants
from processes import all_end, comes_true, is_at_work

SLEEP = "import time; time.sleep(3600)"
# A child that starts one after the other, without an end.
BREEDS = f"""
import subprocess, sys
while True:
    print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=True).pid, flush=True)
"""


@pytest.fixture(params=["listed by the kernel", "found in the table"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "found in the table":
        monkeypatch.setattr(descendants, "LISTS_CHILDREN", False)


@pytest.fixture
def breeding() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", BREEDS], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.usefixtures("either_way")
def test_a_tree_that_grows_meanwhile_ends_as_a_whole(breeding: subprocess.Popen[str]) -> None:
    assert breeding.stdout is not None
    pids = [int(breeding.stdout.readline()) for _ in range(3)]
    descendants.end_tree(breeding.pid)
    pids += map(int, breeding.stdout.read().split())

    assert all_end([breeding.pid, *pids])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere no process shows its mark")
def test_only_what_carries_the_mark_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    mark, other = descendants.new_mark(), descendants.new_mark()
    monkeypatch.setenv(descendants.VARIABLE, "outer")
    environments = [None, *(os.environ | descendants.environment_with(each) for each in (mark, other, f"{mark}0"))]
    processes = [subprocess.Popen(["sleep", "3600"], env=environment) for environment in environments]
    try:
        # Until then a process shows the environment of this one.
        pids = [process.pid for process in processes]
        assert comes_true(lambda: [*descendants.tree_of(pids[1])] == [pids[1]] and _has(pids[1], mark))
        descendants.end_marked([mark])

        assert all_end([pids[1]])
        assert [is_at_work(pid) for pid in pids] == [True, False, True, True]
        assert environments[1][descendants.VARIABLE] == f"outer {mark}"  # type: ignore[index]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _has(pid: int, mark: str) -> bool:
    return mark.encode() in descendants.read(f"/proc/{pid}/environ")


def test_a_process_that_has_ended_is_no_obstacle() -> None:
    process = subprocess.Popen(["true"])
    process.wait()

    descendants.end_tree(process.pid)
    descendants.end_marked([descendants.new_mark()])
