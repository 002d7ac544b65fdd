"""What callbacks hear of jobs that are handed back: those of here, cancelled ones, and those of other members."""

from __future__ import annotations

import csv
import functools
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, JobStatus
from deephyper.evaluator.callback import Callback, CSVLoggerCallback, LoggerCallback, TqdmCallback
from deephyper.storage import MemoryStorage


def ids(jobs: Any) -> list[int]:
    return [job.id for job in jobs]


class Two(Callback):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_done(self, job: Any) -> None:
        self.heard.append(("done", job.id))

    def on_done_other(self, job: Any) -> None:
        self.heard.append(("other", job.id))

    def on_gather(self, local_jobs: Any, other_jobs: Any) -> None:
        self.heard.append((ids(local_jobs), ids(other_jobs)))

    def on_close(self) -> None:
        self.heard.append("close")


class One(Two):
    def on_gather(self, jobs: Any) -> None:  # type: ignore[override]
        self.heard.append(ids(jobs))


class Some(Two):
    def on_gather(self, *jobs: Any) -> None:
        self.heard.append([ids(given) for given in jobs])


class Optional(Two):
    def on_gather(self, local_jobs: Any, other_jobs: Any = (), *, more: int = 0) -> None:
        super().on_gather(local_jobs, other_jobs)


class Static(Two):
    @staticmethod
    def on_gather(local_jobs: Any) -> None:  # type: ignore[override]
        STATIC.append(ids(local_jobs))


STATIC: list[Any] = []


def wrapped(method: Any) -> Any:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return call


class Wrapped(One):
    on_gather = wrapped(One.on_gather)


def test_every_form_of_on_gather_is_called_with_what_it_takes(caplog: pytest.LogCaptureFixture) -> None:
    callbacks = [Two(), One(), Some(), Optional(), Wrapped(), Static()]
    own = Two()
    seen: list[Any] = []
    own.on_gather = lambda jobs: seen.append(ids(jobs))  # type: ignore[method-assign, misc, assignment]
    with Evaluator.create(lambda job: job["x"], callbacks=[*callbacks, own]) as evaluator:
        evaluator.submit([{"x": 1}])
        evaluator.gather("ALL")

    gathered = [callback.heard[1] for callback in callbacks[:-1]]
    assert gathered == [([0], []), [0], [[0], []], ([0], []), [0]]
    assert STATIC == [[0]] and seen == [[0]]
    assert not caplog.records


def test_jobs_of_other_members_are_told_and_handed_over() -> None:
    storage = MemoryStorage()
    other = Evaluator.create(lambda job: 2.0, storage=storage, search_id="shared")
    two = Two()
    with Evaluator.create(lambda job: 1.0, storage=storage, search_id="shared", callbacks=[two]) as evaluator:
        evaluator.submit([{"x": 1}])
        other.submit([{"x": 2}])
        other.gather("ALL")
        local, others = evaluator.gather("ALL")
        other.submit([{"x": 3}])
        other.gather("ALL")
        news = evaluator.news()

    assert (ids(local), ids(others), ids(news)) == ([0], [1], [2])
    assert two.heard == [("done", 0), ("other", 1), ([0], [1]), ("other", 2), ([], [2]), "close"]


@pytest.mark.parametrize("method", ["serial", "thread", "simulated", pytest.param("process", marks=pytest.mark.slow)])
@pytest.mark.parametrize("way", ["close", "cancel"])
def test_cancelled_jobs_reach_callbacks_and_are_returned(method: str, way: str) -> None:
    two = Two()
    evaluator = Evaluator.create(lambda job: job["x"], method, num_workers=1, callbacks=[two])
    evaluator.submit([{"x": x} for x in range(5)])
    (first,) = evaluator.gather("BATCH", size=1)
    jobs = getattr(evaluator, way)()
    again = evaluator.close()

    assert first.status is JobStatus.DONE
    assert ids(jobs) == [1, 2, 3, 4] and again == []
    assert all(job.status in (JobStatus.CANCELLED, JobStatus.DONE) for job in jobs)
    assert jobs[-1].status is JobStatus.CANCELLED and jobs[-1].objective is None
    assert [heard for heard in two.heard if heard[0] != "done"][:2] == [([0], []), ([1, 2, 3, 4], [])]
    # A cancelled job has no objective, and so it is not done.
    assert {heard[1] for heard in two.heard if heard[0] == "done"} == {
        j.id for j in [first, *jobs] if j.objective is not None
    }


def test_the_csv_of_a_callback_has_what_close_cancels_and_what_others_have_finished(tmp_path: Path) -> None:
    path, storage = tmp_path / "jobs.csv", MemoryStorage()
    logger = CSVLoggerCallback(str(path))
    other = Evaluator.create(lambda job: 2.0, storage=storage, search_id="shared")
    mine = Evaluator.create(lambda job: 1.0, storage=storage, search_id="shared", callbacks=[logger])
    mine.submit([{"x": 1}, {"x": 2}])
    other.submit([{"x": 3}])
    other.gather("ALL")
    mine.gather("BATCH")
    mine.close()

    rows = [(row["job_id"], row["job_status"], row["objective"]) for row in csv.DictReader(path.open())]
    assert rows == [("0", "DONE", "1.0"), ("2", "DONE", "2.0"), ("1", "CANCELLED", "")]
    assert (logger.path, logger.jobs_done, logger.num_objective) == (str(path), [], 1)


def test_the_csv_logger_writes_when_it_is_asked_to(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    logger = CSVLoggerCallback(path)
    with Evaluator.create(lambda job: (1.0, 2.0)) as evaluator:
        evaluator.submit([{"x": 1}])
        logger.jobs_done += evaluator.gather("ALL")
    logger.dump_jobs_done_to_csv(logger.path, flush=True)
    logger.dump_jobs_done_to_csv(str(path))

    assert len(path.read_text().splitlines()) == 2 and logger.jobs_done == []
    with pytest.raises(ValueError, match=r"CSVLoggerCallback: it writes to .*jobs.csv only, got .*; copy that file"):
        logger.dump_jobs_done_to_csv(tmp_path / "another.csv")


@pytest.mark.parametrize("bar", [TqdmCallback(4), TqdmCallback(max_evals=4), TqdmCallback("search", 4)])
def test_the_bar_takes_a_total(bar: TqdmCallback, capsys: pytest.CaptureFixture[str]) -> None:
    with Evaluator.create(lambda job: 1.0, callbacks=bar) as evaluator:
        evaluator.submit([{"x": x} for x in range(4)])
        evaluator.gather("ALL")

    assert "4/4" in capsys.readouterr().err


def test_the_total_of_a_bar_can_be_set_later(capsys: pytest.CaptureFixture[str]) -> None:
    bar = TqdmCallback()
    bar.set_max_evals(2)
    with Evaluator.create(lambda job: 1.0, callbacks=[bar]) as evaluator:
        evaluator.submit([{"x": x} for x in range(2)])
        evaluator.gather("ALL")

    assert "2/2" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"TqdmCallback: max_evals must be .*, got 0"):
        bar.set_max_evals(0)


def test_progress_shows_the_best_of_all_members(capsys: pytest.CaptureFixture[str]) -> None:
    storage = MemoryStorage()
    other = Evaluator.create(lambda job: 9.0, storage=storage, search_id="shared")
    shown = [TqdmCallback(2), LoggerCallback()]
    with Evaluator.create(lambda job: 1.0, storage=storage, search_id="shared", callbacks=shown) as evaluator:
        evaluator.submit([{"x": 1}])
        other.submit([{"x": 2}])
        other.gather("ALL")
        evaluator.gather("ALL")
        evaluator.submit([{"x": 3}])
        evaluator.gather("ALL")

    printed = capsys.readouterr()
    assert "2/2" in printed.err and "objective=9" in printed.err
    assert "best so far failures: 0, objective: 9.0; job 1 returned 9.0" in printed.out


@pytest.mark.parametrize(
    ("name", "words"), [("ProfilingCallback", "m:timestamp_start"), ("ObjectiveRecorder", "objective.cummax")]
)
def test_callbacks_of_old_say_what_to_write(name: str, words: str) -> None:
    with pytest.raises(ImportError, match=f"deephyper.evaluator.callback: there is no '{name}'; .*{words}"):
        exec(f"from deephyper.evaluator.callback import {name}")
    import deephyper.evaluator.callback as module

    assert not hasattr(module, "Unheard")
