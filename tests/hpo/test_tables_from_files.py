"""Tables of earlier searches that come from files: garbage is refused with its place, other ranges are not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch

BASE = {"x": (0.0, 1.0), "n": (1, 10), "k": ["a", None, True, (1, 2)]}
pytestmark = pytest.mark.filterwarnings("ignore:The value of q")
METHODS = ["fit_surrogate", "fit_generative_model"]


def problem_of(declared: dict[str, Any]) -> HpProblem:
    problem = HpProblem()
    for name, value in declared.items():
        problem.add_hyperparameter(value, name)
    return problem


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("earlier")
    run = lambda job: "F_small" if job["job_id"] == 3 else float(job["x"])  # noqa: E731
    RandomSearch(problem_of(BASE), random_state=1, log_dir=folder).search(run, max_evals=20)
    return (folder / "results.csv").read_bytes()


def fitted(folder: Path, data: bytes, method: str, declared: dict[str, Any] | None = None) -> CBO:
    path = folder / "earlier.csv"
    path.write_bytes(data)
    search = CBO(problem_of(declared or BASE), random_state=1, log_dir=folder)
    getattr(search, method)(path)
    return search


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "declared",
    [BASE, {**BASE, "x": (0.5, 9.0)}, {**BASE, "more": (0, 3)}, {"x": BASE["x"]}, {**BASE, "k": ["a", "new"]}],
    ids=["the same", "another range", "more", "fewer", "other choices"],
)
def test_another_space_may_learn_from_it(tmp_path: Path, good: bytes, method: str, declared: Any) -> None:
    assert set(fitted(tmp_path, good, method, declared).ask()[0]) == set(declared)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data.decode().encode("utf-16"), "must be encoded in UTF-8, and is in UTF-16"),
        (lambda data: data.replace(b"DONE", b"D\xe9NE"), "row 2: it must be encoded in UTF-8, and holds the byte 0xe9"),
        (lambda data: data.replace(b",", b";"), "must have commas between its cells, and has semicolons"),
        (lambda data: data.replace(b",", b"\t"), "must have commas between its cells, and has tabs"),
        (lambda data: b"", "must hold the table of a search, and is empty"),
        (gzip.compress, "is a file of gzip"),
        (lambda data: data.replace(b",0,DONE", b"x,0,DONE"), "row 2: column 'objective' cannot hold"),
        (lambda data: data.replace(b"\r\n0.", b"\r\nabc.", 1), "row 2: column 'p:x' cannot hold 'abc.*a finite number"),
        (lambda data: data.replace(b",2,DONE,", b",2,DONE", 1), "row 4: a row must have"),
        (lambda data: data.replace(b"objective", b"obj", 1), "needs a column 'objective'"),
        (lambda data: data.replace(b"p:n", b"p:x", 1), "'p:x' stands there twice"),
    ],
)
def test_garbage_is_refused(
    tmp_path: Path, good: bytes, method: str, damage: Callable[[bytes], bytes], message: str
) -> None:
    with pytest.raises(ValueError, match=rf"CBO\.{method}: .*{message}") as caught:
        fitted(tmp_path, damage(good), method)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("method", METHODS)
def test_a_row_that_was_cut_off_is_left_out_with_a_warning(
    tmp_path: Path, good: bytes, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    fitted(tmp_path, good[:-50], method)

    assert f"CBO.{method}: {tmp_path / 'earlier.csv'}: left out: row 21 was cut off." in caplog.text


@pytest.mark.parametrize("method", METHODS)
def test_a_table_with_failures_teaches_the_same_as_its_file(tmp_path: Path, good: bytes, method: str) -> None:
    from_file = fitted(tmp_path, good, method).ask(4)
    search = CBO(problem_of(BASE), random_state=1, log_dir=tmp_path)
    table = pd.read_csv(
        tmp_path / "earlier.csv", keep_default_na=False, na_values=[""], dtype={"objective": "objective"}
    )

    getattr(search, method)(table)

    assert search.ask(4) == from_file
