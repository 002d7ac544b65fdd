"""What run-functions print appears in whole lines, above a progress bar."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import TqdmCallback
from deephyper.worker import Lines
from processes import PATIENCE_S, comes_true


def test_only_whole_lines_are_handed_on() -> None:
    sent: list[str] = []
    lines = Lines(sent.append, None)
    for text in ("a", "b\nc\nd", "", "e", "\n", "f"):
        lines.write(text)

    assert sent == ["ab\nc\n", "de\n"]
    lines.finish()
    assert sent == ["ab\nc\n", "de\n", "f\n"]


def test_lines_of_several_threads_do_not_mix() -> None:
    sent: list[str] = []
    lines, together = Lines(sent.append, None), threading.Barrier(4)

    def talk(name: str) -> None:
        for _ in range(20):
            together.wait(PATIENCE_S)
            print(name, name, name, file=lines)

    threads = [threading.Thread(target=talk, args=(name,)) for name in "wxyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(sent) == sorted(f"{name} {name} {name}\n" for name in "wxyz" for _ in range(20))


def test_the_half_line_of_a_thread_that_has_ended_stands_alone() -> None:
    sent: list[str] = []
    lines = Lines(sent.append, None)
    thread = threading.Thread(target=lambda: print("half", end="", file=lines))
    thread.start()
    thread.join()
    print("whole", file=lines)

    assert sent == ["half\n", "whole\n"]


def talk(job: Any) -> float:
    print("printed by", job["x"])
    print("warned by", job["x"], file=sys.stderr)
    print("begun", end="")
    return 1.0


@pytest.mark.parametrize("method", ["serial", "thread", "process"])
def test_prints_of_run_functions_reach_the_streams_of_the_manager(
    method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Evaluator.create(talk, method, {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": 1}, {"x": 2}])
        evaluator.gather("ALL")

    printed = capsys.readouterr()
    assert "printed by 1\n" in printed.out and "printed by 2\n" in printed.out
    assert "warned by 1\n" in printed.err and "warned by 2\n" in printed.err
    assert printed.out.count("begun") == 2


@pytest.mark.slow
@pytest.mark.parametrize("method", ["serial", "thread", "process"])
def test_a_progress_bar_is_not_torn(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    bar = TqdmCallback("searching")
    with Evaluator.create(talk, method, {"num_workers": 2, "callbacks": [bar]}) as evaluator:
        evaluator.broadcast.tell("on_start", 3)
        evaluator.submit([{"x": x} for x in range(3)])
        evaluator.gather("ALL")
        evaluator.broadcast.tell("on_close")

    assert (sys.stdout, sys.stderr) == (out, err)
    assert all(f"printed by {x}\n" in out.getvalue() for x in range(3))
    for line in err.getvalue().split("\n"):
        # What is left of the bar on a line that holds a message was cleared before.
        assert line.split("\r")[-1].startswith(("warned by", "searching")) or not line.split("\r")[-1].strip()
    assert "searching: 100%" in err.getvalue()


def test_a_stream_that_somebody_else_has_replaced_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar, theirs = TqdmCallback(), io.StringIO()
    bar.on_start(1)
    sys.stdout = theirs
    bar.on_close()

    assert sys.stdout is theirs


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_child_of_the_manager_prints_below_a_bar_without_waiting_for_it(tmp_path: Path) -> None:
    is_over = threading.Event()
    with open(tmp_path / "out", "w") as out:
        lines = Lines(lambda text: None, out, lambda: is_over.wait(PATIENCE_S))
        lines.write("half of the parent")
        pid = os.fork()
        if pid == 0:
            print("printed by the child", file=lines)
            print("half of the child", end="", flush=True, file=lines)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
    # Whoever deletes the stream flushes it.
    is_over.set()

    assert os.waitstatus_to_exitcode(status) == 0
    assert (tmp_path / "out").read_text() == "printed by the child\nhalf of the child"


def test_a_row_of_dots_above_a_bar_is_seen_while_it_grows_and_ends_before_the_bar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    bar = TqdmCallback("searching")
    bar.on_start(1)
    print("...", end="")
    assert comes_true(lambda: out.getvalue() == "...\n")
    print("..")
    print("beside", end="")
    bar.on_close()

    assert out.getvalue() == "...\n..\nbeside\n"


def test_what_a_bar_cannot_write_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", out)
    bar = TqdmCallback()
    bar.on_start(1)
    print("caf\xe9 \ud800")
    bar.on_close()
    out.flush()

    assert out.buffer.getvalue() == b"caf\\xe9 \\ud800\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize("stream", [None, "closed"])
def test_a_bar_without_a_stream_ends_no_search(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", stream and closed)
    with Evaluator.create(lambda job: 1.0, "thread", {"callbacks": [TqdmCallback()]}) as evaluator:
        evaluator.submit([{}])
        (job,) = evaluator.gather("ALL")

    assert job.objective == 1.0  # type: ignore[union-attr]
