"""`sys.stdout` and `sys.stderr` of a process worker are text streams in every respect that code asks for."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import cloudpickle
import pytest

from deephyper.evaluator import Evaluator

pytestmark = pytest.mark.slow


def answers_of(*calls: Callable[[], Any], **options: Any) -> list[Any]:
    """What functions return in one process worker, one after the other."""

    def run(job: Any) -> Any:
        return {"objective": 1.0, "metadata": {"answer": calls[job["n"]]()}}

    with Evaluator.create(run, "process", {"num_workers": 1, **options}) as evaluator:
        evaluator.submit([{"n": n} for n in range(len(calls))])
        jobs = sorted(evaluator.gather("ALL"), key=lambda job: job.id)  # type: ignore[arg-type, union-attr]
    assert [job.objective for job in jobs] == [1.0] * len(calls)  # type: ignore[union-attr]
    return [job.metadata["answer"] for job in jobs]  # type: ignore[union-attr]


def test_what_code_asks_of_a_text_stream_is_there() -> None:
    def ask() -> dict[str, Any]:
        out, err = sys.stdout, sys.stderr
        with pytest.raises(io.UnsupportedOperation):
            out.read()
        with pytest.raises(TypeError, match="must be str"):
            out.write(b"bytes")  # type: ignore[arg-type]
        return {
            "kinds": [isinstance(out, io.TextIOWrapper), isinstance(out.buffer, io.BufferedIOBase)],
            "names": [out.name, err.name, out.mode, out.buffer.name, out.buffer.mode],
            "codes": [out.encoding, out.errors, out.newlines],
            "flags": [out.line_buffering, out.write_through, out.closed, out.isatty(), out.buffer.isatty()],
            "can": [out.writable(), out.readable(), out.seekable(), out.buffer.writable()],
            "numbers": [out.fileno(), err.fileno(), out.buffer.fileno()],
            "raw": out.buffer.raw.isatty(),  # type: ignore[attr-defined]
        }

    (answers,) = answers_of(ask)

    assert answers == {
        "kinds": [True, True],
        "names": ["<stdout>", "<stderr>", "w", "<stdout>", "wb"],
        "codes": ["utf-8", "backslashreplace", None],
        "flags": [True, False, False, False, False],
        "can": [True, False, False, True],
        "numbers": [1, 2, 1],
        "raw": False,
    }


def test_a_stream_can_be_reconfigured_and_still_prints(capfd: pytest.CaptureFixture[str]) -> None:
    def change() -> list[Any]:
        sys.stdout.reconfigure(encoding="latin-1", errors="replace", line_buffering=False, write_through=True)  # type: ignore
        print("text after it: é €")
        sys.stdout.buffer.write(b"bytes after it: \xe9\n")
        return [sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering, sys.stdout.write_through]  # type: ignore

    (answers,) = answers_of(change)

    assert answers == ["iso8859-1", "replace", False, True] or answers == ["latin-1", "replace", False, True]
    assert capfd.readouterr().out == "text after it: é €\nbytes after it: é\n"


def test_bytes_and_text_appear_in_the_order_in_which_they_were_written(capfd: pytest.CaptureFixture[str]) -> None:
    def write() -> None:
        print("one ", end="")
        sys.stdout.buffer.write(b"two ")
        sys.stdout.writelines(["three ", "four "])
        sys.stdout.buffer.write("fünf".encode()[:2])
        sys.stdout.buffer.write(memoryview("fünf".encode()[2:]))
        sys.stdout.buffer.flush()
        print("", flush=True, file=sys.stdout)
        sys.stdout.buffer.write(b"no text: \xff\n")

    answers_of(write)

    assert capfd.readouterr().out == "one two three four fünf\nno text: \\xff\n"


def test_neither_closing_nor_wrapping_nor_detaching_keeps_a_later_evaluation_from_printing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def close() -> None:
        sys.stdout.close()
        sys.stderr.close()
        print("after a close")

    def wrap() -> None:
        before, sys.stdout = sys.stdout, io.TextIOWrapper(sys.stdout.buffer, "utf-8", line_buffering=True)
        print("within a wrapper: ü")
        sys.stdout = before
        gc.collect()
        print("after a wrapper")

    def detach() -> None:
        before, sys.stdout = sys.stdout, io.TextIOWrapper(sys.stdout.detach(), "utf-8", line_buffering=True)
        print("after a detach")
        sys.stdout = before

    def print_again() -> list[bool]:
        print("much later")
        print("much later", file=sys.stderr)
        return [sys.stdout.closed, sys.stderr.closed]

    answers = answers_of(close, wrap, detach, print_again)

    assert answers[-1] == [False, False]
    printed = capfd.readouterr()
    words = ["after a close", "within a wrapper: ü", "after a wrapper", "after a detach", "much later"]
    assert printed.out.split("\n") == [*words, ""]
    assert printed.err.endswith("much later\n")


def test_the_usual_users_of_streams_find_what_they_need(capfd: pytest.CaptureFixture[str]) -> None:
    def use() -> str:
        with contextlib.redirect_stdout(io.StringIO()) as kept:
            print("kept")
        handler = logging.StreamHandler(sys.stderr)
        logging.getLogger("mine").addHandler(handler)
        logging.getLogger("mine").warning("logged")
        logging.basicConfig(stream=sys.stdout, force=True)
        logging.warning("logged too")
        warnings.warn("warned", stacklevel=1)
        faulthandler.dump_traceback(sys.stderr)
        faulthandler.enable(sys.stderr)
        faulthandler.disable()
        sys.__stdout__.write("")  # type: ignore[union-attr]
        assert cloudpickle.loads(cloudpickle.dumps(lambda: sys.stdout))() is sys.stdout
        assert cloudpickle.loads(cloudpickle.dumps(sys.stderr)) is sys.stderr
        return kept.getvalue()

    def use_again() -> None:
        logging.getLogger("mine").warning("logged again")

    answers = answers_of(use, use_again)

    assert answers[0] == "kept\n"
    printed = capfd.readouterr()
    assert "logged\n" in printed.err and "logged again\n" in printed.err and "UserWarning: warned" in printed.err
    assert "WARNING:root:logged too\n" in printed.out


def test_bars_and_tables_of_other_packages_print(capfd: pytest.CaptureFixture[str]) -> None:
    from tqdm import tqdm

    def use() -> None:
        for _ in tqdm(range(3), desc="inner"):
            pass
        tqdm.write("beside it", file=sys.stdout)

    answers_of(use)

    printed = capfd.readouterr()
    assert "inner: 100%" in printed.err
    assert "beside it\n" in printed.out


def test_a_redirected_file_number_gets_what_is_printed_meanwhile(capfd: pytest.CaptureFixture[str]) -> None:
    def redirect() -> str:
        print("before", flush=True)
        with tempfile.TemporaryFile("w+") as file:
            saved = os.dup(1)
            os.dup2(file.fileno(), 1)
            print("line")
            print("dots", end="", flush=True)
            os.write(1, b"!")
            sys.stdout.flush()
            os.dup2(saved, 1)
            os.close(saved)
            print(" after")
            file.seek(0)
            return file.read()

    (answer,) = answers_of(redirect)

    assert answer == "line\ndots!"
    assert capfd.readouterr().out.replace("\n", "") == "before after"


def test_text_that_nothing_can_encode_is_replaced_and_nothing_raises(capfd: pytest.CaptureFixture[str]) -> None:
    def say() -> None:
        print("a lone surrogate \ud800 and \udcff")
        print("a nul \0 and a bell \a, \x1b[31m, \u2028 and \U0001f600")
        sys.stderr.write("\ud800\n")

    answers_of(say)

    printed = capfd.readouterr()
    # What stands in its place is a matter of the manager's stream.
    assert printed.out.startswith("a lone surrogate ")
    assert "\na nul \0 and a bell \a, \x1b[31m, \u2028 and " in printed.out
    assert "\U0001f600\n" in printed.out
    assert printed.err.endswith("\n")


def test_a_line_of_many_megabytes_arrives_whole(capfd: pytest.CaptureFixture[str]) -> None:
    def say() -> None:
        print("x" * 5_000_000 + "é" * 1_000_000 + "\U0001f600" * 100_000)

    answers_of(say)

    assert capfd.readouterr().out == "x" * 5_000_000 + "é" * 1_000_000 + "\U0001f600" * 100_000 + "\n"


@pytest.mark.parametrize("word", [".", "\r50%|#####", "word "])
@pytest.mark.parametrize("flush", [False, True])
def test_words_without_line_ends_cost_little_each(word: str, flush: bool, capfd: pytest.CaptureFixture[str]) -> None:
    n = 100_000

    def say() -> list[float]:
        times = []
        with tempfile.TemporaryFile("w") as file:
            for stream in (file, sys.stdout):
                begin = time.process_time()
                for _ in range(n):
                    print(word, end="", flush=flush, file=stream)
                times.append(time.process_time() - begin)
        return times

    ((file, ours),) = answers_of(say)

    assert capfd.readouterr().out == word * n + "\n"
    # A call of Python instead of one of C; every one copied all those before it once.
    assert ours < 20 * file + 1.0


def test_dots_are_seen_while_they_grow(capfd: pytest.CaptureFixture[str]) -> None:
    gate = tempfile.mktemp()

    def say() -> float:
        print("...", end="")
        while not os.path.exists(gate):
            time.sleep(0.01)
        print("..")
        return time.monotonic()

    def run(job: Any) -> float:
        return say()

    seen = ""
    with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
        evaluator.submit([{}])
        deadline = time.monotonic() + 60
        while not seen and time.monotonic() < deadline:
            time.sleep(0.01)
            seen = capfd.readouterr().out
        open(gate, "w").close()
        evaluator.gather("ALL")
    os.remove(gate)

    assert (seen, capfd.readouterr().out) == ("...", "..\n")


class Loud:
    """Prints when it is collected."""

    def __init__(self, name: str):
        self.name, self.cycle = name, self
        weakref.finalize(self, sys.stdout.write, f"finalizer {name}\n")

    def __del__(self) -> None:
        # One piece, which no signal handler can tear; `print` makes two of it.
        sys.stdout.write(f"deleted {self.name}\n")


def test_to_print_within_a_print_neither_blocks_nor_loses_anything(capfd: pytest.CaptureFixture[str]) -> None:
    def say() -> None:
        def alarm(*_: Any) -> None:
            print("alarm")
            # Only now the next one: on a busy machine they would leave no time for anything else.
            signal.setitimer(signal.ITIMER_REAL, 0.0005)

        signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, 0.0005)
        gc.set_threshold(5)

        def talk(thread: int) -> None:
            for n in range(500):
                Loud(f"{thread} {n}")
                sys.stdout.write(f"thread {thread} line {n}\n")

        threads = [threading.Thread(target=talk, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        talk(3)
        for thread in threads:
            thread.join()
        signal.setitimer(signal.ITIMER_REAL, 0)
        gc.set_threshold(700, 10, 10)
        gc.collect()

    answers_of(say, job_timeout=120)

    lines = capfd.readouterr().out.split("\n")
    for word in ("deleted {} {}", "finalizer {} {}", "thread {} line {}"):
        assert {word.format(thread, n) for thread in range(4) for n in range(500)} <= set(lines)
    assert "alarm" in lines


def test_a_handler_that_prints_while_an_evaluation_asks_does_not_block(capfd: pytest.CaptureFixture[str]) -> None:
    def run(job: Any) -> float:
        signal.signal(signal.SIGALRM, lambda *_: print("alarm", job.stopped()))
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        for step in range(2000):
            job.record(step, 0.0)
            job.stopped()
        signal.setitimer(signal.ITIMER_REAL, 0)
        return len(job.observations)

    with Evaluator.create(run, "process", {"num_workers": 1, "job_timeout": 120}) as evaluator:
        evaluator.submit([{}])
        (job,) = evaluator.gather("ALL")

    assert job.objective == 2000  # type: ignore[union-attr]
    assert set(capfd.readouterr().out.split("\n")) == {"alarm False", ""}


def test_a_handler_that_raises_within_a_print_spoils_no_later_message(capfd: pytest.CaptureFixture[str]) -> None:
    class TimeIsOver(Exception):
        pass

    def run(job: Any) -> float:
        def stop(*_: Any) -> None:
            raise TimeIsOver

        signal.signal(signal.SIGALRM, stop)
        n = 0
        for step in range(300):
            with contextlib.suppress(TimeIsOver):
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                while True:
                    print("x" * 2000)
                    job.record(step, 1.0)
            n += 1
        print("the end")
        return n

    with Evaluator.create(run, "process", {"num_workers": 1, "job_timeout": 120}) as evaluator:
        evaluator.submit([{}])
        (job,) = evaluator.gather("ALL")

    assert job.objective == 300  # type: ignore[union-attr]
    assert capfd.readouterr().out.endswith("the end\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_forked_children_print_to_the_original_streams(capfd: pytest.CaptureFixture[str]) -> None:
    def fork() -> int:
        print("begun by the parent", end="")
        logging.getLogger("forked").addHandler(logging.StreamHandler(sys.stdout))
        logging.getLogger("forked").setLevel(logging.INFO)
        pid = os.fork()
        if pid == 0:
            print("printed by a child")
            logging.getLogger("forked").info("logged by a child")
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(", and ended")
        return os.waitstatus_to_exitcode(status)

    assert answers_of(fork) == [0]
    printed = capfd.readouterr().out
    assert "printed by a child\n" in printed and "logged by a child\n" in printed
    assert printed.count("begun by the parent") == 1


def test_what_is_flushed_right_before_a_crash_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    def run(job: Any) -> float:
        print("last line")
        print("last words", end="", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        return 0.0

    with Evaluator.create(run, "process", {"num_workers": 1}) as evaluator:
        evaluator.submit([{}])
        evaluator.gather("ALL")

    assert "last line\nlast words" in capfd.readouterr().out
