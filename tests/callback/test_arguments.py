"""Wrong arguments of callbacks are refused where they are made, in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deephyper.callback import CSVLoggerCallback, SearchEarlyStopping, TqdmCallback


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: TqdmCallback(3.5), "^TqdmCallback: description must be a text or None, got 3.5"),  # type: ignore[arg-type]
        (lambda: SearchEarlyStopping(patience="x"), "^SearchEarlyStopping: patience must be a whole number"),  # type: ignore[arg-type]
        (lambda: SearchEarlyStopping(patience=0), "patience must be a whole number of at least 1, got 0"),
        (lambda: SearchEarlyStopping(objective_func=3), "objective_func must be a function of a job"),  # type: ignore[arg-type]
        (lambda: SearchEarlyStopping(threshold="x"), "threshold must be a number or None, got 'x'"),  # type: ignore[arg-type]
        (lambda: SearchEarlyStopping(verbose="x"), "verbose must be a whole number"),  # type: ignore[arg-type]
        (lambda: CSVLoggerCallback(None), "^CSVLoggerCallback: path must be the path of a file, got None"),  # type: ignore[arg-type]
        (lambda: CSVLoggerCallback(3), "path must be the path of a file, got 3"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_argument_is_refused(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()
