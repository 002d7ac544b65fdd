"""Evaluations that take no time: a virtual clock says how long they would have taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple, final

import numpy as np

from .._checks import is_number, shown, yes_or_no
from .._draws import Purpose, draws_from
from ..worker import Report, Task, evaluate
from .backend import Backend, Lend, Work
from .baton import Runner
from .switchboard import Switchboard
from .virtual_clock import VirtualClock

Seconds = float | Callable[[Mapping[str, Any], np.random.Generator], float]
"""A number of seconds, or a function of an evaluation's parameters and a random generator that gives one."""


@final
class _Durations:
    """How long something takes for each evaluation.

    Args:
        what: is named in messages.
        seconds: a number, or a function that draws one.
    """

    def __init__(self, what: str, seconds: Seconds):
        self._what = what
        self._seconds = seconds if callable(seconds) else self._checked(seconds)

    @property
    def is_drawn(self) -> bool:
        """Whether `of` needs a generator."""
        return callable(self._seconds)

    def of(self, task: Task, rng: np.random.Generator | None) -> float:
        """Seconds for one evaluation."""
        if not callable(self._seconds):
            return self._seconds
        assert rng is not None
        return self._checked(self._seconds(task.parameters, rng))

    def _checked(self, seconds: Any) -> float:
        if not is_number(seconds) or not 0 <= seconds < math.inf:
            raise ValueError(
                f"{self._what} must be a number of seconds of at least 0, or a function of parameters and a random "
                f"generator that gives one, got {shown(seconds)}."
            )
        return float(seconds)


class _Schedule(NamedTuple):
    """When an evaluation begins, how long it takes if it records nothing, and how long a unit of its budget takes."""

    start: float
    duration: float
    per_budget: float


@final
class Virtual(Backend):
    """Evaluations on a virtual clock, so that a search of thousands of workers and hours ends within minutes.

    Without `seconds_per_budget` the run-function is called at its submission. What it returned and recorded becomes
    known when its virtual time is over.

    With `seconds_per_budget` each `record(budget, value)` waits for the virtual time at which that budget is spent. So
    `job.stopped()` after it sees what was decided by then, and an evaluation ends at the time of its last record; only
    one that records nothing takes `duration`. Exactly one of the manager and all evaluations works at a time, so
    nothing depends on how threads are scheduled.

    The run-function's own CPU time does not count.

    `SimulatedEvaluator` says what its options mean; `where` is who is named in messages.
    """

    def __init__(
        self,
        where: str,
        duration: Seconds = 1.0,
        seed: int | None = None,
        charge_manager: bool = True,
        seconds_per_budget: Seconds | None = None,
    ):
        self._durations = _Durations(f"{where}: duration", duration)
        per_budget = seconds_per_budget
        self._per_budget = None if per_budget is None else _Durations(f"{where}: seconds_per_budget", per_budget)
        self._draws = draws_from(seed, f"{where}: seed")
        self._clock = VirtualClock(yes_or_no(where, "charge_manager", charge_manager))
        self._in_steps: dict[Future[Report], _InSteps] = {}

    @property
    def clock(self) -> VirtualClock:
        """The virtual clock."""
        return self._clock

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        self._work, self._switchboard = work, switchboard

    def submit(self, task: Task) -> Future[Report]:
        schedule = self._schedule(task)
        self._switchboard.begin(task.ticket, schedule.start)
        if self._per_budget is None:
            return self._evaluated(task, schedule)
        running = _InSteps(self._work, task, schedule, self._switchboard, self._clock)
        self._in_steps[running.future] = running
        running.future.add_done_callback(self._forget)
        running.go_on()
        return running.future

    def work(self, lend: Lend, until: float, has_news: Callable[[], bool]) -> None:
        """Let the virtual time go on."""
        while not has_news() and self._clock.now() < until and self._clock.jump(until):
            pass

    def close(self) -> None:
        for future in list(self._in_steps):
            future.cancel()

    def _schedule(self, task: Task) -> _Schedule:
        duration, per_budget = self._durations, self._per_budget
        # A generator takes longer than all the rest of a submission.
        is_drawn = duration.is_drawn or (per_budget is not None and per_budget.is_drawn)
        rng = self._draws.at(Purpose.DURATION, task.job_id) if is_drawn else None
        seconds = duration.of(task, rng)
        return _Schedule(self._clock.now(), seconds, 0.0 if per_budget is None else per_budget.of(task, rng))

    def _evaluated(self, task: Task, schedule: _Schedule) -> Future[Report]:
        """Run an evaluation now; it becomes known at its end."""
        future: Future[Report] = Future()
        end = schedule.start + schedule.duration
        with self._clock.stopped():
            channel = _SilentChannel(self._switchboard, task.ticket)
            report = evaluate(self._work.function, task, self._work.kwargs, channel)
        report = report._replace(start=schedule.start, end=end)
        self._clock.expect(end, future, partial(_tell, future, report, task.ticket, self._switchboard))
        return future

    def _forget(self, future: Future[Report]) -> None:
        running = self._in_steps.pop(future, None)
        if running is not None:
            running.end()


def _tell(future: Future[Report], report: Report, ticket: int, switchboard: Switchboard) -> None:
    """Let it be known what an evaluation has recorded, and how it ended."""
    if not future.set_running_or_notify_cancel():
        return
    for budget, value in report.observations:
        switchboard.record(ticket, budget, value)
    future.set_result(report)


class _SilentChannel(NamedTuple):
    """The channel of an evaluation that runs before its time: nobody hears what it records."""

    switchboard: Switchboard
    ticket: int

    def begin(self) -> None:
        """Say nothing: the backend knows."""

    def record(self, budget: float, objective: float) -> None:
        """Say nothing: it travels with the report."""

    def stopped(self) -> bool:
        return self.switchboard.is_stopped(self.ticket)


@final
class _InSteps:
    """An evaluation in a thread of its own, which stands still between the virtual times of what it records."""

    def __init__(self, work: Work, task: Task, schedule: _Schedule, switchboard: Switchboard, clock: VirtualClock):
        self._schedule, self._ticket, self._switchboard, self._clock = schedule, task.ticket, switchboard, clock
        self.future: Future[Report] = Future()
        self._recorded = (0.0, 0.0)
        self._time: float | None = None
        self._runner: Runner[tuple[float, float], Report] = Runner(
            lambda: evaluate(work.function, task, work.kwargs, self)
        )

    # The manager's side.

    def go_on(self) -> None:
        """Let it work to its next record or to its end."""
        with self._clock.stopped():
            recorded = self._runner.step()
        start, duration, per_budget = self._schedule
        if recorded is None:
            end = start + duration if self._time is None else self._time
            self._clock.expect(end, self.future, partial(self._hand_on, end))
            return
        # Budgets that do not grow take no time.
        self._recorded = recorded
        spent = recorded[0] * per_budget
        earliest = start if self._time is None else self._time
        self._time = max(earliest, start + spent) if math.isfinite(spent) else earliest
        self._clock.expect(self._time, self.future, self._tell_and_go_on)

    def end(self) -> None:
        """End its thread, wherever it stands."""
        with self._clock.stopped():
            self._runner.give_up()

    def _tell_and_go_on(self) -> None:
        if self.future.done():
            return
        self._switchboard.record(self._ticket, *self._recorded)
        if not self.future.done():
            self.go_on()

    def _hand_on(self, end: float) -> None:
        """Let it be known how it ended."""
        if not self.future.set_running_or_notify_cancel():
            return
        error = self._runner.outcome.exception()
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(self._runner.outcome.result()._replace(start=self._schedule.start, end=end))

    # The evaluation's side: it is its own channel.

    def begin(self) -> None:
        """Say nothing: the backend knows."""

    def record(self, budget: float, objective: float) -> None:
        self._runner.park((budget, objective))

    def stopped(self) -> bool:
        return self._switchboard.is_stopped(self._ticket)
