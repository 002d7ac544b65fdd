"""Measure what Ray, Dask and MPI cost beside the engine alone, and how busy their workers are.

    python benchmarks/engines.py dask --what rate
    python benchmarks/engines.py ray --what busy
    mpiexec -n 5 python benchmarks/engines.py mpicomm --what rate     # one rank more than workers
    mpiexec -n 9 python benchmarks/engines.py mpicomm --what busy

- rate: evaluations per second of a function that does nothing, RandomSearch with a CSV file, 4 workers; and tasks per
  second of the bare engine with as many in flight, in turn on the same workers.
- busy: the share of the workers' time inside of evaluations of 0.5 s, 8 workers, defaults of CBO, from the first start
  to the deadline.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any

from evaluators import nothing, problem_of
from utilization import share_inside

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, RandomSearch

N_WORKERS = {"rate": 4, "busy": 8}
HALF_S = 0.5


def half_a_second(job: Any) -> float:
    time.sleep(HALF_S)
    return -float((job["x0"] - 0.3) ** 2 + (job["x1"] - 0.6) ** 2)


def plain() -> int:
    return 7


Submit = Callable[[], "Future[Any]"]


@contextmanager
def engine(method: str, n_workers: int) -> Iterator[tuple[dict[str, Any], Submit | None]]:
    """Options of an evaluator on an engine, and how the engine alone is given a task; None where ranks come later."""
    if method == "dask":
        from distributed import Client, LocalCluster

        nowhere = {"dashboard_address": "127.0.0.1:0"}
        with (
            LocalCluster(
                n_workers=n_workers, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=nowhere
            ) as cluster,
            Client(cluster) as client,
        ):
            executor = client.get_executor(pure=False)
            yield {"client": client}, lambda: executor.submit(int, 7)
    elif method == "ray":
        import ray

        ray.init(num_cpus=n_workers, include_dashboard=False, log_to_driver=False)
        task = ray.remote(max_retries=0)(plain)
        yield {}, lambda: task.remote().future()
        ray.shutdown()
    else:
        yield {}, None


def rate_of(submit: Submit, n: int, n_flying: int) -> float:
    """Tasks per second of an engine alone."""
    begin, flying, n_left = time.perf_counter(), set[Future[Any]](), n
    while n_left or flying:
        while n_left and len(flying) < n_flying:
            flying.add(submit())
            n_left -= 1
        done, flying = wait(flying, return_when=FIRST_COMPLETED)
        for each in done:
            each.result()
    return n / (time.perf_counter() - begin)


def ours(evaluator: Evaluator, n: int) -> float:
    search = RandomSearch(problem_of(3), evaluator, random_state=1, log_dir=tempfile.mkdtemp())
    begin = time.perf_counter()
    search.search(n)
    return n / (time.perf_counter() - begin)


def ranks_alone(n: int, n_flying: int) -> float | None:
    """Tasks per second of the executor of MPI; None on the other ranks."""
    from mpi4py.futures import MPICommExecutor

    with MPICommExecutor() as executor:
        if executor is not None:
            rate_of(lambda: executor.submit(int, 7), 100, n_flying)
            return rate_of(lambda: executor.submit(int, 7), n, n_flying)
    return None


def rate(method: str, n: int, n_repeats: int) -> None:
    n_workers, pairs = N_WORKERS["rate"], []
    with engine(method, n_workers) as (options, submit):
        for _ in range(n_repeats):
            alone = ranks_alone(n, n_workers) if submit is None else rate_of(submit, n, n_workers)
            with Evaluator.create(nothing, method, num_workers=n_workers, **options) as evaluator:
                if evaluator is not None:
                    ours(evaluator, 50)
                    pairs.append((alone or 0.0, ours(evaluator, n)))
    if pairs:
        alones, rates = map(statistics.median, zip(*pairs, strict=True))
        share = statistics.median(b / a for a, b in pairs)
        print(f"{method}: {rates:.0f} evaluations a second, alone {alones:.0f}; median share {share:.2f}", end="")
        print(f", load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores")


def busy(method: str, timeout: float) -> None:
    n_workers = N_WORKERS["busy"]
    with (
        engine(method, n_workers) as (options, _),
        Evaluator.create(half_a_second, method, num_workers=n_workers, **options) as evaluator,
    ):
        if evaluator is None:
            return
        # The workers begin with the first evaluations, which are not counted.
        evaluator.submit([{"x0": 0.0, "x1": 0.0}] * n_workers)
        evaluator.gather()
        table = CBO(problem_of(2), evaluator, random_state=1, log_dir=tempfile.mkdtemp()).search(timeout=timeout)
    share = share_inside(table, n_workers, table.timestamp_end.max())
    print(f"{method}: {share:.3f} busy, {len(table)} evaluations, ", end="")
    print(f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=["ray", "dask", "mpicomm"])
    parser.add_argument("--what", required=True, choices=N_WORKERS)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=20.0)
    args = parser.parse_args()
    if args.what == "rate":
        rate(args.method, args.tasks, args.repeats)
    else:
        busy(args.method, args.timeout)


if __name__ == "__main__":
    main()
