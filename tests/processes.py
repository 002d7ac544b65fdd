"""What tests ask about processes."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil


def is_at_work(pid: int) -> bool:
    """Alive; one that has ended and that nobody has asked for its exit status is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def children() -> list[psutil.Process]:
    """Children of this process that are alive, the resource trackers of Python and loky aside."""
    found = psutil.Process().children(recursive=True)
    return [c for c in found if is_at_work(c.pid) and "resource_tracker" not in " ".join(c.cmdline())]


def comes_true(condition: Callable[[], bool], within_s: float = 1.0) -> bool:
    """Whether something is so, or becomes so within a time."""
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def end_within_a_second(pids: list[int]) -> bool:
    """Whether processes end."""
    return comes_true(lambda: not any(map(is_at_work, pids)))
