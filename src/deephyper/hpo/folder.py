"""The folder of a search: where it is, which of its files are the search's own, and who else writes there."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, final

from .._checks import got
from ..errors import FolderInUse
from .lock import Lock, holder_of

logger = logging.getLogger(__name__)

_RESULTS = "results.csv"

# One at a time may look who writes where, since searches in several threads may use one folder.
_looking = threading.Lock()


@final
class Folder:
    """The folder of a search.

    The first search that writes there writes `results.csv` and `search.json`. While it does, it holds a lock: whoever
    comes meanwhile writes `results-1.csv` and `search-1.json`, and so on.

    Args:
        where: name of the search class, for messages.
        log_dir: the folder, as the user gave it; None to write nothing.
        is_written: whether anything is written there.
        restarts: whether the search continues from the files that are there.
    """

    def __init__(self, where: str, log_dir: Any, is_written: bool, restarts: bool):
        self._where, self._restarts = where, restarts
        self.path = None if log_dir is None else _absolute(where, log_dir)
        self.is_written = is_written and self.path is not None
        self._number = 0
        self._lock: Lock | None = None
        self.is_at_work = self._has_written = False
        if self.path is None or not self.is_written:
            return
        _check_writable(where, log_dir, self.path)
        if restarts and (self.path / _RESULTS).exists():
            # Nobody may write there while it is read; the first row takes the lock again.
            self._take_first_or_raise()

    def file(self, name: str) -> Path | None:
        """The path of a file of this search, by its name where nobody else writes; None without a folder."""
        if self.path is None:
            return None
        own = Path(name)
        return self.path / (f"{own.stem}-{self._number}{own.suffix}" if self._number else name)

    @contextmanager
    def held(self, is_ours: Callable[[], bool], keeps: bool) -> Iterator[None]:
        """Hold the lock while the context lasts, so that others do not write to the same files.

        Args:
            is_ours: whether nobody else has written to the file of results since this search last did.
            keeps: whether to hold the lock afterwards too, until another search of this process wants it.
        """
        if not self.is_written or self.is_at_work:
            yield
            return
        self.is_at_work = True
        try:
            if self._lock is None or not self._lock.is_held:
                self._take(is_ours)
            yield
        finally:
            self.is_at_work = False
            if not keeps:
                self.release()

    def release(self) -> None:
        """Let others write to the files of this search."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def _take(self, is_ours: Callable[[], bool]) -> None:
        if self._restarts and not self._has_written:
            self._take_first_or_raise()
        else:
            with _looking:
                self._lock = self._try()
        if self._lock is None:
            self._take_another(f"{holder_of(self._lock_file())} is writing to {self.file(_RESULTS)}")
        elif not is_ours():
            self.release()
            self._take_another(f"another search has written to {self.file(_RESULTS)}")
        self._has_written = True

    def _take_first_or_raise(self) -> None:
        with _looking:
            self._lock = self._try()
        if self._lock is None:
            raise FolderInUse(
                f"{self._where}: checkpoint_restart: {holder_of(self._lock_file())} is writing to "
                f"{self.file(_RESULTS)}; wait until it has ended, or choose another log_dir."
            )

    def _take_another(self, why: str) -> None:
        """Take the first files that nobody else has."""
        with _looking:
            for self._number in count(1):
                if self._is_free() and (lock := Lock.take(self._lock_file())) is not None:
                    if self._is_free():
                        self._lock = lock
                        break
                    lock.release()
        logger.warning("%s: %s; this search writes to %s instead.", self._where, why, self.file(_RESULTS))

    def _is_free(self) -> bool:
        return not any(path is not None and os.path.lexists(path) for path in map(self.file, (_RESULTS, "search.json")))

    def _try(self) -> Lock | None:
        """Take the lock of this search's files; other searches of this process let go of it if they are idle."""
        path = self._lock_file()
        known = _folders.setdefault(os.path.realpath(path), weakref.WeakSet())
        for other in list(known):
            if other is not self and not other.is_at_work:
                other.release()
        known.add(self)
        return Lock.take(path)

    def _lock_file(self) -> Path:
        results = self.file(_RESULTS)
        assert results is not None
        return results.with_name(results.name + ".lock")


# The searches of this process by the lock that they hold or have held.
_folders: dict[str, weakref.WeakSet[Folder]] = {}


def _absolute(where: str, log_dir: Any) -> Path:
    """The folder, absolute, since a run-function may change the working directory; "~" is the home."""
    given = os.fspath(log_dir) if isinstance(log_dir, (str, os.PathLike)) else log_dir
    if not isinstance(given, str) or "\0" in given:
        raise TypeError(
            f"{where}: log_dir must be the path of a folder, or None to write nothing, {got(log_dir)}; "
            "pass a text or a pathlib.Path."
        )
    try:
        return Path(os.path.abspath(Path(given).expanduser()))
    except (OSError, RuntimeError) as error:
        raise ValueError(
            f"{where}: log_dir must be a folder that can be found, got {given!r} ({error}); pass an absolute path."
        ) from error


def _check_writable(where: str, log_dir: Any, folder: Path) -> None:
    """Raise ValueError for a folder that cannot be written, or made when the first row comes."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path) or path == path.parent)
    try:
        is_good = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        os.stat(folder)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:
        is_good = False  # for example a name that is too long
    if not is_good:
        raise ValueError(
            f"{where}: log_dir must be a folder that can be written, got {str(log_dir)!r}; choose another one."
        )
