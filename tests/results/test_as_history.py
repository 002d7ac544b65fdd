"""A table has what scripts read from a history: the evaluations as jobs, a plain table, the number of objectives."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import pandas as pd
import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.results import Results, read_csv


def searched(folder: Path) -> CBO:
    problem = HpProblem()
    kind = problem.add(["tree", None], "kind")
    depth = problem.add((1, 9), "depth")
    problem.add(CS.EqualsCondition(depth, kind, "tree"))
    search = CBO(problem, random_state=1, log_dir=folder, initial_points=[{"kind": "tree", "depth": 3}, {"kind": None}])
    search.search(evaluated, max_evals=2)
    return search


def evaluated(job: Any) -> Any:
    job.record(1, 0.25)
    return {"objective": 0.5 if job["kind"] else "F_none", "metadata": {"size": [1, 2]}}


def test_its_jobs_are_the_evaluations(tmp_path: Path) -> None:
    search = searched(tmp_path)

    first, second = search.history.jobs

    assert (first.id, first.status.value, first.objective) == (0, "DONE", 0.5)
    assert dict(first.parameters) == {"kind": "tree", "depth": 3} and type(first.parameters["depth"]) is int
    assert dict(second.parameters) == {"kind": None} and second.objective == "F_none" and second.is_failure
    assert first.metadata == {"size": [1, 2], "replay": "0/0/0/0/0 seed 1 ask 1"}
    assert first.observations == [(1, 0.25)]
    assert 0 <= first.timestamp_submit <= first.timestamp_start <= first.timestamp_end <= first.timestamp_gather
    assert len(search.history) == len(search.history.jobs) == 2


def test_jobs_follow_slices_and_files(tmp_path: Path) -> None:
    search = searched(tmp_path)

    assert [job.id for job in search.history.failures.jobs] == [1]
    assert [job.id for job in search.history.iloc[::-1].jobs] == [1, 0]
    read = read_csv(tmp_path / "results.csv", search.problem).jobs
    assert [(job.id, dict(job.parameters), job.objective) for job in read] == [
        (job.id, dict(job.parameters), job.objective) for job in search.history.jobs
    ]
    assert Results({"p:x": [1.5], "objective": [2.0]}).jobs[0].objective == 2.0
    assert Results({"p:x": [1.5]}).jobs[0].objective is None and Results().jobs == []


def test_jobs_have_several_objectives_or_none(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add((0.0, 1.0), "x")
    search = RandomSearch(problem, log_dir=tmp_path)
    assert search.history.num_objective is None and search.history.jobs == []

    search.search(lambda job: (1.0, 2.0) if job.id else "F", max_evals=2)

    assert [job.objective for job in search.history.jobs] == ["F", (1.0, 2.0)]
    assert search.history.num_objective == 2 and searched(tmp_path / "one").history.num_objective == 1
    cancelled = Results({"p:x": [0.5], "objective": [float("nan")], "job_id": [3], "job_status": ["CANCELLED"]})
    assert [(job.id, job.status.value, job.objective) for job in cancelled.jobs] == [(3, "CANCELLED", None)]


def test_a_plain_table_is_a_copy_that_pandas_alone_reads(tmp_path: Path) -> None:
    history = searched(tmp_path).history

    plain = history.to_dataframe()
    plain.loc[0, "objective"] = 9.0

    assert type(plain) is pd.DataFrame and plain.objective.tolist() == [9.0, "F_none"]
    assert history.objective.tolist() == [0.5, "F_none"] and list(plain.columns) == list(history.columns)
    assert plain.objective.dtype == object


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("to_csv_complete", r"results\.to_csv\(path, index=False\)"),
        ("to_csv_partial", r"results\.to_csv\(path, index=False\)"),
        ("extend", r"search\.tell\(\[\(configuration, objective\)\]\)"),
        ("set_num_objective", r"search\.tell"),
        ("solution", r"results\.best_parameters"),
        ("solution_history", r"results\.best_parameters"),
        ("solution_selection", r"results\.best_parameters"),
        ("compute_pareto_efficiency", "several objectives have the column 'pareto_efficient'"),
        ("pareto_efficient", "several objectives have the column 'pareto_efficient'"),
        ("problem", r"it is search\.problem"),
    ],
)
def test_what_a_history_has_elsewhere_is_answered_with_the_line(name: str, line: str) -> None:
    table = Results({"p:x": [0.5], "objective": [1.0], "job_id": [0]})

    with pytest.raises(AttributeError, match=rf"^Results: there is no '{name}'; .*{line}"):
        getattr(table, name)
    assert not hasattr(table, name)
    assert getattr(table.assign(**{f"p:{name}": [7]}), name).tolist() == [7]
    assert getattr(table.assign(**{name: [7]}), name).tolist() == [7]


@pytest.mark.parametrize("names", [["jobs"], ["num_objective"], ["p:jobs", "m:num_objective"]])
def test_columns_of_such_names_do_no_harm(names: list[str]) -> None:
    table = Results({"p:x": [0.5], "objective": [1.0], "job_id": [0], **{name: [7] for name in names}})

    again = pd.concat([copy.deepcopy(table), pickle.loads(pickle.dumps(table)), table.copy()])

    assert all(again[name].tolist() == [7, 7, 7] for name in names) and "0.5" in repr(again)
    assert [job.objective for job in again.jobs] == [1.0] * 3 and again.num_objective == 1
