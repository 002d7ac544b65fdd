"""Callbacks that show the progress of a search."""

from __future__ import annotations

import sys
from typing import Any, final

from .._checks import instance_of
from ..job import Job, Objective, is_failure
from ..worker import Lines
from .callback import Callback


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
        self._streams: list[tuple[str, Any, Lines]] = []
        self._best = Best()

    def on_start(self, max_evals: int | None) -> None:
        from tqdm.auto import tqdm

        self.on_close()
        self._best = Best()
        self._bar = tqdm(total=max_evals, desc=self._description, file=sys.stderr)
        self._streams = [self._printing_above(name) for name in ("stdout", "stderr")]

    def on_done(self, job: Job) -> None:
        if self._bar is None:
            self.on_start(None)
        self._best.add(job.objective)
        self._bar.set_postfix(self._best.postfix, refresh=False)
        self._bar.update(1)

    def on_close(self) -> None:
        for name, original, lines in self._streams:
            lines.finish()
            # Other code may have replaced the stream meanwhile; then leave it alone.
            if getattr(sys, name) is lines:
                setattr(sys, name, original)
        self._streams = []
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _printing_above(self, name: str) -> tuple[str, Any, Lines]:
        """Replace a stream of the process, so that what is written to it appears above the bar."""
        bar, original = self._bar, getattr(sys, name)

        def write(text: str) -> None:
            with bar.get_lock():
                bar.clear(nolock=True)
                original.write(text)
                original.flush()
                bar.refresh(nolock=True)

        lines = Lines(write, original)
        setattr(sys, name, lines)
        return name, original, lines


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
