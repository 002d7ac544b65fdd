"""The column of an objective beside failures: numbers to whoever computes, reasons to whoever looks.

pandas holds such a column as an extension array. Without failures a column is plain float64, and none of this is used.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, final

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype, register_extension_dtype, take
from pandas.api.indexers import check_array_indexer

from .._arrays import Array, Mask
from ..job import is_failure, is_reason, number_of

_SERIES = (pd.Series, pd.Index, pd.DataFrame)


@final
@register_extension_dtype
class ObjectiveDtype(ExtensionDtype):
    """The type of a column of objectives some of which are failures; its name is "objective".

    `pd.read_csv(path, dtype={"objective": "objective"})` reads one from a file.
    """

    name = "objective"
    type = float
    # Scripts that look for failures ask whether the column may hold texts. It may.
    kind = "O"
    na_value = float("nan")
    # Read by pandas: the column counts as a numeric one.
    _is_numeric = True

    def __eq__(self, other: object) -> bool:
        # Older scripts ask `df.objective.dtype == object` to learn whether there are failures.
        return other is object or (isinstance(other, str) and other in ("object", "O")) or super().__eq__(other)

    __hash__ = ExtensionDtype.__hash__

    def __repr__(self) -> str:
        return "ObjectiveDtype()"

    @classmethod
    def construct_array_type(cls) -> type[ObjectiveArray]:  # type: ignore[valid-type]
        """The array of this type."""
        return ObjectiveArray

    def _get_common_dtype(self, dtypes: list[Any]) -> Any:
        """What a column becomes that is made of this one and others: objectives, if all others are numbers."""
        are_numbers = all(dtype == self or getattr(dtype, "kind", "O") in "iuf" for dtype in dtypes)
        return self if are_numbers else None


@final
class ObjectiveArray(ExtensionArray):
    """Objectives, of which some are failures and some are missing.

    A failure is a missing number that remembers its reason: `max`, `sort_values`, `idxmax`, comparisons with numbers
    and plots leave it out, while iterating, `tolist`, `astype(str)`, `astype(object)`, comparisons with texts and files
    give its text.

    Args:
        numbers: the objectives, (n,); NaN for failures and cancelled evaluations.
        reasons: the text of each failure, (n,), and None for all others.
    """

    __array_priority__ = 1000

    # Set by pandas, from version 3 on, where an array is shared.
    _readonly: bool = False

    def __init__(self, numbers: Any, reasons: Any):
        self._numbers, self._reasons = numbers, reasons

    # What pandas needs of every array.

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> Self:
        if isinstance(scalars, cls):
            return scalars.copy() if copy else scalars
        if isinstance(scalars, (pd.Series, pd.Index)):
            scalars = scalars.astype(object)
        cells = [_checked(value) for value in scalars]
        numbers = np.array([number_of(value) for value in cells], np.float64)
        return cls(numbers, _objects([value if isinstance(value, str) else None for value in cells]))

    @classmethod
    def _from_sequence_of_strings(cls, strings: Any, *, dtype: Any = None, copy: bool = False) -> Self:
        texts = pd.Series(strings, dtype=object)
        return cls._from_sequence([_parsed(text) for text in texts], dtype=dtype)

    @classmethod
    def _from_factorized(cls, values: Any, original: Any) -> Self:
        return cls._from_sequence(values)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[Self]) -> Self:
        parts = [(part._numbers, part._reasons) for part in to_concat]
        numbers, reasons = zip(*parts, strict=True)
        return cls(np.concatenate(numbers), np.concatenate(reasons))

    @property
    def dtype(self) -> ObjectiveDtype:
        """The type of the column."""
        return ObjectiveDtype()

    @property
    def nbytes(self) -> int:
        """How much memory the column takes."""
        return int(self._numbers.nbytes + self._reasons.nbytes)

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cells().tolist())

    def __getitem__(self, item: Any) -> Any:
        key = check_array_indexer(self, item)
        numbers, reasons = self._numbers[key], self._reasons[key]
        if isinstance(numbers, np.ndarray):
            found = type(self)(numbers, reasons)
            found._readonly = isinstance(key, slice) and self._readonly
            return found
        return float(numbers) if reasons is None else reasons

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._readonly:
            raise ValueError("Cannot modify read-only array")
        key = check_array_indexer(self, key)
        if pd.api.types.is_list_like(value):
            given = self._from_sequence(value)
            self._numbers[key], self._reasons[key] = given._numbers, given._reasons
        else:
            (cell,) = self._from_sequence([value])
            self._numbers[key] = number_of(cell)
            self._reasons[key] = cell if isinstance(cell, str) else None

    def isna(self) -> Mask:
        """Which cells hold no number: failures, and cancelled evaluations."""
        return np.asarray(np.isnan(self._numbers), bool)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Self:
        """Take cells by their places; -1 stands for a missing one if `allow_fill`."""
        fill = float("nan") if fill_value is None or pd.isna(fill_value) else fill_value
        (cell,) = self._from_sequence([fill])
        numbers = take(self._numbers, indices, fill_value=number_of(cell), allow_fill=allow_fill)
        reasons = take(self._reasons, indices, allow_fill=allow_fill)
        if allow_fill:
            reasons[np.asarray(indices) == -1] = cell if isinstance(cell, str) else None
        return type(self)(numbers, reasons)

    def copy(self) -> Self:
        """An array that shares nothing with this one."""
        return type(self)(self._numbers.copy(), self._reasons.copy())

    def view(self, dtype: Any = None) -> Any:
        """The same cells in another array."""
        if dtype is not None:
            raise NotImplementedError(f"ObjectiveArray.view: it has no view as {dtype}.")
        return type(self)(self._numbers, self._reasons)

    # Numbers to whoever computes.

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if dtype is not None and np.dtype(dtype).kind not in "iufcb":
            return np.array(self._cells(), dtype=dtype)
        return np.array(self._numbers, dtype=dtype, copy=copy is not False)

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = None) -> Any:
        """Numbers, (n,), NaN for failures; the texts of failures if `dtype` is object."""
        found = self.__array__(dtype)
        # pandas passes a mark of its own where the user passed nothing.
        if na_value is not None and not repr(na_value).startswith("<no_default>"):
            found[self.isna()] = na_value
        return found

    def __arrow_array__(self, type: Any = None) -> Any:  # noqa: A002  # pyarrow calls it by this name
        import pyarrow

        return pyarrow.array(self._numbers, type=type, from_pandas=True)

    def round(self, decimals: int = 0, *args: Any, **kwargs: Any) -> Self:
        """Round the numbers."""
        return type(self)(np.round(self._numbers, decimals), self._reasons.copy())

    def _reduce(self, name: str, *, skipna: bool = True, keepdims: bool = False, **kwargs: Any) -> Any:
        found = getattr(pd.Series(self._numbers), name)(skipna=skipna, **kwargs)
        return np.array([found]) if keepdims else found

    def _accumulate(self, name: str, *, skipna: bool = True, **kwargs: Any) -> Any:
        return getattr(pd.Series(self._numbers), name)(skipna=skipna, **kwargs).array

    def _groupby_op(self, **kwargs: Any) -> Any:
        return _as_floats(_nullable(self._numbers)._groupby_op(**kwargs))

    def _quantile(self, qs: Any, interpolation: str) -> Any:
        return _as_floats(_nullable(self._numbers)._quantile(qs, interpolation))

    def searchsorted(self, value: Any, side: Any = "left", sorter: Any = None) -> Any:
        """Where numbers would have to be inserted."""
        return self._numbers.searchsorted(value, side, sorter)

    def _rank(self, **kwargs: Any) -> Any:
        kwargs.pop("axis", None)
        return pd.Series(self._numbers).rank(**kwargs).to_numpy()

    def _values_for_argsort(self) -> Any:
        return self._numbers

    def _computed(self, compute: Callable[..., Any], other: Any, is_reversed: bool) -> Any:
        if isinstance(other, _SERIES):
            return NotImplemented
        other = other._numbers if isinstance(other, ObjectiveArray) else other
        if pd.api.types.is_list_like(other) and len(other) != len(self):
            raise ValueError(f"ObjectiveArray: lengths must match, got {len(self)} and {len(other)}.")
        return compute(other, self._numbers) if is_reversed else compute(self._numbers, other)

    # Reasons to whoever looks.

    def _cells(self) -> Any:
        """Numbers, and texts for failures: (n,) of objects."""
        has_reason = np.array([reason is not None for reason in self._reasons], bool)
        return np.where(has_reason, self._reasons, self._numbers.astype(object))

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Turn it into another type: failures become NaN in numbers, and their reasons in texts and objects."""
        dtype = pd.api.types.pandas_dtype(dtype)
        if dtype == self.dtype:
            return self.copy() if copy else self
        if isinstance(dtype, np.dtype) and dtype.kind in "iufcb":
            return pd.Series(self._numbers).astype(dtype).to_numpy()
        if isinstance(dtype, np.dtype):
            return self._cells() if dtype.kind == "O" else self._cells().astype(dtype)
        source = self._numbers if getattr(dtype, "_is_numeric", False) else self._cells()
        return pd.Series(source, dtype=source.dtype).astype(dtype).array

    def unique(self) -> Self:
        """Every cell once, every reason once."""
        return self._from_sequence(pd.unique(pd.Series(self._cells(), dtype=object)))

    def value_counts(self, dropna: bool = True) -> pd.Series[int]:
        """How often each number and each reason occurs."""
        return pd.Series(self._cells(), dtype=object).value_counts(dropna=dropna)

    def isin(self, values: Any) -> Mask:
        """Which cells are among some values, texts of reasons too."""
        return np.asarray(pd.Series(self._cells(), dtype=object).isin(values), bool)

    def _compared(self, compare: Callable[..., Any], other: Any) -> Any:
        if isinstance(other, _SERIES):
            return NotImplemented
        if pd.api.types.is_list_like(other) and len(other) != len(self):
            raise ValueError(f"ObjectiveArray: lengths must match, got {len(self)} and {len(other)}.")
        if compare in (operator.eq, operator.ne) and not pd.api.types.is_number(other):
            cells = other._cells() if isinstance(other, ObjectiveArray) else other
            return np.asarray(compare(pd.Series(self._cells(), dtype=object), cells), bool)
        other = other._numbers if isinstance(other, ObjectiveArray) else other
        with np.errstate(invalid="ignore"):
            return np.asarray(compare(self._numbers, other), bool)

    def _values_for_factorize(self) -> tuple[Any, Any]:
        return self._numbers, float("nan")

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str | None] | None:
        return None if boxed else str

    # `.str`: older scripts write `df.objective.str.startswith("F")`. pandas looks here for what the texts are made of.

    @property
    def categories(self) -> Any:
        """Texts of all cells, (n,) of objects; a missing one is empty."""
        cells = self._cells()
        return _objects(["" if value != value else str(value) for value in cells])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_str_"):
            return getattr(pd.Series(self.categories, dtype=object).array, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def objective_column(values: Sequence[Any]) -> pd.Series[Any]:
    """Make the column of an objective: float64, and the type "objective" if there is a failure among the values."""
    if any(is_failure(value) for value in values):
        return pd.Series(ObjectiveArray._from_sequence(values))
    return pd.Series(list(values), dtype=np.float64)


def _nullable(numbers: Array) -> Any:
    """The same numbers in the array of pandas that knows missing ones."""
    return pd.array(numbers, dtype="Float64")


def _as_floats(found: Any) -> Any:
    """What pandas computed of numbers that may be missing; places and counts stay what they are."""
    return found.to_numpy(np.float64, na_value=np.nan) if isinstance(found, ExtensionArray) else found


def _checked(value: Any) -> float | str:
    if isinstance(value, str) and is_reason(value):
        return str(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return float("nan")
    if isinstance(value, (bool, np.bool_, complex, np.complexfloating)) or not pd.api.types.is_number(value):
        kind = ValueError if isinstance(value, str) else TypeError
        raise kind(f"Results: an objective is a number or a text that begins with 'F', got {value!r}.")
    return number_of(value)


def _parsed(text: Any) -> Any:
    if not isinstance(text, str) or is_reason(text):
        return text
    return float(text) if text else float("nan")


def _objects(values: Sequence[Any]) -> Any:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _add_operators() -> None:
    """Give the array its operators, as `pandas.api.extensions.ExtensionScalarOpsMixin` does, on whole arrays."""
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        compare = getattr(operator, name)
        setattr(ObjectiveArray, f"__{name}__", lambda self, other, f=compare: self._compared(f, other))
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        compute = getattr(operator, name)
        setattr(ObjectiveArray, f"__{name}__", lambda self, other, f=compute: self._computed(f, other, False))
        setattr(ObjectiveArray, f"__r{name}__", lambda self, other, f=compute: self._computed(f, other, True))
    for name in ("neg", "pos", "abs"):
        change = getattr(operator, name)
        setattr(ObjectiveArray, f"__{name}__", lambda self, f=change: f(self._numbers))


_add_operators()
