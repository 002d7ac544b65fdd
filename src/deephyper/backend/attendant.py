"""Listens to the workers of all lanes and answers them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import final

from ..worker import Kind
from .conversation import Conversation
from .lane import Worker
from .selecting import SelectorLoop
from .switchboard import Switchboard


@final
class Attendant:
    """Takes in what workers say, in the thread of a loop.

    Args:
        loop: does it.
        switchboard: takes in what run-functions report.
        on_ready: called with each worker that is about to take tasks, before it may begin with one.
        on_fault: called with each worker that has said what nobody can understand, so that nobody listens to it any
            more, and with what it was.
    """

    def __init__(
        self,
        loop: SelectorLoop,
        switchboard: Switchboard,
        on_ready: Callable[[Worker], None],
        on_fault: Callable[[Worker, str], None],
    ):
        self._loop, self._switchboard = loop, switchboard
        self._on_ready, self._on_fault = on_ready, on_fault
        self._conversations: dict[Worker, Conversation] = {}

    def listen_to(self, worker: Worker) -> None:
        """Take in what a worker says from now on. Any thread may call this."""
        self._loop.errand(lambda: self._begin_with(worker))

    def hear_out(self, worker: Worker) -> None:
        """Take in what a worker has said before its end, and listen to it no longer. For the loop's thread."""
        conversation = self._conversations.pop(worker, None)
        if conversation is None:
            return
        conversation.hear_out()
        self._loop.ignore(worker.connection)

    def _begin_with(self, worker: Worker) -> None:
        steps: dict[Kind, Callable[..., object]] = {Kind.READY: partial(self._note_ready, worker), Kind.OUTPUT: _print}
        self._conversations[worker] = Conversation(worker.connection, self._switchboard, steps)
        self._loop.watch(worker.connection, lambda: self._hear(worker))

    def _hear(self, worker: Worker) -> None:
        conversation = self._conversations[worker]
        if not conversation.hear():
            self._loop.ignore(worker.connection)
            if conversation.fault:
                self._on_fault(worker, conversation.fault)

    def _note_ready(self, worker: Worker, pid: int) -> None:
        if worker.pid is not None:
            # It says so once. A later one is not from us, and the number might be that of any process.
            return
        worker.note_ready(pid)
        self._on_ready(worker)
        self._conversations[worker].answer(pid, True)


def _print(stream: str, text: str) -> None:
    # Whatever the name stands for now: a progress bar may have taken its place.
    getattr(sys, stream).write(text)
