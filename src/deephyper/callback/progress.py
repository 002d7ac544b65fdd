"""Callbacks that show the progress of a search."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, final

from .._checks import count, instance_of, is_integer
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

    def add(self, objective: Objective | None) -> bool:
        """Add an objective or a failure, and tell whether it is an improvement.

        None, which a cancelled evaluation has, changes nothing.
        """
        if objective is None or is_failure(objective):
            self.n_failures += objective is not None
            return False
        if isinstance(objective, tuple):
            return self._add_several(objective)
        value, before = float(objective), self._best
        self._best = value if before is None else max(before, value)
        return before is None or value > before

    def _add_several(self, objective: tuple[float, ...]) -> bool:
        from ..moo import pareto_mask

        self._worst = tuple(map(min, self._worst or objective, objective))
        front = [*self._front, objective]
        mask, is_known = pareto_mask(front), objective in self._front
        self._front = [point for point, is_efficient in zip(front, mask, strict=True) if is_efficient]
        return bool(mask[-1]) and not is_known

    @property
    def value(self) -> float | None:
        """The best objective, or the hypervolume; None if there is none yet."""
        if not self._front:
            return self._best
        from ..moo import hypervolume

        return hypervolume(self._front, self._worst)

    @property
    def postfix(self) -> dict[str, Any]:
        """What a progress bar shows: failures, and the best objective or the hypervolume, if there is one."""
        name, value = "hvi" if self._front else "objective", self.value
        return {"failures": self.n_failures, **({} if value is None else {name: value})}


class TqdmCallback(Callback):
    """Shows a progress bar; what is printed meanwhile appears above it, line by line.

    Args:
        description: text before the bar; a whole number stands for `max_evals`, as in earlier versions.
        max_evals: how many evaluations the whole bar stands for; None takes the number that the search was asked for.
    """

    def __init__(self, description: str | int | None = None, max_evals: int | None = None):
        if is_integer(description):
            description, max_evals = None, description
        elif description is not None:
            instance_of(type(self).__name__, "description", description, str, "a text or None")
        self._description: Any = description
        self.set_max_evals(max_evals)
        self._bar: Any = None
        self._streams: list[tuple[str, Lines]] = []
        self._is_over = threading.Event()
        self._best = Best()

    def set_max_evals(self, max_evals: int | None) -> None:
        """Set how many evaluations the whole bar stands for, from the next search on."""
        self._max_evals = None if max_evals is None else count(type(self).__name__, "max_evals", max_evals)

    def on_start(self, max_evals: int | None) -> None:
        from tqdm.auto import tqdm

        self.on_close()
        self._best = Best()
        self._bar = tqdm(total=self._max_evals or max_evals, desc=self._description, file=sys.stderr)
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

    def on_done_other(self, job: Job) -> None:
        # Only the bar's length stands for the evaluations of here.
        self._best.add(job.objective)

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
        self.on_start(None)

    def on_start(self, max_evals: int | None) -> None:
        self._best, self._n_done = Best(), 0

    def on_done(self, job: Job) -> None:
        self._best.add(job.objective)
        self._n_done += 1
        best = ", ".join(f"{name}: {value}" for name, value in self._best.postfix.items())
        # To print is what this callback is for.
        print(f"[{self._n_done:05d}] best so far {best}; job {job.id} returned {job.objective}")  # noqa: T201

    def on_done_other(self, job: Job) -> None:
        self.on_done(job)
