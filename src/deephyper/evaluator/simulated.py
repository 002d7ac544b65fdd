"""Evaluations that take no time: a virtual clock says how long they would have taken."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple, TypeVar, final

import numpy as np

from .._checks import is_number
from .._draws import Purpose, draws_from
from ..storage import Storage
from ..worker import Report, RunFunction, Task, evaluate
from .attempts import LocalChannel
from .callback import Callback
from .evaluator import Evaluator

T = TypeVar("T")

Duration = float | Callable[[Mapping[str, Any], np.random.Generator], float]


class _Event(NamedTuple):
    """Something that will be over at a time; equal times in the order in which they began."""

    time: float
    number: int
    future: Future[Any]
    happen: Callable[[], None]


@final
class _Clock:
    """Time that passes by jumps to events, and by the CPU seconds of the manager's thread.

    Args:
        charges: whether CPU seconds pass.
    """

    def __init__(self, charges: bool):
        self._charges = charges
        self._time, self._cpu = 0.0, time.thread_time()
        self._events: list[_Event] = []
        self._numbers = count()

    def now(self) -> float:
        """Read the time; what is over by then has happened."""
        cpu = time.thread_time()
        if self._charges:
            self._time += cpu - self._cpu
        self._cpu = cpu
        while self._events and (self._events[0].time <= self._time or self._events[0].future.cancelled()):
            event = heapq.heappop(self._events)
            if event.future.set_running_or_notify_cancel():
                event.happen()
        return self._time

    def expect(self, time: float, future: Future[Any], happen: Callable[[], None]) -> None:
        """Let something happen at a time, unless its future is cancelled before."""
        heapq.heappush(self._events, _Event(time, next(self._numbers), future, happen))

    def jump(self, at_most: float) -> None:
        """Go to the next event, not beyond a time."""
        self.now()
        target = min(self._events[0].time if self._events else math.inf, at_most)
        if math.isfinite(target):
            self._time = max(self._time, target)
            self.now()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No time passes while the context lasts."""
        self.now()
        charges, self._charges = self._charges, False
        try:
            yield
        finally:
            self.now()
            self._charges = charges

    def beside(self, function: Callable[[], T]) -> tuple[T, float]:
        """Do something as another thread would: it sees time pass, and afterwards it is as early as before.

        Returns:
            What came of it, and when it would have been ready.
        """
        begin, events, self._events = self.now(), self._events, []
        try:
            result = function()
        finally:
            end = self.now()
            self._time, self._events = begin, events
        return result, end


@final
class _VirtualWorkers(Executor):
    """Runs a task at once and lets its future know when the time has come."""

    def __init__(self, clock: _Clock):
        self._clock = clock

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._clock.stopped():
            report: Report = fn(*args, **kwargs)
            self._clock.expect(report.end, future, lambda: future.set_result(report))
        return future


@final
class SimulatedEvaluator(Evaluator):
    """Evaluations on a virtual clock: the run-function is called at once, and its result comes when it would have come.

    A search of thousands of workers and hours ends within seconds or minutes. All its times are virtual. The CPU time that the
    search needs itself passes on the virtual clock, and suggestions are prepared beside the evaluations as in a real search;
    the run-function's own time does not count.

    Args:
        run_function: as for every evaluator.
        num_workers: how many evaluations run at a time.
        callbacks: as for every evaluator, like the rest.
        run_function_kwargs: further keyword arguments of every call.
        storage: where jobs are remembered.
        search_id: name of the search in the storage.
        duration: seconds that an evaluation takes, or a function of its parameters and a random generator that gives them.
        seed: fixes the draws of that function; None makes every evaluator another one.
        charge_manager: whether the manager's CPU time counts. Without it a seed fixes the whole search.
    """

    def __init__(
        self,
        run_function: RunFunction,
        num_workers: int = 1,
        callbacks: Sequence[Callback] | None = None,
        run_function_kwargs: Mapping[str, Any] | None = None,
        storage: Storage | None = None,
        search_id: str | None = None,
        *,
        duration: Duration = 1.0,
        seed: int | None = None,
        charge_manager: bool = True,
    ):
        super().__init__(run_function, num_workers, callbacks, run_function_kwargs, storage, search_id)
        self._duration = duration if callable(duration) else _checked(duration)
        self._draws = draws_from(seed, "SimulatedEvaluator: seed")
        self._clock = _Clock(bool(charge_manager))

    def now(self) -> float:
        return self._clock.now()

    def _open(self) -> Executor:
        return _VirtualWorkers(self._clock)

    def _submit(self, executor: Executor, task: Task) -> Future[Report]:
        return executor.submit(self._virtual_report, task)

    def _virtual_report(self, task: Task) -> Report:
        report = evaluate(self.run_function, task, self.run_function_kwargs, LocalChannel(self._attempts, task.ticket))
        start = self._clock.now()
        return report._replace(start=start, end=start + self._seconds_of(task))

    def _seconds_of(self, task: Task) -> float:
        if not callable(self._duration):
            return self._duration
        return _checked(self._duration(task.parameters, self._draws.at(Purpose.DURATION, task.job_id)))

    def _work_here(self, executor: Executor) -> None:
        while not self._in_flight.has_ended_ones and (left := self.time_left) > 0:
            self._clock.jump(self.now() + left)

    def in_background(self, function: Callable[..., T], *args: Any) -> Future[T]:
        future: Future[T] = Future()
        result, ready = self._clock.beside(lambda: function(*args))
        self._clock.expect(ready, future, lambda: future.set_result(result))
        return future

    def wait_for(self, future: Future[Any]) -> bool:
        while not future.done() and (left := self.time_left) > 0:
            self._clock.jump(self.now() + left)
        return future.done()


def _checked(seconds: Any) -> float:
    """Refuse what is no duration."""
    if not is_number(seconds) or not 0 <= seconds < math.inf:
        raise ValueError(
            f"SimulatedEvaluator: duration must be a number of seconds of at least 0, or a function of parameters and a random "
            f"generator that gives one, got {seconds!r}."
        )
    return float(seconds)
