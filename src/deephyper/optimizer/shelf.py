"""Rows that were proposed before they are needed."""

from __future__ import annotations

from typing import NamedTuple, final

from .._arrays import Array


class Prepared(NamedTuple):
    """A row, and where it comes from.

    Args:
        row: canonical, (d,).
        n_told: how many evaluated rows were known when it was proposed.
        call: which call of `propose` has made it.
        place: which row of that call it is.
    """

    row: Array
    n_told: int
    call: int = 0
    place: int = 0


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

    def put(self, rows: Array, n_told: int, behind: int, call: int = 0, first_place: int = 0) -> None:
        """Put rows, (k, d), behind the first ones, in place of those that were there.

        Args:
            rows: the rows.
            n_told: how many evaluated rows were known when they were proposed.
            behind: how many of the rows on the shelf stay.
            call: which call of `propose` has made them.
            first_place: which row of that call the first one is.
        """
        new = [Prepared(row, n_told, call, place) for place, row in enumerate(rows, first_place)]
        self._rows = self._rows[:behind] + new

    def take(self) -> Prepared | None:
        """Take the next row off the shelf; None when it is empty."""
        return self._rows.pop(0) if self._rows else None

    def drop(self, fewest_told: float = float("inf")) -> None:
        """Throw away the rows that were proposed when fewer than `fewest_told` evaluated rows were known."""
        self._rows = [prepared for prepared in self._rows if prepared.n_told >= fewest_told]
