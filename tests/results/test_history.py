"""The rows of a search in memory and in its file are the same rows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deephyper.job import Job, Objectives, Outcome
from deephyper.results import History, read_csv, read_interrupted
from deephyper.space import Categorical, Real, Space

SPACE = Space([Real("x", 0.0, 1.0), Categorical("kind", ["None", None])])


def job(job_id: int, objective: Any, gather: float = 3.0, **metadata: Any) -> Job:
    made = Job(job_id, {"x": job_id / 4, "kind": None if job_id % 2 else "None"}, timestamp_submit=1.0)
    if objective is None:
        made.launch(1.5)
        made.cancel(gather)
    else:
        made.finish(Outcome(objective, metadata), start=1.5, end=gather - 0.5, gather=gather)
    return made


def history(folder: Path) -> History:
    return History(["x", "kind"], folder / "results.csv")


def test_rows_are_in_the_file_after_each_gather_from_the_first_on(tmp_path: Path) -> None:
    ours = history(tmp_path)
    lengths = []

    for i, objective in enumerate(["F_x", 1.0, None]):
        ours.add([job(i, objective)])
        lengths.append(len(read_csv(tmp_path / "results.csv")))

    assert lengths == [1, 2, 3]
    assert len(ours) == 3


@pytest.mark.parametrize(
    "objectives",
    [
        [1.0, 0.0, -2.5],
        [1.0, "F_x", None, 2.0],
        ["F_x", None, "F_y"],
        [None],
        [(1.0, 2.0), (2.0, 1.0), (0.0, 0.0)],
        ["F_x", None, (1.0, 2.0), "F_y", (2.0, 0.5)],
    ],
    ids=repr,
)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_file_is_the_table(tmp_path: Path, objectives: list[Any], at_once: bool) -> None:
    ours = history(tmp_path)
    jobs = [job(i, objective, i + 3.0, flag=bool(i % 2), text=str(i), late=i) for i, objective in enumerate(objectives)]
    for gathered in [jobs] if at_once else [[one] for one in jobs]:
        ours.add(gathered)
    ours.complete()

    pd.testing.assert_frame_equal(read_csv(tmp_path / "results.csv"), ours.table())


def test_a_late_column_comes_to_the_file_and_to_the_table(tmp_path: Path) -> None:
    ours = history(tmp_path)
    ours.add([job(0, 1.0)])
    ours.add([job(1, 2.0, curve=[1, 2], note='a "b"\n')])

    found = read_csv(tmp_path / "results.csv")

    assert found["m:curve"].tolist()[1] == [1, 2]
    assert found["m:note"].tolist()[1] == 'a "b"\n'
    pd.testing.assert_frame_equal(found, ours.table())


def test_failures_before_the_first_success_get_a_cell_for_each_objective(tmp_path: Path) -> None:
    ours = history(tmp_path)
    ours.add([job(0, "F_x"), job(1, None)])
    before = list(ours.table().columns)

    ours.add([job(2, (1.0, 2.0))])

    assert "objective" in before
    assert "objective" not in ours.table().columns
    assert ours.table().objective_0.tolist()[0] == ours.table().objective_1.tolist()[0] == "F_x"
    assert ours.table().objective_1.tolist() == ["F_x", pytest.approx(math.nan, nan_ok=True), 2.0]


def test_the_last_time_is_known() -> None:
    ours = History(["x", "kind"])

    assert ours.last_time == 0.0
    ours.add([job(0, 1.0, gather=9.0), job(1, None, gather=5.0)])
    assert ours.last_time == 9.0


def test_unknown_times_are_no_last_time() -> None:
    ours = History(["x", "kind"])

    ours.add([job(0, 1.0, gather=math.nan)])

    assert ours.last_time == 0.0


def test_the_next_number_is_beyond_the_largest() -> None:
    ours = History(["x", "kind"])

    assert ours.next_job_id == 0
    ours.add([job(4, 1.0), job(2, "F_x")])
    assert ours.next_job_id == 5
    assert 4 in ours and 2 in ours and 3 not in ours


@pytest.mark.parametrize("n_objectives", [1, 2])
def test_a_restored_history_goes_on_as_if_it_had_never_stopped(tmp_path: Path, n_objectives: int) -> None:
    objectives = [(1.0 * i,) * n_objectives for i in range(4)]
    jobs = [job(i, values if n_objectives > 1 else values[0], late=i) for i, values in enumerate(objectives)]
    first, second = jobs[:2], [*jobs[2:], job(4, "F_x", later=1)]
    whole = History(["x", "kind"])
    whole.add(first)
    whole.add(second)
    begun = history(tmp_path)
    begun.add(first)
    begun.complete()
    rows = read_interrupted(tmp_path / "results.csv", SPACE).rows

    resumed = history(tmp_path)
    resumed.restore(rows, Objectives(n_objectives))
    resumed.add(second)
    resumed.complete()

    pd.testing.assert_frame_equal(resumed.table(), whole.table())
    pd.testing.assert_frame_equal(read_csv(tmp_path / "results.csv"), whole.table())
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_without_a_path_no_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ours = History(["x", "kind"])

    ours.add([job(0, (1.0, 2.0))])
    ours.complete()

    assert list(tmp_path.iterdir()) == []
    assert ours.table().pareto_efficient.tolist() == [True]
