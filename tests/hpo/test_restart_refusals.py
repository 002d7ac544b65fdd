"""A restart continues from a table that fits the problem exactly, and refuses all others without touching them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import EqualsCondition

from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.hpo.search import Search

BASE = {"x": (0.0, 1.0), "n": (1, 10), "k": ["a", None, True, (1, 2)]}


def problem_of(declared: Mapping[str, Any], conditions: Sequence[tuple[str, str, Any]] = ()) -> HpProblem:
    problem = HpProblem()
    made = {name: problem.add_hyperparameter(value, name) for name, value in declared.items()}
    problem.add_conditions([EqualsCondition(made[child], made[parent], value) for child, parent, value in conditions])
    return problem


def searched(
    folder: Path, problem: HpProblem, n: int = 8, run: Callable[[Any], Any] = lambda job: float(job["job_id"])
) -> Path:
    RandomSearch(problem, random_state=1, log_dir=folder).search(run, max_evals=n)
    return folder / "results.csv"


def again(folder: Path, problem: HpProblem, kind: type[Search] = CBO) -> Search:
    return kind(problem, random_state=1, log_dir=folder, checkpoint_restart=True)


def set_cell(path: Path, row: int, column: str, text: str) -> None:
    """Set a cell of a row as an editor counts them, where the header is row 1."""
    rows = list(csv.reader(io.StringIO(path.read_text(), newline="")))
    rows[row - 1][rows[0].index(column)] = text
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    path.write_text(written.getvalue(), newline="")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"x": (0.0, 10.0)}, {"x": (0, 10)}, "row 2: column 'p:x' cannot hold '.*must be a whole number"),
        ({"x": (0, 10)}, {"x": [0, 1]}, r"column 'p:x' cannot hold '\d+': .* must be one of \[0, 1\]"),
        (
            {"x": [1.0, 2.0]},
            {"x": [1, 2]},
            r"row 2: column 'p:x': it must hold whole numbers, and all of them stand there",
        ),
        ({"x": ["1", "2"]}, {"x": [1, 2]}, r"column 'p:x' cannot hold '\"\d\"': .* must be one of \[1, 2\]"),
        ({"x": [True, False]}, {"x": ["True", "False"]}, r"column 'p:x' cannot hold '(true|false)'"),
        ({"x": [True, False]}, {"x": [1, 0]}, r"column 'p:x' cannot hold '(true|false)'"),
        (BASE, {**BASE, "x": (0.0, 0.2)}, r"column 'p:x' cannot hold '.*' *: .* between 0.0 and 0.2"),
        (BASE, {**BASE, "k": ["a", None]}, r"column 'p:k' cannot hold '.*must be one of \['a', None\]"),
        (BASE, {**BASE, "n": 3}, r"column 'p:n' cannot hold '\d+': .* must be 3"),
        (BASE, {**BASE, "z": (0, 1)}, r"results\.csv has no column for 'z', so it belongs to another problem"),
        (BASE, {"x": BASE["x"], "n": BASE["n"]}, r"has a column for 'k', which is no hyperparameter of this problem"),
        ({"rate": (0.0, 1.0)}, {"rates": (0.0, 1.0)}, r"has no column for 'rates'"),
    ],
)
def test_another_problem_is_refused(tmp_path: Path, before: Any, after: Any, message: str) -> None:
    path = searched(tmp_path, problem_of(before))
    held = path.read_bytes()

    with pytest.raises(ValueError, match=message) as caught:
        again(tmp_path, problem_of(after))

    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert path.read_bytes() == held and sorted(p.name for p in tmp_path.glob("results*.csv")) == ["results.csv"]


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ([("n", "k", "a")], [], "is active there and is empty"),
        ([("n", "k", "a")], [("n", "k", None)], "is active there and is empty"),
    ],
)
def test_other_conditions_are_refused(tmp_path: Path, before: Any, after: Any, holds: str) -> None:
    searched(tmp_path, problem_of(BASE, before), n=12)

    with pytest.raises(ValueError, match=rf"row \d+: column 'p:n': by the conditions of this problem it {holds}"):
        again(tmp_path, problem_of(BASE, after))


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        ("objective", "inf", "cannot hold 'inf': it must be a finite number, or a text that begins with 'F'"),
        ("objective", "1e400", "cannot hold '1e400': it must be a finite number"),
        ("objective", "nan", "cannot hold 'nan'"),
        ("objective", "low", "cannot hold 'low'"),
        ("objective", "1,5", "cannot hold '1,5'"),
        ("objective", "", "it must hold a number, or a text that begins with 'F', where the job_status is DONE"),
        ("job_id", "3.5", "cannot hold '3.5': it must be a whole number from 0"),
        ("job_id", "-1", "cannot hold '-1': it must be a whole number from 0"),
        ("job_id", "x", "cannot hold 'x'"),
        ("job_id", "", "cannot hold ''"),
        ("job_id", "9" * 30, "cannot hold '9+': it must be a whole number from 0 to 1000000000000000"),
        ("job_id", "0", "every job must have a number of its own, and row 2 has 0 too"),
        ("job_status", "RUNNING", "cannot hold 'RUNNING': it must be one of 'DONE', 'CANCELLED'"),
        ("job_status", "done", "cannot hold 'done'"),
        ("job_status", "", "cannot hold ''"),
        ("job_status", "CANCELLED", "it must be empty where the job_status is CANCELLED"),
        ("p:x", "", "by the conditions of this problem it is active there and is empty"),
        ("p:x", "nan", "cannot hold 'nan': .* must be a number"),
        ("p:x", "inf", "cannot hold 'inf': .* between 0.0 and 1.0"),
        ("p:x", "1_0e-2", "cannot hold '1_0e-2': .* must be a number"),
        ("p:n", "3.5", "cannot hold '3.5': .* must be a whole number"),
        ("p:n", "3.0000000001", "cannot hold '3.0000000001': .* must be a whole number"),
        ("p:n", "true", "cannot hold 'true': .* must be a number"),
        ("p:k", "none", "cannot hold 'none'"),
        ("m:timestamp_end", "soon", "cannot hold 'soon': it must be a finite number"),
        ("m:timestamp_end", "inf", "cannot hold 'inf': it must be a finite number"),
    ],
)
def test_a_cell_that_holds_no_value_is_told_with_row_and_column(
    tmp_path: Path, column: str, text: str, message: str
) -> None:
    path = searched(tmp_path, problem_of(BASE))
    set_cell(path, 4, column, text)
    held = path.read_bytes()

    with pytest.raises(ValueError, match=rf"checkpoint_restart: .*results\.csv, row 4: column '.*{message}") as caught:
        again(tmp_path, problem_of(BASE))

    assert "\n" not in str(caught.value) and path.read_bytes() == held


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("p:k", "None"),
        ("p:k", "(1, 2)"),
        ("p:n", "3.0"),
        ("p:x", "5e-1"),
        ("objective", "F_reason, of mine"),
        ("job_id", "1000000"),
        ("job_id", "1000000000000"),
        ("m:timestamp_end", ""),
    ],
)
def test_what_only_is_written_in_another_way_goes_on_and_stays_as_it_is(tmp_path: Path, column: str, text: str) -> None:
    path = searched(tmp_path, problem_of(BASE))
    set_cell(path, 4, column, text)
    held = path.read_bytes()

    found = again(tmp_path, problem_of(BASE)).search(lambda job: 0.0, max_evals=2)

    assert len(found) == len(set(found.job_id)) == 10
    assert path.read_bytes().startswith(held)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BASE, {**BASE, "x": (0.0, 2.0)}),
        (BASE, {**BASE, "k": [*BASE["k"], "new"]}),
        (BASE, dict(reversed(BASE.items()))),
    ],
    ids=["a wider range", "one more choice", "another order"],
)
def test_a_problem_that_all_rows_fit_goes_on(tmp_path: Path, before: Any, after: Any) -> None:
    path = searched(tmp_path, problem_of(before))
    held = path.read_bytes()

    found = again(tmp_path, problem_of(after)).search(lambda job: 0.0, max_evals=1)

    assert found.job_id.tolist() == list(range(9))
    assert path.read_bytes().startswith(held)


def test_a_search_of_one_objective_refuses_a_table_of_several(tmp_path: Path) -> None:
    path = searched(tmp_path, problem_of(BASE), run=lambda job: (1.0, job["x"]))
    held = path.read_bytes()

    with pytest.raises(ValueError, match=r"CBO: it maximizes one objective, and an evaluation returned 2"):
        again(tmp_path, problem_of(BASE)).search(lambda job: 0.0, max_evals=1)

    assert path.read_bytes() == held
    assert len(again(tmp_path, problem_of(BASE), RandomSearch).search(lambda job: (0.0, 0.0), max_evals=1)) == 9


@pytest.mark.parametrize(
    ("objectives", "message"),
    [
        (["1.0", "F_x"], "all of them must be numbers, or the same reason of a failure"),
        (["F_x", "F_y"], "all of them must be numbers, or the same reason of a failure"),
        (["1.0", ""], "where the job_status is DONE, and is empty"),
    ],
)
def test_half_a_failure_is_refused(tmp_path: Path, objectives: list[str], message: str) -> None:
    path = searched(tmp_path, problem_of(BASE), run=lambda job: (1.0, job["x"]))
    for i, text in enumerate(objectives):
        set_cell(path, 4, f"objective_{i}", text)

    with pytest.raises(ValueError, match=rf"row 4: column 'objective_0': .*{message}"):
        again(tmp_path, problem_of(BASE), RandomSearch)


def test_columns_of_objectives_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = searched(tmp_path, problem_of(BASE))
    path.write_text(path.read_text().replace("objective", "objective_1", 1))

    with pytest.raises(ValueError, match=r"must be 'objective' alone, or 'objective_0'.* got 'objective_1'"):
        again(tmp_path, problem_of(BASE))


@pytest.mark.parametrize(
    ("damage", "n_kept"),
    [
        (lambda data: data[:-40], 7),
        (lambda data: data[:-9] + b'"', 7),
        (lambda data: data.replace(b"\r\n", b'\r\n"', 2).replace(b'\r\n"', b"\r\n", 1), 7),
        (lambda data: data + b"\0" * 4096, 8),
    ],
    ids=["cut off", "cut off in quotes", "a quote that never ends", "zeros"],
)
def test_what_is_left_out_is_named_and_stays_in_a_copy(
    tmp_path: Path, damage: Callable[[bytes], bytes], n_kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = searched(tmp_path, problem_of(BASE))
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)

    found = again(tmp_path, problem_of(BASE)).search(lambda job: 0.0, max_evals=1)

    assert len(found) == n_kept + 1
    assert "left out: " in caplog.text and "kept under another name, results_<time>.csv" in caplog.text
    (copy,) = tmp_path.glob("results_*.csv")
    assert copy.read_bytes() == damaged
    assert len(again(tmp_path, problem_of(BASE)).history) == n_kept + 1


def test_values_that_are_spelled_otherwise_stay_in_a_copy_when_all_rows_are_written_again(tmp_path: Path) -> None:
    path = searched(tmp_path, problem_of(BASE), run=lambda job: (1.0, job["x"]))
    again(tmp_path, problem_of(BASE), RandomSearch).search(lambda job: (0.0, 0.0), max_evals=1)
    assert not list(tmp_path.glob("results_*.csv"))
    set_cell(path, 4, "p:n", "3.0")
    held = path.read_bytes()

    again(tmp_path, problem_of(BASE), RandomSearch).search(lambda job: (0.0, 0.0), max_evals=1)

    (copy,) = tmp_path.glob("results_*.csv")
    assert copy.read_bytes().startswith(held)
    assert len(again(tmp_path, problem_of(BASE), RandomSearch).history) == 10


@pytest.mark.parametrize("change", [bytes.rstrip, lambda data: b"\xef\xbb\xbf" + data, lambda data: data[:-1]])
def test_a_file_that_is_whole_is_continued_where_it_is(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = searched(tmp_path, problem_of(BASE))
    changed = change(path.read_bytes())
    path.write_bytes(changed)

    found = again(tmp_path, problem_of(BASE)).search(lambda job: 0.0, max_evals=1)

    assert found.job_id.tolist() == list(range(9))
    assert path.read_bytes().startswith(changed) and not list(tmp_path.glob("results_*.csv"))
    assert len(again(tmp_path, problem_of(BASE)).history) == 9


def test_columns_that_came_late_are_read_from_their_common_column(tmp_path: Path) -> None:
    search = RandomSearch(problem_of({"x": (0.0, 1.0)}), random_state=1, log_dir=tmp_path)
    for i, configuration in enumerate(search.ask(120)):
        metadata = {f"late_{k}": k for k in range(i, i + 20)}
        search.tell([(configuration, {"objective": 1.0, "metadata": metadata})])

    found = again(tmp_path, problem_of({"x": (0.0, 1.0)})).history

    assert sorted(found.columns) == sorted(search.history.columns)
    assert found["m:late_119"].tolist()[-1] == 119
