"""Streams that pass on what run-functions print, line by line."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any, final


@final
class Lines(io.TextIOBase):
    """A text stream that passes on whole lines, so that lines of several threads or workers never mix.

    Args:
        send: called with one or more lines, line ends included.
        original: the stream that this one replaces. Callers who need a real file still get its number and its buffer.
    """

    def __init__(self, send: Callable[[str], None], original: Any):
        super().__init__()
        self._send = send
        self._original = original
        self._begun: dict[threading.Thread, str] = {}

    def write(self, text: str) -> int:
        thread = threading.current_thread()
        if self._begun.keys() - {thread}:
            self._finish(lambda other: not other.is_alive())
        lines, newline, rest = (self._begun.pop(thread, "") + text).rpartition("\n")
        if rest:
            self._begun[thread] = rest
        if newline:
            self._send(lines + newline)
        return len(text)

    def finish(self) -> None:
        """Send the lines that were begun and not ended yet."""
        self._finish(lambda thread: True)

    def _finish(self, is_over: Callable[[threading.Thread], bool]) -> None:
        for thread in list(self._begun):
            if is_over(thread) and (line := self._begun.pop(thread, "")):
                self._send(line + "\n")

    def flush(self) -> None:
        """Do nothing, since half a line would break a progress bar."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        number: int = self._original.fileno()
        return number

    @property
    def buffer(self) -> Any:
        """The byte stream of the original, for callers who write bytes."""
        return self._original.buffer

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"
