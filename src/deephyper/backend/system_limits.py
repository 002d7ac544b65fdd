"""What worker processes need of the system: one sentence if it does not give as much."""

from __future__ import annotations

import errno
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, final

# What one worker takes: pipes and semaphores that the manager holds open for it, and processes and threads, its own and
# those of the manager that attend to it. There are a few more while one starts and another one is buried.
_FILES_PER_WORKER, _FILES_BESIDE = 14, 40
_TASKS_PER_WORKER, _TASKS_BESIDE = 5, 6
# Nobody needs more files than that for other things, so a limit is raised to leave as many.
_FILES_TO_SPARE = 256
# Counting tasks takes long on a large machine, and where the limit is so high nobody comes near it.
_HIGH_LIMIT_OF_TASKS = 20_000

_CGROUPS = Path("/sys/fs/cgroup")


@final
class Needs(NamedTuple):
    """What an evaluator needs of the system.

    Args:
        where: who is named in messages.
        n_workers: how many processes it starts.
    """

    where: str
    n_workers: int

    def check(self) -> None:
        """Raise the soft limits as far as they must be and may be.

        Raises:
            RuntimeError: the system does not let this process have so many workers.
        """
        if multiprocessing.current_process().daemon:
            raise RuntimeError(
                f"{self.where}: this process is a daemonic one of multiprocessing, as the workers of "
                f"multiprocessing.Pool are, and these may not start processes; use method 'thread' or 'serial' here, "
                f"or start this process with daemon=False or by concurrent.futures.ProcessPoolExecutor."
            )
        if sys.platform != "win32":
            self._check_files()
            self._check_tasks()

    def _check_files(self) -> None:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        per_worker, n_open = _FILES_PER_WORKER, _n_open_files()
        needed = n_open + _FILES_BESIDE + self.n_workers * per_worker
        if hard != resource.RLIM_INFINITY and needed > hard:
            n_possible = (hard - n_open - _FILES_BESIDE) // per_worker
            raise RuntimeError(
                f"{self.where}: num_workers={self.n_workers} needs about {needed} open files, and this process may "
                f"have {hard}; {_fewer(n_possible)}raise the limit (ulimit -n {needed}, or those of the container)."
            )
        wanted = needed + _FILES_TO_SPARE
        if soft != resource.RLIM_INFINITY and soft < wanted:
            limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))

    def _check_tasks(self) -> None:
        for limit, n_there, remedy in (_tasks_of_user(), _tasks_of_container()):
            needed = n_there + _TASKS_BESIDE + self.n_workers * _TASKS_PER_WORKER
            if limit is not None and needed > limit:
                n_possible = (limit - n_there - _TASKS_BESIDE) // _TASKS_PER_WORKER
                raise RuntimeError(
                    f"{self.where}: num_workers={self.n_workers} needs about {needed} processes and threads, {n_there} "
                    f"that are there included, and the system allows {limit}; {_fewer(n_possible)}raise the limit "
                    f"({remedy.format(needed)})."
                )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say what is missing if the system refuses something to a worker that starts here."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            if (reason := _reason(error)) is None:
                raise
            raise RuntimeError(
                f"{self.where}: a worker of num_workers={self.n_workers} cannot be started ({error}): {reason}."
            ) from error


def _fewer(n_possible: int) -> str:
    return f"lower it to {n_possible}, or " if n_possible > 0 else ""


def _reason(error: BaseException) -> str | None:
    number = getattr(error, "errno", None)
    if number in (errno.EMFILE, errno.ENFILE):
        files = f"each worker needs {_FILES_PER_WORKER} open files"
        return f"{files}; use fewer of them, close files that you do not need, or raise the limit (ulimit -n)"
    if number in (errno.EAGAIN, errno.ENOMEM) or "start new thread" in str(error):
        tasks = f"each worker needs about {_TASKS_PER_WORKER} processes and threads, and memory for them"
        return (
            f"{tasks}; use fewer of them, or raise the limits (ulimit -u, ulimit -v, the pids limit of the container)"
        )
    if number in (errno.ENOSPC, errno.ENOENT, errno.ENOSYS, errno.EROFS, errno.EACCES, errno.EPERM):
        shared = "each worker needs some semaphores, some 40 kB of shared memory, in /dev/shm"
        return f"{shared}; mount it, free some, or enlarge it (docker run --shm-size=1g), or use method 'thread'"
    return None


def _n_open_files() -> int:
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return len(os.listdir(folder))
        except OSError:
            continue
    return 0


_Tasks = tuple[int | None, int, str]
"""The limit of processes and threads (None if nobody comes near it), how many there are, and what raises it."""


def _tasks_of_user() -> _Tasks:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    # The superuser has no such limit.
    if soft == resource.RLIM_INFINITY or soft > _HIGH_LIMIT_OF_TASKS or not os.getuid():
        return None, 0, ""
    if soft < hard or hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))
        return _tasks_of_user()
    import psutil

    processes = [process.info for process in psutil.process_iter(["uids", "num_threads"])]
    mine = [info for info in processes if info["uids"] is not None and info["uids"][0] == os.getuid()]
    return hard, sum(info["num_threads"] or 1 for info in mine), "ulimit -u {}"


def _tasks_of_container() -> _Tasks:
    # Inside of a container its own group is the root; outside the path leads to that of this process.
    for folder in (_CGROUPS, _own_cgroup()):
        try:
            limit = (folder / "pids.max").read_text().strip()
            n_there = int((folder / "pids.current").read_text())
        except (OSError, ValueError):
            continue
        if limit.isdigit():
            return int(limit), n_there, "docker run --pids-limit={}, or TasksMax of the systemd unit"
    return None, 0, ""


def _own_cgroup() -> Path:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return _CGROUPS
    paths = [line.removeprefix("0::").lstrip("/") for line in lines if line.startswith("0::")]
    return _CGROUPS / paths[0] if paths else _CGROUPS
