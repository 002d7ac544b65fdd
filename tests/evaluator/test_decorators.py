"""`profile` adds times and changes nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

from deephyper.evaluator import Evaluator, profile


@profile
def run(job: Any) -> Any:
    """What it is."""
    return job["x"]


def test_a_profiled_function_returns_its_objective_with_two_times() -> None:
    returned = run({"x": 3})

    assert returned["objective"] == 3
    assert returned["metadata"]["timestamp_start"] <= returned["metadata"]["timestamp_end"]
    assert (run.__name__, run.__doc__) == ("run", "What it is.")


def test_metadata_of_the_function_stays() -> None:
    returned = profile(lambda job: {"objective": 1, "metadata": {"loss": 2}})({})

    assert returned["metadata"]["loss"] == 2
    assert "timestamp_end" in returned["metadata"]


def test_it_may_be_written_with_brackets_and_around_a_coroutine() -> None:
    @profile()
    async def waits(job: Any) -> Any:
        return job["x"]

    assert asyncio.run(waits({"x": 4}))["objective"] == 4


def test_evaluators_understand_a_profiled_function() -> None:
    evaluator = Evaluator.create(run, "serial")
    evaluator.submit([{"x": 3}])
    (job,) = evaluator.gather("ALL")

    assert job.objective == 3.0
