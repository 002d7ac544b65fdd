"""A call that returns late, since nothing can end its evaluation, says so once."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch


def busy(job: Any) -> float:
    """Take 1.3 seconds, without a single long sleep."""
    end = time.monotonic() + 1.3
    while time.monotonic() < end:
        time.sleep(0.02)
    return 1.0


async def at_once(job: Any) -> float:
    return 1.0


def said(evaluator: Any, folder: Path, timeout: float) -> list[str]:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    search = RandomSearch(problem, evaluator, random_state=1, log_dir=folder)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.search(timeout=timeout)
    assert len(search.history) >= 1
    assert {warning.filename for warning in caught} <= {__file__}
    return [str(warning.message) for warning in caught]


@pytest.mark.slow
def test_a_plain_function_that_outlives_the_deadline_by_much_warns(tmp_path: Path) -> None:
    (message,) = said(busy, tmp_path, timeout=0.05)

    assert message.startswith("RandomSearch.search: the call took 1.")
    assert "with timeout=0.05" in message and "Evaluator.create(run, 'process', num_workers=1)" in message


@pytest.mark.slow
def test_a_function_that_can_be_ended_does_not_warn(tmp_path: Path) -> None:
    with Evaluator.create(busy, "thread") as evaluator:
        assert said(evaluator, tmp_path, timeout=0.05) == []


def test_a_call_that_returns_in_time_does_not_warn(tmp_path: Path) -> None:
    assert said(at_once, tmp_path / "async", timeout=0.05) == []
    assert said(lambda job: 1.0, tmp_path / "plain", timeout=0.05) == []
