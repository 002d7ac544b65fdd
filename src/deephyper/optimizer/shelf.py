"""Rows that were proposed before they are needed."""

from __future__ import annotations

from typing import NamedTuple, final

from .._arrays import Array


class Prepared(NamedTuple):
    """A row, (d,), and how many evaluated rows were known when it was proposed."""

    row: Array
    n_told: int


@final
class Shelf:
    """Prepared rows, the next one first."""

    def __init__(self) -> None:
        self._rows: list[Prepared] = []

    def __len__(self) -> int:
        return len(self._rows)

    def first(self, n: int) -> list[Array]:
        """The next n rows, (d,) each; they stay on the shelf."""
        return [prepared.row for prepared in self._rows[:n]]

    def put(self, rows: Array, n_told: int, behind: int) -> None:
        """Put rows, (k, d), behind the first ones, in place of those that were there.

        Args:
            rows: the rows.
            n_told: how many evaluated rows were known when they were proposed.
            behind: how many of the rows on the shelf stay.
        """
        self._rows = self._rows[:behind] + [Prepared(row, n_told) for row in rows]

    def take(self) -> Prepared | None:
        """Take the next row off the shelf; None when it is empty."""
        return self._rows.pop(0) if self._rows else None

    def drop(self, fewest_told: float = float("inf")) -> None:
        """Throw away the rows that were proposed when fewer than `fewest_told` evaluated rows were known."""
        self._rows = [prepared for prepared in self._rows if prepared.n_told >= fewest_told]
