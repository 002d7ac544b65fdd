"""What tests ask about processes and threads, and how they wait: for what happens, and never for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

# So long does a test wait for what happens at once on an idle machine. Only what is broken makes it wait so long.
PATIENCE_S = 180.0


def is_at_work(pid: int) -> bool:
    """Alive; one that has ended and that nobody has asked for its exit status is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def children() -> list[psutil.Process]:
    """Children of this process that are alive, the resource trackers of Python and loky aside."""
    found = psutil.Process().children(recursive=True)
    return [child for child in found if is_at_work(child.pid) and "resource_tracker" not in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@dataclass(frozen=True)
class Before:
    """The processes and threads that a test finds when it begins; what other tests left behind is not its own."""

    processes: frozenset[psutil.Process] = field(default_factory=lambda: frozenset(children()))
    threads: frozenset[threading.Thread] = field(default_factory=lambda: frozenset(threading.enumerate()))

    def new_processes(self) -> list[psutil.Process]:
        """Children that have been started since and are alive."""
        return [child for child in children() if child not in self.processes]

    def new_threads(self) -> list[str]:
        """Names of the threads that have been started since and are alive."""
        return [thread.name for thread in threading.enumerate() if thread not in self.threads]


def comes_true(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Whether something is so, or becomes so while the test is patient."""
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def all_end(pids: list[int]) -> bool:
    """Whether these processes end, each of them."""
    return comes_true(lambda: not any(map(is_at_work, pids)))
