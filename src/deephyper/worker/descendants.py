"""The processes that a process has started, and those that they have started: which they are, and how they end.

A process whose parent has ended is no longer found from there, and one with a session of its own is not ended with the
group of its worker. So whatever is started in a worker carries a mark in its environment: the name of the worker. On
Linux every process can be asked for the environment that it began with. Only one that was given an environment of its
own, and whose parent has ended, escapes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import count

VARIABLE = "DEEPHYPER_WORKER"
"""The environment variable that names the worker; of nested ones, all of them."""

# Whether the kernel lists the children of a thread. If so, we read that list with as few system calls as possible: each
# call releases the interpreter's lock, and while another thread computes in Python, getting it back takes 5 ms. psutil
# reads the whole process table, which takes a second in that case.
LISTS_CHILDREN = os.path.exists("/proc/thread-self/children")
_SHOWS_ENVIRONMENTS = os.path.exists("/proc/self/environ")
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

_numbers = count()


def mark_of_manager() -> str:
    """What the marks of all workers that this process starts begin with."""
    return _begin_of_marks(os.getpid())


def new_mark() -> str:
    """The mark of a new worker of this process."""
    return f"{mark_of_manager()}{next(_numbers)}"


def environment_with(mark: str) -> dict[str, str]:
    """The environment variable that marks a worker and all that is started there."""
    # This process may be a worker itself, whose end is also that of its own workers.
    return {VARIABLE: f"{os.environ.get(VARIABLE, '')} {mark}".strip()}


@lru_cache(maxsize=1)
def _begin_of_marks(manager: int) -> str:
    return f"{manager}-{secrets.token_hex(8)}."


# Which they are.


def tree_of(root: int) -> list[int]:
    """The numbers of a process and of its descendants."""
    if not LISTS_CHILDREN:
        return trees_of([root])[root]
    tree = [root]
    if root == os.getpid() and not _has_children():
        return tree
    for pid in tree:
        tree.extend(_children_of(pid))
    return tree


def trees_of(roots: Iterable[int]) -> dict[int, list[int]]:
    """The numbers of several processes, each with those of its descendants.

    If the kernel does not list children, the process table is read once for all of them.
    """
    if LISTS_CHILDREN:
        return {root: tree_of(root) for root in roots}
    import psutil

    trees = {root: [root] for root in roots}
    children: dict[int, list[int]] = {}
    for process in psutil.process_iter(["ppid"]):
        children.setdefault(process.info["ppid"], []).append(process.pid)
    for tree in trees.values():
        for pid in tree:
            tree.extend(children.get(pid, ()))
    return trees


def _has_children() -> bool:
    """Whether this process has child processes; one call that leaves their exit statuses unread."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _children_of(parent: int) -> list[int]:
    children: list[int] = []
    # The process and each of its threads may end while we read.
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{parent}/task"):
            with contextlib.suppress(OSError):
                children.extend(map(int, read(f"/proc/{parent}/task/{thread}/children").split()))
    return children


def _marked(marks: Collection[str]) -> Iterator[int]:
    """The numbers of all other processes that carry one of these marks."""
    if not _SHOWS_ENVIRONMENTS:
        return
    wanted, begin = {mark.encode() for mark in marks}, f"{VARIABLE}=".encode()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        # It may have ended, or belong to somebody else.
        with contextlib.suppress(OSError):
            _, found, rest = read(f"/proc/{name}/environ").partition(begin)
            if found and not wanted.isdisjoint(rest.partition(b"\0")[0].split()):
                yield int(name)


def read(path: str) -> bytes:
    """Read a small file of the kernel."""
    file = os.open(path, os.O_RDONLY)
    try:
        parts = [os.read(file, 1 << 16)]
        while len(parts[-1]) == 1 << 16:
            parts.append(os.read(file, 1 << 16))
    finally:
        os.close(file)
    return b"".join(parts)


# How they end.


def end_tree(root: int) -> None:
    """End a process with its descendants, whatever sessions they have, without waiting for their ends."""
    _end(root, set())


def end_descendants() -> None:
    """End all descendants of this process."""
    _end(os.getpid(), {os.getpid()})


def end_marked(marks: Collection[str]) -> None:
    """End all other processes that carry one of these marks, with their descendants."""
    ended: set[int] = set()
    while found := set(_marked(marks)) - ended:
        for pid in found:
            end_tree(pid)
        ended |= found


def _end(root: int, spared: set[int]) -> None:
    # All are stopped before the first one is killed: the children of one that has ended cannot be found any more, and
    # one that is stopped starts no others meanwhile.
    found = set(spared)
    while new := set(tree_of(root)) - found:
        found |= new
        if hasattr(signal, "SIGSTOP"):
            _send(new, signal.SIGSTOP)
    _send(found - spared, _KILL)


def _send(pids: Collection[int], number: int) -> None:
    for pid in pids:
        # It may have ended; and one that runs as another user is not ours to end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
