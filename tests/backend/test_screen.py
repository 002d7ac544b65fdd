"""What workers print is shown beside everything else, whatever becomes of the streams of the manager."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from processes import PATIENCE_S, comes_true

pytestmark = pytest.mark.slow


def chatter(job: Any) -> float:
    print(f"line of {job['x']} " * 10)
    job.record(0, 1.0)
    print(f"half of {job['x']}", end="", flush=True)
    return float(job["x"])


def objectives(n: int = 6, **options: Any) -> list[Any]:
    with Evaluator.create(chatter, "process", {"num_workers": 2, **options}) as evaluator:
        evaluator.submit([{"x": x} for x in range(n)])
        jobs = evaluator.gather("ALL")
    return sorted(job.objective for job in jobs)  # type: ignore[union-attr]


class Raises(io.StringIO):
    def write(self, text: str) -> int:
        raise RuntimeError("no room")


class Narrow(io.TextIOWrapper):
    """A stream that knows one encoding, and raises where that has no letter for something."""

    def __init__(self, encoding: str):
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict")

    @property
    def text(self) -> str:
        self.flush()
        kept = self.buffer
        assert isinstance(kept, io.BytesIO)
        return kept.getvalue().decode(self.encoding)


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, closed(), Raises(), object()], ids=["none", "closed", "raises", "no stream"])
def test_a_stream_of_the_manager_that_takes_nothing_costs_no_evaluation(
    stream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)

    assert objectives() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-16"])
def test_what_the_stream_of_the_manager_cannot_encode_is_replaced(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Narrow(encoding)
    monkeypatch.setattr(sys, "stdout", stream)

    def run(job: Any) -> float:
        print("begin \u4f60 \U0001f600 \ud800 é end")
        print("the next line")
        return 1.0

    with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
        evaluator.submit([{}])
        evaluator.gather("ALL")

    first, second, _ = stream.text.replace("\r", "").split("\n")
    assert first.startswith("begin ") and first.endswith(" end") and "\\ud800" in first
    assert second == "the next line"


def test_a_stream_that_is_replaced_meanwhile_takes_what_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [io.StringIO(), io.StringIO()]
    with Evaluator.create(chatter, "process", {"num_workers": 1}) as evaluator:
        for x, stream in enumerate(streams):
            monkeypatch.setattr(sys, "stdout", stream)
            evaluator.submit([{"x": x}])
            evaluator.gather("ALL")

            # Shown by now: nobody has closed the evaluator yet.
            assert f"half of {x}\n" in stream.getvalue()

    assert "line of 1" not in streams[0].getvalue()


def test_half_lines_of_several_workers_stand_alone(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def run(job: Any) -> float:
        for _ in range(20):
            print(f"<{job['x']}>", end="", flush=True)
            threading.Event().wait(0.03)
        return 1.0

    with Evaluator.create(run, "process", {"num_workers": 3}) as evaluator:
        evaluator.submit([{"x": x} for x in range(3)])
        evaluator.gather("ALL")

    lines = capfd.readouterr().out.split("\n")
    assert all(len(set(line.replace("<", "").replace(">", ""))) <= 1 for line in lines)
    assert [sum(line.count(f"<{x}>") for line in lines) for x in range(3)] == [20, 20, 20]


def script(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(text))
    return [sys.executable, str(path)]


@contextmanager
def unread_pipe() -> Iterator[tuple[int, int]]:
    out, into = os.pipe()
    try:
        yield out, into
    finally:
        os.close(out)


BLOCKED = """
    import os, sys, time
    from deephyper.evaluator import Evaluator

    def run(job):
        if job["x"] == "flood":
            for _ in range(200):
                print("x" * 100_000)
        elif job["x"] == "hang":
            time.sleep(600)
        elif job["x"] == "ask":
            while not job.stopped():
                print("asked")
                job.record(1, 2)
        return 1.0

    with Evaluator.create(run, "process", {"num_workers": 3, "job_timeout": 5.0}) as evaluator:
        evaluator.submit([{"x": "flood"}])
        flood, = evaluator.gather("ALL")
        evaluator.submit([{"x": "flood"}, {"x": "hang"}])
        jobs = evaluator.gather("ALL")
        evaluator.timeout = 4.0
        evaluator.submit([{"x": "ask"}, {"x": "fine"}])
        last = evaluator.gather("ALL")
        begin = time.monotonic()
    print([str(job.objective) for job in [flood, *jobs, *last]], last[-1].observations[:1], file=sys.stderr)
    print("closed", time.monotonic() - begin < 10, file=sys.stderr)
"""


def test_a_stdout_that_nobody_reads_stops_neither_limits_nor_records_nor_the_end(tmp_path: Path) -> None:
    with unread_pipe() as (_, into):
        done = subprocess.run(
            script(tmp_path, BLOCKED), stdout=into, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S * 2
        )
        os.close(into)

    assert done.returncode == 0, done.stderr
    assert "'1.0', '1.0', 'F_timeout'" in done.stderr and "[(1.0, 2.0)]" in done.stderr
    assert "closed True" in done.stderr and "Fatal" not in done.stderr


def test_what_did_not_fit_is_told_once_somebody_reads_again(tmp_path: Path) -> None:
    text = """
        import sys
        from deephyper.evaluator import Evaluator

        def run(job):
            for _ in range(100):
                print("x" * 100_000)
            return 1.0

        with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
            evaluator.submit([{}])
            evaluator.gather("ALL")
            print("gathered", file=sys.stderr, flush=True)
            sys.stdin.readline()
    """
    process = subprocess.Popen(
        script(tmp_path, text), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout and process.stderr and process.stdin
        assert process.stderr.readline() == "gathered\n"
        kept: list[str] = []
        reader = threading.Thread(target=lambda: kept.extend(process.stdout))  # type: ignore[arg-type]
        reader.start()
        assert comes_true(lambda: bool(kept) and "are missing here" in kept[-1])
        process.stdin.write("go on\n")
        process.stdin.flush()
        assert process.wait(PATIENCE_S) == 0
        reader.join()

    shown = sum(line.count("x") for line in kept)
    assert sum("are missing here" in line for line in kept) == 1
    # The missing ones are counted with their line ends.
    n_missing = int(kept[-1].removeprefix("deephyper: ").split()[0])
    assert 100 * 100_000 <= shown + n_missing <= 100 * 100_001


def test_a_slow_reader_gets_everything(tmp_path: Path) -> None:
    text = """
        from deephyper.evaluator import Evaluator

        def run(job):
            for n in range(100):
                print(n, "x" * 50_000)
            return 1.0

        with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
            evaluator.submit([{}])
            evaluator.gather("ALL")
    """
    process = subprocess.Popen(script(tmp_path, text), stdout=subprocess.PIPE)
    n_bytes = 0
    with process:
        assert process.stdout
        while piece := os.read(process.stdout.fileno(), 20_000):
            n_bytes += len(piece)
            threading.Event().wait(0.005)

    assert process.returncode == 0
    assert n_bytes == sum(len(f"{n} ") + 50_001 for n in range(100))


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_manager_in_a_narrow_environment_shows_what_it_can(environment: dict[str, str], tmp_path: Path) -> None:
    text = """
        from deephyper.evaluator import Evaluator

        def run(job):
            print("caf\\xe9 \\u4f60 \\ud800")
            return 1.0

        with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
            evaluator.submit([{}])
            print(evaluator.gather("ALL")[0].objective)
    """
    env = {**os.environ, **environment}
    done = subprocess.run(script(tmp_path, text), capture_output=True, env=env, timeout=PATIENCE_S * 2)

    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith(b"caf") and second == b"1.0"


def test_a_reader_that_goes_away_costs_no_evaluation(tmp_path: Path) -> None:
    out, into = os.pipe()
    os.close(out)
    text = """
        import os, sys
        from deephyper.evaluator import Evaluator

        def run(job):
            print("into nothing")
            return 1.0

        with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
            evaluator.submit([{}, {}])
            print([job.objective for job in evaluator.gather("ALL")], file=sys.stderr)
        os._exit(0)
    """
    done = subprocess.run(
        script(tmp_path, text), stdout=into, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S * 2
    )
    os.close(into)

    assert "[1.0, 1.0]" in done.stderr


def test_streams_that_are_closed_from_the_beginning_cost_no_evaluation(tmp_path: Path) -> None:
    text = f"""
        import sys
        from deephyper.evaluator import Evaluator

        def run(job):
            print("into nothing")
            sys.stderr.write("into nothing")
            return 1.0

        with Evaluator.create(run, "process", {{"num_workers": 1}}) as evaluator:
            evaluator.submit([{{}}, {{}}])
            objectives = [job.objective for job in evaluator.gather("ALL")]
        open({str(tmp_path / "objectives")!r}, "w").write(str(objectives))
    """
    command = " ".join(script(tmp_path, text))
    subprocess.run(["/bin/sh", "-c", f"{command} >&- 2>&-"], timeout=PATIENCE_S * 2, check=True)

    assert (tmp_path / "objectives").read_text() == "[1.0, 1.0]"
