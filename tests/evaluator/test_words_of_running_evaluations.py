"""What a running evaluation records arrives while it runs, and it learns that nobody waits for it, whoever runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, JobStatus
from processes import comes_true

PATIENCE_S = 15.0


@contextmanager
def pool(kind: str) -> Iterator[str | Executor]:
    """An executor of the user's own, or the name of a method."""
    if kind in ("thread", "process"):
        yield kind
        return
    if kind == "thread pool":
        executor: Executor = ThreadPoolExecutor(2)
    elif kind == "loky":
        import loky

        executor = loky.ProcessPoolExecutor(2)
    else:
        executor = ProcessPoolExecutor(2, get_context(kind))
    with executor:
        yield executor


KINDS = ["fork", pytest.param("spawn", marks=pytest.mark.slow), "loky", "thread pool", "thread", "process"]


@pytest.fixture(params=KINDS)
def method(request: pytest.FixtureRequest) -> Iterator[str | Executor]:
    with pool(request.param) as found:
        yield found


@pytest.fixture(params=KINDS[:-1])
def lasting_method(request: pytest.FixtureRequest) -> Iterator[str | Executor]:
    """One whose evaluations live on when they are given up; those of our processes are killed."""
    with pool(request.param) as found:
        yield found


def waiting_in(folder: Path) -> Callable[[Any], Any]:
    """A run-function that travels by value: it records, and then waits until it is let go or should stop."""
    patience = PATIENCE_S

    def run(job: Any) -> float:
        name = f"{job['x']}"
        job.record(1, 0.5)
        job.record(2, 0.75)
        (folder / f"begun {name}").touch()
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not (folder / f"go {name}").exists():
            if job.stopped():
                (folder / f"stopped {name}").touch()
                job.record(3, 0.875)
                return 0.0
            time.sleep(0.005)
        return 1.0

    return run


def names(folder: Path, what: str) -> set[str]:
    return {path.name.split()[1] for path in folder.glob(f"{what} *")}


def test_what_is_recorded_arrives_while_the_evaluation_runs(method: Any, tmp_path: Path) -> None:
    with Evaluator.create(waiting_in(tmp_path), method, {"num_workers": 2}) as evaluator:
        jobs = evaluator.submit([{"x": 0}, {"x": 1}])
        assert comes_true(lambda: len(names(tmp_path, "begun")) == 2, PATIENCE_S)
        arrives = comes_true(lambda: all(len(job.observations) == 2 for job in jobs), PATIENCE_S)
        for x in (0, 1):
            (tmp_path / f"go {x}").touch()
        evaluator.gather("ALL")

    assert arrives
    assert [job.observations for job in jobs] == [[(1.0, 0.5), (2.0, 0.75)]] * 2
    assert [job.objective for job in jobs] == [1.0, 1.0]


@pytest.mark.parametrize("way", ["cancel", "deadline", "close"])
def test_an_evaluation_that_was_given_up_learns_it_and_records_nothing_more(
    lasting_method: Any, tmp_path: Path, way: str
) -> None:
    evaluator = Evaluator.create(waiting_in(tmp_path), lasting_method, {"num_workers": 2})
    jobs = evaluator.submit([{"x": 0}, {"x": 1}])
    assert comes_true(lambda: len(names(tmp_path, "begun")) == 2, PATIENCE_S)
    assert names(tmp_path, "stopped") == set()
    if way == "cancel":
        evaluator.cancel()
    elif way == "deadline":
        evaluator.timeout = 1e-3
        evaluator.gather("ALL")
        evaluator.timeout = None
    else:
        evaluator.close()
    learns = comes_true(lambda: names(tmp_path, "stopped") == {"0", "1"}, PATIENCE_S)
    for x in (0, 1, 2):
        (tmp_path / f"go {x}").touch()
    # The places are free again, for an evaluation that nobody has given up.
    (again,) = evaluator.submit([{"x": 2}])
    evaluator.gather("ALL")
    evaluator.close()

    assert learns
    assert [job.status for job in jobs] == [JobStatus.CANCELLED] * 2
    assert all(len(job.observations) <= 2 for job in jobs)
    assert (again.objective, again.observations) == (1.0, [(1.0, 0.5), (2.0, 0.75)])


def test_one_that_is_given_up_does_not_stop_those_of_another_evaluator(tmp_path: Path) -> None:
    with pool("fork") as executor:
        one, other = (Evaluator.create(waiting_in(tmp_path), executor) for _ in range(2))
        one.submit([{"x": 0}])
        (job,) = other.submit([{"x": 1}])
        assert comes_true(lambda: len(names(tmp_path, "begun")) == 2, PATIENCE_S)
        one.close()
        learns = comes_true(lambda: bool(names(tmp_path, "stopped")), 5.0)
        for x in (0, 1):
            (tmp_path / f"go {x}").touch()
        other.gather("ALL")
        other.close()

    assert learns
    assert names(tmp_path, "stopped") == {"0"}
    assert job.objective == 1.0
