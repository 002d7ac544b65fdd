"""A lock on a file: one holder at a time, on all hosts that see it; it ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import weakref
from pathlib import Path
from typing import final

_MOST_WORDS = 200


@final
class Lock:
    """A lock that is held until `release` is called or the process ends.

    The file says who holds it, and is removed at the end. Children that are forked meanwhile do not hold it.

    Args:
        path: the file of the lock.
        file: its number in this process; None where the file system knows no locks, or cannot be written.
    """

    def __init__(self, path: Path, file: int | None):
        self._end = None if file is None else weakref.finalize(self, _let_go, path, file)
        self.is_held = True
        """Whether this process still holds it."""
        _held.add(self)

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """Take the lock that a file stands for; None if somebody holds it."""
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError:
                # Whoever cannot even make this file is told so when the first row is written.
                return cls(path, None)
            if not _is_taken(file):
                os.close(file)
                return None
            if _is_still_there(path, file):
                _write_holder(file)
                return cls(path, file)
            # Its last holder has removed it after we opened it.
            os.close(file)

    def release(self) -> None:
        """Let others take the lock."""
        self.is_held = False
        if self._end is not None:
            self._end()

    def leave(self) -> None:
        """Forget the lock in a forked child, where closing the file does not release it."""
        self.is_held = False
        ending = None if self._end is None else self._end.detach()
        if ending is not None:
            os.close(ending[2][1])


_held: weakref.WeakSet[Lock] = weakref.WeakSet()


def _let_go(path: Path, file: int) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    os.close(file)


def holder_of(path: Path) -> str:
    """Who holds the lock of a file, in words."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:_MOST_WORDS].strip() or "another process"
    except OSError:
        return "another process"


def _write_holder(file: int) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    with contextlib.suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()} (since {since})\n".encode(), 0)


def _is_taken(file: int) -> bool:
    """Take the lock of an open file; False if somebody else holds it. Without locks, everybody holds them."""
    try:
        import fcntl
    except ImportError:
        return _is_taken_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_taken_on_windows(file: int) -> bool:
    import msvcrt

    try:
        # Far behind the text, so that others can read who it is.
        os.lseek(file, 1 << 20, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


def _is_still_there(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False


def _leave_all() -> None:
    for lock in list(_held):
        lock.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all)
