"""Measure what it costs to send an evaluation to a worker and to get it back.

    python benchmarks/evaluators.py --what rate
    python benchmarks/evaluators.py --what growth
    python benchmarks/evaluators.py --what start
    python benchmarks/evaluators.py --what record

- rate: evaluations per second of a function that does nothing; 4 threads and 4 processes, with a CSV file.
- growth: the manager's CPU time for evaluations 49,000 to 50,000, compared with that for 1,000 to 2,000.
- start: the time from `search()` to the first evaluation of eight processes, compared with bare loky executors.
- record: the time of `job.record` and `job.stopped`, called in turn.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from typing import Any

from deephyper.evaluator import Evaluator, Job
from deephyper.evaluator.callback import Callback
from deephyper.hpo import CBO, HpProblem, RandomSearch

N_STARTS = 7


def problem_of(n: int) -> HpProblem:
    problem = HpProblem()
    for i in range(n):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    return problem


def nothing(job: Any) -> float:
    return float(job["x0"])


def rate() -> None:
    for method in ("thread", "process"):
        with Evaluator.create(nothing, method, {"num_workers": 4}) as evaluator:
            search = RandomSearch(problem_of(3), evaluator, random_state=1, log_dir=tempfile.mkdtemp())
            search.search(200)
            rates = []
            for _ in range(5):
                begin = time.perf_counter()
                search.search(2000)
                rates.append(2000 / (time.perf_counter() - begin))
        print(
            f"{method} x 4: {statistics.median(rates):.0f} evaluations a second "
            f"(from {min(rates):.0f} to {max(rates):.0f})"
        )


class Clocking(Callback):
    """Reads the CPU time of this process after some numbers of evaluations."""

    def __init__(self, *numbers: int):
        self.cpu_s = dict.fromkeys(numbers, 0.0)
        self._n_done = 0

    def on_done(self, job: Job) -> None:
        self._n_done += 1
        if self._n_done in self.cpu_s:
            self.cpu_s[self._n_done] = time.process_time()


def growth() -> None:
    clocking = Clocking(1000, 2000, 49_000, 50_000)
    with Evaluator.create(nothing, "thread", {"num_workers": 4, "callbacks": [clocking]}) as evaluator:
        RandomSearch(problem_of(3), evaluator, random_state=1, log_dir=tempfile.mkdtemp()).search(50_000)
    begin, second, before_last, end = clocking.cpu_s.values()
    # Seconds of a thousand of them are milliseconds of one.
    early, late = second - begin, end - before_last
    print(f"CPU of one evaluation: {early:.3f} ms from 1,000 to 2,000, {late:.3f} ms from 49,000 to 50,000", end="")
    print(f" ({late / early:.2f} times)")


def start() -> None:
    from loky.process_executor import ProcessPoolExecutor

    def bare() -> float:
        begin = time.monotonic()
        executors = [ProcessPoolExecutor(max_workers=1) for _ in range(8)]
        first = min(future.result() for future in [executor.submit(time.monotonic) for executor in executors])
        for executor in executors:
            executor.shutdown(kill_workers=True)
        return first - begin

    def ours() -> float:
        with Evaluator.create(lambda job: time.monotonic(), "process", {"num_workers": 8}) as evaluator:
            search = CBO(problem_of(2), evaluator, random_state=1, log_dir=tempfile.mkdtemp())
            begin = time.monotonic()
            return float(search.search(8).objective.min()) - begin

    bare(), ours()
    pairs = [(bare(), ours()) for _ in range(N_STARTS)]
    bares, ourss = map(statistics.median, zip(*pairs, strict=True))
    print(
        f"first evaluation of 8 processes after {1e3 * ourss:.0f} ms, "
        f"of bare loky executors after {1e3 * bares:.0f} ms",
        end="",
    )
    print(
        f" ({ourss / bares:.2f} times; median of the ratios of pairs {statistics.median(b / a for a, b in pairs):.2f})"
    )


def many_records(job: Any) -> float:
    job.record(0, 0.0), job.stopped()
    begin = time.perf_counter()
    for step in range(2000):
        job.record(step, 0.5)
        job.stopped()
    return 1e6 * (time.perf_counter() - begin) / 2000


def record() -> None:
    for method in ("thread", "process"):
        with Evaluator.create(many_records, method) as evaluator:
            evaluator.submit([{"x": x} for x in range(5)])
            times = [job.objective for job in evaluator.gather("ALL")]
        print(f"{method}: record and stopped in {statistics.median(times):.1f} microseconds (at most {max(times):.1f})")


def main() -> None:
    whats = {"rate": rate, "growth": growth, "start": start, "record": record}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", required=True, choices=whats)
    whats[parser.parse_args().what]()


if __name__ == "__main__":
    main()
