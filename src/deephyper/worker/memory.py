"""How much memory processes take, their descendants included."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable


def memory_of(roots: Iterable[int]) -> dict[int, int]:
    """Measure processes with all their descendants, in one look at the process table.

    Memory that several of them share counts for each of them, so that this is an upper bound.

    Args:
        roots: process numbers.

    Returns:
        Resident bytes of each root that is alive and its descendants.
    """
    import psutil

    trees = {root: [root] for root in roots}
    children: dict[int, list[int]] = {}
    for process in psutil.process_iter(["ppid"]):
        children.setdefault(process.info["ppid"], []).append(process.pid)
    for tree in trees.values():
        for pid in tree:
            tree.extend(children.get(pid, ()))
    return {root: sum(map(_resident, tree)) for root, tree in trees.items()}


def proportional_memory_of(root: int) -> int:
    """Measure one process with all its descendants, where what they share counts once.

    It reads the map of every page, which takes milliseconds. Where the system cannot tell, it is the upper bound.
    """
    import psutil

    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(root)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += _proportional(member.pid)
    return total


def _resident(pid: int) -> int:
    import psutil

    try:
        resident: int = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return resident


def _proportional(pid: int) -> int:
    import psutil

    try:
        proportional: int = getattr(psutil.Process(pid).memory_full_info(), "pss", 0)
    except psutil.AccessDenied:
        proportional = 0
    return proportional or _resident(pid)
