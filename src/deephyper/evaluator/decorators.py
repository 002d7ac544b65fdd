"""The decorator `profile`, which measures a run-function's time and memory."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._checks import byte_count, explained, function, is_number, shown, warn, yes_or_no
from ..backend import is_async
from ..job import LIMITS
from ..worker import RunFunction, now
from ..worker.tracing import MemoryTrace, TaskInterruption, ThreadInterruption

_NO_LIMIT = -1
# The attribute of a profiled function that holds its limit.
_LIMIT = "_deephyper_memory_limit"


@explained("profile(run, memory=True) or @profile(memory=True)")
def profile(
    run_function: RunFunction | None = None,
    *,
    memory: bool = False,
    memory_limit: float | None = _NO_LIMIT,
    memory_tracing_interval: float = 0.1,
    raise_exception: bool = False,
    register: bool | None = None,
) -> RunFunction:
    """Add start and end times, and on request the memory used, to what a run-function returns.

    The function then returns `{"objective": …, "metadata": {"timestamp_start": …, "timestamp_end": …, "memory": …}}`.
    Both times are seconds on the machine's monotonic clock. Evaluators record them for every job anyway, so the times
    are useful only when the function is called without an evaluator.

    The memory is that of the whole process with all its descendants. This includes other evaluations that run in
    threads of the same process, what the process held before the function began, and what libraries in C allocate.

    With method "process" the limit holds whatever the function does: the evaluator takes it as its `job_memory_limit`
    unless that is smaller, and kills what is not interrupted at once. It finds the limit also in partials, methods,
    objects whose `__call__` is profiled, and functions made with `functools.wraps`. Elsewhere the limit is not a hard
    one, as evaluators warn: C code is interrupted only when it returns to the interpreter, an `async def` function only
    when it next awaits something, and one that catches the interruption fails when it returns.

    Args:
        run_function: the function to wrap; None, or left out, when the decorator is written with brackets.
        memory: whether to add `memory`: the largest number of resident bytes that was seen while the function ran.
            Memory that several processes share counts once for each of them. Only if this sum exceeds the limit is it
            measured again with shared memory counted once.
        memory_limit: bytes, also as a float such as `0.5 * 1024**3`; -1 or None for no limit. Any limit implies
            `memory`. A function that takes more is interrupted and returns "F_memory_limit_exceeded". If the process is
            over the limit before the function begins, the function is not called.
        memory_tracing_interval: seconds between two measurements of the memory. It is always measured at the start and
            at the end.
        raise_exception: whether to raise a `MemoryError` at the limit instead. A function that is killed raises
            nothing, and its job says "F_memory_limit_exceeded".
        register: accepted for older scripts, without effect; leave it out.

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
    if register is not None:
        warn("profile: leave out register, since functions reach workers by value.", DeprecationWarning)
    tracing = _Tracing.checked(memory_limit, memory_tracing_interval, raise_exception)
    traces = yes_or_no("profile", "memory", memory) or tracing.limit < math.inf

    def profiled(given: RunFunction) -> RunFunction:
        function("profile", "run_function", given, "a function of a job")
        wrapped = _timed(_traced(given, tracing) if traces else given)
        _sign_like(given, wrapped)
        if tracing.limit < math.inf:
            setattr(wrapped, _LIMIT, tracing.limit)
        return wrapped

    return profiled if run_function is None else profiled(run_function)


def memory_limit_of(run_function: Any) -> float:
    """The smallest limit of `profile` in a function and in what it wraps, bytes; infinity if there is none."""
    limit, seen = math.inf, set[int]()
    while run_function is not None and id(run_function) not in seen:
        seen.add(id(run_function))
        # Not `getattr`: objects may answer to any name, or fail.
        limit = min(limit, inspect.getattr_static(run_function, _LIMIT, math.inf))
        run_function = _wrapped_by(run_function)
    return limit


def _wrapped_by(outer: Any) -> Any:
    """The next function in a partial, a method, a decorated function or an object; None if there is none."""
    if isinstance(outer, (functools.partial, types.MethodType)):
        return outer.func if isinstance(outer, functools.partial) else outer.__func__
    call = inspect.getattr_static(type(outer), "__call__", None)
    return inspect.getattr_static(outer, "__wrapped__", call if inspect.isfunction(call) else None)


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
    def checked(cls, memory_limit: float | None, memory_tracing_interval: float, raise_exception: bool) -> _Tracing:
        """Check the options of `profile`."""
        is_unlimited = memory_limit is None or (is_number(memory_limit) and memory_limit in (_NO_LIMIT, math.inf))
        limit = (
            math.inf if is_unlimited else byte_count("profile", "memory_limit (bytes, -1 for no limit)", memory_limit)
        )
        if not is_number(memory_tracing_interval) or not 0 < memory_tracing_interval < math.inf:
            raise ValueError(
                "profile: memory_tracing_interval must be a positive number of seconds, "
                f"got {shown(memory_tracing_interval)}."
            )
        return cls(limit, float(memory_tracing_interval), yes_or_no("profile", "raise_exception", raise_exception))

    def with_memory(self, returned: Any, peak: int) -> dict[str, Any]:
        """Add the memory to what was returned; if it is over the limit, return or raise the failure instead."""
        return self.too_large(peak) if peak > self.limit else _with_metadata(returned, {"memory": peak})

    def too_large(self, peak: int, error: BaseException | None = None) -> dict[str, Any]:
        """Return or raise the failure of a function that took `peak` bytes; `error` is what it raised, if it did."""
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
                if trace.has_caused(error):
                    return tracing.too_large(trace.final_peak(), error)
                raise
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
