"""Rows are in the file as soon as they are there, and what comes back is what went in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deephyper._cells import value_of
from deephyper.job import Journal
from deephyper.results.lines import lines_of
from values import cells, is_same

in_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def read_lines(path: Path) -> list[list[str]]:
    """The cells of a file as the package reads them, the header first."""
    file = lines_of(path, "")
    return [file.columns, *(line.cells for line in file.rows)]


@in_a_folder
@given(rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=4))
def test_rows_come_back_from_the_file(tmp_path: Path, rows: list[list[Any]]) -> None:
    journal = Journal(tmp_path / "results.csv")
    for row in rows:
        journal.append([dict(zip("abc", row, strict=True))])

    header, *lines = read_lines(tmp_path / "results.csv")

    assert header == ["a", "b", "c"]
    assert all(
        is_same(value_of(text), value)
        for line, row in zip(lines, rows, strict=True)
        for text, value in zip(line, row, strict=True)
    )


def test_a_file_is_touched_by_its_first_row_not_before(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("older")
    journal = Journal(path)
    journal.append([])
    before = path.read_text()

    journal.append([{"a": 1}])

    assert before == "older"
    assert path.read_text() == "a\n1\n"
    (older,) = tmp_path.glob("results_*.csv")
    assert older.read_text() == "older"


def test_an_older_file_never_replaces_another_one(tmp_path: Path) -> None:
    for i in range(4):
        Journal(tmp_path / "results.csv").append([{"a": i}])

    kept = sorted(path.read_text() for path in tmp_path.glob("*.csv"))

    assert kept == [f"a\n{i}\n" for i in range(4)]


def test_a_late_column_leaves_the_rows_before_it_empty(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.csv")
    journal.append([{"a": "x\ny"}])
    journal.append([{"a": 2, "b": 3}, {"b": 4, "c": 5}])

    lines = read_lines(tmp_path / "results.csv")

    assert lines == [["a", "b", "c"], ["x\ny", "", ""], ["2", "3", ""], ["", "4", "5"]]
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


@pytest.mark.parametrize("value", ["x" * 200_000, list(range(40_000))], ids=["text", "list"])
def test_a_large_cell_survives_a_late_column(tmp_path: Path, value: Any) -> None:
    limit = csv.field_size_limit()
    journal = Journal(tmp_path / "results.csv")
    journal.append([{"a": value}])
    journal.append([{"a": 1, "late": 2}])

    lines = read_lines(tmp_path / "results.csv")

    assert value_of(lines[1][0]) == value
    assert csv.field_size_limit() == limit


def test_rewriting_replaces_rows_and_columns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.csv")
    journal.append([{"a": 1}])

    journal.rewrite([{"b": 2, "a": 1}, {"a": 3}], ["b", "a"])
    journal.append([{"a": 5, "b": 4}])

    assert read_lines(tmp_path / "results.csv") == [["b", "a"], ["2", "1"], ["", "3"], ["4", "5"]]
