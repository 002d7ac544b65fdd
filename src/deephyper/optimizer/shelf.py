"""Rows that were proposed before they are needed."""

from __future__ import annotations

from typing import NamedTuple, final

from .._arrays import Array


class Prepared(NamedTuple):
    """A row that waits to be needed, and where it comes from.

    Args:
        row: canonical, (d,).
        n_told: how many evaluated rows were known when it was proposed.
        is_cheaper: whether less was spent on it than usual.
        call: which call of `propose` has made it.
        place: which row of that call it is.
    """

    row: Array
    n_told: int
    is_cheaper: bool = False
    call: int = 0
    place: int = 0


def prepared_rows(
    rows: Array, n_told: int, is_cheaper: bool = False, call: int = 0, first_place: int = 0
) -> list[Prepared]:
    """Rows, (k, d), of one call of `propose`, from the one with the place `first_place` on."""
    return [Prepared(row, n_told, is_cheaper, call, place) for place, row in enumerate(rows, first_place)]


@final
class Shelf:
    """Prepared rows, the next one first."""

    def __init__(self) -> None:
        self._rows: list[Prepared] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def n_newest(self) -> int:
        """How many rows know as much as the next one."""
        return sum(prepared.n_told == self._rows[0].n_told for prepared in self._rows)

    def first(self, n: int) -> list[Array]:
        """The next n rows, (d,) each; they stay on the shelf."""
        return [prepared.row for prepared in self._rows[:n]]

    def put(self, new: list[Prepared], n_kept: int, n_before: int = 0) -> None:
        """Put rows before the first ones, in place of the others.

        Args:
            new: the rows.
            n_kept: how many of the rows on the shelf stay; they know less, and are there in case the new ones run out.
            n_before: how many of those that stay come before the new ones all the same.
        """
        kept = self._rows[:n_kept]
        self._rows = kept[:n_before] + new + kept[n_before:]

    def take(self) -> Prepared | None:
        """Take the next row off the shelf; None when it is empty."""
        return self._rows.pop(0) if self._rows else None

    def drop(self, fewest_told: float = float("inf")) -> None:
        """Throw away the rows that were proposed when fewer than `fewest_told` evaluated rows were known."""
        self._rows = [prepared for prepared in self._rows if prepared.n_told >= fewest_told]
