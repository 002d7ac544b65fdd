"""The user's constraint function: from a table of configurations to one bool per row, in the order of the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np
import pandas as pd

from .._arrays import Array, Indices, Mask
from .._checks import is_bool
from ..results import column

ConstraintFn = Callable[[pd.DataFrame], Any]
ValueColumns = Mapping[str, Sequence[Any]]

_WHERE = "HpProblem: the constraint function"
_ROW_BY_ROW = "Combine columns with & and |, for example: lambda df: df.x < df.y"
_HINT = (
    "a column holds all rows at once, so compare columns in brackets and combine them with & | ~ in place of "
    "'and', 'or', 'not', 'in' and 0 < x < 1, for example: lambda df: (df.x > 0) & (df.x < df.y); "
    "take numpy's functions in place of min, max and those of math, such as np.log(df.x)"
)
# What pandas and Python say where a whole column is used as if it were the value of one row.
_OF_WHOLE_COLUMNS = ("truth value", "Series", "Cannot perform", "ufunc 'invert'")
_MOST_PROBED = 32


@final
class Constraint:
    """Which configurations a function of the user's allows.

    The function is asked about a whole table at once. An answer in another order is put in order by its index. A plain
    array has no index, so the first answer that is neither all True nor all False is checked: it must not depend on the
    order in which the rows come.

    Args:
        function: from a table with a column per hyperparameter, empty where it is inactive, to a bool per row.
    """

    def __init__(self, function: ConstraintFn):
        self._function = function
        self._is_probed = False

    def allows(self, values: ValueColumns) -> Mask:
        """Which configurations are allowed, (n,).

        Args:
            values: a list of n values for each hyperparameter, NaN where it is inactive.

        Raises:
            ValueError: the answer is not one bool per row.
        """
        table = pd.DataFrame({name: column(cells) for name, cells in values.items()})
        # A function may change its table, so another one is kept to be asked about later.
        kept = None if self._is_probed or len(table) < 2 else table.copy()
        allowed = self._answer(table)
        if kept is not None and 0 < allowed.sum() < len(allowed):
            self._probe(kept, allowed)
        return allowed

    def _answer(self, table: pd.DataFrame) -> Mask:
        index, n = table.index, len(table)
        answer = self._called(table)
        if isinstance(answer, pd.Series) and len(answer) == n:
            answer = _in_order(answer, index)
        elif not isinstance(answer, (pd.Series, pd.DataFrame)) and not table.index.equals(index):
            raise ValueError(
                f"{_WHERE} has changed the order or the number of the rows of its table, and its answer has no index "
                "to tell which row is which; return a Series, or work on a copy: df = df.sort_values(…)."
            )
        return _bools(answer, n)

    def _called(self, table: pd.DataFrame) -> Any:
        columns = ", ".join(map(repr, table.columns))
        try:
            return self._function(table)
        except Exception as error:
            if isinstance(error, (ValueError, TypeError)) and any(words in str(error) for words in _OF_WHOLE_COLUMNS):
                raise ValueError(f"{_WHERE} raised {type(error).__name__} ({error}): {_HINT}.") from error
            error.add_note(f"(raised by the constraint function, on a table with the columns {columns})")
            raise

    def _probe(self, table: pd.DataFrame, allowed: Mask) -> None:
        """Refuse a function whose answers follow the order of the rows instead of the rows.

        One that draws random numbers is let through: it answers differently in the same order as well.
        """
        self._is_probed = True
        half = _MOST_PROBED // 2
        places = np.sort(np.concatenate((np.flatnonzero(allowed)[:half], np.flatnonzero(~allowed)[:half])))
        forwards, backwards = self._of_rows(table, places), self._of_rows(table, places[::-1])[::-1]
        if (forwards != backwards).any() and (self._of_rows(table, places) == forwards).all():
            raise ValueError(
                f"{_WHERE} answers otherwise when the same rows come in another order; judge every row by itself, and "
                "if the function sorts, groups or filters its table, return a Series that keeps the table's index."
            )

    def _of_rows(self, table: pd.DataFrame, places: Indices) -> Mask:
        return self._answer(table.iloc[places].reset_index(drop=True))


def _in_order(answer: pd.Series[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """An answer of the right length in the order of the rows."""
    if answer.index.equals(index):
        return answer
    if answer.index.has_duplicates or not answer.index.isin(index).all():
        raise ValueError(
            f"{_WHERE} must return one bool per row of its table, and the index of what it returned is not that of the "
            "table, so that nobody can tell which row is which; keep the index, or return the values in the order of "
            "the rows with .to_numpy()."
        )
    return answer.reindex(index)


def _bools(answer: Any, n: int) -> Mask:
    bools = np.asarray(answer)
    if bools.dtype == object and bools.shape == (n,) and all(map(is_bool, bools)):
        bools = bools.astype(bool)
    if bools.shape == (n,) and bools.dtype == bool:
        return bools
    raise ValueError(
        f"{_WHERE} must return one bool per row of its table, here {n}, got {_described(answer, bools)}. {_ROW_BY_ROW}"
    )


def _described(answer: Any, cells: Array) -> str:
    if answer is None:
        return "None (is a return missing?)"
    if is_bool(answer):
        return f"a single {answer}"
    if cells.shape == ():
        return f"{answer!r} of type {type(answer).__name__}"
    if cells.dtype == object and pd.isna(cells).any():
        return f"{type(answer).__name__} with missing values"
    return f"{cells.dtype} of shape {cells.shape}"
