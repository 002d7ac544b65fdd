"""Buries the workers of lanes that have ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import final

from ..worker.descendants import end_marked
from .attendant import Attendant
from .guard import Guard
from .lane import Worker
from .selecting import SelectorLoop


@final
class Undertaker:
    """Lets go of workers that have ended or were killed, and sees to it that none outlives this process.

    Args:
        alive: process numbers of the workers that are there.
    """

    def __init__(self, loop: SelectorLoop, attendant: Attendant, alive: Callable[[], Iterable[int]]):
        self._loop, self._attendant, self._alive = loop, attendant, alive
        self._burials: list[threading.Thread] = []
        self._stragglers = _Stragglers()
        self._guard = Guard()
        loop.errand(self._guard.get_ready)

    def watch(self) -> None:
        """Let the guard know which workers there are now. For the loop's thread."""
        self._guard.watch(self._alive())

    def bury(self, worker: Worker, then: Callable[[str], None]) -> None:
        """Let go of a worker that has ended or was killed. Any thread may call this.

        Args:
            worker: the worker.
            then: called with its last words when all is done.
        """
        if not self._loop.errand(lambda: self._bury(worker, then)):
            self._bury_now(worker, then)

    def close(self) -> None:
        """Finish all burials, after the end of the loop."""
        for burial in self._burials:
            burial.join()
        self._guard.close()

    def _bury(self, worker: Worker, then: Callable[[str], None]) -> None:
        try:
            self._attendant.hear_out(worker)
        finally:
            # Whatever its last words were, somebody waits for its end.
            self.watch()
            self._begin_burial(worker, then)

    def _begin_burial(self, worker: Worker, then: Callable[[str], None]) -> None:
        # In a thread beside the loop: it takes a while, and when the interpreter ends loky makes it wait for other
        # workers, which in turn may wait for an answer from the loop.
        burial = threading.Thread(target=self._bury_now, args=(worker, then), name="deephyper-burial", daemon=True)
        try:
            burial.start()
        except RuntimeError:
            # From Python 3.12 on no thread can be started while the interpreter ends; by then no worker waits either.
            burial.run()
        else:
            self._burials = [*(other for other in self._burials if other.is_alive()), burial]

    def _bury_now(self, worker: Worker, then: Callable[[str], None]) -> None:
        last_words = worker.bury()
        self._stragglers.end(worker.mark)
        then(last_words)


@final
class _Stragglers:
    """Ends processes that have lost the way to their worker, by the mark of that worker.

    All processes of the machine have to be asked for it. So those who bury many workers at once share one look.
    """

    def __init__(self) -> None:
        self._marks: set[str] = set()
        self._turn = threading.Lock()

    def end(self, mark: str) -> None:
        """End all processes that carry a mark."""
        self._marks.add(mark)
        with self._turn:
            if mark not in self._marks:
                # Somebody has looked for it meanwhile.
                return
            marks = self._marks.copy()
            try:
                end_marked(marks)
            finally:
                self._marks -= marks
