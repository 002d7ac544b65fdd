"""Prepare suggestions while evaluations run, so that a free worker need not wait for the optimizer."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future
from typing import final

from ..evaluator import Evaluator
from ..optimizer import BayesianOptimizer, Proposals, Snapshot, Suggestion, propose

# A fresh suggestion knows the newest result, so a worker may wait for it, but only if that takes less than this share
# of a mean evaluation. Otherwise the worker gets a prepared suggestion.
_WORTH_WAITING = 0.003
# If fresh suggestions took more than this share of the time, free workers would have to queue for them.
_LARGEST_LOAD = 0.3
# We prepare more suggestions than we expect to need, since many evaluations may end at once, and a busy machine may
# delay the preparation.
_SPARE, _MARGIN = 3, 2.0
_MOST_AHEAD_PER_WORKER, _MOST_AHEAD = 4, 64
# The weight of the newest value in a running mean, large enough to follow the last few values.
_NEWEST_SHARE = 0.3


@final
class Ahead:
    """Gives suggestions: fresh ones if they take hardly any time, prepared ones otherwise.

    With one worker every suggestion is fresh, so that a seed fixes the whole search.

    Args:
        optimizer: makes the suggestions. Only the caller's thread changes it; the thread that prepares suggestions uses
            snapshots.
    """

    def __init__(self, optimizer: BayesianOptimizer):
        self._optimizer = optimizer
        self._is_over = threading.Event()
        self._preparing: Future[tuple[Proposals, float]] | None = None
        self._n_told_by_prepared = -1
        self._suggestion_seconds = 0.0
        self._preparation_seconds = 0.0
        self._evaluation_seconds: float | None = None

    def note_evaluation(self, seconds: float) -> None:
        """Note how many seconds an evaluation took."""
        before = self._evaluation_seconds
        self._evaluation_seconds = seconds if before is None else _followed(before, seconds)

    def suggest(self, n: int, evaluator: Evaluator) -> list[Suggestion]:
        """Return suggestions for `n` free workers; fewer only if none are left or the time is over."""
        given: list[Suggestion] = []
        if not self._is_fresh_cheap(evaluator):
            self._catch_up(n, evaluator)
            given = self._optimizer.take_ready(n)
        if len(given) < n and evaluator.time_left > 0:
            given += self._fresh(n - len(given), evaluator)
        return given

    def prepare(self, evaluator: Evaluator) -> None:
        """Begin to prepare suggestions, unless that is under way already or would not help."""
        if self._preparing is not None or self._is_fresh_cheap(evaluator):
            return
        n_used = self._expected_completions(evaluator)
        is_newest = self._n_told_by_prepared == self._optimizer.n_told
        if self._optimizer.n_ready > n_used + _SPARE and (is_newest or n_used > 0):
            return
        # Some of the ready rows will be used while the new ones are made; the snapshot counts them as asked. The new
        # rows replace the others, since they know more results.
        snapshot = self._optimizer.snapshot(n_kept=n_used)
        self._is_over = threading.Event()
        n_wanted = n_used + 1 + _SPARE
        self._preparing = evaluator.clock.beside(_timed_proposals, snapshot, n_wanted, evaluator, self._is_over)

    def close(self) -> None:
        """Drop the prepared suggestions; a preparation that is under way ends after its current suggestion."""
        self._is_over.set()
        self._preparing = None
        self._optimizer.drop_ready()

    def _fresh(self, n: int, evaluator: Evaluator) -> list[Suggestion]:
        begin = evaluator.clock.now()
        suggested = self._optimizer.suggest(n, lambda: evaluator.time_left > 0)
        self._note_suggestions(evaluator.clock.now() - begin, len(suggested))
        return suggested

    def _catch_up(self, n: int, evaluator: Evaluator) -> None:
        """Take over prepared suggestions; wait for them until the deadline if fewer than `n` are ready."""
        if self._preparing is None:
            return
        if self._optimizer.n_ready < n:
            evaluator.clock.wait(self._preparing, evaluator.time_left)
        if not self._preparing.done():
            return
        proposals, self._preparation_seconds = self._preparing.result()
        self._preparing = None
        self._note_suggestions(self._preparation_seconds, len(proposals.rows))
        self._optimizer.install(proposals)
        self._n_told_by_prepared = proposals.n_told

    def _is_fresh_cheap(self, evaluator: Evaluator) -> bool:
        if evaluator.num_workers == 1 or self._evaluation_seconds is None:
            return True
        share = self._suggestion_seconds / max(self._evaluation_seconds, 1e-9)
        return share <= _WORTH_WAITING and share * evaluator.num_workers <= _LARGEST_LOAD

    def _expected_completions(self, evaluator: Evaluator) -> int:
        """How many evaluations may end while the next suggestions are made."""
        mean = max(self._evaluation_seconds or 0.0, 1e-6)
        expected = _MARGIN * self._preparation_seconds * evaluator.num_workers / mean
        return math.floor(min(expected, _MOST_AHEAD_PER_WORKER * evaluator.num_workers, _MOST_AHEAD))

    def _note_suggestions(self, seconds: float, n: int) -> None:
        self._suggestion_seconds = _followed(self._suggestion_seconds, seconds / max(n, 1))


def _timed_proposals(
    snapshot: Snapshot, n: int, evaluator: Evaluator, is_over: threading.Event
) -> tuple[Proposals, float]:
    begin = evaluator.clock.now()
    return propose(snapshot, n, lambda: not is_over.is_set()), evaluator.clock.now() - begin


def _followed(mean: float, newest: float) -> float:
    return (1 - _NEWEST_SHARE) * mean + _NEWEST_SHARE * newest
