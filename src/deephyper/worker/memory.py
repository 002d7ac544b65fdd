"""How much memory processes and their descendants take."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterable

# Whether the kernel lists the children of a thread. If so, we read that list with as few system calls as possible: each
# call releases the interpreter's lock, and while another thread computes in Python, getting it back takes 5 ms. psutil
# reads the whole process table, which takes a second in that case.
_LISTS_CHILDREN = os.path.exists("/proc/thread-self/children")


def memory_of(roots: Iterable[int]) -> dict[int, int]:
    """Measure the memory of processes with all their descendants.

    Memory that several of them share counts once for each of them, so the result is an upper bound. If the kernel does
    not list children, the process table is read once for all roots.

    Args:
        roots: process numbers.

    Returns:
        Resident bytes of each root that is alive and its descendants.
    """
    trees = {root: _tree_of(root) for root in roots} if _LISTS_CHILDREN else _trees_in_table(roots)
    return {root: sum(map(_resident, tree)) for root, tree in trees.items()}


def proportional_memory_of(root: int) -> int:
    """Measure the memory of one process with all its descendants; memory that they share counts once.

    This takes milliseconds, because the kernel looks at every page. If the kernel cannot do it, the result is the upper
    bound of `memory_of`.
    """
    return sum(map(_proportional, _tree_of(root)))


def resident_memory_of(root: int, limit: float = math.inf) -> int:
    """Measure the memory of one process with all its descendants, in microseconds if the kernel lists children.

    Args:
        root: its process number.
        limit: bytes. Memory that several of the processes share counts once for each of them. Only if this sum is over
            the limit is it measured again with shared memory counted once, which is slower.

    Returns:
        Resident bytes.
    """
    tree = _tree_of(root)
    at_most = sum(map(_resident, tree))
    return sum(map(_proportional, tree)) if at_most > limit and len(tree) > 1 else at_most


def _tree_of(root: int) -> list[int]:
    """List the numbers of a process and its descendants."""
    if not _LISTS_CHILDREN:
        return [root, *_descendants_in_table(root)]
    tree = [root]
    if root == os.getpid() and not _has_children():
        return tree
    for pid in tree:
        tree.extend(_children_of(pid))
    return tree


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
                children.extend(map(int, _read(f"/proc/{parent}/task/{thread}/children")))
    return children


def _trees_in_table(roots: Iterable[int]) -> dict[int, list[int]]:
    import psutil

    trees = {root: [root] for root in roots}
    children: dict[int, list[int]] = {}
    for process in psutil.process_iter(["ppid"]):
        children.setdefault(process.info["ppid"], []).append(process.pid)
    for tree in trees.values():
        for pid in tree:
            tree.extend(children.get(pid, ()))
    return trees


def _descendants_in_table(root: int) -> list[int]:
    import psutil

    try:
        return [process.pid for process in psutil.Process(root).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident(pid: int) -> int:
    if not _LISTS_CHILDREN:
        return _resident_by_psutil(pid)
    try:
        _, pages, *_ = _read(f"/proc/{pid}/statm")
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _resident_by_psutil(pid: int) -> int:
    import psutil

    try:
        resident: int = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return resident


def _proportional(pid: int) -> int:
    try:
        words = _read(f"/proc/{pid}/smaps_rollup")
        return int(words[words.index(b"Pss:") + 1]) * 1024
    except (OSError, ValueError):
        return _resident(pid)


def _read(path: str) -> list[bytes]:
    """Read a small file of the kernel, and split it into words."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 1 << 16).split()
    finally:
        os.close(file)
