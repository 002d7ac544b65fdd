"""An interrupted search is read back as it was."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import EqualsCondition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deephyper.hpo import HpProblem
from deephyper.job import Job, JobStatus, Outcome
from deephyper.results import History, read_csv, read_interrupted
from deephyper.space import Categorical, Integer, Real, Space

CHOICES = [None, "None", "nan", "NaN", "", "1", 1, "true", "True", "null", 2.5, (1, 2), {"a": 1}, "é, \n ", "[1, 2]"]


def problem() -> HpProblem:
    made = HpProblem(seed=0)
    kind = made.add_hyperparameter(CHOICES, "kind")
    rate = made.add_hyperparameter((1e-5, 1.0, "log-uniform"), "rate")
    made.add_hyperparameter((1, 10**6), "ü n")
    made.add_hyperparameter([16, 32.5], "units")
    made.add_hyperparameter([True, False], "flag")
    made.add_hyperparameter("constant", "c")
    text = made.add_hyperparameter(["", "x"], "text")
    made.add_condition(EqualsCondition(rate, kind, "None"))
    made.add_condition(EqualsCondition(text, made["flag"], True))
    return made


def search(folder: Path, configurations: list[dict[str, Any]], objectives: list[Any]) -> History:
    history = History(problem().hyperparameter_names, folder / "results.csv")
    for i, (configuration, objective) in enumerate(zip(configurations, objectives, strict=True)):
        job = Job(i, configuration, timestamp_submit=float(i))
        if objective is None:
            job.launch(float(i))
            job.cancel(i + 1.0)
        else:
            job.finish(Outcome(objective, {f"late{i % 3}": i}), i + 0.1, i + 0.5, i + 1.0)
        history.add([job])
    return history


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return list(one) == list(other) and all(
        type(a) is type(b) and (a == b or a is b) for a, b in zip(one.values(), other.values(), strict=True)
    )


OBJECTIVES = st.lists(st.one_of(st.floats(-1e9, 1e9), st.just("F_x"), st.none()), min_size=1, max_size=12)
in_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)


@pytest.mark.slow
@in_a_folder
@given(objectives=OBJECTIVES, seed=st.integers(0, 100))
def test_configurations_objectives_and_rows_come_back(tmp_path: Path, objectives: list[Any], seed: int) -> None:
    space = problem().numeric_space()
    configurations = space.decode(space.sample(len(objectives), np.random.default_rng(seed)))
    history = search(tmp_path, configurations, objectives)

    found = read_interrupted(tmp_path / "results.csv", space)

    assert all(same(job.parameters, c) for job, c in zip(found.jobs, configurations, strict=True))
    assert [job.objective for job in found.jobs] == objectives
    assert [job.status for job in found.jobs] == [
        JobStatus.CANCELLED if o is None else JobStatus.DONE for o in objectives
    ]
    assert found.objectives.n == (1 if any(isinstance(o, float) for o in objectives) else None)
    restored = History(space.names)
    restored.restore(found.rows, found.objectives)
    pd.testing.assert_frame_equal(restored.table(), history.table())


def test_every_choice_survives_the_file(tmp_path: Path) -> None:
    space = problem().numeric_space()
    others = {"ü n": 1, "units": 16, "flag": False, "c": "constant"}
    configurations = [{"kind": choice, **({"rate": 0.5} if choice == "None" else {}), **others} for choice in CHOICES]
    history = search(tmp_path, configurations, [1.0] * len(CHOICES))

    found = read_interrupted(tmp_path / "results.csv", space)

    assert all(same(job.parameters, c) for job, c in zip(found.jobs, configurations, strict=True))
    pd.testing.assert_frame_equal(read_csv(tmp_path / "results.csv", problem()), history.table())


def test_several_objectives_come_back_also_when_failures_came_first(tmp_path: Path) -> None:
    space = problem().numeric_space()
    objectives = ["F_x", None, (1.0, 2.0), "F_y", (2.0, 1.0)]
    history = search(tmp_path, problem().sample(5), objectives)
    history.complete()

    found = read_interrupted(tmp_path / "results.csv", space)

    assert [job.objective for job in found.jobs] == objectives
    assert found.objectives.n == 2


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    search(tmp_path, problem().sample(4), [1.0, "F_x", 2.0, 3.0])
    path = tmp_path / "results.csv"
    whole = path.read_bytes()
    third = whole.rstrip().rfind(b"\r\n") + 2
    n_cells, space = len(whole.splitlines()[0].split(b",")), problem().numeric_space()
    n_whole = 0

    for end in range(third + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        found = read_interrupted(path, space)
        # With all its cells it is complete; only the line end is missing.
        is_whole = len(next(csv.reader([whole[third:end].decode(errors="ignore")]))) == n_cells
        n_whole += is_whole
        assert len(found.jobs) == 3 + is_whole
        assert found.left_out == ([] if is_whole else ["row 5 was cut off"])

    assert 0 < n_whole < 5


def test_a_file_with_a_header_alone_holds_nothing(tmp_path: Path) -> None:
    search(tmp_path, problem().sample(1), [1.0])
    path = tmp_path / "results.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")

    found = read_interrupted(path, problem().numeric_space())

    assert (found.rows, found.jobs, found.objectives.n) == ([], [], None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold the table of a search, and is empty"),
        ("p:y,objective,job_id,job_status\n", "has no column for 'x', so it belongs to another problem"),
        ("p:x,job_id,job_status\n", "has no column 'objective', so it was not written by a search; rename it"),
        ("p:x,objective\n", "has no column 'job_id', so it was not written by a search"),
        ("p:x,objective,job_id,job_status\na,1,0,DONE\n", r"results.csv, row 2: column 'p:x' cannot hold 'a'"),
        (
            "p:x,objective,job_id,job_status\n2,1,0,DONE\n",
            r"row 2: column 'p:x' cannot hold '2': .* between 0.0 and 1.0",
        ),
        ("p:x,objective,job_id,job_status\n1,1,x,DONE\n", r"results.csv, row 2: column 'job_id' cannot hold 'x'"),
        ("p:x,objective,job_id,job_status\n1,1,0,AWAY\n", r"row 2: column 'job_status' cannot hold 'AWAY': it must be"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(text)

    with pytest.raises(ValueError, match=message):
        read_interrupted(path, Space([Real("x", 0.0, 1.0)]))


def test_a_file_without_times_and_written_by_hand_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("p:n,p:kind,objective,job_id,job_status\n16.0,True,0.5,3,DONE\n8,None,F_x,4,DONE\n,,,5,CANCELLED\n")
    space = Space([Integer("n", 1, 64), Categorical("kind", [True, None])])

    found = read_interrupted(path, space)
    history = History(space.names, path)
    history.restore(found.rows, found.objectives)

    assert [job.parameters for job in found.jobs] == [{"n": 16, "kind": True}, {"n": 8, "kind": None}, {}]
    assert [job.objective for job in found.jobs] == [0.5, "F_x", None]
    assert (history.last_time, history.next_job_id) == (0.0, 6)


def test_times_and_metadata_of_the_jobs_come_back(tmp_path: Path) -> None:
    search(tmp_path, problem().sample(2), [1.0, None])

    first, second = read_interrupted(tmp_path / "results.csv", problem().numeric_space()).jobs

    assert (first.timestamp_submit, first.timestamp_start, first.timestamp_end, first.timestamp_gather) == (
        0.0,
        0.1,
        0.5,
        1.0,
    )
    assert (second.timestamp_start, second.timestamp_end) == (None, 2.0)
    assert (first.metadata, second.metadata) == ({"late0": 0}, {})
