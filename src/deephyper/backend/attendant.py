"""Listens to the workers of all lanes and answers them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import final

from ..worker import Kind
from .conversation import Conversation
from .lane import Worker
from .screen import Screen
from .selecting import SelectorLoop
from .switchboard import Switchboard


@final
class Attendant:
    """Takes in what workers say, in the thread of a loop.

    Args:
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
        self._screen = Screen(lambda: loop.errand(self._go_on))
        self._held_back: list[Worker] = []

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

    def settle(self, seconds: float) -> None:
        """Wait until what workers have printed was shown, some seconds at most. Any thread may call this."""
        self._screen.settle(seconds)

    def close(self) -> None:
        """Show what workers have printed, as far as that is possible soon; after the end of the loop."""
        self._screen.close()

    def _begin_with(self, worker: Worker) -> None:
        steps: dict[Kind, Callable[..., object]] = {
            Kind.READY: partial(self._note_ready, worker),
            Kind.OUTPUT: partial(self._screen.show, worker),
            Kind.PRINTED: partial(self._answer, worker),
        }
        self._conversations[worker] = Conversation(worker.connection, self._switchboard, steps)
        self._watch(worker)

    def _hear(self, worker: Worker) -> None:
        conversation = self._conversations[worker]
        if not conversation.hear():
            self._loop.ignore(worker.connection)
            if conversation.fault:
                self._on_fault(worker, conversation.fault)
        elif not self._screen.has_room():
            # A worker that prints more than can be shown waits, as whoever prints to a slow terminal does.
            self._loop.ignore(worker.connection)
            self._held_back.append(worker)

    def _go_on(self) -> None:
        held_back, self._held_back = self._held_back, []
        for worker in held_back:
            if worker in self._conversations:
                self._watch(worker)

    def _watch(self, worker: Worker) -> None:
        self._loop.watch(worker.connection, lambda: self._hear(worker))

    def _note_ready(self, worker: Worker, pid: int) -> None:
        if worker.pid is not None:
            # It says so once. A later one is not from us, and the number might be that of any process.
            return
        worker.note_ready(pid)
        self._on_ready(worker)
        self._answer(worker, pid)

    def _answer(self, worker: Worker, about: int) -> None:
        # One that is heard out after its end awaits no answer.
        if (conversation := self._conversations.get(worker)) is not None:
            conversation.answer(about, True)
