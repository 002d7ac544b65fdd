"""What a worker does with one evaluation."""

from __future__ import annotations

import inspect
import os
import platform
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from ..errors import RunFunctionError
from .running_job import Channel, Observations, RunningJob

RunFunction = Callable[..., Any]

# The one clock: system-wide on a host, so that times from all of its processes compare.
now = time.monotonic
HOST = platform.node()


class Lease(NamedTuple):
    """What is lent to one evaluation.

    Args:
        resources: by name.
        kwargs: how the run-function is told, as keyword arguments of this call alone.
        environment: environment variables for the time of the evaluation.
    """

    resources: Mapping[str, Any]
    kwargs: Mapping[str, Any]
    environment: Mapping[str, str]


NOTHING_LENT = Lease({}, {}, {})


class Task(NamedTuple):
    """What travels to a worker for one evaluation.

    Args:
        ticket: number of this attempt at it; an evaluation whose worker was lost may be tried again.
        job_id: number of the evaluation within its search.
        parameters: the configuration.
        lease: what is lent to it.
    """

    ticket: int
    job_id: int
    parameters: Mapping[str, Any]
    lease: Lease = NOTHING_LENT


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


def evaluate(run_function: RunFunction, task: Task, kwargs: Mapping[str, Any], channel: Channel | None = None) -> Report:
    """Run one evaluation in this thread; whatever it raises becomes part of the report."""
    job = RunningJob(task.job_id, task.parameters, channel, task.lease.resources)
    with _environment(task.lease.environment):
        start = now()
        try:
            returned = run_function(job, **{**kwargs, **task.lease.kwargs})
            if inspect.iscoroutine(returned):
                import asyncio

                returned = asyncio.run(returned)
        except (Exception, SystemExit) as error:
            return failed(error, start, job.observations)
        return Report(returned, start, now(), HOST, "", "", job.observations)


async def evaluate_coroutine(
    run_function: RunFunction, task: Task, kwargs: Mapping[str, Any], channel: Channel | None = None
) -> Report:
    """Run one evaluation of an `async def` function on the running event loop."""
    job = RunningJob(task.job_id, task.parameters, channel, task.lease.resources)
    start = now()
    try:
        returned = await run_function(job, **{**kwargs, **task.lease.kwargs})
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        # The last two would end the loop's thread, and with it every other evaluation.
        return failed(error, start, job.observations)
    return Report(returned, start, now(), HOST, "", "", job.observations)


def evaluate_pickled(function_and_kwargs: bytes, task: Task) -> Report:
    """Run one evaluation of a function that travelled by value with its keyword arguments."""
    start = now()
    try:
        run_function, kwargs = _kept(function_and_kwargs)
    except Exception as error:
        return failed(error, start)
    return evaluate(run_function, task, kwargs)


def failed(error: BaseException, start: float, observations: Observations | None = None) -> Report:
    """The report of an evaluation that raised."""
    text = "".join(traceback.format_exception(error))
    return Report(None, start, now(), HOST, type(error).__name__, text, observations or [])


def pickled(where: str, run_function: RunFunction, *others: Any) -> bytes:
    """Pack a function, and what it needs, for another process.

    Raises:
        RunFunctionError: something in it cannot travel.
    """
    import cloudpickle

    try:
        payload: bytes = cloudpickle.dumps((run_function, *others))
    except Exception as error:
        raise RunFunctionError(
            f"{where}: run_function and run_function_kwargs must be picklable to reach other processes, and {run_function!r} is "
            f"not ({type(error).__name__}: {error}). Open files and locks inside the function, or use method 'thread'."
        ) from error
    return payload


def unpickled(payload: bytes) -> tuple[Any, ...]:
    """Rebuild what this process's own manager has packed."""
    import cloudpickle

    contents: tuple[Any, ...] = cloudpickle.loads(payload)
    return contents


# Rebuilt once, so that what a function caches in its closure stays.
_kept = lru_cache(maxsize=4)(unpickled)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for as long as the context lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
