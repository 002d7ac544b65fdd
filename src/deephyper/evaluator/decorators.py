"""What a run-function can be wrapped in."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, overload

from ..worker import RunFunction, now
from .local import is_async


@overload
def profile(run_function: RunFunction) -> RunFunction: ...


@overload
def profile(run_function: None = None) -> Callable[[RunFunction], RunFunction]: ...


def profile(run_function: RunFunction | None = None) -> RunFunction | Callable[[RunFunction], RunFunction]:
    """Add the times of start and end, in seconds of the evaluator's clock, to what a run-function returns.

    The function then returns `{"objective": …, "metadata": {"timestamp_start": …, "timestamp_end": …}}`. Evaluators record
    both times in any case; the decorator is for functions that are called without one.

    Example:
        >>> @profile
        ... def run(job):
        ...     return job["x"]
        >>> sorted(run({"x": 1.5})["metadata"])
        ['timestamp_end', 'timestamp_start']
    """
    if run_function is None:
        return profile
    function = run_function

    if is_async(function):

        @functools.wraps(function)
        async def timed_coroutine(*args: Any, **kwargs: Any) -> dict[str, Any]:
            start = now()
            returned = await function(*args, **kwargs)
            return _with_times(returned, start)

        return timed_coroutine

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> dict[str, Any]:
        start = now()
        returned = function(*args, **kwargs)
        return _with_times(returned, start)

    return timed


def _with_times(returned: Any, start: float) -> dict[str, Any]:
    times = {"timestamp_start": start, "timestamp_end": now()}
    if not isinstance(returned, Mapping):
        return {"objective": returned, "metadata": times}
    metadata = returned.get("metadata")
    return {**returned, "metadata": {**(metadata if isinstance(metadata, Mapping) else {}), **times}}
