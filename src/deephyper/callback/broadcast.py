"""The one place that calls callbacks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from inspect import ismethod, signature
from typing import Any, final

from .callback import Callback

logger = logging.getLogger(__name__)


@final
class Broadcast:
    """Calls callbacks, one after the other.

    An error of a callback does not end the search, and the other callbacks are still called. The first error of each
    callback is logged with the name of its class.
    """

    def __init__(self, callbacks: Sequence[Callback]):
        self._callbacks = list(callbacks)
        self._failed: list[Callback] = []

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        """The callbacks, in the order in which they are called."""
        return tuple(self._callbacks)

    @contextmanager
    def heard_by(self, *listeners: Callback) -> Iterator[None]:
        """Call these as well, after the others, while the context lasts."""
        n_before = len(self._callbacks)
        self._callbacks += listeners
        try:
            yield
        finally:
            del self._callbacks[n_before:]

    def tell(self, event: str, *about: Any) -> None:
        """Call one method of every callback, such as "on_done", with these arguments."""
        for callback in tuple(self._callbacks):
            try:
                method = getattr(callback, event)
                is_of_one = event == "on_gather" and _takes_one(getattr(method, "__func__", method), ismethod(method))
                method(*about[: 1 if is_of_one else None])
            except Exception:
                self._log(callback, event)

    def _log(self, callback: Callback, event: str) -> None:
        # Not a set: a user's callback need not be hashable, and may be equal to another one.
        if not any(failed is callback for failed in self._failed):
            self._failed.append(callback)
            name = type(callback).__name__
            logger.exception(
                "callback %s: its %s raised; the search goes on, further errors of it are not logged", name, event
            )

    @property
    def stop_reason(self) -> str | None:
        """Why a callback wants the search to end, None if none does."""
        for callback in tuple(self._callbacks):
            try:
                if callback.stop_reason or callback.search_stopped:
                    return callback.stop_reason or f"callback {type(callback).__name__} has set search_stopped"
            except Exception:
                self._log(callback, "stop_reason")
        return None


@lru_cache(maxsize=64)
def _takes_one(function: Callable[..., Any], is_bound: bool) -> bool:
    """Whether a function takes no second argument, beside the object that it is bound to."""
    try:
        signature(function).bind(*range(2 + is_bound))
    except TypeError:
        return True
    return False
