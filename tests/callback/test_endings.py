"""However a search ends: callbacks hear what the table holds, and one that raises changes nothing."""

from __future__ import annotations

import csv
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deephyper.errors import AllFailedError
from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import Callback, CSVLoggerCallback
from deephyper.hpo import HpProblem, RandomSearch

METHODS = ["on_start", "on_launch", "on_done", "on_gather", "on_close"]


def virtual(callbacks: list[Callback], function: Any, **options: Any) -> Evaluator:
    kwargs = {"num_workers": 3, "callbacks": callbacks, "charge_manager": False, "seed": 1, **options}
    return Evaluator.create(function, "simulated", kwargs)


def serial(callbacks: list[Callback], function: Any) -> Evaluator:
    return Evaluator.create(function, method_kwargs={"callbacks": callbacks})


# Each ending gives the statuses that the table must have.


def by_budget(callbacks: list[Callback], search: RandomSearch) -> list[str]:
    search.search(virtual(callbacks, lambda job: 1.0), 5)
    return ["DONE"] * 5


def by_deadline(callbacks: list[Callback], search: RandomSearch) -> list[str]:
    search.search(virtual(callbacks, lambda job: 1.0, duration=lambda parameters, rng: 1.0), timeout=1.5)
    return ["DONE"] * 3 + ["CANCELLED"] * 3


def by_interrupt(callbacks: list[Callback], search: RandomSearch) -> list[str]:
    def run(job: Any) -> float:
        if job["job_id"] == 2:
            signal.raise_signal(signal.SIGINT)
        return 1.0

    search.search(serial(callbacks, run), 5)
    return ["DONE"] * 2 + ["CANCELLED"]


def by_crashes(callbacks: list[Callback], search: RandomSearch) -> list[str]:
    def run(job: Any) -> float:
        raise ZeroDivisionError("on purpose")

    durations = {"duration": lambda parameters, rng: float(rng.uniform(1.0, 2.0))}
    with pytest.raises(AllFailedError):
        search.search(virtual(callbacks, run, **durations), 50)
    return ["DONE"] * 10 + ["CANCELLED"] * 2


def by_an_error(callbacks: list[Callback], search: RandomSearch) -> list[str]:
    from stores import TextStorage

    class Full(TextStorage):
        def finish(self, member: Any, records: Any) -> None:
            super().finish(member, records)
            if self.n_calls["finish"] == 1:
                raise OSError("the disk is full")

    options = {"storage": Full(), "duration": lambda parameters, rng: float(rng.uniform(1.0, 2.0))}
    with pytest.raises(OSError, match="the disk is full"):
        search.search(virtual(callbacks, lambda job: 1.0, **options), 5)
    return ["DONE"] + ["CANCELLED"] * 2


def by_a_wish(callbacks: list[Callback], search: RandomSearch) -> list[str]:
    class Enough(Callback):
        def on_done(self, job: Any) -> None:
            if job.id == 4:
                self.stop_reason = "enough"

    search.search(virtual([*callbacks, Enough()], lambda job: 1.0), 50)
    assert search.stop_reason == "enough"
    return ["DONE"] * 6


ENDINGS = [by_budget, by_deadline, by_interrupt, by_crashes, by_an_error, by_a_wish]
Ending = Callable[[list[Callback], RandomSearch], list[str]]


@pytest.fixture(params=ENDINGS, ids=lambda ending: ending.__name__)
def ending(request: pytest.FixtureRequest) -> Ending:
    return request.param


@pytest.fixture
def search(tmp_path: Path) -> RandomSearch:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return RandomSearch(problem, random_state=1, log_dir=tmp_path / "log")


class Failing(Callback):
    """Raises in one of its methods."""

    def __init__(self, method: str):
        self.n_raised = 0

        def fail(*about: Any) -> None:
            self.n_raised += 1
            raise RuntimeError(f"in {method}")

        setattr(self, method, fail)


class Unsure(Callback):
    """Cannot say whether to stop."""

    @property
    def stop_reason(self) -> str | None:  # type: ignore[override]
        raise RuntimeError("in stop_reason")


class Counting(Callback):
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.gathered: list[int] = []

    def on_start(self, max_evals: int | None) -> None:
        self.calls.append("start")

    def on_close(self) -> None:
        self.calls.append("close")

    def on_gather(self, jobs: Any) -> None:
        self.gathered += [job.id for job in jobs]


def rows_of(path: Path) -> list[tuple[str, ...]]:
    with path.open() as file:
        return [(row["job_id"], row["p:x"], row["objective"], row["job_status"]) for row in csv.DictReader(file)]


def errors(caplog: pytest.LogCaptureFixture, name: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if f"callback {name}" in record.getMessage()]


def test_the_csv_of_a_callback_has_the_rows_of_the_table(search: RandomSearch, tmp_path: Path, ending: Ending) -> None:
    counting = Counting()
    expected = ending([CSVLoggerCallback(tmp_path / "jobs.csv"), counting], search)

    assert search.history.job_status.tolist() == expected
    assert rows_of(tmp_path / "jobs.csv") == rows_of(tmp_path / "log" / "results.csv")
    assert counting.gathered == search.history.job_id.tolist()
    assert counting.calls == ["start", "close"]


@pytest.mark.parametrize("method", METHODS)
def test_a_callback_that_raises_is_logged_once_by_name_and_changes_nothing(
    search: RandomSearch, tmp_path: Path, caplog: pytest.LogCaptureFixture, ending: Ending, method: str
) -> None:
    failing, counting = Failing(method), Counting()
    expected = ending([failing, counting], search)

    assert search.history.job_status.tolist() == expected
    assert counting.gathered == search.history.job_id.tolist()
    assert failing.n_raised >= 1
    (message,) = errors(caplog, "Failing")
    assert method in message


def test_a_callback_that_cannot_say_whether_to_stop_is_logged_once_and_changes_nothing(
    search: RandomSearch, caplog: pytest.LogCaptureFixture, ending: Ending
) -> None:
    expected = ending([Unsure()], search)

    assert search.history.job_status.tolist() == expected
    # Some endings come before anybody asks it.
    assert len(errors(caplog, "Unsure")) <= 1


def test_another_callback_may_still_end_a_search_when_one_cannot_say(search: RandomSearch) -> None:
    class Enough(Callback):
        stop_reason = "enough"

    search.search(virtual([Unsure(), Enough()], lambda job: 1.0), 50)

    assert search.stop_reason == "enough"
    assert len(search.history) == 3


def test_each_of_several_callbacks_of_a_class_is_logged(search: RandomSearch, caplog: pytest.LogCaptureFixture) -> None:
    search.search(virtual([Failing("on_done"), Failing("on_gather")], lambda job: 1.0), 6)
    search.search(virtual([Failing("on_done")], lambda job: 1.0), 6)

    assert [("on_done" in m, "on_gather" in m) for m in errors(caplog, "Failing")] == [
        (True, False),
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("way", ["cancel", "close", "deadline"])
def test_jobs_of_an_evaluator_alone_are_told_and_handed_back_however_they_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, way: str, method: str
) -> None:
    counting, path = Counting(), tmp_path / "jobs.csv"
    evaluator = virtual([Failing(method), counting, CSVLoggerCallback(path)], lambda job: 1.0, duration=5.0)
    jobs = evaluator.submit([{"x": x} for x in range(5)])
    if way == "cancel":
        cancelled = evaluator.cancel()
    elif way == "deadline":
        evaluator.timeout = 1.0
        cancelled = evaluator.gather("ALL")
    evaluator.close()

    assert [job.status.value for job in jobs] == ["CANCELLED"] * 5
    assert sorted(counting.gathered) == [0, 1, 2, 3, 4]
    assert len(rows_of(path)) == 5
    if way != "close":
        assert sorted(job.id for job in cancelled) == [0, 1, 2, 3, 4]
    # Nothing is launched or done by itself twice, so each is logged once at most.
    assert len(errors(caplog, "Failing")) == (method in ("on_launch", "on_gather", "on_close"))


def test_an_interrupt_in_a_callback_is_no_error_of_it(search: RandomSearch) -> None:
    class Pressing(Callback):
        def on_done(self, job: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search.search(virtual([Pressing()], lambda job: 1.0), 6)
    assert search.history.job_status.tolist() == ["DONE"] * 3
