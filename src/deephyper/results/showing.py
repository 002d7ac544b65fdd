"""How a table is shown: the objective and all parameters first, then as much of the rest as there is room for."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from ..job import PARAMETER

_MOST_COLUMNS = 20


def _order_of(columns: pd.Index[Any], objectives: Sequence[str]) -> tuple[list[int], int]:
    """Places of the columns in the order in which they are shown, and how many of them come first in any case."""
    names = list(columns)
    first = [k for k, name in enumerate(names) if name in objectives]
    second = [k for k, name in enumerate(names) if isinstance(name, str) and name.startswith(PARAMETER)]
    others = [k for k in range(len(names)) if k not in {*first, *second}]
    return first + second + others, len(first) + len(second)


def as_text(frame: pd.DataFrame, objectives: Sequence[str]) -> str:
    """Show a table as text, within the width that pandas shows tables in."""
    order, n_first = _order_of(frame.columns, objectives)
    limit = pd.get_option("display.max_columns")
    shown = order
    if limit is not None:
        shown = order[: max(min(n_first, limit or _MOST_COLUMNS), _n_that_fit(frame, order))]
    text = str(frame.iloc[:, shown].to_string(**_rows(), line_width=_width()))
    note = textwrap.fill(_note(frame, order, shown), _width() or 80, break_long_words=False, break_on_hyphens=False)
    return f"{text}\n\n{note}"


def as_html(frame: pd.DataFrame, objectives: Sequence[str]) -> str:
    """Show a table as HTML."""
    order, _ = _order_of(frame.columns, objectives)
    limit = pd.get_option("display.max_columns")
    shown = order if limit is None else order[: limit or _MOST_COLUMNS]
    with pd.option_context("display.show_dimensions", False, "display.max_columns", None):
        table: Any = frame.iloc[:, shown]._repr_html_()  # type: ignore[operator]
    return f"{table}\n<p>{html.escape(_note(frame, order, shown))}</p>"


def _rows() -> dict[str, Any]:
    return {"max_rows": pd.get_option("display.max_rows"), "min_rows": pd.get_option("display.min_rows")}


def _width() -> int | None:
    return pd.get_option("display.width") if pd.get_option("display.expand_frame_repr") else None


def _n_that_fit(frame: pd.DataFrame, order: Sequence[int]) -> int:
    """How many columns, in this order, stand side by side in the width of a line."""
    width = pd.get_option("display.width") or 80
    few = frame.head(30) if len(frame) <= 60 else pd.concat([frame.head(5), frame.tail(5)])
    taken, n = max((len(str(label)) for label in few.index), default=0), 0
    for place in order:
        taken += 2 + max(len(line) for line in few.iloc[:, [place]].to_string(index=False).splitlines())
        if taken > width:
            break
        n += 1
    return n


def _note(frame: pd.DataFrame, order: Sequence[int], shown: Sequence[int]) -> str:
    hidden: list[Hashable] = [frame.columns[place] for place in order[len(shown) :]]
    size = f"[{len(frame)} rows x {len(frame.columns)} columns"
    return f"{size}]" if not hidden else f"{size}; not shown: {', '.join(map(str, hidden))}]"
