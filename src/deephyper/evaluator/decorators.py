"""The decorator `profile`, which measures a run-function's time and memory."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from .._checks import count, function, is_bool, is_integer, is_number, shown
from ..backend import is_async
from ..job import LIMITS
from ..worker import RunFunction, now
from ..worker.tracing import MemoryTrace, TaskInterruption, ThreadInterruption

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
    """Add start and end times, and on request the memory used, to what a run-function returns.

    The function then returns `{"objective": …, "metadata": {"timestamp_start": …, "timestamp_end": …, "memory": …}}`.
    Both times are seconds on the machine's monotonic clock. Evaluators record them for every job anyway, so the times
    are useful only when the function is called without an evaluator.

    The memory is that of the whole process with all its descendants. This includes other evaluations that run in
    threads of the same process, and what libraries in C allocate. The limit is not a hard one:

    - C code is interrupted only when it returns to the interpreter.
    - An `async def` function is interrupted only when it next awaits something.
    - A function that catches the interruption continues, and fails when it returns.

    `job_memory_limit` of the process evaluator is a hard limit: it kills the evaluation.

    Args:
        run_function: the function to wrap; None, or left out, when the decorator is written with brackets.
        memory: whether to add `memory`: the largest number of resident bytes that was seen while the function ran.
            Memory that several processes share counts once for each of them. Only if this sum exceeds the limit is it
            measured again with shared memory counted once.
        memory_limit: bytes, -1 for no limit; any limit implies `memory`. A function that takes more is interrupted and
            returns "F_memory_limit_exceeded". If the process is over the limit before the function begins, the function
            is not called.
        memory_tracing_interval: seconds between two measurements of the memory. It is always measured at the start and
            at the end.
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
        wrapped = _timed(_traced(given, tracing) if traces else given)
        _sign_like(given, wrapped)
        return wrapped

    return profiled if run_function is None else profiled(run_function)


def _sign_like(given: RunFunction, wrapped: RunFunction) -> None:
    """Give a wrapper that passes on all arguments the signature of what it wraps, so that it can be checked."""
    # Functions in C may have no signature.
    with contextlib.suppress(ValueError, TypeError):
        wrapped.__signature__ = inspect.signature(given, follow_wrapped=False)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Tracing:
    """How the memory of a run-function is traced.

    Args:
        limit: bytes, infinity for no limit.
        every_s: seconds between two measurements.
        raises: whether to raise a `MemoryError` when the limit is exceeded.
    """

    limit: float
    every_s: float
    raises: bool

    @classmethod
    def checked(cls, memory_limit: int, memory_tracing_interval: float, raise_exception: bool) -> _Tracing:
        """Check the options of `profile`."""
        is_unlimited = is_integer(memory_limit) and memory_limit == _NO_LIMIT
        limit = math.inf if is_unlimited else count("profile", "memory_limit (bytes, -1 for no limit)", memory_limit)
        if not is_number(memory_tracing_interval) or not 0 < memory_tracing_interval < math.inf:
            raise ValueError(
                "profile: memory_tracing_interval must be a positive number of seconds, "
                f"got {shown(memory_tracing_interval)}."
            )
        return cls(limit, float(memory_tracing_interval), _yes_or_no("raise_exception", raise_exception))

    def with_memory(self, returned: Any, peak: int) -> dict[str, Any]:
        """Add the memory to what was returned; if it is over the limit, return or raise the failure instead."""
        return self.too_large(peak) if peak > self.limit else _with_metadata(returned, {"memory": peak})

    def too_large(self, peak: int, error: BaseException | None = None) -> dict[str, Any]:
        """Return or raise the failure of a function that took too much memory.

        Args:
            peak: the largest memory that was seen, bytes.
            error: what the function raised when it was interrupted; None if it returned.
        """
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
        raise TypeError(f"profile: {what} must be True or False, got {shown(value)}.")
    return bool(value)
