"""Evaluations on the ranks of an MPI job, through the executor of mpi4py."""

from __future__ import annotations

import platform
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, final

from .._checks import count, instance_of, require
from ..worker import HOST, Report, Task, pickled
from .backend import Backend, Work
from .listener import Listener
from .own_address import address_towards
from .packed import unpacked
from .switchboard import Switchboard

_HOW = "with Evaluator.create(run, 'mpicomm') as evaluator: and inside of it, if evaluator is not None: the search"


@final
class MpiRanks(Backend):
    """One rank searches, the others evaluate from when the context begins until it ends.

    `MPICommEvaluator` says what its options mean; `where` is who is named in messages.
    """

    can_work_ahead = True

    def __init__(self, where: str, comm: Any = None, root: int = 0):
        require(where, "mpi4py", "mpi")
        from mpi4py import MPI
        from mpi4py.futures import _core

        if getattr(_core, "SharedPool", None) is not None:
            raise RuntimeError(
                f"{where}: the other ranks of python -m mpi4py.futures wait for an MPIPoolExecutor; start the script "
                f"with mpiexec -n 8 python script.py, or pass that executor."
            )
        self._where, self._root = where, count(where, "root", root, at_least=0)
        self._comm: Any = MPI.COMM_WORLD if comm is None else comm
        instance_of(where, "comm", self._comm, MPI.Intracomm, "an intracommunicator of mpi4py, or None for all ranks")
        n_ranks = self._comm.Get_size()
        if self._root >= n_ranks:
            raise ValueError(f"{where}: root must be one of the {n_ranks} ranks, 0 to {n_ranks - 1}, got {root}.")
        self._is_root = self._comm.Get_rank() == self._root
        self._has_ranks = False
        self._executor: Any = None
        self._listener: Listener | None = None

    def usual_workers(self) -> int:
        n_others = int(self._comm.Get_size()) - 1
        if n_others == 0:
            raise ValueError(
                f"{self._where}: there is one rank, which would search, and none to evaluate; start the script with "
                f"mpiexec -n 8 python script.py, or write method 'process'."
            )
        return n_others

    def enter(self) -> bool:
        hosts = self._comm.allgather((HOST, platform.node()))
        others = [node for host, node in hosts if host != HOST]
        self._host = next(filter(None, map(address_towards, others)), None) if self._is_root else None
        if not self._is_root:
            self._serve()
        self._has_ranks = self._is_root
        return self._is_root

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        from ..worker.mpi_rank import evaluate_kept, keep

        if not self._has_ranks:
            raise RuntimeError(f"{self._where}: its ranks evaluate inside of its context only; write {_HOW}.")
        payload = pickled(work.where, work.function, dict(work.kwargs))
        self._start(initializer=keep, initargs=(payload,))
        self._evaluate = evaluate_kept
        self._listener = Listener(switchboard, self._host)
        self._abandoning = weakref.finalize(self, self._listener.abandon)
        self._abandoning.atexit = False

    def submit(self, task: Task) -> Future[Report]:
        assert self._listener is not None
        channel = self._listener.channel(task.ticket)
        return unpacked(self._executor.submit(self._evaluate, task, channel))

    def give_up(self, futures: Sequence[Future[Report]]) -> None:
        # Their ranks ask whether anybody awaits them, and leave them. What has not begun does not begin.
        super().give_up(futures)

    def close(self) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            # While the listener still answers, so that the ranks learn that nobody awaits them.
            executor.shutdown(wait=True, cancel_futures=True)
        listener, self._listener = self._listener, None
        if listener is not None:
            self._abandoning.detach()
            listener.close()

    def leave(self) -> None:
        if self._has_ranks:
            # Nothing was evaluated, and the others still wait for the executor.
            self._start()
            self.close()

    def _start(self, **options: Any) -> None:
        from mpi4py.futures import MPICommExecutor

        self._has_ranks = False
        self._executor = MPICommExecutor(self._comm, self._root, **options).__enter__()

    def _serve(self) -> None:
        """Evaluate until the rank that searches leaves its context."""
        from mpi4py.futures import MPICommExecutor

        from ..worker.mpi_rank import rank

        with rank.serving(), MPICommExecutor(self._comm, self._root):
            pass
