"""Which rows were handed out, and which must not come again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import final

import numpy as np

from .._arrays import Array
from ..space import row_keys


@final
class HandedOut:
    """Which rows were handed out, and which must not come again.

    Args:
        n_columns: how many cells a row has.
    """

    def __init__(self, n_columns: int):
        self._n_columns = n_columns
        # How often the rows came back or were given up for good, and how often they are pending, by their keys.
        self._closed: Counter[bytes] = Counter()
        self._n_pending: Counter[bytes] = Counter()
        self._pending: dict[bytes, Array] = {}
        self.n_asked = self.n_volunteered = 0

    @property
    def n_pending(self) -> int:
        """How many rows were handed out, and have neither come back nor been given up."""
        return len(self._pending)

    def n_times(self, row: Array) -> int:
        """How often a row, (d,), is pending, came back or was given up for good."""
        key = row_keys(row[None])[0]
        return self._closed[key] + self._n_pending[key]

    def hand_out(self, row: Array) -> int:
        """Note that a row, (d,), was handed out; its number."""
        self.resume(self.n_asked + 1, self.n_volunteered, row[None])
        return self.n_asked - 1

    def close(self, X: Array) -> None:
        """Note that rows, (n, d), came back, handed out or not."""
        self.n_volunteered += sum(max(n - self._n_pending[key], 0) for key, n in Counter(row_keys(X)).items())
        self.give_up(X, may_return=False)

    def give_up(self, X: Array, may_return: bool) -> None:
        """Note that rows, (n, d), are pending no longer, and whether they may be handed out again."""
        keys = row_keys(X)
        for key in keys:
            self._n_pending[key] -= 1
            if self._n_pending[key] <= 0:
                del self._n_pending[key]
                self._pending.pop(key, None)
        if not may_return:
            self._closed.update(keys)

    def resume(self, n_asked: int, n_volunteered: int = 0, pending: Array | None = None) -> None:
        """Go on with the suggestion of this number.

        Args:
            n_asked: the number.
            n_volunteered: how many of the rows that came back were not handed out.
            pending: rows that were handed out and can still come back, (p, d).
        """
        self.n_asked, self.n_volunteered = n_asked, n_volunteered
        if pending is not None:
            self._pending.update(zip(row_keys(pending), pending, strict=True))
            self._n_pending.update(row_keys(pending))

    def pending(self, further: Iterable[Array] = ()) -> Array:
        """The pending rows in the order in which they were handed out, then some further rows, (p, d)."""
        rows = [*self._pending.values(), *further]
        return np.array(rows).reshape(len(rows), self._n_columns)

    def known(self, further: Iterable[Array] = ()) -> Counter[bytes]:
        """Keys of all rows that must not come again, some further ones among them, and how often each was given."""
        known = self._closed.copy()
        known.update(self._n_pending)
        known.update(row_keys(row[None])[0] for row in further)
        return known
