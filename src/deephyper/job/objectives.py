"""How many objectives a search has, and which columns they fill."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .outcome import Objective, is_failure, number_of


class Table(Protocol):
    """Whatever gives a column by its name: a DataFrame, a dictionary of lists."""

    def __getitem__(self, name: str, /) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Objectives:
    """The objectives of a search.

    Args:
        n: how many there are; None as long as no evaluation has succeeded.

    Example:
        >>> Objectives().learned_from([None, "F_timeout", (0.5, 2.0)])
        Objectives(n=2)
        >>> Objectives(2).cells((0.5, 2.0))
        {'objective_0': 0.5, 'objective_1': 2.0}
    """

    n: int | None = None

    @classmethod
    def of_columns(cls, names: Iterable[str]) -> Objectives:
        """Tell how many objectives a table has; one column does not tell whether any evaluation has succeeded."""
        there, n = set(names), 0
        while f"objective_{n}" in there:
            n += 1
        return cls(n if n > 1 else None)

    @property
    def columns(self) -> list[str]:
        """Names of their columns; a single one as long as the number is unknown."""
        return ["objective"] if self.n in (None, 1) else [f"objective_{i}" for i in range(self.n or 0)]

    def are_in(self, names: Collection[str]) -> bool:
        """True if all of their columns are among these names."""
        return all(column in names for column in self.columns)

    def learned_from(self, objectives: Iterable[Objective | None]) -> Objectives:
        """Give these objectives, as soon as the number is known; until then the first success tells it."""
        if self.n is not None:
            return self
        first = next((o for o in objectives if o is not None and not is_failure(o)), None)
        return self if first is None else Objectives(_n_numbers(first))

    def accepts(self, objective: Objective) -> bool:
        """True if an objective has that many numbers. A failure always fits."""
        return self.n is None or is_failure(objective) or _n_numbers(objective) == self.n

    def cells(self, objective: Objective | None) -> dict[str, Any]:
        """Fill the columns: a failure stands in each of them, and NaN where there is no objective."""
        if isinstance(objective, tuple):
            return dict(zip(self.columns, objective, strict=True))
        return dict.fromkeys(self.columns, math.nan if objective is None else objective)

    def of_row(self, row: Mapping[str, Any]) -> Objective | None:
        """Read the objective of a row: the inverse of `cells`."""
        values = [row[column] for column in self.columns]
        failure: str | None = next((value for value in values if is_failure(value)), None)
        if failure is not None:
            return failure
        numbers = tuple(number_of(value) for value in values)
        if any(math.isnan(number) for number in numbers):
            return None
        return numbers if len(numbers) > 1 else numbers[0]

    def numbers(self, table: Table) -> list[list[float]]:
        """Turn the columns of a table into numbers, a list per objective, NaN for failures and for empty cells."""
        return [[number_of(value) for value in table[column]] for column in self.columns]


def _n_numbers(objective: Objective) -> int:
    return len(objective) if isinstance(objective, tuple) else 1
