"""The part of a lane that runs in the worker process."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import NamedTuple, cast, final

from .channel import Kind, PipeChannel, Wire
from .descendants import end_descendants, end_marked
from .evaluation import Report, Task, evaluate, failed, now
from .main_module import take_over_main
from .parcel import Parcel
from .printing import Printing
from .surroundings import Surroundings

_LOOK_EVERY_S = 0.25
_LOOKS_PER_SHOW = 2


class Setup(NamedTuple):
    """What a lane's process is given when it begins.

    Args:
        payload: the pickled tuple of run-function, its keyword arguments, the user's initializer (or None) and its
            arguments. It arrives as bytes.
        manager: process number of the manager.
        connection: the pipe to the manager.
        faults: where the interpreter writes its traceback when it crashes.
        surroundings: what the manager's code meets, and the user's code is to meet here.
        mark: is in the environment of all that this process starts.
    """

    payload: bytes | Parcel
    manager: int
    connection: Connection
    faults: Connection
    surroundings: Surroundings
    mark: str


@final
class _Lane:
    """This process: the unpickled run-function, and the pipe to the manager."""

    def __init__(self, setup: Setup, wire: Wire, printing: Printing):
        self._wire, self._printing = wire, printing
        # The interpreter only knows its file number, so we keep the object, which would close the file when deleted.
        self._faults = setup.faults
        faulthandler.enable(setup.faults.fileno())
        self._error: BaseException | None = None
        try:
            self._run_function, self._kwargs, initializer, initargs = take_over_main(
                cast(bytes, setup.payload), setup.surroundings.script
            )
            if initializer is not None:
                initializer(*initargs)
        except BaseException as error:
            # Every evaluation in this process fails with this error, so that the user sees it.
            self._error = error
        # Run nothing before the answer comes: the manager needs the process number to be able to end this process.
        self._wire.ask(Kind.READY, os.getpid())

    def evaluate(self, task: Task) -> Report:
        if self._error is not None:
            return failed(self._error, now())
        report = evaluate(self._run_function, task, self._kwargs, PipeChannel(self._wire, task.ticket), False)
        report = report.packed()
        self._printing.finish()
        return report


_lane: _Lane


def enter(setup: Setup) -> None:
    """Make this process a lane."""
    global _lane
    setup.surroundings.take_over()
    if hasattr(os, "setsid"):
        # A process in its own session gets no Ctrl-C from the terminal, and can be ended with all its descendants.
        os.setsid()
        _forget_interrupts()
    _never_retire()
    wire = Wire(lambda: setup.connection)
    printing = Printing(wire)
    # Before the first code of the user's runs.
    threading.Thread(target=_watch, args=(setup, printing), name="deephyper-watch", daemon=True).start()
    _lane = _Lane(setup, wire, printing)


def _forget_interrupts() -> None:
    """Let interrupts through again, but for one that came while they were held back: it was meant for the manager."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, before)


def _never_retire() -> None:
    """Switch off a rule of loky's: it ends a worker that has grown by 300 MB, even if that has the next task already.

    The manager decides when a worker retires, between two evaluations.
    """
    from loky import process_executor

    # Neither is public. The first one asks how large the process is, the second one for how much is too much.
    process_executor._MEMORY_LEAK_CHECK_DELAY = process_executor._MAX_MEMORY_LEAK_SIZE = float("inf")


def evaluate_here(task: Task) -> Report:
    """Run one evaluation in this lane."""
    return _lane.evaluate(task)


def _watch(setup: Setup, printing: Printing) -> None:
    """Show lines that have begun, and end this process and its descendants soon after the manager has ended."""
    while os.getppid() == setup.manager:
        threading.Event().wait(_LOOK_EVERY_S)
        printing.show_begun()
    end_descendants()
    end_marked([setup.mark])
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
