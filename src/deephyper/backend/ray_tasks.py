"""Evaluations on Ray: on a cluster that is there, or on one of our own on this machine."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from typing import Any, final

from .._checks import amounts, count, instance_of, is_number, require, shown, yes_or_no
from ..cluster import granted_cores
from ..errors import reason
from ..worker import Report, Task, pickled
from .backend import Backend, Work
from .listener import Listener
from .own_address import address_towards
from .packed import unpacked
from .switchboard import Switchboard


@final
class RayTasks(Backend):
    """A task of Ray for each evaluation.

    `RayEvaluator` says what its options mean; `where` is who is named in messages.
    """

    def __init__(
        self,
        where: str,
        address: str | None = None,
        password: str | None = None,
        num_cpus: int | None = None,
        num_gpus: int | None = None,
        num_cpus_per_task: float = 1,
        num_gpus_per_task: float | None = None,
        resources: Mapping[str, float] | None = None,
        ray_kwargs: Mapping[str, Any] | None = None,
        include_dashboard: bool = False,
    ):
        require(where, "ray", "ray")
        if address is not None:
            instance_of(where, "address", address, str, "a text such as 'auto', or None for a Ray on this machine")
        if ray_kwargs is not None:
            instance_of(where, "ray_kwargs", ray_kwargs, Mapping, "a dictionary of arguments of ray.init, or None")
        self._where, self._address = where, address
        self._num_cpus = None if num_cpus is None else count(where, "num_cpus", num_cpus)
        self._num_gpus = None if num_gpus is None else count(where, "num_gpus", num_gpus, at_least=0)
        self._needs = {
            "num_cpus": _share(where, "num_cpus_per_task", num_cpus_per_task),
            "num_gpus": 0.0 if num_gpus_per_task is None else _share(where, "num_gpus_per_task", num_gpus_per_task),
        }
        self._resources = amounts(where, "resources", resources, "licence")
        self._options: dict[str, Any] = {"include_dashboard": yes_or_no(where, "include_dashboard", include_dashboard)}
        if password is not None:
            self._options["_redis_password"] = password
        self._options |= dict(ray_kwargs or {})
        self._is_ours = False
        self._listener: Listener | None = None
        self._references: dict[Future[Report], Any] = {}

    def usual_workers(self) -> int:
        """As many as there are processors for, and GPUs where evaluations take some."""
        import ray

        if self._num_cpus is None and (self._address is not None or ray.is_initialized()):
            self._connect(None)
            all_of_it = ray.cluster_resources()
            there = {"num_cpus": all_of_it.get("CPU", 0.0), "num_gpus": all_of_it.get("GPU", 0.0)}
        else:
            there = {"num_cpus": float(self._num_cpus or granted_cores()), "num_gpus": float(self._num_gpus or 0)}
        rooms = [there[name] / need for name, need in self._needs.items() if need > 0]
        return max(1, int(min(rooms, default=1.0)))

    def open(self, work: Work, n_workers: int, switchboard: Switchboard) -> None:
        import ray

        from ..worker.ray_worker import evaluate_put

        payload = pickled(work.where, work.function, dict(work.kwargs))
        self._connect(n_workers)
        self._name, self._put = uuid.uuid4().hex, [ray.put(payload)]
        # A lost worker is for the evaluator to answer, so Ray repeats nothing.
        options: dict[str, Any] = {"max_retries": 0, **self._needs, "resources": self._resources}
        self._evaluate: Any = ray.remote(**options)(evaluate_put)
        self._listener = Listener(switchboard, None if self._is_ours else _host())
        self._abandoning = weakref.finalize(self, self._listener.abandon)
        self._abandoning.atexit = False

    def submit(self, task: Task) -> Future[Report]:
        assert self._listener is not None
        try:
            reference = self._evaluate.remote(self._name, self._put, task, self._listener.channel(task.ticket))
        except Exception as error:
            raise RuntimeError(f"{self._where}: Ray takes no more evaluations ({error}); does it still run?") from error
        future = unpacked(reference.future(), _understood)
        self._references[future] = reference
        future.add_done_callback(self._forget)
        return future

    def give_up(self, futures: Sequence[Future[Report]]) -> None:
        import ray

        for future in futures:
            reference = self._references.get(future)
            if reference is not None and ray.is_initialized():
                ray.cancel(reference, force=True)

    def close(self) -> None:
        import ray

        listener, self._listener = self._listener, None
        if listener is not None:
            self._abandoning.detach()
            listener.close()
            self._put, self._evaluate = [], None
        self._references = {}
        if self._is_ours:
            self._is_ours = False
            ray.shutdown()

    def _forget(self, future: Future[Report]) -> None:
        self._references.pop(future, None)

    def _connect(self, n_workers: int | None) -> None:
        """Have Ray; start it for `n_workers` where there is none."""
        import ray

        if ray.is_initialized():
            return
        options = dict(self._options)
        if self._address is None:
            need = int(-(-self._needs["num_cpus"] * (n_workers or 1) // 1))
            options.setdefault("num_cpus", self._num_cpus or max(need, 1))
            options.setdefault("num_gpus", self._num_gpus)
            options.setdefault(
                "resources", {name: amount * (n_workers or 1) for name, amount in self._resources.items()}
            )
        else:
            options["address"] = self._address
            # Those are for one that is started.
            del options["include_dashboard"]
        options.setdefault("log_to_driver", True)
        try:
            with _handlers_of_signals_kept():
                ray.init(**options)
        except Exception as error:
            raise RuntimeError(
                f"{self._where}: Ray could not be reached or started ({reason(error)}); start a cluster with ray start "
                f"--head, or leave address out for one on this machine."
            ) from error
        self._is_ours = True


@contextlib.contextmanager
def _handlers_of_signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM, which is for the search."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if is_main and before is not None:
            signal.signal(signal.SIGTERM, before)


def _share(where: str, what: str, value: Any) -> float:
    if not is_number(value) or not 0 <= value < math.inf:
        raise ValueError(f"{where}: {what} must be a number of at least 0, such as 1 or 0.5, got {shown(value)}.")
    return float(value)


def _host() -> str | None:
    """The address by which workers on other hosts reach this one; None where Ray has one host only."""
    import ray

    host = ray.util.get_node_ip_address()
    return address_towards(host) and host


def _understood(error: BaseException) -> BaseException:
    """What of Ray's own errors means that a worker was lost."""
    from ray.exceptions import RayError, RayTaskError

    if isinstance(error, RayError) and not isinstance(error, RayTaskError):
        return BrokenExecutor(f"{type(error).__name__}: {error}")
    return error
