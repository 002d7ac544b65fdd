"""What a run-function prints, line by line."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any, final


@final
class Lines(io.TextIOBase):
    """A text stream that hands on whole lines, so that lines of several threads or workers never mix.

    Args:
        send: takes one or more lines, line ends included.
        original: the stream that it stands for, which still serves what needs a file.
    """

    def __init__(self, send: Callable[[str], None], original: Any):
        super().__init__()
        self._send = send
        self._original = original
        self._begun = threading.local()

    def write(self, text: str) -> int:
        lines, newline, rest = (getattr(self._begun, "text", "") + text).rpartition("\n")
        self._begun.text = rest
        if newline:
            self._send(lines + newline)
        return len(text)

    def finish(self) -> None:
        """Send the line that this thread has begun."""
        if getattr(self._begun, "text", ""):
            self.write("\n")

    def flush(self) -> None:
        """Do nothing: half a line would tear a progress bar."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        number: int = self._original.fileno()
        return number

    @property
    def buffer(self) -> Any:
        """The stream of bytes below, for those who write bytes."""
        return self._original.buffer

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"
