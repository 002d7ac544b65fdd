"""The streams of a lane's process: what run-functions print goes to the manager."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, final

from .channel import Kind, Wire
from .output import Lines

# So many characters fit into one message, however JSON writes them.
_PIECE, _ASCII_PIECE = 1 << 11, 1 << 12


@final
class Printing:
    """Replaces `sys.stdout` and `sys.stderr` of this process."""

    def __init__(self, wire: Wire):
        self._wire = wire
        self._has_sent = False
        self._lines = [self._replaced("stdout"), self._replaced("stderr")]

    def show_begun(self) -> None:
        """Pass on the lines that were begun, so that dots and bars are seen while they grow."""
        for lines in self._lines:
            lines.show_begun()

    def finish(self) -> None:
        """End the lines that were begun, and wait until the manager has all that was printed since the last time."""
        for lines in self._lines:
            lines.finish()
        if self._has_sent:
            self._has_sent = False
            # Results travel on another way. None should be faster than what was printed before it.
            self._wire.ask(Kind.PRINTED, os.getpid())

    def _replaced(self, name: str) -> Lines:
        original = getattr(sys, name)
        descriptor = _Descriptor(original)

        def send(text: str) -> None:
            if descriptor.is_redirected():
                descriptor.write(text)
                return
            self._has_sent = True
            step = _ASCII_PIECE if text.isascii() else _PIECE
            for start in range(0, len(text), step):
                self._wire.put(Kind.OUTPUT, name, text[start : start + step])

        lines = Lines(send, original, self._wire.deliver, descriptor.is_redirected, f"<{name}>")
        setattr(sys, name, lines)
        return lines


@final
class _Descriptor:
    """The file behind a stream that was replaced, which a run-function may redirect with `os.dup2`.

    Args:
        stream: the original stream; None if there is none.
    """

    def __init__(self, stream: Any):
        try:
            self._number = -1 if stream is None else int(stream.fileno())
        except (OSError, ValueError):
            self._number = -1
        self._place = self._current_place()

    def is_redirected(self) -> bool:
        """Whether it stands for another file now than in the beginning."""
        return self._number >= 0 and self._current_place() != self._place

    def write(self, text: str) -> None:
        """Write to whatever file it stands for; what that does not take is lost."""
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        with contextlib.suppress(OSError):
            while left:
                left = left[os.write(self._number, left) :]

    def _current_place(self) -> tuple[int, int] | None:
        try:
            status = os.fstat(self._number)
        except OSError:
            return None
        return status.st_dev, status.st_ino
