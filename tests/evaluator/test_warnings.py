"""What has no effect, or less than it seems, warns once at the line of the user; what is healthy is silent."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, ProcessEvaluator, SerialEvaluator, ThreadEvaluator, queued


def run(job: Any) -> float:
    return 1.0


def run_with(job: Any, dequed: list[Any]) -> float:
    return 1.0


async def run_async(job: Any) -> float:
    return 1.0


class AsyncCall:
    async def __call__(self, job: Any) -> float:
        return 1.0


def warned(make: Callable[[], Any]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make()
    return caught


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: SerialEvaluator(run, num_workers=4),
            "SerialEvaluator: num_workers=4 has no effect on a plain function",
        ),
        (lambda: Evaluator.create(run, "serial", {"num_workers": 2}), "num_workers=2 has no effect"),
        (lambda: Evaluator(run, num_workers=2), "Evaluator: num_workers=2 has no effect"),
        (lambda: Evaluator.create(run, num_workers=2), "num_workers=2 has no effect"),
        (lambda: Evaluator.create(functools.partial(run), num_workers=2), "num_workers=2 has no effect"),
        (lambda: Evaluator.create(lambda job: run_async(job), num_workers=2), "num_workers=2 has no effect"),
        (
            lambda: ProcessEvaluator(run, num_workers=4, resources={"gpu": [0, 1]}),
            "ProcessEvaluator: only 2 of 4 workers can ever be busy.*write num_workers=2",
        ),
        (
            lambda: ProcessEvaluator(run, num_workers=4, resources={"gpu": [0, 1, 2, 3], "licence": ["a"]}),
            "only 1 of 4 workers can ever be busy",
        ),
        (
            lambda: queued(ThreadEvaluator)(run_with, num_workers=4, queue=range(3), queue_pop_per_task=2),
            "QueuedThreadEvaluator: only 1 of 4 workers can ever be busy",
        ),
    ],
)
def test_workers_that_can_never_be_busy_warn_once_at_the_line_of_the_user(make: Any, sentence: str) -> None:
    (warning,) = warned(make)

    assert issubclass(warning.category, UserWarning)
    assert warning.filename == __file__
    with pytest.raises(ValueError, match=f"^{sentence}" if sentence[0].isupper() else sentence):
        raise ValueError(str(warning.message))


@pytest.mark.parametrize(
    "make",
    [
        lambda: SerialEvaluator(run),
        lambda: SerialEvaluator(run_async, num_workers=4),
        lambda: SerialEvaluator(functools.partial(run_async), num_workers=4),
        lambda: SerialEvaluator(AsyncCall(), num_workers=4),
        lambda: ThreadEvaluator(run, num_workers=4),
        lambda: Evaluator.create(run, "simulated", num_workers=100),
        lambda: ProcessEvaluator(run, num_workers=2, resources={"gpu": [0, 1, 2]}),
        lambda: queued(ThreadEvaluator)(run_with, num_workers=2, queue=range(4), queue_pop_per_task=2),
    ],
)
def test_what_is_healthy_is_silent(make: Any) -> None:
    assert warned(make) == []


def test_only_a_plain_function_in_the_callers_thread_outlives_a_deadline() -> None:
    assert not SerialEvaluator(run).keeps_deadlines
    assert SerialEvaluator(run_async).keeps_deadlines
    assert ThreadEvaluator(run).keeps_deadlines
