"""How many threads linear algebra may use in this process: all of this package that limits them does it here.

A limit of OpenMP holds for the thread that sets it. One of a BLAS holds for the whole process, and whoever sets one
with threadpoolctl reads what it was and sets that back later. If two do so and the first to begin is the first to end,
the limit of one of them stays. So while a limit of ours is there, threadpoolctl answers everybody as if it were not,
and what others set meanwhile is noted and comes into force as soon as it can:

- a computation of ours has its own limit while it lasts, whatever others set (`limited`);
- evaluations in threads share the cores, except where one of them sets a limit itself (`shared`);
- after a search the limits are what they were before (`kept`).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, final

# What brings a library that computes in threads. Looking for these libraries takes milliseconds, so it is done again
# only when one of these has been loaded since.
_BRING_LIBRARIES = (
    "numpy", "scipy.linalg", "sklearn.utils._openmp_helpers", "sklearn.ensemble", "torch", "tensorflow", "xgboost",
    "lightgbm", "mkl", "faiss", "cv2", "jax",
)  # fmt: skip


class Share(NamedTuple):
    """How many threads one of several evaluations in this process may use.

    Args:
        blas: for linear algebra; None for no limit of ours.
        openmp: for OpenMP; None for no limit of ours.
        only_less: whether a lower limit that is there already stays.
    """

    blas: int | None
    openmp: int | None
    only_less: bool = True


@final
class _Libraries:
    """The libraries that are loaded, by file."""

    def __init__(self) -> None:
        self._known = (False,) * len(_BRING_LIBRARIES)
        self.blas: dict[str, Any] = {}
        self.openmp: dict[str, Any] = {}

    def look(self) -> None:
        """Look for libraries that have been loaded since the last call."""
        loaded = tuple(name in sys.modules for name in _BRING_LIBRARIES)
        if loaded == self._known:
            return
        from threadpoolctl import ThreadpoolController

        for library in ThreadpoolController().lib_controllers:
            by_file = {"blas": self.blas, "openmp": self.openmp}.get(library.user_api, {})
            by_file.setdefault(library.filepath, library)
        self._known = loaded


@final
class _Screen:
    """What threadpoolctl says and does about the libraries of linear algebra while a limit of ours is there.

    Args:
        read: called with a library and its own way to read its limit, instead of that.
        write: called with a library, a limit, and its own way to set it, instead of that.
    """

    def __init__(
        self,
        read: Callable[[Any, Callable[[Any], int]], int],
        write: Callable[[Any, int, Callable[[Any, int], object]], object],
    ):
        self._read, self._write = read, write
        self._own: dict[type, tuple[Callable[[Any], int], Callable[[Any, int], object]]] = {}
        self.is_setting = False

    def put_up(self, kinds: set[type]) -> None:
        """Stand between threadpoolctl's callers and its classes."""
        for kind in kinds - self._own.keys():
            self._own[kind] = get, set_ = kind.get_num_threads, kind.set_num_threads  # type: ignore[attr-defined]
            kind.get_num_threads = lambda library, get=get: self._read(library, get)  # type: ignore[attr-defined]
            kind.set_num_threads = lambda library, n, set_=set_: self._write(library, n, set_)  # type: ignore[attr-defined]

    def take_down(self) -> None:
        """Let threadpoolctl be what it was."""
        for kind, (get, set_) in self._own.items():
            kind.get_num_threads, kind.set_num_threads = get, set_  # type: ignore[attr-defined]
        self._own = {}

    def get(self, library: Any) -> int:
        """The limit that is in force."""
        own = self._own.get(type(library))
        return int(library.get_num_threads() if own is None else own[0](library))

    def set(self, library: Any, n: int) -> None:
        """Put a limit into force; one thread at a time."""
        # From version 3.8 on, the first thread that sets a limit is the only one that may, until it says otherwise.
        let_anyone = getattr(library, "clear_controlling_thread", lambda force: None)
        let_anyone(force=True)
        self.is_setting = True
        try:
            library.set_num_threads(n)
        finally:
            self.is_setting = False
        let_anyone(force=True)


@final
class _Process:
    """The limits of linear algebra in this process: whose there are, and which of them is in force.

    The limit of a computation of ours comes first, then the newest that an evaluation has set, then the share of
    evaluations, then the limit that holds without us.
    """

    def __init__(self) -> None:
        self._libraries = _Libraries()
        self._screen = _Screen(self._read, self._write)
        self._turn = threading.RLock()
        self._lock = threading.RLock()
        # The limits without us, while there are any of ours.
        self._without_us: dict[str, int] = {}
        self._n_ours = 0
        # The computation of ours that goes on: its limit and its thread.
        self._computes: tuple[int, int] | None = None
        # The evaluations that run: their shares, and which limits they have set themselves, by thread.
        self._shares: dict[int, Share] = {}
        self._set_in: dict[int, dict[str, int]] = {}

    @contextmanager
    def limited(self, n: int) -> Iterator[None]:
        """Limit linear algebra to `n` threads while the context lasts; other threads wait until it is left."""
        with self._turn:
            if self._computes is not None:
                yield
                return
            with self._lock:
                self._begin()
                self._computes = n, threading.get_ident()
                self._put_into_force()
            try:
                yield
            finally:
                with self._lock:
                    self._computes = None
                    self._end()

    @contextmanager
    def shared(self, share: Share) -> Iterator[None]:
        """Limit linear algebra while this evaluation or another one of them runs."""
        me = threading.get_ident()
        if me in self._shares:
            yield
            return
        with self._lock:
            self._begin()
            self._shares[me] = share
            self._put_into_force()
        try:
            yield
        finally:
            with self._lock:
                del self._shares[me]
                self._set_in.pop(me, None)
                self._end()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Have the limits without us be afterwards what they are now, whatever others set for good meanwhile."""
        with self._lock:
            self._begin()
            before = dict(self._without_us)
        try:
            yield
        finally:
            with self._lock:
                self._without_us.update(before)
                self._end()

    def _begin(self) -> None:
        self._libraries.look()
        libraries = self._libraries.blas
        for file, library in libraries.items():
            now = self._screen.get(library)
            # Whatever is not as we left it was set in another way than by threadpoolctl.
            if file not in self._without_us or now != self._in_force(file):
                self._without_us[file] = now
        self._screen.put_up({type(library) for library in libraries.values()})
        self._n_ours += 1

    def _end(self) -> None:
        self._n_ours -= 1
        self._put_into_force()
        if self._n_ours == 0:
            self._screen.take_down()
            self._without_us, self._set_in = {}, {}

    def _put_into_force(self) -> None:
        for file, library in self._libraries.blas.items():
            if file in self._without_us and self._screen.get(library) != (n := self._in_force(file)):
                self._screen.set(library, n)

    def _in_force(self, file: str) -> int:
        if self._computes is not None:
            return self._computes[0]
        set_by_evaluations = [limits[file] for limits in self._set_in.values() if file in limits]
        return set_by_evaluations[-1] if set_by_evaluations else self._of_shares(file)

    def _of_shares(self, file: str) -> int:
        """The limit of an evaluation that sets none itself."""
        without_us = self._without_us[file]
        shares = [share for share in self._shares.values() if share.blas is not None]
        return min((_lowered(without_us, share.blas, share.only_less) for share in shares), default=without_us)

    def leave(self) -> None:
        """Put the limits without us into force, and stand in nobody's way."""
        for file, library in self._libraries.blas.items():
            if file in self._without_us:
                self._screen.set(library, self._without_us[file])
        self._screen.take_down()

    # What threadpoolctl's callers meet.

    def _read(self, library: Any, get: Callable[[Any], int]) -> int:
        with self._lock:
            me, file = threading.get_ident(), library.filepath
            if file not in self._without_us or self._is_computing(me):
                return get(library)
            if me in self._shares:
                return self._set_in.get(me, {}).get(file, self._of_shares(file))
            return self._without_us[file]

    def _write(self, library: Any, n: int, set_: Callable[[Any, int], object]) -> None:
        with self._lock:
            me, file = threading.get_ident(), library.filepath
            if self._screen.is_setting or file not in self._without_us or self._is_computing(me):
                set_(library, n)
                return
            if me not in self._shares:
                self._without_us[file] = n
            else:
                # Again, so that the newest comes last; none if it is what it would be anyway.
                of_mine = self._set_in.pop(me, {})
                of_mine.pop(file, None)
                self._set_in[me] = of_mine if n == self._of_shares(file) else {**of_mine, file: n}
            self._put_into_force()

    def _is_computing(self, thread: int) -> bool:
        return self._computes is not None and self._computes[1] == thread

    # OpenMP, whose limits are those of one thread.

    @contextmanager
    def open_mp(self, n: int | None, only_less: bool, ends_thread: bool = False) -> Iterator[None]:
        """Limit OpenMP in this thread."""
        self._libraries.look()
        libraries = {} if n is None else self._libraries.openmp
        before = {file: int(library.get_num_threads()) for file, library in libraries.items()}
        changed = {file: value for file, value in before.items() if _lowered(value, n, only_less) != value}
        for file in changed:
            libraries[file].set_num_threads(n)
        try:
            yield
        finally:
            for file, value in () if ends_thread else changed.items():
                libraries[file].set_num_threads(value)


def _lowered(value: int, n: int | None, only_less: bool) -> int:
    if n is None:
        return value
    return min(value, n) if only_less else n


_process = _Process()


def _begin_again() -> None:
    """A forked child has none of the threads whose limits its parent knows of."""
    global _process
    former, _process = _process, _Process()
    former.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again)


@contextmanager
def limited(n: int = 1) -> Iterator[None]:
    """Limit linear algebra and OpenMP to `n` threads while the context lasts; other threads wait until it is left."""
    process = _process
    with process.limited(n), process.open_mp(n, only_less=False):
        yield


@contextmanager
def shared(share: Share, ends_thread: bool = False) -> Iterator[None]:
    """Limit what one of several evaluations in this process may use.

    Args:
        share: how many threads.
        ends_thread: whether the thread ends afterwards, so that its own limits need not be set back.
    """
    if share.blas is share.openmp is None:
        yield
        return
    process = _process
    with process.shared(share), process.open_mp(share.openmp, share.only_less, ends_thread):
        yield


@contextmanager
def kept() -> Iterator[None]:
    """Have the limits be afterwards what they are now, whatever others set for good meanwhile."""
    with _process.kept():
        yield
