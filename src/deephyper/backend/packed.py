"""Futures of reports that come packed from other processes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, InvalidStateError

from ..worker import Report


def _as_it_is(error: BaseException) -> BaseException:
    return error


def unpacked(
    inner: Future[Report],
    understood: Callable[[BaseException], BaseException] = _as_it_is,
    on_loss: str | None = None,
) -> Future[Report]:
    """Give a future of the unpacked report; to cancel it cancels the packed one.

    Args:
        inner: the future of the packed report.
        understood: says an error of the engine in our words.
        on_loss: what it means that the engine has cancelled it by itself; None leaves it a cancellation.
    """
    outer: Future[Report] = Future()

    def hand_on(done: Future[Report]) -> None:
        with contextlib.suppress(InvalidStateError):
            if done.cancelled():
                if on_loss is None or outer.cancelled():
                    outer.cancel()
                else:
                    outer.set_exception(BrokenExecutor(on_loss))
            elif (error := done.exception()) is not None:
                outer.set_exception(understood(error))
            else:
                outer.set_result(done.result().unpacked())

    inner.add_done_callback(hand_on)
    outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)
    return outer
