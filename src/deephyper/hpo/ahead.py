"""Prepare suggestions while evaluations run, so that a free worker need not wait for the optimizer."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import final

from ..evaluator import Evaluator
from ..optimizer import BayesianOptimizer, Proposals, Snapshot, Suggestion, propose
from .pace import N_SPARE, Pace


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
        self._pace = Pace()

    def note_evaluation(self, seconds: float) -> None:
        """Note how many seconds an evaluation took."""
        self._pace.note_evaluation(seconds)

    def suggest(self, n: int, evaluator: Evaluator) -> list[Suggestion]:
        """Return suggestions for `n` free workers; fewer only if none are left or the time is over."""
        given: list[Suggestion] = []
        if not self._pace.is_fresh_cheap(evaluator.num_workers):
            self._catch_up(n, evaluator)
            given = self._optimizer.take_ready(n)
        if len(given) < n and evaluator.time_left > 0:
            given += self._fresh(n - len(given), evaluator)
        return given

    def prepare(self, evaluator: Evaluator) -> None:
        """Begin to prepare suggestions, unless that is under way already or would not help."""
        if self._preparing is not None or self._pace.is_fresh_cheap(evaluator.num_workers):
            return
        n_used = self._pace.n_used(evaluator.num_workers)
        is_newest = self._n_told_by_prepared == self._optimizer.n_told
        if self._optimizer.n_newest_ready > n_used + N_SPARE and (is_newest or n_used > 0):
            return
        # Some of the ready rows will be used while the new ones are made; the snapshot counts them as asked. The new
        # rows come before what is left of them, and replace the others, since they know more results.
        snapshot = self._optimizer.snapshot(self._pace.n_kept(evaluator.num_workers), self._pace.thrift)
        self._is_over = threading.Event()
        n_wanted = n_used + 1 + N_SPARE
        self._preparing = evaluator.clock.beside(_timed_proposals, snapshot, n_wanted, evaluator, self._is_over)

    def close(self) -> None:
        """Drop the prepared suggestions; a preparation that is under way ends after its current suggestion."""
        self._is_over.set()
        self._preparing = None
        self._optimizer.drop_ready()

    def _fresh(self, n: int, evaluator: Evaluator) -> list[Suggestion]:
        begin = evaluator.clock.now()
        suggested = self._optimizer.suggest(n, lambda: evaluator.time_left > 0)
        self._pace.note_suggestions(evaluator.clock.now() - begin, len(suggested))
        return suggested

    def _catch_up(self, n: int, evaluator: Evaluator) -> None:
        """Take over prepared suggestions; wait for them until the deadline if fewer than `n` are ready."""
        if self._preparing is None:
            return
        if self._optimizer.n_ready < n:
            evaluator.clock.wait(self._preparing, evaluator.time_left)
        if not self._preparing.done():
            return
        proposals, seconds = self._preparing.result()
        self._preparing = None
        is_of_model = proposals.model is not None
        self._pace.note_preparation(seconds, len(proposals.rows), evaluator.num_workers, is_of_model)
        self._optimizer.install(proposals)
        self._n_told_by_prepared = proposals.n_told


def _timed_proposals(
    snapshot: Snapshot, n: int, evaluator: Evaluator, is_over: threading.Event
) -> tuple[Proposals, float]:
    begin = evaluator.clock.now()
    return propose(snapshot, n, lambda: not is_over.is_set()), evaluator.clock.now() - begin
