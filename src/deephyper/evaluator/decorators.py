"""What a run-function can be wrapped in."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from .._checks import count, function, is_bool, is_integer, is_number
from ..job import LIMITS
from ..worker import RunFunction, now
from ..worker.tracing import MemoryTrace, TaskInterruption, ThreadInterruption
from .local import is_async

_NO_LIMIT = -1


@overload
def profile(
    run_function: RunFunction,
    *,
    memory: bool = False,
    memory_limit: int = _NO_LIMIT,
    memory_tracing_interval: float = 0.1,
    raise_exception: bool = False,
) -> RunFunction: ...


@overload
def profile(
    run_function: None = None,
    *,
    memory: bool = False,
    memory_limit: int = _NO_LIMIT,
    memory_tracing_interval: float = 0.1,
    raise_exception: bool = False,
) -> Callable[[RunFunction], RunFunction]: ...


def profile(
    run_function: RunFunction | None = None,
    *,
    memory: bool = False,
    memory_limit: int = _NO_LIMIT,
    memory_tracing_interval: float = 0.1,
    raise_exception: bool = False,
) -> RunFunction | Callable[[RunFunction], RunFunction]:
    """Add the times of start and end, in seconds of the evaluator's clock, and perhaps memory, to what a run-function returns.

    The function then returns `{"objective": …, "metadata": {"timestamp_start": …, "timestamp_end": …, "memory": …}}`. Evaluators
    record both times in any case; for them the decorator is for functions that are called without one.

    Memory is that of the whole process with all its descendants, other evaluations in threads of the same process included. What
    a library in C allocates counts, but it is only interrupted when it returns to the interpreter, and an `async def` function
    when it next awaits something; one that swallows the interruption runs on, and fails when it returns. `job_memory_limit` of
    the process evaluator is the hard limit, which kills.

    Args:
        run_function: what to wrap; None, or left out, for a decorator that is written with brackets.
        memory: whether to add `memory`: the largest number of resident bytes that was seen while the function ran. What several
            processes share counts for each of them, unless that alone leads over the limit.
        memory_limit: bytes, -1 for no limit; it implies `memory`. A function that takes more is interrupted, and returns
            "F_memory_limit_exceeded"; in a process that is over the limit from the outset it does not begin.
        memory_tracing_interval: seconds between two looks at the memory; there is always one at the start and one at the end.
        raise_exception: whether to raise a `MemoryError` at the limit instead.

    Example:
        >>> @profile
        ... def run(job):
        ...     return job["x"]
        >>> sorted(run({"x": 1.5})["metadata"])
        ['timestamp_end', 'timestamp_start']
        >>> profile(lambda job: job["x"], memory=True)({"x": 1.5})["metadata"]["memory"] > 1_000_000
        True
        >>> profile(lambda job: job["x"], memory_limit=1_000_000)({"x": 1.5})["objective"]
        'F_memory_limit_exceeded'
    """
    tracing = _Tracing.checked(memory_limit, memory_tracing_interval, raise_exception)
    traces = _yes_or_no("memory", memory) or tracing.limit < math.inf

    def profiled(given: RunFunction) -> RunFunction:
        function("profile", "run_function", given, "a function of a job")
        return _timed(_traced(given, tracing) if traces else given)

    return profiled if run_function is None else profiled(run_function)


@dataclass(frozen=True)
class _Tracing:
    """How the memory of a run-function is traced.

    Args:
        limit: bytes, infinity for no limit.
        every_s: seconds between two looks.
        raises: whether a function that takes more raises.
    """

    limit: float
    every_s: float
    raises: bool

    @classmethod
    def checked(cls, memory_limit: int, memory_tracing_interval: float, raise_exception: bool) -> _Tracing:
        """Refuse bad options."""
        is_unlimited = is_integer(memory_limit) and memory_limit == _NO_LIMIT
        limit = math.inf if is_unlimited else count("profile", "memory_limit (bytes, -1 for no limit)", memory_limit)
        if not is_number(memory_tracing_interval) or not 0 < memory_tracing_interval < math.inf:
            raise ValueError(
                f"profile: memory_tracing_interval must be a positive number of seconds, got {memory_tracing_interval!r}."
            )
        return cls(limit, float(memory_tracing_interval), _yes_or_no("raise_exception", raise_exception))

    def with_memory(self, returned: Any, peak: int) -> dict[str, Any]:
        """What was returned and the memory, or the failure of a function that took too much and returned all the same."""
        return self.too_large(peak) if peak > self.limit else _with_metadata(returned, {"memory": peak})

    def too_large(self, peak: int, error: BaseException | None = None) -> dict[str, Any]:
        """The failure of a function that took too much memory; the error is what it was interrupted by, if it was."""
        if self.raises:
            text = f"profile: the run-function took {peak / 1e6:.0f} MB, over memory_limit={self.limit / 1e6:g} MB."
            raise MemoryError(text) from error
        return {"objective": LIMITS["memory"], "metadata": {"memory": peak}}


def _traced(run_function: RunFunction, tracing: _Tracing) -> RunFunction:
    if is_async(run_function):

        @functools.wraps(run_function)
        async def traced_coroutine(*args: Any, **kwargs: Any) -> dict[str, Any]:
            trace = MemoryTrace(tracing.every_s, tracing.limit, TaskInterruption())
            try:
                with trace:
                    returned = await run_function(*args, **kwargs)
            except BaseException as error:
                if not trace.has_caused(error):
                    raise
                return tracing.too_large(trace.final_peak(), error)
            return tracing.with_memory(returned, trace.final_peak())

        return traced_coroutine

    @functools.wraps(run_function)
    def traced(*args: Any, **kwargs: Any) -> dict[str, Any]:
        trace = MemoryTrace(tracing.every_s, tracing.limit, ThreadInterruption())
        try:
            with trace:
                returned = run_function(*args, **kwargs)
        except BaseException as error:
            if not trace.has_caused(error):
                raise
            return tracing.too_large(trace.final_peak(), error)
        return tracing.with_memory(returned, trace.final_peak())

    return traced


def _timed(run_function: RunFunction) -> RunFunction:
    if is_async(run_function):

        @functools.wraps(run_function)
        async def timed_coroutine(*args: Any, **kwargs: Any) -> dict[str, Any]:
            start = now()
            returned = await run_function(*args, **kwargs)
            return _with_metadata(returned, {"timestamp_start": start, "timestamp_end": now()})

        return timed_coroutine

    @functools.wraps(run_function)
    def timed(*args: Any, **kwargs: Any) -> dict[str, Any]:
        start = now()
        returned = run_function(*args, **kwargs)
        return _with_metadata(returned, {"timestamp_start": start, "timestamp_end": now()})

    return timed


def _with_metadata(returned: Any, added: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(returned, Mapping):
        return {"objective": returned, "metadata": dict(added)}
    metadata = returned.get("metadata")
    return {**returned, "metadata": {**(metadata if isinstance(metadata, Mapping) else {}), **added}}


def _yes_or_no(what: str, value: Any) -> bool:
    if not is_bool(value):
        raise TypeError(f"profile: {what} must be True or False, got {value!r}.")
    return bool(value)
