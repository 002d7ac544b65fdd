"""One evaluation as one flat row, and back."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper._cells import cell, plain, value_of
from deephyper.job import TIMES, Job, JobStatus, Objective, Objectives, Outcome, Row, flat_row
from deephyper.space import Categorical, Integer, Real, Space
from values import cells

SHAPES = [(1, 2), "(1, 2)", None, "1", 1, True, "nan"]
SPACE = Space([Real("x", -9, 9), Integer("n", 0, 10**6), Categorical("shape", SHAPES)])


def finished(objective: Objective, **metadata: object) -> Job:
    job = Job(2, {"b": 1, "a": "x"}, metadata={"_hidden": 1}, timestamp_submit=0.0)
    job.finish(Outcome(objective, dict(metadata)), start=1.0, end=3.0, gather=4.0)
    return job


def test_a_row_holds_parameters_objective_status_times_and_metadata_in_that_order() -> None:
    row = flat_row(finished(0.5, epochs=3), ["b", "gone", "a"], Objectives())

    assert list(row) == [
        "p:b",
        "p:gone",
        "p:a",
        "objective",
        "job_id",
        "job_status",
        "m:timestamp_submit",
        "m:timestamp_start",
        "m:timestamp_end",
        "m:timestamp_gather",
        "m:epochs",
    ]
    assert math.isnan(row.pop("p:gone"))
    assert list(row.values()) == [1, "x", 0.5, 2, "DONE", 0.0, 1.0, 3.0, 4.0, 3]


def test_hidden_metadata_and_times_of_another_clock_stay_out() -> None:
    row = flat_row(finished(0.5, timestamp_start=99.0, _secret=1), ["a"], Objectives(1))

    assert row["m:timestamp_start"] == 1.0
    assert not any("_hidden" in name or "_secret" in name for name in row)


def test_several_objectives_have_a_cell_each_and_a_failure_fills_all() -> None:
    row, failed = (flat_row(finished(objective), [], Objectives(2)) for objective in ((1.0, 2.0), "F_x"))

    assert (row["objective_0"], row["objective_1"]) == (1.0, 2.0)
    assert (failed["objective_0"], failed["objective_1"]) == ("F_x", "F_x")


def test_a_cancelled_row_has_no_objective_and_its_time_of_cancellation_as_the_end() -> None:
    job = Job(0, {"a": 1}, timestamp_submit=1.0)
    job.launch(2.0)
    job.cancel(5.0, start=2.5)

    row = flat_row(job, ["a"], Objectives(2))

    assert math.isnan(row["objective_0"]) and math.isnan(row["objective_1"])
    assert row["job_status"] == "CANCELLED"
    assert [row[f"m:{name}"] for name in TIMES] == [1.0, 2.5, 5.0, 5.0]


def test_an_unknown_time_is_empty() -> None:
    assert math.isnan(flat_row(Job(0, {}), [], Objectives())["m:timestamp_start"])


times = st.floats(0, 1e9)
metadata = st.dictionaries(st.text().filter(lambda key: key not in TIMES), cells | st.tuples(cells, cells), max_size=4)


@st.composite
def jobs(draw: st.DrawFn, n_objectives: int) -> Job:
    values = {
        "x": draw(st.floats(-9, 9)),
        "n": draw(st.integers(0, 10**6)),
        "shape": draw(st.sampled_from(SHAPES)),
    }
    active = draw(st.sets(st.sampled_from(sorted(values))))
    job = Job(
        draw(st.integers(0, 10**9)),
        {name: value for name, value in values.items() if name in active},
        metadata=draw(metadata),
        timestamp_submit=draw(st.none() | times),
    )
    job.launch(draw(times))
    if draw(st.booleans()):
        job.cancel(draw(times), draw(st.none() | times))
        return job
    number = st.floats(-1e9, 1e9)
    success = number if n_objectives == 1 else st.tuples(*[number] * n_objectives)
    failure = st.text().map(lambda text: "F" + text)
    job.finish(Outcome(draw(success | failure), draw(metadata)), draw(st.none() | times), draw(times), draw(times))
    return job


def through_csv(row: Row) -> Row:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([row.keys(), [cell(value) for value in row.values()]])
    names, texts = csv.reader(io.StringIO(file.getvalue(), newline=""))
    read = {f"p:{d.name}": d.read_cell for d in SPACE.dimensions}
    return {
        name: math.nan if text == "" else read.get(name, value_of)(text)
        for name, text in zip(names, texts, strict=True)
    }


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


@given(st.data(), st.integers(1, 3))
def test_a_job_comes_back_from_its_row_also_through_a_file(data: st.DataObject, n: int) -> None:
    job = data.draw(jobs(n))
    row = flat_row(job, SPACE.names, Objectives(n))

    again = Job.from_row(row, SPACE.names, Objectives(n))
    from_file = Job.from_row(through_csv(row), SPACE.names, Objectives.of_columns(row))

    for found in (again, from_file):
        assert list(found.parameters) == [name for name in SPACE.names if name in job.parameters]
        assert all(found.parameters[name] == value for name, value in job.parameters.items())
        assert found.parameters.get("shape") is job.parameters.get("shape")
        assert (found.id, found.status, found.objective) == (job.id, job.status, job.objective)
        assert [getattr(found, name) for name in TIMES] == [getattr(job, name) for name in TIMES]
        seen = {key: value for key, value in job.metadata.items() if not key.startswith("_") and not is_nan(value)}
        assert repr(plain(found.metadata)) == repr(plain(seen))


@pytest.mark.parametrize("status", JobStatus)
def test_every_status_comes_back(status: JobStatus) -> None:
    job = finished(0.5)
    job.status = status

    assert Job.from_row(flat_row(job, ["a"], Objectives()), ["a"], Objectives()).status is status
