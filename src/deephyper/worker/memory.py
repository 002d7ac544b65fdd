"""How much memory processes and their descendants take."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable

from .descendants import LISTS_CHILDREN as _LISTS_CHILDREN
from .descendants import read, tree_of, trees_of


def memory_of(roots: Iterable[int]) -> dict[int, int]:
    """Measure the memory of processes with all their descendants.

    Memory that several of them share counts once for each of them, so the result is an upper bound. If the kernel does
    not list children, the process table is read once for all roots.

    Returns:
        Resident bytes of each root that is alive and its descendants.
    """
    return {root: sum(map(_resident, tree)) for root, tree in trees_of(roots).items()}


def proportional_memory_of(root: int) -> int:
    """Measure the memory of one process with all its descendants; memory that they share counts once.

    This takes milliseconds, because the kernel looks at every page. If the kernel cannot do it, the result is the upper
    bound of `memory_of`.
    """
    return sum(map(_proportional, tree_of(root)))


def resident_memory_of(root: int, limit: float = math.inf) -> int:
    """Measure the memory of one process with all its descendants, in microseconds if the kernel lists children.

    Args:
        root: its process number.
        limit: bytes. Memory that several processes share counts once for each of them. Only if this sum is over the
            limit is it measured again with shared memory counted once, which is slower.

    Returns:
        Resident bytes.
    """
    tree = tree_of(root)
    at_most = sum(map(_resident, tree))
    return sum(map(_proportional, tree)) if at_most > limit else at_most


def _resident(pid: int) -> int:
    if not _LISTS_CHILDREN:
        return _resident_by_psutil(pid)
    try:
        _, pages, *_ = read(f"/proc/{pid}/statm").split()
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
        words = read(f"/proc/{pid}/smaps_rollup").split()
        return int(words[words.index(b"Pss:") + 1]) * 1024
    except (OSError, ValueError):
        return _resident(pid)
