"""How a worker runs one evaluation, and what travels to it and back."""

from __future__ import annotations

import os
import platform
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from ..errors import RunFunctionError, class_name, reason, shortened
from .awaiting import awaited, is_awaitable, run_to_its_end
from .channel import Channel
from .leaving import Leaving
from .main_module import contents_of, packed_with_main
from .returned import packed, understood, unpacked
from .running_job import Observations, RunningJob

RunFunction = Callable[..., Any]

# All processes of a host share this clock, so that their times can be compared.
now = time.monotonic

_BOOT_ID = "/proc/sys/kernel/random/boot_id"

# The end of a traceback names the error, its beginning the way there.
_LONGEST_TRACEBACK = 100_000


def _host() -> str:
    """Name what shares one clock: node name and boot id, since containers of several machines may share a node name."""
    try:
        with open(_BOOT_ID) as file:
            boot = file.read().strip()
    except OSError:
        import psutil

        # Whole minutes, because the system computes the boot time from clocks that are adjusted now and then.
        boot = f"{psutil.boot_time() / 60:.0f}"
    return f"{platform.node()} {boot}"


HOST = _host()


class Lease(NamedTuple):
    """What is lent to one evaluation.

    Args:
        resources: the lent items, by name.
        kwargs: further keyword arguments of this call of the run-function.
        environment: environment variables that are set while the evaluation runs.
    """

    resources: Mapping[str, Any]
    kwargs: Mapping[str, Any]
    environment: Mapping[str, str]


NOTHING_LENT = Lease({}, {}, {})


class Task(NamedTuple):
    """What travels to a worker for one evaluation.

    Args:
        ticket: number of this attempt to run it. An evaluation whose worker was lost may be tried again.
        job_id: number of the job in its search.
        parameters: the configuration.
        lease: what is lent to the evaluation.
    """

    ticket: int
    job_id: int
    parameters: Mapping[str, Any]
    lease: Lease = NOTHING_LENT


class Report(NamedTuple):
    """How one evaluation ended, as its worker saw it.

    Args:
        returned: what the run-function returned, None if it raised. Its objective consists of Python numbers, and names
            are texts.
        start: when the run-function began, in seconds on the clock of its host.
        end: when it ended, on the same clock.
        host: the host whose clock that is: node name and boot id.
        error: class name of what the run-function raised; empty if it returned.
        traceback: the traceback as text; empty if it returned.
        observations: pairs of budget and value that it recorded while it ran.
    """

    returned: Any
    start: float
    end: float
    host: str
    error: str
    traceback: str
    observations: Observations

    def packed(self) -> Report:
        """Make it ready to travel, whatever the run-function has returned."""
        return self._replace(returned=packed(self.returned))

    def unpacked(self) -> Report:
        """Undo `packed`; a text stands for what could not travel, and says why. Call it outside of the main thread."""
        return self._replace(returned=unpacked(self.returned))


def evaluate(
    run_function: RunFunction,
    task: Task,
    kwargs: Mapping[str, Any],
    channel: Channel | None = None,
    is_of_caller: bool = True,
) -> Report:
    """Run one evaluation in this thread; whatever it raises becomes part of the report.

    Args:
        run_function: the function.
        task: what to evaluate.
        kwargs: further keyword arguments of every call.
        channel: reports to the manager.
        is_of_caller: whether this may be the thread that called the search or the evaluator, which a signal can want
            back. Another thread or process is left by nobody.

    Raises:
        BaseException: a signal has come while it ran, and its handler raised this.
    """
    job = RunningJob(task.job_id, task.parameters, channel=channel, resources=task.lease.resources)
    with environment(task.lease.environment), Leaving(is_of_caller) as leaving:
        if channel is not None:
            channel.begin()
        start = now()
        try:
            returned = run_function(job, **{**kwargs, **task.lease.kwargs})
            if is_awaitable(returned):
                returned = run_to_its_end(returned)
            returned = understood(returned, job.settle)
        except BaseException as error:
            if leaving.is_meant_by(error):
                raise
            return failed(error, start, job.observations)
        return Report(returned, start, now(), HOST, "", "", job.observations)


async def evaluate_coroutine(
    run_function: RunFunction, task: Task, kwargs: Mapping[str, Any], channel: Channel | None = None
) -> Report:
    """Run one evaluation of an `async def` function on the running event loop.

    All evaluations on the loop share the environment, so the environment variables of a lease are not set.
    """
    job = RunningJob(task.job_id, task.parameters, channel=channel, resources=task.lease.resources)
    if channel is not None:
        channel.begin()
    start = now()
    try:
        returned = understood(await awaited(run_function(job, **{**kwargs, **task.lease.kwargs})), job.settle)
    except BaseException as error:
        # SystemExit and KeyboardInterrupt would end the loop's thread, and with it every other evaluation. After a
        # cancellation of ours nobody reads the report; any other one is the function's own doing.
        return failed(error, start, job.observations)
    return Report(returned, start, now(), HOST, "", "", job.observations)


def evaluate_pickled(payload: bytes, task: Task, channel: Channel | None = None) -> Report:
    """Run one evaluation of a function and its keyword arguments, packed by `pickled`; the report is packed."""
    start = now()
    try:
        run_function, kwargs = _kept(payload)
    except BaseException as error:
        return failed(error, start)
    return evaluate(run_function, task, kwargs, channel, is_of_caller=False).packed()


def failed(error: BaseException, start: float, observations: Observations | None = None) -> Report:
    """Make the report of an evaluation that raised."""
    return Report(None, start, now(), HOST, class_name(error), _traceback_of(error), observations or [])


def _traceback_of(error: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(error))
    except BaseException as another:
        # Exceptions, their causes and their notes are objects of the user, which are asked for their texts here.
        text = f"{reason(error)}\n(its traceback cannot be written: {reason(another)})\n"
    return shortened(text, _LONGEST_TRACEBACK)


def pickled(where: str, run_function: RunFunction, *others: Any) -> bytes:
    """Pickle a function and what it needs for another process.

    Raises:
        RunFunctionError: something in it cannot be pickled.
    """
    try:
        return packed_with_main((run_function, *others))
    except Exception as error:
        raise RunFunctionError(
            f"{where}: run_function and run_function_kwargs must be picklable to reach other processes, and "
            f"{run_function!r} is not ({reason(error)}). "
            f"Open files and locks inside the function, or use method 'thread'."
        ) from error


# A function is unpickled only once in a process, so that what it caches in its closure is kept.
_kept = lru_cache(maxsize=4)(contents_of)


def set_variables(variables: Mapping[str, str | None]) -> None:
    """Set environment variables for good; None removes one."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for as long as the context lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        set_variables(before)
