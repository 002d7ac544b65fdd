"""One call of `search`: ask, submit, gather, tell, until a budget is spent."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import final

from .._threads import kept
from ..callback import Callback, TqdmCallback
from ..evaluator import Evaluator
from ..job import Job
from .interrupts import CaughtSignal
from .ledger import Ledger
from .proposer import Proposer
from .statistics import Crashes, Statistics, Tally

logger = logging.getLogger(__name__)

ALL_FAILED = "all evaluations failed"
# So many suggestions are made before the first of them is submitted.
_PORTION = 64
# Results that have come meanwhile wait so long while more suggestions are made.
_LONGEST_UNTOLD_S = 2.0


@final
@dataclass(frozen=True)
class Limits:
    """How many evaluations there may be; None for no limit.

    Args:
        here: how many one call of `search` may submit.
        total: how many the whole search may have, those that ended before included.
    """

    here: int | None = None
    total: int | None = None

    def n_left(self, n_submitted: int, n_counted: int) -> float:
        """How many further evaluations may be submitted, never negative; infinity without a limit.

        Args:
            n_submitted: how many this call has submitted.
            n_counted: how many the search has, those that run included.
        """
        here = math.inf if self.here is None else self.here - n_submitted
        total = math.inf if self.total is None else self.total - n_counted
        return max(0, min(here, total))


@final
class Run:
    """One call of `search`.

    Args:
        name: name of the search class, for the log.
        evaluator: runs the evaluations; it works for the search already.
        proposer: decides what to evaluate.
        ledger: keeps the evaluations.
        crashes: counts crashed evaluations over all calls.
        why_nothing_is_left: says why the proposer has nothing left to suggest.
        caught: the signal that interrupts it, if one does.
    """

    def __init__(
        self,
        name: str,
        evaluator: Evaluator,
        proposer: Proposer,
        ledger: Ledger,
        crashes: Crashes,
        why_nothing_is_left: Callable[[], str],
        caught: CaughtSignal,
    ):
        self._caught = caught
        self._name, self._why_nothing_is_left = name, why_nothing_is_left
        self._evaluator, self._proposer, self._ledger = evaluator, proposer, ledger
        self._crashes, self._tally = crashes, Tally(evaluator)
        self.stop_reason: str | None = None

    def until(self, limits: Limits, timeout: float | None, shows_progress: bool) -> Statistics:
        """Search until the budget is spent or there is a reason to end early, which `stop_reason` then holds.

        Args:
            limits: how many evaluations there may be.
            timeout: seconds from now after which running evaluations are cancelled; None for no limit.
            shows_progress: whether to show a progress bar, unless the evaluator's callbacks include one already.
        """
        evaluator, listeners = self._evaluator, self._listeners(shows_progress)
        self._ask_the_proposer_whether_to_stop()
        with kept(), ExitStack() as endings:
            # The stack runs these in reverse order, and runs all of them even if one raises.
            endings.enter_context(evaluator.broadcast.heard_by(*listeners))
            endings.callback(evaluator.broadcast.tell, "on_close")
            endings.callback(self._ledger.history.complete)
            endings.callback(self._proposer.rest)
            endings.enter_context(evaluator.budget.within(timeout))
            endings.callback(lambda: self._take(evaluator.cancel()))
            if not evaluator.keeps_deadlines:
                endings.enter_context(self._ledger.beating())
            self._ledger.write_off_lost()
            self._take_news(evaluator.news())
            n_left = limits.n_left(0, self._ledger.history.n_ended)
            evaluator.broadcast.tell("on_start", None if n_left == math.inf else int(n_left))
            self._look_whether_there_is_nothing_to_do(limits)
            self._loop(limits)
            if self._caught.signal_name is not None:
                self.stop_reason = f"interrupted by {self._caught.signal_name}"
                what_follows = ", and the process ends" if self._caught.ends_process else ""
                logger.warning("%s: %s; what ran was cancelled%s.", self._name, self.stop_reason, what_follows)
        return self._tally.statistics(self._proposer.source)

    def _listeners(self, shows_progress: bool) -> list[Callback]:
        has_bar = any(isinstance(callback, TqdmCallback) for callback in self._evaluator.broadcast.callbacks)
        ours = [self._ledger.open_jobs, self._tally, self._crashes]
        return [*ours, *([TqdmCallback()] if shows_progress and not has_bar else [])]

    def _look_whether_there_is_nothing_to_do(self, limits: Limits) -> None:
        n_ended = self._ledger.history.n_ended
        if limits.total is not None and n_ended >= limits.total:
            self._stop(
                f"there is nothing to do, since {n_ended} evaluations have ended (max_evals_total={limits.total})"
            )

    def _loop(self, limits: Limits) -> None:
        evaluator, n_submitted = self._evaluator, 0
        while True:
            # Counted again each time, since other members of the search work for the same total.
            n_left = limits.n_left(n_submitted, self._ledger.history.n_ended + evaluator.line.n_unfinished)
            n_wanted = int(min(evaluator.line.n_free, n_left, evaluator.budget.n_jobs_left))
            if n_wanted and self.stop_reason is None and evaluator.time_left > 0:
                n_submitted += self._submit_in_portions(n_wanted)
            if not evaluator.line.n_unfinished:
                return
            self._proposer.prepare(evaluator)
            with self._tally.spent_on("wait"):
                gathered = evaluator.gather("BATCH", size=1)
            jobs, others = gathered if isinstance(gathered, tuple) else (gathered, [])
            self._take(jobs)
            self._take_news(others)
            self._ledger.write_off_lost()
            self._look_for_a_reason_to_stop()
            if self.stop_reason == ALL_FAILED:
                return

    def _submit_in_portions(self, n: int) -> int:
        """Submit at most `n` suggestions, so that workers begin, and the deadline is looked at, before all are there.

        On a virtual clock no worker waits, whatever the manager does first.

        Returns:
            How many were submitted.
        """
        evaluator, n_submitted = self._evaluator, 0
        portion, begin = n if evaluator.clock.is_virtual else _PORTION, evaluator.clock.now()
        while n_submitted < n:
            n_asked = min(portion, n - n_submitted)
            n_given = self._submit(n_asked)
            n_submitted += n_given
            # What has ended meanwhile is told before still more is suggested.
            is_news_old = evaluator.line.has_ended_ones and evaluator.clock.now() > begin + _LONGEST_UNTOLD_S
            if n_given < n_asked or evaluator.time_left <= 0 or is_news_old:
                break
        return n_submitted

    def _submit(self, n: int) -> int:
        """Submit at most `n` suggestions, and return how many there were."""
        with self._tally.spent_on("ask"):
            trials = self._proposer.ask(n, self._evaluator)
        self._ledger.note_suggestions(len(trials))
        n_prepared = sum(trial.was_prepared for trial in trials)
        n_cheaper = sum(trial.is_cheaper for trial in trials)
        self._tally.note_suggestions(n_prepared, len(trials) - n_prepared, n_cheaper)
        if len(trials) < n and self._evaluator.time_left > 0:
            self._stop(self._why_nothing_is_left())
        self._evaluator.submit([trial.configuration for trial in trials], [trial.metadata for trial in trials])
        return len(trials)

    def _take(self, jobs: Sequence[Job]) -> None:
        """Keep jobs that were evaluated here, and learn from them."""
        if jobs:
            with self._tally.spent_on("tell"):
                self._ledger.history.add(jobs)
                self._proposer.tell(jobs)
            if self._ledger.open_jobs.is_long:
                self._ledger.settle(self._proposer.memory)

    def _take_news(self, others: Sequence[Job]) -> None:
        """Keep jobs that other members have finished, and learn from them."""
        if others:
            self._ledger.history.add(others)
            self._proposer.tell(others)

    def _look_for_a_reason_to_stop(self) -> None:
        self._ask_the_proposer_whether_to_stop()
        if self._evaluator.broadcast.stop_reason is not None:
            self.stop_reason = self._evaluator.broadcast.stop_reason
        elif self._crashes.are_all(self._evaluator.num_workers):
            self.stop_reason = ALL_FAILED

    def _ask_the_proposer_whether_to_stop(self) -> None:
        if (reason := self._proposer.reason_to_stop) is not None:
            self._stop(reason)

    def _stop(self, reason: str) -> None:
        """End the search after the running evaluations; the first reason is kept."""
        if self.stop_reason is None:
            self.stop_reason = reason
            logger.warning("%s: %s; the search ends with what runs.", self._name, reason)
