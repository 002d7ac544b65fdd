"""Workers that end, or are stopped, in the middle of a message, and workers that say what nobody can understand."""

from __future__ import annotations

import os
import resource
import signal
import stat
import struct
import threading
import time
from concurrent.futures import BrokenExecutor
from typing import Any

import pytest

from deephyper.backend import LimitExceeded
from open_lanes import opened
from processes import PATIENCE_S, Before, comes_true

LARGE = 200_000_000
_KILL, _STOP = int(signal.SIGKILL), int(signal.SIGSTOP)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs the list of open files"),
]


class SignalWhileThisTravels:
    """Sends a signal to its own process a moment after it was pickled, when the bytes are on their way."""

    def __init__(self, number: int):
        self.number = number

    def __reduce__(self) -> Any:
        def send() -> None:
            time.sleep(0.03)
            os.kill(os.getpid(), self.number)

        threading.Thread(target=send).start()
        return str, ()


def sockets() -> list[int]:
    """The pipe to the manager, whatever its number is: no other socket is open in a worker."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                found.append(int(name))
        except OSError:
            pass
    return found


def say(word: bytes) -> None:
    for file in sockets():
        os.write(file, word)


def run(job: Any) -> Any:
    """Do what it is told to, and record the process number first."""
    job.record(0, os.getpid())
    what = job["x"]
    while isinstance(what, tuple):
        # It says half a word, and nothing else.
        say(what[0])
        time.sleep(PATIENCE_S)
    if isinstance(what, bytes) and len(what) < LARGE:
        say(what)
        what = "wait"
    if isinstance(what, int):
        return {"objective": 1.0, "metadata": {"large": bytes(LARGE), "signal": SignalWhileThisTravels(what)}}
    if what == "large":
        return bytes(LARGE)
    while what == "wait" and not job.stopped():
        time.sleep(0.001)
    return "done"


def half_of(word: bytes) -> bytes:
    return struct.pack("!i", 2 * len(word)) + word


def test_a_worker_that_is_killed_in_the_middle_of_a_large_result_costs_its_own_evaluation() -> None:
    before = Before()
    with opened(run) as lanes:
        dead, others = lanes.submit(_KILL), [lanes.submit("fine") for _ in range(5)]

        assert isinstance(dead.exception(PATIENCE_S), BrokenExecutor)
        assert [other.result(PATIENCE_S).returned for other in others] == ["done"] * 5
        assert [lanes.submit("fine").result(PATIENCE_S).returned for _ in range(4)] == ["done"] * 4
    assert before.new_processes() == []


def test_a_worker_that_is_stopped_in_the_middle_of_a_large_result_keeps_its_limit() -> None:
    before = Before()
    with opened(run, job_timeout=2.0) as lanes:
        stopped, others = lanes.submit(_STOP), [lanes.submit("fine") for _ in range(5)]

        assert isinstance(stopped.exception(PATIENCE_S), LimitExceeded)
        assert [other.result(PATIENCE_S).returned for other in others] == ["done"] * 5
    assert before.new_processes() == []


def test_an_end_does_not_wait_for_the_rest_of_a_result() -> None:
    before = Before()
    with opened(run) as lanes:
        lanes.submit(_STOP)
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        pid = int(lanes.observations[0][0][1])
        assert comes_true(lambda: state_of(pid) == "T", PATIENCE_S)
    assert before.new_processes() == []


def state_of(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_a_worker_that_is_killed_before_a_large_task_has_arrived_costs_its_own_evaluation() -> None:
    before = Before()
    with opened(run, 1) as lanes:
        assert lanes.submit("fine").result(PATIENCE_S).returned == "done"
        # Records have a way of their own, and may arrive after the result.
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        dead = lanes.submit(bytes(LARGE))
        os.kill(int(lanes.observations[0][0][1]), signal.SIGKILL)

        assert isinstance(dead.exception(PATIENCE_S), BrokenExecutor)
        assert lanes.submit("fine").result(PATIENCE_S).returned == "done"
    assert before.new_processes() == []


def test_a_worker_that_is_killed_as_it_starts_keeps_nobody_waiting_whatever_it_begins_with() -> None:
    large = bytes(LARGE)

    def run_with_much(job: Any) -> int:
        return len(large)

    before = Before()
    with opened(run_with_much, 1) as lanes:
        submitted = threading.Thread(target=lambda: lanes.submit(0), daemon=True)
        submitted.start()
        assert comes_true(lambda: bool(started(before)), PATIENCE_S)
        os.kill(started(before)[0], signal.SIGKILL)
        submitted.join(PATIENCE_S)

        assert not submitted.is_alive()
        assert lanes.submit(0).result(PATIENCE_S).returned == LARGE
    assert before.new_processes() == []


def started(before: Before) -> list[int]:
    """The interpreters of workers that have been started."""
    return [child.pid for child in before.new_processes() if "begin" in " ".join(child.cmdline())]


def test_large_tasks_and_results_still_travel() -> None:
    with opened(run, 1) as lanes:
        assert lanes.submit(bytes(LARGE)).result(PATIENCE_S).returned == "done"
        assert len(lanes.submit("large").result(PATIENCE_S).returned) == LARGE


@pytest.mark.parametrize("word", [b"\x00", b"\x00\x00\x00", half_of(b'["record", 0'), half_of(b"x" * 9000)])
def test_half_a_message_keeps_nobody_else_waiting(word: bytes) -> None:
    with opened(run) as lanes:
        half = lanes.submit((word,))
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        pid = int(lanes.observations[0][0][1])

        assert lanes.submit("fine").result(PATIENCE_S).returned == "done"
        waiting = lanes.submit("wait")
        assert comes_true(lambda: bool(lanes.observations[2]), PATIENCE_S)
        lanes.switchboard.stop(2)
        assert waiting.result(PATIENCE_S).returned == "done"
        os.kill(pid, signal.SIGKILL)
        assert isinstance(half.exception(PATIENCE_S), BrokenExecutor)


@pytest.mark.parametrize(
    "word",
    [
        struct.pack("!i", -1),
        struct.pack("!iQ", -1, 1 << 62) + b"x" * 100,
        struct.pack("!i", (1 << 31) - 1) + b"x" * 100,
        struct.pack("!i", 1 << 20),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_length_that_no_message_has_ends_that_worker_alone_and_takes_no_memory(word: bytes) -> None:
    with opened(run) as lanes:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        other = lanes.submit("wait")
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        guilty = lanes.submit(word)

        error = guilty.exception(PATIENCE_S)
        assert isinstance(error, BrokenExecutor) and "cannot be understood" in str(error)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
        lanes.switchboard.stop(0)
        assert other.result(PATIENCE_S).returned == "done"


@pytest.mark.parametrize("message", [b"", b"\xff" * 100, b"[" * 5000, b'["ready", 1]', b'["record", 7]', b"null"])
def test_a_message_that_nobody_can_read_is_passed_over(message: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with opened(run, 1) as lanes:
        guilty = lanes.submit((struct.pack("!i", len(message)) + message) * 20)
        assert comes_true(lambda: bool(lanes.observations[0]), PATIENCE_S)
        lanes.switchboard.stop(0)

        assert guilty.result(PATIENCE_S).returned == "done"
    assert caplog.text.count("dropped") <= 1


def test_a_worker_that_asks_and_never_reads_the_answers_is_ended() -> None:
    question = b'["stopped", 99]'
    with opened(run) as lanes:
        guilty = lanes.submit((struct.pack("!i", len(question)) + question) * 100_000)

        assert isinstance(guilty.exception(PATIENCE_S), BrokenExecutor)
        assert lanes.submit("fine").result(PATIENCE_S).returned == "done"


def close_the_pipe(job: Any) -> str:
    for file in sockets():
        os.close(file)
    return "done"


def test_a_worker_that_has_closed_its_pipe_goes_on_without_it() -> None:
    with opened(close_the_pipe, 1) as lanes:
        assert lanes.submit(0).result(PATIENCE_S).returned == "done"
        assert lanes.submit(0).result(PATIENCE_S).returned == "done"
