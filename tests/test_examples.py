"""The examples run as they stand, with shorter sleeps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run_example(name: str, folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "MPLBACKEND": "Agg", "BLACK_BOX_FASTER": "40"}
    command = [sys.executable, str(EXAMPLES / name), *arguments, "--output", str(folder)]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_the_story_of_one_worker_and_five_runs_and_draws_its_picture(tmp_path: Path) -> None:
    printed = run_example("plot_from_serial_to_parallel.py", tmp_path, "--timeout", "3")

    assert "x0, Type: UniformFloat, Range: [-32.768, 32.768]" in printed
    # How many more five workers do than one depends on the machine: `benchmarks/utilization.py` measures how busy they
    # are.
    numbers = [int(line.split(":")[1].split()[0]) for line in printed.splitlines() if " evaluations, best" in line]
    assert len(numbers) == 2 and numbers[0] > 0
    assert (tmp_path / "from_serial_to_parallel.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_story_of_three_tables_and_one_that_misleads_runs_and_draws_its_picture(tmp_path: Path) -> None:
    printed = run_example("plot_transfer_situations.py", tmp_path, "--seeds", "1")

    assert "wrong sign     best after 5" in printed
    assert "dropped as misleading" in printed
    assert (tmp_path / "transfer_situations.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_story_of_the_small_problem_and_the_larger_one_runs_and_draws_its_picture(tmp_path: Path) -> None:
    printed = run_example("plot_transfer_learning.py", tmp_path, "--seeds", "2")

    assert "large, transfer : best" in printed
    assert (tmp_path / "transfer_learning.png").stat().st_size > 10_000
