"""What a worker does with one evaluation. Workers import this, so it stays small."""

from __future__ import annotations

import inspect
import platform
import time
import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..errors import RunFunctionError
from ..job import Observations, RunningJob

RunFunction = Callable[..., Any]

# The one clock: system-wide on a host, so that times from all of its processes compare.
now = time.monotonic
HOST = platform.node()


class Report(NamedTuple):
    """What came of one evaluation, as its worker saw it.

    Args:
        returned: what the run-function returned, None if it raised.
        start: when the run-function began, on the worker's clock, seconds.
        end: when it ended.
        host: whose clock that is.
        error: class name of what it raised, empty if it returned.
        traceback: text for the log, empty if it returned.
        observations: pairs of budget and value that it recorded on the way.
    """

    returned: Any
    start: float
    end: float
    host: str
    error: str
    traceback: str
    observations: Observations


def evaluate(run_function: RunFunction, job: RunningJob, kwargs: Mapping[str, Any]) -> Report:
    """Run one evaluation in this thread; whatever it raises becomes part of the report."""
    start = now()
    try:
        returned = run_function(job, **kwargs)
        if inspect.iscoroutine(returned):
            import asyncio

            returned = asyncio.run(returned)
    except (Exception, SystemExit) as error:
        return _failed(error, job, start)
    return Report(returned, start, now(), HOST, "", "", job.observations)


async def evaluate_coroutine(run_function: RunFunction, job: RunningJob, kwargs: Mapping[str, Any]) -> Report:
    """Run one evaluation of an `async def` function on the running event loop."""
    start = now()
    try:
        returned = await run_function(job, **kwargs)
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        # The last two would end the loop's thread, and with it every other evaluation.
        return _failed(error, job, start)
    return Report(returned, start, now(), HOST, "", "", job.observations)


def evaluate_pickled(function_and_kwargs: bytes, job: RunningJob) -> Report:
    """Run one evaluation of a function that travelled by value."""
    start = now()
    try:
        run_function, kwargs = unpickled(function_and_kwargs)
    except Exception as error:
        return _failed(error, job, start)
    return evaluate(run_function, job, kwargs)


def pickled(where: str, run_function: RunFunction, kwargs: Mapping[str, Any]) -> bytes:
    """Pack a function and its keyword arguments for another process.

    Raises:
        RunFunctionError: something in it cannot travel.
    """
    import cloudpickle

    try:
        payload: bytes = cloudpickle.dumps((run_function, dict(kwargs)))
    except Exception as error:
        raise RunFunctionError(
            f"{where}: run_function and run_function_kwargs must be picklable to reach other processes, and {run_function!r} is "
            f"not ({type(error).__name__}: {error}). Open files and locks inside the function, or use method 'thread'."
        ) from error
    return payload


@lru_cache(maxsize=4)
def unpickled(function_and_kwargs: bytes) -> tuple[RunFunction, Mapping[str, Any]]:
    """Rebuild the function that this process's manager sent; once, so that what it caches in its closure stays."""
    import cloudpickle

    function, kwargs = cloudpickle.loads(function_and_kwargs)
    return function, kwargs


def _failed(error: BaseException, job: RunningJob, start: float) -> Report:
    return Report(None, start, now(), HOST, type(error).__name__, "".join(traceback.format_exception(error)), job.observations)
