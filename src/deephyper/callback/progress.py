"""Callbacks that show the progress of a search."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, final

from .._checks import instance_of
from ..job import Job, Objective, is_failure
from ..worker import Lines, write_replaced
from .callback import Callback

_SHOW_BEGUN_EVERY_S = 0.5


@final
class Best:
    """The best objective so far; with several objectives, the hypervolume of all results so far."""

    def __init__(self) -> None:
        self.n_failures = 0
        self._best: float | None = None
        self._front: list[tuple[float, ...]] = []
        self._worst: tuple[float, ...] = ()

    def add(self, objective: Objective | None) -> None:
        """Add an objective or a failure; None, which a cancelled evaluation has, changes nothing."""
        if objective is None:
            return
        if is_failure(objective):
            self.n_failures += 1
        elif isinstance(objective, tuple):
            self._add_several(objective)
        else:
            value = float(objective)
            self._best = value if self._best is None else max(self._best, value)

    def _add_several(self, objective: tuple[float, ...]) -> None:
        from ..moo import pareto_mask

        self._worst = tuple(map(min, self._worst or objective, objective))
        front = [*self._front, objective]
        self._front = [point for point, is_efficient in zip(front, pareto_mask(front), strict=True) if is_efficient]

    @property
    def postfix(self) -> dict[str, Any]:
        """What a progress bar shows: failures, and the best objective or the hypervolume, if there is one."""
        shown: dict[str, Any] = {"failures": self.n_failures}
        if self._front:
            from ..moo import hypervolume

            shown["hvi"] = hypervolume(self._front, self._worst)
        elif self._best is not None:
            shown["objective"] = self._best
        return shown


class TqdmCallback(Callback):
    """Shows a progress bar; what is printed meanwhile appears above it, line by line.

    Args:
        description: text before the bar.
    """

    def __init__(self, description: str | None = None):
        if description is not None:
            instance_of(type(self).__name__, "description", description, str, "a text or None")
        self._description = description
        self._bar: Any = None
        self._streams: list[tuple[str, Lines]] = []
        self._is_over = threading.Event()
        self._best = Best()

    def on_start(self, max_evals: int | None) -> None:
        from tqdm.auto import tqdm

        self.on_close()
        self._best = Best()
        self._bar = tqdm(total=max_evals, desc=self._description, file=sys.stderr)
        self._streams = [self._printing_above(name) for name in ("stdout", "stderr")]
        self._is_over = threading.Event()
        shower = threading.Thread(target=_show_begun, args=(self._is_over, self._streams), name="deephyper-bar")
        shower.daemon = True
        shower.start()

    def on_done(self, job: Job) -> None:
        if self._bar is None:
            self.on_start(None)
        self._best.add(job.objective)
        self._bar.set_postfix(self._best.postfix, refresh=False)
        self._bar.update(1)

    def on_close(self) -> None:
        self._is_over.set()
        for name, lines in self._streams:
            lines.finish()
            # Other code may have replaced the stream meanwhile; then leave it alone.
            if getattr(sys, name) is lines:
                setattr(sys, name, lines.original)
        self._streams = []
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _printing_above(self, name: str) -> tuple[str, Lines]:
        """Replace a stream of the process, so that what is written to it appears above the bar."""
        above = _Above(self._bar, getattr(sys, name))
        lines = Lines(above.put, getattr(sys, name), above.deliver, name=f"<{name}>")
        setattr(sys, name, lines)
        return name, lines


@final
class _Above:
    """Writes what is printed above a bar. A line that has begun ends there, since the bar needs the next one.

    Args:
        bar: stands in the last line of the terminal.
        stream: takes what is printed.
    """

    def __init__(self, bar: Any, stream: Any):
        self._bar, self._stream = bar, stream
        self._waiting: deque[str] = deque()
        self._is_writing = self._was_ended_here = False

    def put(self, text: str) -> None:
        """Keep text for the next delivery."""
        self._waiting.append(text)

    def deliver(self) -> None:
        """Write what waits. The lock of the bar lets the same thread in again: whoever prints within a print."""
        with self._bar.get_lock():
            while self._waiting and not self._is_writing:
                self._is_writing = True
                try:
                    self._write("".join(self._waiting.popleft() for _ in range(len(self._waiting))))
                finally:
                    self._is_writing = False

    def _write(self, text: str) -> None:
        if self._was_ended_here:
            text = text.removeprefix("\n")
        self._was_ended_here = bool(text) and not text.endswith("\n")
        if not text:
            return
        self._bar.clear(nolock=True)
        try:
            write_replaced(self._stream, text + "\n" * self._was_ended_here)
        finally:
            self._bar.refresh(nolock=True)


def _show_begun(is_over: threading.Event, streams: Sequence[tuple[str, Lines]]) -> None:
    """Show lines while they grow, such as rows of dots."""
    while not is_over.wait(_SHOW_BEGUN_EVERY_S):
        for _, lines in streams:
            # The stream may be closed meanwhile, or nobody may read it.
            with contextlib.suppress(OSError, ValueError):
                lines.show_begun()


class LoggerCallback(Callback):
    """Prints a line per evaluation: how many have ended, the best objective so far, and its own objective."""

    def __init__(self) -> None:
        self._best = Best()
        self._n_done = 0

    def on_start(self, max_evals: int | None) -> None:
        self._best, self._n_done = Best(), 0

    def on_done(self, job: Job) -> None:
        self._best.add(job.objective)
        self._n_done += 1
        best = ", ".join(f"{name}: {value}" for name, value in self._best.postfix.items())
        # To print is what this callback is for.
        print(f"[{self._n_done:05d}] best so far {best}; job {job.id} returned {job.objective}")  # noqa: T201
