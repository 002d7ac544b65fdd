"""What scripts written for DeepHyper say, line by line: it works, or one sentence says what to write instead.

The page `docs/names-of-deephyper.md` lists the lines. To bring its other columns up to date:

    python tests/test_names_of_deephyper.py
"""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "names-of-deephyper.md"
# What Python says by itself: no help to anybody who has a script to mend.
BARE = re.compile(
    r"unexpected keyword argument|positional argument|object has no attribute|module '.*' has no attribute|"
    r"cannot import name|No module named|missing \d|not callable|not subscriptable|not iterable|unhashable|"
    r"is not defined|has no attribute|there is no '\w+'\.$|^\S*$"
)
IMPORTS = """
import json
from pathlib import Path

import numpy as np
from ConfigSpace import ConfigurationSpace, EqualsCondition, Float, ForbiddenEqualsClause, Integer
from sklearn.ensemble import RandomForestRegressor

from deephyper.evaluator import *
from deephyper.evaluator.callback import *
from deephyper.evaluator.storage import *
from deephyper.hpo import *
"""
PROGRAM = """
problem = HpProblem()
problem.add_hyperparameter((0.0, 10.0), "x")
problem.add_hyperparameter((0, 10), "n")


def run(job):
    return job["x"] - job["n"]


def run_queued(job, dequed):
    return job["x"] - job["n"]


evaluator = Evaluator.create(run)
search = CBO(problem, evaluator, random_state=1)
running = RunningJob(0, {"x": 1.0, "n": 2})
"""


class Row(NamedTuple):
    """A line of a script, and what becomes of it."""

    written: str
    state: str
    sentence: str

    def as_markdown(self) -> str:
        return f"| `{self.written}` | {self.state} | {self.sentence} |".replace("|  |", "| |")


@cache
def evaluated() -> dict[str, Any]:
    """What is left of a search: its table, and a job that was evaluated."""
    there: dict[str, Any] = {}
    exec(IMPORTS + PROGRAM, there)
    table = there["RandomSearch"](there["problem"], random_state=1, log_dir=None).search(there["run"], 20)
    with there["evaluator"] as evaluator:
        evaluator.submit([{"x": 1.0, "n": 2}])
        (job,) = evaluator.gather()
    return {"table": table, "job": job}


def what_becomes_of(written: str) -> Row:
    """Run a line as part of a script, in the current folder."""
    there: dict[str, Any] = {}
    exec(IMPORTS + PROGRAM, there)
    there |= evaluated() | {"results": evaluated()["table"].copy()}
    evaluated()["table"].to_csv("earlier.csv", index=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(written, there)
        except Exception as error:
            sentence = str(error.args[0] if error.args else error)
            if BARE.search(sentence) or not error.args:
                return Row(written, f"BARE {type(error).__name__}", sentence)
            is_to_come = "not built in" in sentence or "not built yet" in sentence
            return Row(written, "not yet" if is_to_come else "refused", cell(sentence))
        finally:
            there["evaluator"].close()
    told = [str(each.message) for each in caught if issubclass(each.category, DeprecationWarning)]
    return Row(written, "works, warns" if told else "works", cell(told[0] if told else ""))


def cell(sentence: str) -> str:
    # Addresses and folders differ from run to run.
    return re.sub(r" at 0x[0-9a-f]+", "", sentence).replace("|", "\\|").replace("\n", " ")


def rows() -> list[Row]:
    found = re.findall(r"^\| `(.*?)` \| (.*?) \| ?(.*?) ?\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [Row(*row) for row in found]


def test_every_line_is_there_once() -> None:
    lines = [row.written for row in rows()]

    assert len(lines) > 250
    assert len(lines) == len(set(lines))


def test_no_line_ends_in_what_python_says_by_itself() -> None:
    assert {row.state for row in rows()} == {"works", "works, warns", "refused", "not yet"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.written)
def test_a_line_does_what_the_page_says(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert what_becomes_of(row.written) == row


def bring_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    home = Path.cwd()
    for row in rows():
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            text = text.replace(row.as_markdown(), what_becomes_of(row.written).as_markdown())
            os.chdir(home)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    bring_up_to_date()
