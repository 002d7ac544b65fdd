"""Time and memory grow about as the declaration does."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch


def of_texts(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    problem.add_hyperparameter([f"choice {i}" for i in range(n)], "c")
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


def of_numbers(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    problem.add_hyperparameter(list(range(n)), "c")
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


def of_many_categoricals(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    for k in range(5):
        problem.add_hyperparameter([f"choice {i}" for i in range(n // 5)], f"c{k}")
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


def asks_and_tells(problem: HpProblem, folder: Path, n: int = 14, **options: Any) -> float:
    """CPU seconds of the last asks, when a model chooses."""
    search = CBO(problem, random_state=1, log_dir=folder, n_initial_points=5, **options)
    taken = []
    for _ in range(n):
        begin = time.process_time()
        (configuration,) = search.ask(1)
        taken.append(time.process_time() - begin)
        search.tell([(configuration, configuration["x"])])
    return sorted(taken[-5:])[2]


def peak_bytes(task: Callable[[], Any]) -> float:
    tracemalloc.start()
    task()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.slow
@pytest.mark.parametrize("declare", [of_texts, of_numbers, of_many_categoricals])
def test_thirty_thousand_choices_cost_a_suggestion_little_more_than_three_hundred(declare: Any, tmp_path: Path) -> None:
    few = asks_and_tells(declare(300), tmp_path / "few")
    many = asks_and_tells(declare(30_000), tmp_path / "many")

    # What was quadratic took hundreds of times as long.
    assert many < 10 * few + 0.2


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"surrogate_model": "ET"}], ids=repr)
def test_eight_thousand_choices_take_little_memory(options: Any, tmp_path: Path) -> None:
    # This took 1.2 GB.
    assert peak_bytes(lambda: asks_and_tells(of_texts(8_000), tmp_path, n=7, **options)) < 150e6


@pytest.mark.slow
def test_earlier_tables_of_many_choices_take_little_memory(tmp_path: Path) -> None:
    problem = of_texts(8_000)
    table = RandomSearch(problem, lambda job: job["x"], random_state=1, log_dir=tmp_path / "a").search(100)
    search = CBO(problem, random_state=2, log_dir=tmp_path / "b", n_initial_points=3)
    search.fit_generative_model(table)

    def ask_and_tell() -> None:
        for _ in range(5):
            (configuration,) = search.ask(1)
            search.tell([(configuration, configuration["x"])])

    assert peak_bytes(ask_and_tell) < 150e6


@pytest.mark.slow
def test_a_good_choice_among_thousands_is_kept(tmp_path: Path) -> None:
    problem = of_texts(8_000)

    def value(job: Any) -> float:
        return (int(job["c"].split()[1]) % 4 == 0) - (job["x"] - 0.3) ** 2

    results = CBO(problem, value, random_state=1, log_dir=tmp_path).search(25)

    assert results["objective"].max() > 0.99


def test_the_sentence_about_a_wrong_choice_is_short() -> None:
    with pytest.raises(ValueError, match="'c' must be one of .*… and 29980 others.*, got 'no'") as raised:
        of_texts(30_000).check_configuration({"c": "no", "x": 0.5})

    assert len(str(raised.value)) < 800
