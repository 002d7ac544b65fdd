"""Waiting for what a run-function returned, if that has to be awaited."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Coroutine
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, TypeGuard

_LONGEST_WAIT_S = 0.5


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    """True for a coroutine, or another object that can stand behind `await`."""
    return hasattr(type(value), "__await__")


async def awaited(value: Any) -> Any:
    """Await a value as often as there is something to await."""
    while is_awaitable(value):
        value = await value
    return value


def run_to_its_end(awaitable: Awaitable[Any]) -> Any:
    """Await a value in this thread, or beside it if an event loop runs here already, as in a notebook."""
    import asyncio

    running = None
    with suppress(RuntimeError):
        running = asyncio.get_running_loop()
    if running is None:
        return asyncio.run(awaited(awaitable))
    if isinstance(awaitable, asyncio.Future) and awaitable.get_loop() is running:
        raise TypeError(
            "the run-function must return the coroutine itself, got a task or future of the event loop of this "
            "thread, which stands still meanwhile; return async_function(job)."
        )
    return _run_beside(awaited(awaitable))


def _run_beside(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own, and cancel it if the wait for it is interrupted."""
    import asyncio
    from contextvars import copy_context

    result: Future[Any] = Future()
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop = runner.get_loop()

    def run() -> None:
        try:
            with runner:
                result.set_result(runner.run(coroutine))
        except BaseException as error:
            result.set_exception(error)

    def cancel() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()

    try:
        threading.Thread(target=copy_context().run, args=(run,), name="deephyper-coroutine", daemon=True).start()
        # In short steps: Python sees a signal that another thread has caught only after a wait.
        while not wait([result], timeout=_LONGEST_WAIT_S).done:
            pass
    except BaseException:
        if not result.done():
            loop.call_soon_threadsafe(cancel)
        raise
    return result.result()
