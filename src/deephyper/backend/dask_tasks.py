"""Evaluations on Dask: a client of the user's, the scheduler at an address, or a cluster of our own on this machine."""

from __future__ import annotations

import contextlib
import uuid
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, final

import cloudpickle

from .._checks import amounts, got, require
from ..cluster import granted_cores
from ..worker import Report, Task, pickled
from .backend import Backend, Work
from .inner_threads import thread_variables
from .listener import Listener
from .own_address import address_towards
from .packed import unpacked
from .switchboard import Switchboard

_CONNECT_S = 30


@final
class DaskTasks(Backend):
    """A task of Dask for each evaluation.

    `DaskEvaluator` says what its options mean; `where` is who is named in messages.
    """

    def __init__(self, where: str, client: Any = None, resources: Mapping[str, float] | None = None):
        require(where, "distributed", "dask")
        self._where, self._given = where, client
        self._resources = amounts(where, "resources", resources, "GPU")
        self._client: Any = None
        self._nodes: Any = None
        self._listener: Listener | None = None
        self._tasks: dict[Future[Report], str] = {}

    def usual_workers(self) -> int | None:
        if self._given is None:
            return granted_cores()
        self._connect(0)
        n_threads: int = sum(self._client.nthreads().values())
        if n_threads == 0:
            raise ValueError(
                f"{self._where}: no worker has come to the scheduler yet, so num_workers must say how many evaluations "
                f"run at a time; write num_workers=8."
            )
        return n_threads

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        from ..worker.dask_worker import Payload, evaluate_kept
        from .dask_scheduler import NoRepeats

        payload = pickled(work.where, work.function, dict(work.kwargs))
        self._connect(n_workers)
        self._name = f"deephyper-{uuid.uuid4().hex}"
        self._client.register_plugin(NoRepeats(self._name), name=self._name)
        self._client.register_plugin(Payload(payload), name=self._name)
        self._executor = self._client.get_executor(pure=False, retries=0, resources=self._resources or None)
        self._evaluate = partial(evaluate_kept, self._name)
        self._listener = Listener(switchboard, self._host())
        self._abandoning = weakref.finalize(self, self._listener.abandon)
        self._abandoning.atexit = False

    def submit(self, task: Task) -> Future[Report]:
        assert self._listener is not None
        key = f"{self._name}-{task.ticket}"
        packed_task = cloudpickle.dumps((task, self._listener.channel(task.ticket)))
        try:
            inner = self._executor.submit(self._evaluate, packed_task, key=key)
        except Exception as error:
            raise RuntimeError(
                f"{self._where}: Dask takes no more evaluations ({error}); is its scheduler still there?"
            ) from error
        future = unpacked(inner, on_loss="its worker was lost, or Dask has cancelled it")
        self._tasks[future] = key
        future.add_done_callback(self._forget)
        return future

    def give_up(self, futures: Sequence[Future[Report]]) -> None:
        from .dask_scheduler import end_tasks

        keys = [key for future in futures if (key := self._tasks.get(future)) is not None]
        if keys and self._client.status == "running":
            # A scheduler that has gone has taken its tasks with it.
            with contextlib.suppress(OSError):
                self._client.run_on_scheduler(end_tasks, keys, self._client.id, self._name)
        super().give_up(futures)

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            self._abandoning.detach()
            listener.close()
            if self._nodes is None and self._client.status == "running":
                with contextlib.suppress(OSError):
                    self._client.unregister_scheduler_plugin(self._name)
                    self._client.unregister_worker_plugin(self._name)
        client, self._client = self._client, None
        if client is not None and client is not self._given:
            client.close()
        nodes, self._nodes = self._nodes, None
        if nodes is not None:
            nodes.close()

    def _forget(self, future: Future[Report]) -> None:
        self._tasks.pop(future, None)

    def _connect(self, n_workers: int) -> None:
        """Have a client; start a cluster of `n_workers` for it where the user has given none."""
        from distributed import Client

        if self._client is not None:
            return
        if isinstance(self._given, Client):
            self._client = _checked(self._where, self._given)
            return
        address = self._given
        if address is None:
            from .dask_nodes import Nodes

            variables = thread_variables(n_workers, None)
            self._nodes = Nodes(self._where, n_workers, self._resources, variables)
            address = self._nodes.address
        elif not isinstance(address, str) and not hasattr(address, "scheduler_address"):
            raise TypeError(
                f"{self._where}: client must be a distributed.Client, a cluster, the address of a scheduler, or None "
                f"for a cluster of its own, {got(address)}."
            )
        try:
            self._client = Client(address, set_as_default=False, timeout=_CONNECT_S)
        except (OSError, ValueError) as error:
            raise RuntimeError(
                f"{self._where}: no scheduler of Dask answers at {address} ({error}); start one with dask scheduler, "
                f"or leave client out for a cluster on this machine."
            ) from error

    def _host(self) -> str | None:
        """The address by which workers on other hosts reach this one; None where there are none."""
        protocol, _, place = self._client.scheduler.address.partition("://")
        return None if protocol == "inproc" else address_towards(place.rpartition(":")[0].strip("[]"))


def _checked(where: str, client: Any) -> Any:
    if client.asynchronous:
        raise ValueError(f"{where}: client must not be asynchronous, got one that is; write Client(…) without it.")
    return client
