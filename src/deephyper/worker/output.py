"""Text streams that pass on what run-functions print, line by line."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any, final

from .evaluation import now

# A line that has grown longer than this is passed on in parts.
_LONGEST_HELD = 1 << 16
# `flush` passes on the line that was begun, but not more often than this.
_FLUSH_EVERY_S = 0.05
_ENCODING, _ERRORS = "utf-8", "backslashreplace"


class _Until(Enum):
    """How much of what a thread has written is passed on."""

    LINES = "the last line end"
    BEGUN = "the last character"
    ENDED = "the last character, and a line end"


@final
class _Part:
    """What one thread has written and nobody has passed on yet.

    Only single operations on `texts` are used, which need no lock.
    """

    __slots__ = ("decoder", "encoding", "is_noted", "size", "texts", "thread")

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.texts: deque[str] = deque()
        self.size = 0
        self.is_noted = False
        self.encoding = ""
        self.decoder: codecs.IncrementalDecoder | None = None

    def take(self) -> str:
        """All texts together, which are then no longer here."""
        taken = []
        with contextlib.suppress(IndexError):
            while True:
                taken.append(self.texts.popleft())
        self.size = 0
        return "".join(taken)

    def put_back(self, text: str) -> None:
        self.texts.appendleft(text)
        self.size += len(text)

    def decoded(self, data: bytes, encoding: str) -> str:
        """The text of bytes, as far as their last character is complete."""
        if self.decoder is None or self.encoding != encoding:
            self.encoding, self.decoder = encoding, codecs.getincrementaldecoder(encoding)(_ERRORS)
        return self.decoder.decode(data)


@final
class Lines(io.TextIOWrapper):
    """A text stream that passes on whole lines, so that lines of several threads or workers never mix.

    A line that was begun (dots, or a bar that begins again and again with "\\r") is passed on by `show_begun`, which
    somebody calls now and then, so that it can be seen while it grows. Where another thread has meanwhile begun
    another line, a line end comes between them.

    To print while something else prints is fine: from several threads, and also within the printing itself, as signal
    handlers and finalizers do. No call waits for another one, and nothing is lost.

    It is never closed: a run-function that closes its output must not keep the next one from printing. It says that it
    is no terminal, since what is written to it appears among the lines of others.

    Args:
        send: takes the next piece of text; must not wait for anything.
        original: the stream that this one replaces, None if there is none. Callers who need a real file get its number.
        deliver: called after one or more calls of `send`, and may wait.
        wants_all: whether somebody wants what is flushed now, because it goes to a file.
        name: what the stream calls itself.
    """

    def __init__(
        self,
        send: Callable[[str], object],
        original: Any,
        deliver: Callable[[], object] = lambda: None,
        wants_all: Callable[[], bool] = lambda: False,
        name: str = "<stdout>",
    ):
        super().__init__(_Bytes(self, name), encoding=_ENCODING, errors=_ERRORS, line_buffering=True)
        self._send, self._original, self._deliver, self._wants_all = send, original, deliver, wants_all
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._own = threading.local()
        self._begun: dict[_Part, None] = {}
        # Whose line was passed on without its end.
        self._open: _Part | None = None
        self._due: deque[tuple[_Part, _Until]] = deque()
        # Held for moments only. The same thread may come again: a signal handler or a finalizer that prints.
        self._turn = threading.RLock()
        self._is_passing = False
        self._next_flush = 0.0

    # What callers of a text stream use.

    @property
    def mode(self) -> str:
        return "w"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not text:
            return 0
        try:
            part = self._own.part
        except AttributeError:
            part = self._part()
        part.texts.append(text)
        part.size += len(text)
        if "\n" in text or part.size > _LONGEST_HELD:
            self._pass_on(part, _Until.LINES)
        elif not part.is_noted:
            self._note(part)
        return len(text)

    def flush(self) -> None:
        """Pass on the line that was begun in this thread, if that was not done a moment ago."""
        if self._begun and (self._wants_all() or now() >= self._next_flush):
            self._next_flush = now() + _FLUSH_EVERY_S
            self._pass_on(self._part(), _Until.BEGUN)

    def close(self) -> None:
        """Flush."""
        self.flush()

    def detach(self) -> Any:
        """Give the byte stream, and stay as usable as before."""
        self.flush()
        return self.buffer

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Elsewhere it is the stream of the same name.
        import sys

        return getattr, (sys, self.buffer.name.strip("<>"))

    def write_bytes(self, data: bytes) -> None:
        """Write what is text in the stream's encoding; a character that is not complete yet waits for its rest."""
        self.write(self._part().decoded(data, self.encoding))

    @property
    def original(self) -> Any:
        """The stream that this one replaces."""
        return self._original

    # What its owner uses.

    def show_begun(self) -> None:
        """Pass on the lines that were begun, as far as they have come."""
        for part in list(self._begun):
            self._pass_on(part, _Until.BEGUN)

    def finish(self) -> None:
        """Pass on the lines that were begun, and end them."""
        last = self._open
        for part in [*self._begun, *([last] if last is not None and last not in self._begun else [])]:
            self._pass_on(part, _Until.ENDED)

    def leave_to_parent(self) -> None:
        """In a forked child, write to the original from now on; what the parent has begun is the parent's.

        The child has none of the parent's threads, one of which may have held a lock, and no way to the manager.
        """
        self._begin()
        self._send, self._deliver = self._write_to_original, lambda: None
        self._wants_all = lambda: True

    def _write_to_original(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            write_replaced(self._original, text)

    # Inside.

    def _part(self) -> _Part:
        try:
            part: _Part = self._own.part
        except AttributeError:
            part = self._own.part = _Part()
        return part

    def _note(self, part: _Part) -> None:
        part.is_noted = True
        self._begun[part] = None

    def _pass_on(self, part: _Part, until: _Until) -> None:
        self._due.append((part, until))
        with self._turn:
            if self._is_passing:
                # A call of this thread that was interrupted goes on with it. It must not wait for a delivery here.
                return
            while self._due:
                self._is_passing = True
                try:
                    self._pass_first()
                finally:
                    self._is_passing = False
        self._deliver()

    def _pass_first(self) -> None:
        try:
            part, until = self._due.popleft()
        except IndexError:
            # A signal handler that printed just before has passed it on.
            return
        self._pass(part, until)

    def _pass(self, part: _Part, until: _Until) -> None:
        for other in list(self._begun):
            if other is not part and not other.thread.is_alive():
                self._emit(other, _Until.ENDED)
        self._emit(part, until)

    def _emit(self, part: _Part, until: _Until) -> None:
        # First of all, so that a thread that writes right now notes its part again.
        part.is_noted = False
        self._begun.pop(part, None)
        text, rest = part.take(), ""
        if until is _Until.LINES:
            lines, newline, rest = text.rpartition("\n")
            if len(rest) > _LONGEST_HELD:
                rest = ""
            else:
                text = lines + newline
        if rest:
            part.put_back(rest)
            self._note(part)
        is_open = self._open is part
        if until is _Until.ENDED and (text or is_open) and not text.endswith("\n"):
            text += "\n"
        if text:
            between = "" if is_open or self._open is None else "\n"
            self._open = None if text.endswith("\n") else part
            self._send(between + text)


_all: weakref.WeakSet[Lines] = weakref.WeakSet()


def _leave_to_parent() -> None:
    for lines in list(_all):
        lines.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


@final
class _Bytes(io.BufferedIOBase):
    """The byte stream of a `Lines`: bytes and text appear in the order in which they were written."""

    mode = "wb"

    def __init__(self, lines: Lines, name: str):
        super().__init__()
        self._lines, self.name = lines, name

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._lines.write_bytes(bytes(view))
        return view.nbytes

    def flush(self) -> None:
        self._lines.flush()

    def close(self) -> None:
        """Flush: whoever wraps this stream closes it when the wrapper is deleted."""
        self._lines.flush()

    @property
    def closed(self) -> bool:
        return False

    def detach(self) -> Any:
        return self

    @property
    def raw(self) -> Any:
        """This stream, which has no buffer."""
        return self

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        fileno = getattr(self._lines.original, "fileno", None)
        if fileno is None:
            raise io.UnsupportedOperation("fileno")
        number: int = fileno()
        return number

    def isatty(self) -> bool:
        return False


def write_replaced(stream: Any, text: str) -> None:
    """Write to any text stream at once; what it cannot encode is replaced.

    Raises:
        OSError, ValueError: it takes nothing, for example because it was closed.
    """
    if stream is None:
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, _ERRORS).decode(encoding))
    flush = getattr(stream, "flush", None)
    if flush is not None:
        flush()
