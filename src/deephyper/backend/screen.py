"""Shows what workers print, beside everything else."""

from __future__ import annotations

import logging
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, final

from ..worker import now, write_replaced

logger = logging.getLogger(__name__)

# Characters that wait to be shown. Workers that print faster than the stream takes it have to wait from then on.
_MOST_WAITING = 1 << 20
# A stream that has taken nothing for so long is stuck: nobody waits for it, and what does not fit is dropped.
_STUCK_AFTER_S = 1.0
_LOOK_EVERY_S = 0.1
# A pipe that can be written to takes this many bytes at once.
_PIECE_BYTES, _LONGEST_CHARACTER = 4096, 4
# How long the end may take, as long as the stream goes on taking something.
_LONGEST_END_S = 10.0


@final
class Screen:
    """Writes to `sys.stdout` and `sys.stderr`, in a thread that begins with the first text.

    A line of one worker that has begun and not ended is ended before another worker's text appears.

    Args:
        on_room: called in that thread once there is room again for workers that had to wait.
    """

    def __init__(self, on_room: Callable[[], object]):
        self._on_room = on_room
        # Guards all that follows.
        self._change = threading.Condition(threading.Lock())
        self._waiting: deque[tuple[str, str]] = deque()
        self._n_waiting = 0
        self._open: dict[str, object] = {}
        self._n_dropped = {"stdout": 0, "stderr": 0}
        self._thread: threading.Thread | None = None
        self._is_idle, self._is_room_awaited, self._is_closing = True, False, False
        self._last_progress, self._is_stuck = now(), False
        self._is_trouble_logged = False

    def show(self, source: object, stream: str, text: str) -> None:
        """Show text soon, unless the stream takes nothing and too much waits already. This never waits.

        Args:
            source: who has printed it.
            stream: "stdout" or "stderr".
            text: whole lines, or what continues the source's last line.
        """
        with self._change:
            if self._n_dropped[stream] > 0 or (self._is_stuck and self._n_waiting > _MOST_WAITING):
                # What comes later is dropped as well until all that waits was shown, so that there is one gap.
                self._n_dropped[stream] += len(text)
                return
            before = self._open.get(stream)
            if before is not None and before is not source:
                text = "\n" + text
            self._open[stream] = None if text.endswith("\n") else source
            self._put(stream, text)

    def has_room(self) -> bool:
        """Whether more can be shown now; if not, `on_room` is called later."""
        with self._change:
            has_room = self._n_waiting <= _MOST_WAITING or self._is_stuck
            self._is_room_awaited |= not has_room
        return has_room

    def settle(self, seconds: float) -> None:
        """Wait until everything was shown, for some seconds at most, and not for a stream that is stuck."""
        if not self._is_idle:
            with self._change:
                self._change.wait_for(lambda: self._is_idle or self._is_stuck, seconds)

    def close(self) -> None:
        """Show what waits, as far as the streams take it; then end the thread."""
        with self._change:
            self._is_closing = True
            self._change.notify_all()
        if self._thread is None:
            self._show_all()
            return
        deadline = now() + _LONGEST_END_S
        while self._thread.is_alive() and now() < min(deadline, self._last_progress + 2 * _STUCK_AFTER_S):
            self._thread.join(_LOOK_EVERY_S)

    def _put(self, stream: str, text: str) -> None:
        if not self._waiting:
            self._last_progress = now()
        self._waiting.append((stream, text))
        self._n_waiting += len(text)
        self._is_idle = False
        self._change.notify_all()
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="deephyper-screen", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # No thread can be started while the interpreter ends; `close` shows it then.
                return
            self._thread = thread

    # The thread.

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._is_closing)
                if not self._waiting:
                    return
            self._show_all()

    def _show_all(self) -> None:
        while (taken := self._next()) is not None:
            self._show(*taken)
            self._note_progress(len(taken[1]))

    def _next(self) -> tuple[str, str] | None:
        """What comes next on one stream, as much as is written at once; None if nothing waits."""
        with self._change:
            if not self._waiting:
                self._put_notices()
            if not self._waiting:
                self._is_idle = True
                self._change.notify_all()
                return None
            stream, text = self._waiting.popleft()
            texts, n = [text], len(text)
            while self._waiting and self._waiting[0][0] == stream and n + len(self._waiting[0][1]) <= _PIECE_BYTES:
                texts.append(self._waiting.popleft()[1])
                n += len(texts[-1])
            return stream, "".join(texts)

    def _put_notices(self) -> None:
        for stream, n in self._n_dropped.items():
            if n and not self._is_stuck:
                self._n_dropped[stream] = 0
                between = "" if self._open.get(stream) is None else "\n"
                self._open[stream] = None
                self._put(
                    stream,
                    f"{between}deephyper: {n} characters that workers have printed are missing here, since nobody has "
                    f"read {stream} for a while.\n",
                )

    def _note_progress(self, n: int) -> None:
        with self._change:
            self._n_waiting -= n
            is_room_awaited = self._is_room_awaited and (self._n_waiting <= _MOST_WAITING // 2 or self._is_stuck)
            self._is_room_awaited &= not is_room_awaited
        if is_room_awaited:
            self._on_room()

    def _show(self, name: str, text: str) -> None:
        step = _PIECE_BYTES if text.isascii() else _PIECE_BYTES // _LONGEST_CHARACTER
        for start in range(0, len(text), step):
            # Whatever the name stands for now: a progress bar may have taken its place.
            stream = getattr(sys, name)
            if not self._wait_for(stream):
                return
            try:
                write_replaced(stream, text[start : start + step])
            except Exception as error:
                # It was closed, nobody reads it any more, or it is an object of the user's that raises.
                self._log_trouble(name, error)

    def _wait_for(self, stream: Any) -> bool:
        """Wait until a stream takes something; False if it is stuck and there is no more time."""
        while not _takes_something(stream, _LOOK_EVERY_S):
            if now() > self._last_progress + _STUCK_AFTER_S:
                if self._is_closing:
                    return False
                self._note_stuck()
        self._last_progress, self._is_stuck = now(), False
        return True

    def _note_stuck(self) -> None:
        with self._change:
            self._is_stuck = True
            is_room_awaited, self._is_room_awaited = self._is_room_awaited, False
            self._change.notify_all()
        if is_room_awaited:
            self._on_room()

    def _log_trouble(self, name: str, error: Exception) -> None:
        if not self._is_trouble_logged:
            self._is_trouble_logged = True
            logger.warning("what workers print cannot be written to sys.%s: %s: %s", name, type(error).__name__, error)


def _takes_something(stream: Any, seconds: float) -> bool:
    """Whether a stream takes a few bytes at once, as far as that can be known before it is tried."""
    try:
        number = stream.fileno()
        poll = select.poll()
        poll.register(number, select.POLLOUT)
        return bool(poll.poll(1000 * seconds))
    except Exception:
        # It is no file, or there are no such questions here.
        return True
