"""One evaluation as one flat row."""

from __future__ import annotations

import math

import pytest

from deephyper.job import Job, Objective, Outcome, flat_row, objective_columns


def finished(objective: Objective, **metadata: object) -> Job:
    job = Job(2, {"b": 1, "a": "x"}, metadata={"_hidden": 1}, timestamp_submit=10.0)
    job.finish(Outcome(objective, dict(metadata)), start=11.0, end=13.0, gather=14.0)
    return job


def test_a_row_holds_parameters_objective_status_times_and_metadata_in_that_order() -> None:
    row = flat_row(finished(0.5, epochs=3), ["b", "gone", "a"], None, origin=10.0)

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
    row = flat_row(finished(0.5, timestamp_start=99.0, _secret=1), ["a"], 1, origin=0.0)

    assert row["m:timestamp_start"] == 11.0
    assert not any("_hidden" in name or "_secret" in name for name in row)


@pytest.mark.parametrize(("n", "names"), [(None, ["objective"]), (1, ["objective"]), (2, ["objective_0", "objective_1"])])
def test_columns_of_the_objective(n: int | None, names: list[str]) -> None:
    assert objective_columns(n) == names


def test_several_objectives_have_a_cell_each_and_a_failure_fills_all() -> None:
    row, failed = (flat_row(finished(objective), [], 2, 0.0) for objective in ((1.0, 2.0), "F_x"))

    assert (row["objective_0"], row["objective_1"]) == (1.0, 2.0)
    assert (failed["objective_0"], failed["objective_1"]) == ("F_x", "F_x")


def test_a_cancelled_row_has_no_objective_and_its_time_of_cancellation_as_the_end() -> None:
    job = Job(0, {"a": 1}, timestamp_submit=1.0)
    job.launch(2.0)
    job.cancel(5.0)

    row = flat_row(job, ["a"], 2, origin=1.0)

    assert math.isnan(row["objective_0"]) and math.isnan(row["objective_1"])
    assert (row["job_status"], row["m:timestamp_end"], row["m:timestamp_gather"]) == ("CANCELLED", 4.0, 4.0)


def test_an_unknown_time_is_empty() -> None:
    assert math.isnan(flat_row(Job(0, {}), [], None, 3.0)["m:timestamp_start"])
