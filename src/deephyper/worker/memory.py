"""How much memory processes take, their descendants included."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterable

# Whether the kernel lists the children of a thread. Where it does, it is asked with as few calls as can be: after each of them a
# thread waits its turn of 5 ms if another one computes in Python, and psutil, which reads the whole table, takes a second then.
_LISTS_CHILDREN = os.path.exists("/proc/thread-self/children")


def memory_of(roots: Iterable[int]) -> dict[int, int]:
    """Measure processes with all their descendants; in one look at the process table, where the kernel does not list children.

    Memory that several of them share counts for each of them, so that this is an upper bound.

    Args:
        roots: process numbers.

    Returns:
        Resident bytes of each root that is alive and its descendants.
    """
    trees = {root: _tree_of(root) for root in roots} if _LISTS_CHILDREN else _trees_in_table(roots)
    return {root: sum(map(_resident, tree)) for root, tree in trees.items()}


def proportional_memory_of(root: int) -> int:
    """Measure one process with all its descendants, where what they share counts once.

    The kernel looks at every page for it, which takes milliseconds. Where it cannot tell, it is the upper bound.
    """
    return sum(map(_proportional, _tree_of(root)))


def resident_memory_of(root: int, limit: float = math.inf) -> int:
    """Measure one process with all its descendants, in some microseconds where the kernel lists children.

    Args:
        root: its process number.
        limit: bytes. Memory that several of the processes share counts for each of them, unless that leads over the limit.

    Returns:
        Resident bytes.
    """
    tree = _tree_of(root)
    at_most = sum(map(_resident, tree))
    return sum(map(_proportional, tree)) if at_most > limit and len(tree) > 1 else at_most


def _tree_of(root: int) -> list[int]:
    """A process and its descendants."""
    if not _LISTS_CHILDREN:
        return [root, *_descendants_in_table(root)]
    tree = [root]
    if root == os.getpid() and not _has_children():
        return tree
    for pid in tree:
        tree.extend(_children_of(pid))
    return tree


def _has_children() -> bool:
    """Whether this process has any, in one call that changes nothing of them."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _children_of(parent: int) -> list[int]:
    children: list[int] = []
    # It may end while we ask, and so may each of its threads.
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
    """The words of a small file of the kernel."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 1 << 16).split()
    finally:
        os.close(file)
