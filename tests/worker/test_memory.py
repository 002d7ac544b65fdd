"""The memory of a process is that of its descendants too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from deephyper.worker import descendants, memory

MB = 1_000_000
HOLD = "held = b'x' * 60_000_000; print('held', flush=True); input()"
HOLD_IN_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"
HOLD_IN_A_GRANDCHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD_IN_A_CHILD!r}])"
FORKED = f"import os; {HOLD.split('; ')[0]}; os.fork(); print('held', flush=True); input()"


@contextmanager
def running(code: str, n_lines: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has written so many lines, and lives on until the context ends."""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    for _ in range(n_lines):
        process.stdout.readline()
    yield process
    process.stdin.write(b"\n" * n_lines)
    process.stdin.close()
    process.stdout.read()
    process.stdout.close()
    process.wait()


@pytest.fixture(params=["listed by the kernel", "found in the table"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "found in the table":
        monkeypatch.setattr(memory, "_LISTS_CHILDREN", False)
        monkeypatch.setattr(descendants, "LISTS_CHILDREN", False)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("measured", [memory.resident_memory_of, memory.proportional_memory_of])
def test_a_grandchild_counts_while_it_lives(measured: Callable[[int], int]) -> None:
    with running(HOLD_IN_A_GRANDCHILD + "; print('ended', flush=True); input()") as process:
        assert process.stdin is not None and process.stdout is not None
        during = measured(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        after = measured(process.pid)

    assert during > after + 60 * MB
    # A bare interpreter.
    assert after < 30 * MB


@pytest.mark.usefixtures("either_way")
def test_several_trees_are_measured_as_each_of_them() -> None:
    with running(HOLD_IN_A_CHILD) as one, running(HOLD) as other:
        measured = memory.memory_of([one.pid, other.pid])

        assert measured == {process.pid: memory.resident_memory_of(process.pid) for process in (one, other)}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nobody tells what is shared")
def test_what_is_shared_counts_once_if_that_keeps_the_limit() -> None:
    with running(FORKED, 2) as process:
        pid = process.pid
        assert memory.resident_memory_of(pid) > 120 * MB
        assert memory.resident_memory_of(pid, limit=250 * MB) > 120 * MB
        assert 60 * MB < memory.resident_memory_of(pid, limit=100 * MB) < 100 * MB


@pytest.mark.usefixtures("either_way")
def test_a_process_that_has_ended_takes_nothing() -> None:
    process = subprocess.Popen(["true"])
    process.wait()

    assert memory.resident_memory_of(process.pid) == memory.proportional_memory_of(process.pid) == 0
