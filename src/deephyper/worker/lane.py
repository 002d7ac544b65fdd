"""The side of a lane that runs in its process."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, final

from .evaluation import Report, Task, evaluate, failed, now, unpickled
from .output import Lines

_LOOK_FOR_MANAGER_EVERY_S = 0.25


class Setup(NamedTuple):
    """What a lane's process is given when it begins.

    Args:
        payload: run-function, its keyword arguments, the user's initializer (or None) and the arguments of that, pickled.
        manager: process number of the manager.
        connection: the way to the manager, for short messages in JSON.
        faults: where the interpreter writes its last words when it crashes.
    """

    payload: bytes
    manager: int
    connection: Connection
    faults: Connection


@final
class _ToManager:
    """Messages to the manager and its answers; one at a time, whichever thread sends them."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._turn = threading.Lock()
        self._is_ours = True
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave)

    def _leave(self) -> None:
        """A forked child has neither our turn at the connection nor business with it."""
        self._is_ours = False
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

    def tell(self, kind: str, *about: Any) -> None:
        if self._is_ours:
            with self._turn:
                self._connection.send_bytes(json.dumps((kind, *about)).encode())

    def ask(self, kind: str, *about: Any) -> Any:
        if not self._is_ours:
            return None
        with self._turn:
            self._connection.send_bytes(json.dumps((kind, *about)).encode())
            return json.loads(self._connection.recv_bytes())


@final
class _PipeChannel:
    """The channel of one attempt at an evaluation."""

    def __init__(self, manager: _ToManager, ticket: int):
        self._manager, self._ticket = manager, ticket

    def record(self, budget: float, objective: float) -> None:
        self._manager.tell("record", self._ticket, budget, objective)

    def stopped(self) -> bool:
        return bool(self._manager.ask("stopped", self._ticket))


@final
class _Lane:
    """This process: the run-function, rebuilt, and the way to the manager."""

    def __init__(self, setup: Setup):
        self._manager = _ToManager(setup.connection)
        # The interpreter writes there by its number, so it must stay open.
        self._faults = setup.faults
        faulthandler.enable(setup.faults.fileno())
        sys.stdout = self._out = Lines(lambda text: self._manager.tell("output", "stdout", text), sys.stdout)
        sys.stderr = self._err = Lines(lambda text: self._manager.tell("output", "stderr", text), sys.stderr)
        self._error: BaseException | None = None
        try:
            self._run_function, self._kwargs, initializer, initargs = unpickled(setup.payload)
            if initializer is not None:
                initializer(*initargs)
        except (Exception, SystemExit) as error:
            # Told by every evaluation that comes here, where it can be read.
            self._error = error
        # Not before the answer does anything run here that the manager would not know how to end.
        self._manager.ask("ready", os.getpid())

    def evaluate(self, task: Task) -> Report:
        if self._error is not None:
            return failed(self._error, now())
        report = evaluate(self._run_function, task, self._kwargs, _PipeChannel(self._manager, task.ticket))
        self._out.finish()
        self._err.finish()
        return report


_lane: _Lane


def enter(setup: Setup) -> None:
    """Make this process a lane."""
    global _lane
    if hasattr(os, "setsid"):
        # A session of its own: a Ctrl-C at the terminal is the manager's, and all descendants can be ended together.
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with, args=(setup.manager,), name="deephyper-watch", daemon=True).start()
    _lane = _Lane(setup)


def evaluate_here(task: Task) -> Report:
    """Run one evaluation in this lane."""
    return _lane.evaluate(task)


def _end_with(manager: int) -> None:
    """End this process and its descendants soon after the manager, also when that was killed and could tell nobody."""
    while os.getppid() == manager:
        threading.Event().wait(_LOOK_FOR_MANAGER_EVERY_S)
    import psutil

    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
