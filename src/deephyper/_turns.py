"""Objects that one caller uses at a time: whoever comes meanwhile is told so, and nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, final


class _Use(NamedTuple):
    """Who uses an object: what was called, and in which thread."""

    what: str
    thread: int
    name: str

    @classmethod
    def here(cls, what: str) -> _Use:
        thread = threading.current_thread()
        return cls(what, threading.get_ident(), thread.name)


@final
class Turns:
    """Lets one public call at a time use an object; a call inside of another one is refused as well.

    Only what changes the object needs a turn. Reading it, and ending a wait from a signal handler, do not.

    Args:
        what: what the object is, for messages.
        elsewhere: what somebody in another thread does instead.
        inside: what somebody further down in the same thread may do.
    """

    def __init__(self, what: str, elsewhere: str, inside: str):
        self._what, self._elsewhere, self._inside = what, elsewhere, inside
        # Single operations on a dictionary need no lock. A lock could not be pickled, and a fork could leave it locked.
        self._calls: dict[str, _Use] = {}
        self._keepers: dict[str, _Use] = {}

    def of(self, call: str) -> AbstractContextManager[None]:
        """Use the object for one call, while the context lasts.

        Raises:
            RuntimeError: another call uses it, or another thread keeps it.
        """
        return self._used(self._calls, call)

    def kept(self, call: str) -> AbstractContextManager[None]:
        """Keep the object for the calls of this thread, while the context lasts.

        Raises:
            RuntimeError: a call uses it, or it is kept already.
        """
        return self._used(self._keepers, call)

    @contextmanager
    def _used(self, uses: dict[str, _Use], call: str) -> Iterator[None]:
        use, others = _Use.here(call), self._calls if uses is self._keepers else self._keepers
        # A generator's `finally` runs also where an interrupt arrives before the context is entered.
        try:
            if (first := uses.setdefault("", use)) is not use:
                raise RuntimeError(self._sentence(use, first))
            other = others.get("")
            # A thread that keeps the object may call it, but none may begin to keep it within a call.
            if other is not None and (uses is self._keepers or other.thread != use.thread):
                raise RuntimeError(self._sentence(use, other))
            yield
        finally:
            if uses.get("") is use:
                del uses[""]

    def _sentence(self, use: _Use, other: _Use) -> str:
        if other.thread == use.thread:
            return (
                f"{use.what}: {self._what} is in use by {other.what}, further up in this thread, so a callback or a "
                f"run-function must not call this; {self._inside}."
            )
        return (
            f"{use.what}: {self._what} is in use by {other.what} in thread {other.name!r}; call it when that has "
            f"returned, or {self._elsewhere}."
        )
