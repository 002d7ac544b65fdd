"""Ends the lanes of a manager that was killed, with all that was started there."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
from collections.abc import Iterable
from typing import final

from ..worker.descendants import mark_of_manager
from .forks import is_left_to_parent

logger = logging.getLogger(__name__)

_SHELL = "/bin/sh"
_BYE = "bye"
# Every line is the whole list of workers, each of which leads a process group. When the manager dies, whatever the way,
# its end of the pipe closes. When the manager needs no guard any more it says so: a child that it has forked may hold
# the pipe open.
#
# What must be ended is found as in `worker/descendants.py`: the workers are stopped, the kernel's lists of children are
# followed, and in the end all processes are asked for the mark of this manager's workers, a few times.
_SCRIPT = f"""
mark=$1
while read -r line; do
    [ "$line" = {_BYE} ] && exit
    workers=$line
done
below() {{
    for child in $(cat "/proc/$1/task/"*/children); do echo "$child"; below "$child"; done
}}
for worker in $workers; do kill -s STOP -- "-$worker"; done
for worker in $workers; do descendants="$descendants $(below "$worker")"; done
for worker in $workers; do kill -s KILL -- "-$worker"; done
for process in $descendants; do kill -s KILL "$process"; done
for round in 1 2 3 4 5; do
    marked=$(grep -lsF "$mark" /proc/[0-9]*/environ)
    [ -n "$marked" ] || exit
    for file in $marked; do
        process=${{file#/proc/}}; process=${{process%/environ}}
        kill -s KILL "$process" $(below "$process")
    done
done
"""
_PATIENCE_S = 1.0


@final
class Guard:
    """A shell that waits for the manager to die and then ends the workers that it was last told of.

    A lane looks for its manager itself, but cannot while its run-function holds the interpreter's lock in C code. Where
    there is no shell there is no guard.
    """

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []
        is_left_to_parent(self)

    def watch(self, groups: Iterable[int]) -> None:
        """Look after these workers, which lead process groups, from now on, and no others."""
        groups = sorted(groups)
        if groups == self._groups or os.name != "posix":
            return
        self._groups = groups
        if not groups:
            self._end_shell()
        elif (shell := self._opened_shell()) is not None:
            self._tell(shell, " ".join(map(str, groups)))

    def get_ready(self) -> None:
        """Begin already, so that the first worker need not wait for that."""
        if os.name == "posix":
            self._opened_shell()

    def close(self) -> None:
        """End the guard, which ends nobody."""
        self._groups = []
        self._end_shell()

    def leave_to_parent(self) -> None:
        """In a forked child, let go of the pipe, so that the guard notices the end of the parent."""
        shell, self._shell = self._shell, None
        if shell is not None and shell.stdin is not None:
            shell.stdin.close()

    def _opened_shell(self) -> subprocess.Popen[bytes] | None:
        if self._shell is None:
            try:
                # A session of its own, so that what ends the manager's group spares it.
                self._shell = subprocess.Popen(
                    [_SHELL, "-c", _SCRIPT, "guard", mark_of_manager()],
                    # Without a buffer, whose lock another thread may hold while a child is forked.
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                # Small containers have none; evaluations do not depend on it.
                logger.info("no guard for the case that this process is killed: %s", error)
        return self._shell

    def _end_shell(self) -> None:
        shell, self._shell = self._shell, None
        if shell is None:
            return
        self._tell(shell, _BYE)
        try:
            shell.communicate(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            # Somebody has stopped it.
            shell.kill()
            shell.communicate()

    def _tell(self, shell: subprocess.Popen[bytes], line: str) -> None:
        assert shell.stdin is not None
        # Somebody may have killed the shell; lanes still look for their manager themselves.
        with contextlib.suppress(BrokenPipeError):
            shell.stdin.write(f"{line}\n".encode())
