"""How long evaluations take and what suggestions cost, and what follows: how many to prepare, and how cheaply."""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import final

from ..optimizer import LARGEST_THRIFT

# A fresh suggestion knows the newest result, so a worker may wait for it, but only if that takes less than this share
# of a mean evaluation. Otherwise the worker gets a prepared suggestion.
_WORTH_WAITING = 0.003
# If fresh suggestions took more than this share of the time, free workers would have to queue for them.
_LARGEST_LOAD = 0.3
# We prepare some more suggestions than we expect to need, since several evaluations may end at once.
N_SPARE = 3
_MARGIN = 1.5
_MOST_AHEAD_PER_WORKER, _MOST_AHEAD = 4, 64
# Of those that were prepared before, so many times as many stay for a preparation that is late.
_KEPT_PER_USED = 4
# A preparation should take no longer than this share of an evaluation, since what is prepared knows nothing of what
# ends meanwhile.
_LONGEST = 0.7
# If preparations are shorter than this share of what they may take, less has to be saved.
_EASY = 0.35
# After so many preparations in a row that say the same; a single one may have met a hiccup.
_SLOW_IN_A_ROW, _EASY_IN_A_ROW = 2, 4
# By how much a step of thrift shortens a preparation, roughly.
_GAIN = 1.5
# Until the model has made its first suggestions nobody knows what they cost here. Evaluations that last as long as this
# are taken to leave enough time for usual ones; where they are shorter, it is better to begin too cheaply.
_SURELY_LONG_S = 0.1
# The weight of the newest value in a running mean, large enough to follow the last few values.
_NEWEST_SHARE = 0.3
_N_NEWEST = 3


@final
class Pace:
    """What was measured, and what follows from it."""

    def __init__(self) -> None:
        self._suggestion_s = 0.0
        self._evaluation_s: float | None = None
        self._newest_preparations: deque[float] = deque(maxlen=_N_NEWEST)
        self._shares: deque[float] = deque(maxlen=_EASY_IN_A_ROW)
        # None until the model has made suggestions.
        self._thrift: int | None = None

    # What is measured.

    def note_evaluation(self, seconds: float) -> None:
        """Note how many seconds an evaluation took."""
        before = self._evaluation_s
        self._evaluation_s = seconds if before is None else _followed(before, seconds)

    def note_suggestions(self, seconds: float, n: int) -> None:
        """Note how many seconds `n` suggestions took."""
        self._suggestion_s = _followed(self._suggestion_s, seconds / max(n, 1))

    def note_preparation(self, seconds: float, n: int, n_workers: int, is_of_model: bool = True) -> None:
        """Note how many seconds it took to prepare `n` suggestions while evaluations ran.

        Args:
            seconds: on the evaluator's clock.
            n: how many.
            n_workers: how many evaluations run at once.
            is_of_model: whether the model made them; those of the design say nothing of what the model costs.
        """
        self.note_suggestions(seconds, n)
        if is_of_model and self._thrift is None:
            self._thrift = self._first_thrift
            self._newest_preparations.clear()
        self._newest_preparations.append(seconds)
        if is_of_model:
            self._follow(seconds, n_workers)

    def _follow(self, seconds: float, n_workers: int) -> None:
        """Save more, or less, after a preparation of the model."""
        self._shares.append(self._share_of_what_may_be(seconds, n_workers))
        slow = min(list(self._shares)[-_SLOW_IN_A_ROW:]) if len(self._shares) >= _SLOW_IN_A_ROW else 0.0
        easy = max(self._shares) if len(self._shares) == _EASY_IN_A_ROW else math.inf
        if slow > 1.0:
            # As many steps as it takes.
            self._step(_steps_to(slow))
        elif easy < _EASY:
            self._step(-1)

    def _share_of_what_may_be(self, seconds: float, n_workers: int) -> float:
        """How long a preparation took, as a share of what it may take.

        Nor may more evaluations end meanwhile than suggestions may be prepared.
        """
        in_evaluations = seconds / max(self._evaluation_s or 0.0, 1e-6)
        return max(in_evaluations / _LONGEST, _MARGIN * in_evaluations * n_workers / _most_ahead(n_workers))

    def _step(self, by: int) -> None:
        self._thrift = min(max(0, self.thrift + by), LARGEST_THRIFT)
        self._shares.clear()

    # What follows.

    @property
    def thrift(self) -> int:
        """How much suggestions have to save, a place in `optimizer.THRIFTS`."""
        return self._first_thrift if self._thrift is None else self._thrift

    @property
    def _first_thrift(self) -> int:
        """How much the first suggestions of the model save."""
        if self._evaluation_s is None or self._evaluation_s >= _SURELY_LONG_S:
            return 0
        return min(_steps_to(_SURELY_LONG_S / max(self._evaluation_s, 1e-6)), LARGEST_THRIFT)

    def is_fresh_cheap(self, n_workers: int) -> bool:
        """Whether free workers should wait for fresh suggestions."""
        if n_workers == 1 or self._evaluation_s is None:
            return True
        share = self._suggestion_s / max(self._evaluation_s, 1e-9)
        return share <= _WORTH_WAITING and share * n_workers <= _LARGEST_LOAD

    def n_used(self, n_workers: int) -> int:
        """How many evaluations may end while the next suggestions are made."""
        expected = _MARGIN * self._expected_s * n_workers / max(self._evaluation_s or 0.0, 1e-6)
        return math.floor(min(expected, _most_ahead(n_workers)))

    @property
    def _expected_s(self) -> float:
        """How long the next preparation will take."""
        measured = median(self._newest_preparations) if self._newest_preparations else 0.0
        is_guessed = self._thrift is None and self.thrift > 0
        return max(measured, _LONGEST * (self._evaluation_s or 0.0)) if is_guessed else measured

    def n_kept(self, n_workers: int) -> int:
        """How many of the prepared suggestions stay while new ones are made, in case that these are late."""
        return min(_KEPT_PER_USED * self.n_used(n_workers), _MOST_AHEAD)


def _most_ahead(n_workers: int) -> int:
    return min(_MOST_AHEAD_PER_WORKER * n_workers, _MOST_AHEAD)


def _steps_to(factor: float) -> int:
    """How many steps of thrift make a preparation shorter by a factor."""
    return math.ceil(math.log(factor) / math.log(_GAIN))


def _followed(mean: float, newest: float) -> float:
    return (1 - _NEWEST_SHARE) * mean + _NEWEST_SHARE * newest
