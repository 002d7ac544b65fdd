"""The loop that waits for many files."""

from __future__ import annotations

import threading
from multiprocessing import Pipe

import pytest

from deephyper.backend.selecting import SelectorLoop


def test_errands_are_done_in_order_also_those_that_are_left_at_the_end() -> None:
    done: list[int] = []
    loop, gate = SelectorLoop("test"), threading.Event()
    loop.errand(gate.wait)
    for n in range(10):
        loop.errand(lambda n=n: done.append(n))  # type: ignore[misc]
    gate.set()
    loop.close()

    assert done == list(range(10))
    assert not loop.errand(lambda: done.append(10))
    loop.close()


def test_an_errand_that_fails_is_no_reason_to_end(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    loop = SelectorLoop("test")
    loop.errand(lambda: 1 / 0)
    loop.errand(done.set)

    assert done.wait(30)
    loop.close()
    assert "division by zero" in caplog.text


def test_a_file_that_an_earlier_step_of_the_same_round_let_go_is_not_read() -> None:
    pipes = [Pipe(), Pipe()]
    read: list[int] = []
    loop, begun, gate, over = SelectorLoop("test"), threading.Event(), threading.Event(), threading.Event()

    def read_one_and_ignore_both(n: int) -> None:
        read.append(n)
        pipes[n][0].recv_bytes()
        for here, _ in pipes:
            loop.ignore(here)
        over.set()

    loop.errand(lambda: (begun.set(), gate.wait(30)))
    assert begun.wait(30)
    for n, (here, there) in enumerate(pipes):
        loop.errand(lambda n=n, here=here: loop.watch(here, lambda: read_one_and_ignore_both(n)))  # type: ignore[misc]
        there.send_bytes(b"word")
    gate.set()

    assert over.wait(30)
    loop.close()
    assert len(read) == 1


def test_the_tick_is_called_when_it_is_due_and_an_error_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    enough, calls = threading.Event(), []

    def tick() -> float:
        calls.append(len(calls))
        if len(calls) == 3:
            enough.set()
            raise ValueError("in the tick")
        return 0.001

    loop = SelectorLoop("test", tick)

    assert enough.wait(30)
    loop.close()
    assert "in the tick" in caplog.text
