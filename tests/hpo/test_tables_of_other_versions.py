"""A table as another version wrote it is continued, and taught from, as if it had been written here."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import pandas as pd
import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.results import read_csv


def problem() -> HpProblem:
    declared = HpProblem()
    kind = declared.add(["tree", "line"], "kind")
    depth = declared.add((1, 9), "depth")
    declared.add((0.0, 1.0), "x")
    declared.add([True, False], "flag")
    declared.add(CS.EqualsCondition(depth, kind, "tree"))
    return declared


HEADER = "p:kind,p:depth,p:x,p:flag,objective,job_id,job_status,m:timestamp_submit,m:timestamp_gather"
TREE, LINE = {"kind": "tree", "depth": 3, "x": 0.5, "flag": True}, {"kind": "line", "x": 0.25, "flag": False}
NOT_IN_ORDER = ["p:flag", "p:x", "objective", "job_id", "p:kind", "m:timestamp_submit", "job_status", "p:depth"]


def table(*rows: str, header: str = HEADER) -> str:
    return "".join(f"{row}\n" for row in (header, *rows))


# What files of other versions look like, all with the same two evaluations: texts, and the numbers of their jobs.
FILES: dict[str, tuple[str, list[int]]] = {
    "two times": (table("tree,3,0.5,True,0.75,0,DONE,0.1,0.9", "line,,0.25,False,F,1,DONE,0.2,1.5"), [0, 1]),
    "filled in": (table("tree,3,0.5,True,0.75,0,DONE,0.1,0.9", "line,1,0.25,False,F_x,1,DONE,0.2,1.5"), [0, 1]),
    "filled in with nan": (
        table("tree,3,0.5,True,0.75,0,DONE,0.1,0.9", "line,nan,0.25,False,F,1,DONE,0.2,1.5"),
        [0, 1],
    ),
    "filled in with anything": (table("tree,3,0.5,True,0.75,0,DONE,,", "line,99,0.25,False,F,1,DONE,0.2,1.5"), [0, 1]),
    "numbers of searches": (
        table("tree,3,0.5,True,0.75,2.10,DONE,0.1,0.9", "line,,0.25,False,F,2.9,DONE,1,2"),
        [10, 9],
    ),
    "numbers of two searches": (
        table("tree,3,0.5,True,0.75,0.3,DONE,0.1,0.9", "line,,0.25,False,F,1.3,DONE,1,2"),
        [0, 1],
    ),
    "one number twice": (table("tree,3,0.5,True,0.75,4,DONE,0.1,0.9", "line,,0.25,False,F,4,DONE,0.2,1.5"), [0, 1]),
    "numbers as floats": (table("tree,3.0,0.5,True,0.75,4.0,DONE,0.1,0.9", "line,,0.25,False,F,5.0,DONE,0,2"), [4, 5]),
    "whole numbers as floats": (
        table("tree,3.0,0.5,True,0.75,4,DONE,0.1,0.9", "line,1.0,0.25,False,F,5,DONE,0,2"),
        [4, 5],
    ),
    "nan for a failure": (table("tree,3,0.5,True,0.75,0,DONE,0.1,0.9", "line,,0.25,False,nan,1,DONE,0.2,1.5"), [0, 1]),
    "nothing for a failure": (table("tree,3,0.5,True,0.75,0,DONE,0.1,0.9", "line,,0.25,False,,1,DONE,0.2,1.5"), [0, 1]),
    "ended in time": (table("tree,3,0.5,True,0.75,0,CANCELLED,0.1,0.9", "line,,0.25,False,F,1,DONE,0.2,1.5"), [0, 1]),
    "without status": (
        table(
            "tree,3,0.5,True,0.75,0,0.1,0.9", "line,,0.25,False,F,1,0.2,1.5", header=HEADER.replace("job_status,", "")
        ),
        [0, 1],
    ),
    "without prefixes": (
        table(
            "tree,3,0.5,True,7,0.75,0.1,0.9,0",
            "line,,0.25,False,8,F,0.2,1.5,1",
            header="kind,depth,x,flag,job_id,objective,timestamp_submit,timestamp_gather,dequed",
        ),
        [7, 8],
    ),
    "another order": (
        table("True,0.5,0.75,0,tree,0.1,DONE,3", "False,0.25,F,1,line,0.2,DONE,", header=",".join(NOT_IN_ORDER)),
        [0, 1],
    ),
    "metadata and a solution": (
        table(
            "tree,3,0.5,True,0.75,0,DONE,0.1,0.9,12,tree,0.75",
            "line,1,0.25,False,F,1,DONE,0.2,1.5,,tree,0.75",
            header=HEADER + ",m:007,sol.p:kind,sol.objective",
        ),
        [0, 1],
    ),
    "times of two clocks": (
        table(
            "tree,3,0.5,True,0.75,0,DONE,0.1,1.7e9,1.7e9,0.9",
            "line,1,0.25,False,F,1,DONE,0.2,1.7e9,1.7e9,1.5",
            header=HEADER.replace("m:timestamp_gather", "m:timestamp_start,m:timestamp_end,m:timestamp_gather"),
        ),
        [0, 1],
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_it_is_continued(tmp_path: Path, kind: str) -> None:
    text, numbers = FILES[kind]
    (tmp_path / "results.csv").write_text(text)
    run: list[dict[str, Any]] = []

    def evaluated(job: Any) -> float:
        run.append(dict(job))
        return float(job["x"])

    search = CBO(problem(), random_state=1, log_dir=tmp_path, checkpoint_restart=True, initial_points=[TREE, LINE])
    results = search.search(evaluated, max_evals=3)

    assert TREE not in run and LINE not in run and len(run) == 3
    assert results.configurations[:2] == [TREE, LINE]
    assert all(type(value) is type(TREE[name]) for name, value in results.configurations[0].items())
    assert results.job_id.tolist() == [*numbers, *range(max(numbers) + 1, max(numbers) + 4)]
    assert math.isnan(results["p:depth"][1]) and results.job_status.tolist() == ["DONE"] * 5
    assert results.objective.tolist()[0] == 0.75 and str(results.objective.tolist()[1]).startswith("F")
    assert results["m:timestamp_gather"].dropna().max() < 1000


@pytest.mark.parametrize("kind", FILES)
def test_its_file_stays_readable_and_the_older_one_is_kept(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(FILES[kind][0])
    for _ in range(2):
        search = CBO(problem(), random_state=1, log_dir=tmp_path, checkpoint_restart=True)
        results = search.search(lambda job: float(job["x"]), max_evals=2)

    assert len(pd.read_csv(path)) == len(results) == 6
    again = read_csv(path, problem())
    assert again.configurations == results.configurations
    assert again.objective.tolist() == results.objective.tolist()
    kept = [other for other in tmp_path.glob("results_*.csv") if other.read_text() == FILES[kind][0]]
    assert kept or path.read_text().startswith(FILES[kind][0])


@pytest.mark.parametrize("lesson", ["fit_surrogate", "fit_search_space"])
@pytest.mark.parametrize("kind", FILES)
def test_it_teaches_what_it_holds(tmp_path: Path, kind: str, lesson: str) -> None:
    path = tmp_path / "earlier.csv"
    path.write_text(FILES[kind][0])
    asked = []
    for earlier in (path, pd.DataFrame([{**{f"p:{n}": v for n, v in TREE.items()}, "objective": 0.75, "job_id": 0}])):
        search = CBO(problem(), random_state=1, log_dir=None)
        getattr(search, lesson)(earlier)
        asked.append(search.ask(3))

    assert asked[0] == asked[1]


@pytest.mark.parametrize("kind", FILES)
def test_it_is_read_as_a_table(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(FILES[kind][0])

    results = read_csv(path, problem())

    assert results.job_id.tolist() == FILES[kind][1]
    assert results.best_parameters == TREE
    assert len(results.failures) == len(results.successes) == 1


def test_failures_alone_are_continued(tmp_path: Path) -> None:
    rows = [f"line,1,0.{k},False,F_x,{k},DONE,0.1,0.9" for k in range(5)]
    (tmp_path / "results.csv").write_text(table(*rows))

    results = RandomSearch(problem(), log_dir=tmp_path, checkpoint_restart=True).search(lambda job: 1.0, max_evals=2)

    assert results.objective.tolist() == ["F_x"] * 5 + [1.0, 1.0] and results.job_id.tolist() == list(range(7))


def test_several_objectives_are_continued(tmp_path: Path) -> None:
    header = HEADER.replace("objective", "objective_0,objective_1") + ",pareto_efficient"
    rows = [
        "tree,3,0.5,True,1.0,2.0,0,DONE,0.1,0.9,True",
        "line,1,0.25,False,F_y,F_y,1,DONE,0.1,0.9,False",
        "line,1,0.125,False,1.0,nan,2,DONE,0.1,0.9,False",
    ]
    (tmp_path / "results.csv").write_text(table(*rows, header=header))

    search = RandomSearch(problem(), log_dir=tmp_path, checkpoint_restart=True)
    results = search.search(lambda job: (3.0, 1.0), max_evals=1)

    assert results.objective_0.tolist() == [1.0, "F_y", "F_nan", 3.0]
    assert results.objective_1.tolist() == [2.0, "F_y", "F_nan", 1.0]
    assert results.pareto_efficient.tolist() == [True, False, False, True]


@pytest.mark.parametrize("header", [HEADER, "kind,depth,x,flag,job_id,objective,timestamp_submit,timestamp_gather"])
def test_a_header_alone_is_continued(tmp_path: Path, header: str) -> None:
    (tmp_path / "results.csv").write_text(header + "\n")

    results = CBO(problem(), log_dir=tmp_path, checkpoint_restart=True).search(lambda job: 1.0, max_evals=2)

    assert results.job_id.tolist() == [0, 1] and len(read_csv(tmp_path / "results.csv", problem())) == 2


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("tree,,0.5,True,0.75,0,DONE,0.1,0.9", "'p:depth': by the conditions .* is active there and is empty"),
        ("tree,nan,0.5,True,0.75,0,DONE,0.1,0.9", "'p:depth' cannot hold 'nan': .* must be a number"),
        ("tree,99,0.5,True,0.75,0,DONE,0.1,0.9", "'p:depth' cannot hold '99': .* between 1 and 9"),
        ("tree,3,0.5,True,low,0,DONE,0.1,0.9", "'objective' cannot hold 'low'"),
        ("tree,3,0.5,True,0.75,0,AWAY,0.1,0.9", "'job_status' cannot hold 'AWAY'"),
    ],
)
def test_what_is_active_still_needs_a_value(tmp_path: Path, cell: str, sentence: str) -> None:
    (tmp_path / "results.csv").write_text(table("line,1,0.25,False,F,1,DONE,0.2,1.5", cell))

    with pytest.raises(ValueError, match=rf"checkpoint_restart: .*results\.csv, row 3: column {sentence}"):
        CBO(problem(), log_dir=tmp_path, checkpoint_restart=True)


def test_what_was_cancelled_is_not_taken_for_a_failure(tmp_path: Path) -> None:
    rows = ["tree,3,0.5,True,0.75,0,DONE,0.1,0.9", "line,1,0.25,False,F_CANCELLED,1,CANCELLED,0.1,0.9"]
    (tmp_path / "results.csv").write_text(table(*rows, "line,1,0.3,False,,2,RUNNING,0.1,0.9"))

    history = CBO(problem(), log_dir=tmp_path, checkpoint_restart=True).history

    assert history.job_status.tolist() == ["DONE", "CANCELLED", "CANCELLED"]
    assert history.objective.isna().tolist() == [False, True, True] and not len(history.failures)


def test_a_table_without_the_parent_is_read_with_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("p:depth,p:x,objective,job_id,job_status\n3,0.5,1.0,0,DONE\n")
    assert read_csv(path, problem()).configurations == [{"depth": 3, "x": 0.5}]

    path.write_text("p:depth,p:x,objective,job_id,job_status\n99,0.5,1.0,0,DONE\n")
    with pytest.raises(ValueError, match="column 'p:depth' cannot hold '99': .* between 1 and 9"):
        read_csv(path, problem())
