"""Finds evaluations that take too much, and workers whose death nobody noticed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from typing import final

from ..worker import now
from ..worker.memory import memory_of, proportional_memory_of
from .lane import Call, Lane
from .limits import Limits

_LOOK_EVERY_S = 0.2
# A limit of time is kept to a tenth of it.
_LOOKS_PER_TIMEOUT, _SHORTEST_PAUSE_S = 10, 0.01
_LOOK_AT_MEMORY_EVERY_S = 0.05
# Reading a long process table is slow, and the cores belong to the evaluations.
_LARGEST_SHARE_OF_TIME = 0.1


@final
class Inspector:
    """Looks at all lanes now and then, in the thread of whoever asks it to."""

    def __init__(self, lanes: Sequence[Lane], limits: Limits):
        self._lanes, self._limits = lanes, limits
        timeout_s = math.inf if limits.timeout_s is None else limits.timeout_s
        self._every_s = min(_LOOK_EVERY_S, max(timeout_s / _LOOKS_PER_TIMEOUT, _SHORTEST_PAUSE_S))
        if limits.memory_bytes is not None:
            self._every_s = min(self._every_s, _LOOK_AT_MEMORY_EVERY_S)
        self._next_look = self._next_look_at_memory = 0.0
        self._suspected: set[int] = set()
        self._large: set[Call] = set()

    def tick(self) -> float:
        """Kill what takes too much, and what is dead, if it is time to look.

        Returns:
            Seconds until the next look.
        """
        time = now()
        if time >= self._next_look:
            self._inspect(time)
        return max(0.0, self._next_look - now())

    def _inspect(self, time: float) -> None:
        # Whatever happens below, the next look is not at once.
        self._next_look = time + self._every_s
        running = [(lane, call) for lane in self._lanes if (call := lane.call) is not None and call.begun is not None]
        self._find_slow(running, time)
        self._find_dead(running)
        if self._limits.memory_bytes is not None and time >= self._next_look_at_memory:
            self._find_large(running, self._limits.memory_bytes)
            took = now() - time
            self._next_look_at_memory = time + max(_LOOK_AT_MEMORY_EVERY_S, took / _LARGEST_SHARE_OF_TIME)
        left = [self._limits.time_left(call.begun, time) for _, call in running if call.begun is not None]
        self._next_look = time + min(self._every_s, max(min(left, default=math.inf), 0.0))

    def _find_slow(self, running: Sequence[tuple[Lane, Call]], time: float) -> None:
        for lane, call in running:
            if call.begun is not None and self._limits.time_left(call.begun, time) <= 0:
                lane.kill(call, self._limits.too_long)

    def _find_large(self, running: Sequence[tuple[Lane, Call]], limit: int) -> None:
        """Kill what is over the limit at two looks in a row; `profile` may interrupt it meanwhile, in its worker."""
        workers = [(worker.pid, lane, call) for lane, call in running if (worker := lane.worker) is not None]
        by_pid = {pid: (lane, call) for pid, lane, call in workers if pid is not None}
        large: set[Call] = set()
        for pid, at_most in memory_of(by_pid).items() if by_pid else ():
            if at_most > limit and (memory_bytes := proportional_memory_of(pid)) > limit:
                lane, call = by_pid[pid]
                large.add(call)
                if call in self._large:
                    lane.kill(call, self._limits.too_large(memory_bytes))
        self._large = large

    def _find_dead(self, running: Sequence[tuple[Lane, Call]]) -> None:
        """Find workers whose end loky does not notice: it waits for a pipe that a forked child may hold open.

        They are killed at the second look, so that loky has had time to take in what the worker sent before its end.
        """
        dead = {
            id(call): (lane, call) for lane, call in running if (worker := lane.worker) is not None and worker.is_dead
        }
        for key in self._suspected & dead.keys():
            lane, call = dead[key]
            lane.kill(call, BrokenExecutor("the worker process has ended, and its result has not come"))
        self._suspected = set(dead)
