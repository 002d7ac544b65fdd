"""Whole scripts in the manner of real projects run as they stand, with the calls of earlier versions and of today."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from programs import PATIENCE_S

SCRIPTS = Path(__file__).parent / "scripts"
OLD_AND_NEW = pytest.mark.parametrize("style", [["--old"], []], ids=["old", "new"])
pytestmark = pytest.mark.slow  # each starts an interpreter, which imports what a project imports


def ended(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder of its own until it ends; it must not fail."""
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments]
    script = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S)
    assert script.returncode == 0, f"exit status {script.returncode}\n{script.stdout}\n{script.stderr}"
    return script


def facts_of(name: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """The facts that a script prints in its last line."""
    return json.loads(ended(name, folder, *arguments).stdout.splitlines()[-1])


@pytest.mark.parametrize(("method", "style"), [("process", ["--old"]), ("process", []), ("thread", [])])
def test_a_launcher_takes_problem_method_and_budget_from_its_command_line(
    method: str, style: list[str], tmp_path: Path
) -> None:
    arguments = ["--max-evals", "12", "--method", method, "--log-dir", "deep/log", *style]

    facts = facts_of("launch", tmp_path, *arguments)

    assert facts["rows"] == facts["stored"] == 12
    assert facts["first"] == [0.01, 2, "relu"]
    assert facts["best"] <= 1.0
    assert facts["epochs"] == [3] and facts["parameters"] == ["p:lr", "p:layers", "p:activation"]
    assert facts["profiled"] and facts["logged"]


@OLD_AND_NEW
def test_spawned_cycles_learn_from_one_table_and_append_to_it(style: list[str], tmp_path: Path) -> None:
    facts = facts_of("cycles", tmp_path, *style)

    # What was best in earlier cycles is tried again first.
    assert facts["rows"] == 12 and 4 < facts["tried"] <= 12
    assert facts["last"] == {"cycle": 2, "stopped": False}
    assert facts["statuses"] == ["DONE"]
    assert facts["left_beside"] == 3, "an older table is kept under another name"


@OLD_AND_NEW
def test_values_of_inactive_hyperparameters_are_left_out_wherever_they_are_given(
    style: list[str], tmp_path: Path
) -> None:
    facts = facts_of("conditional", tmp_path, *style)

    assert facts["checked"] is True
    assert facts["rows"] == 8 and facts["failures"] == 0
    assert facts["first"] == ["forest", 10, 4] and facts["second"] == ["linear", 0.25]
    assert facts["empty_of_first_two"] == facts["empty_of_told"] == [1, 2]
    assert facts["rows_of_learned"] == 3


@OLD_AND_NEW
def test_early_stopping_ends_a_search_and_can_be_read_afterwards(style: list[str], tmp_path: Path) -> None:
    facts = facts_of("stop_early", tmp_path, *style)

    assert facts["before"] == [False, False]
    assert facts["patience"] == facts["watched"] == [5, True]
    assert facts["above"] == [12, True], "patience ends a search only once the best is above the threshold"
    assert facts["never"] == [14, False]
    assert facts["mine"] == [5, True, 5], "a rule of the project's own ends the search by its search_stopped"


@OLD_AND_NEW
def test_a_run_function_is_tried_by_hand_with_a_job_that_the_script_makes(style: list[str], tmp_path: Path) -> None:
    facts = facts_of("try_by_hand", tmp_path, *style)

    assert facts["by_hand"] == [0.75, 3, True]
    assert facts["profiled"] == [-4.0, True] and facts["dictionary"] == -1.0
    assert facts["changed"] == [10, 16, 1.0, False]
    assert facts["searched"] == [3, 0.75] and facts["models"] == 3


@OLD_AND_NEW
@pytest.mark.parametrize("watch", ["stopped", "status"])
def test_loops_that_ask_whether_they_should_end_do_so_at_the_deadline(
    style: list[str], watch: str, tmp_path: Path
) -> None:
    facts = facts_of("cooperate", tmp_path, "--watch", watch, *style)

    assert list(facts) == ["serial", "thread", "process"]
    for method, fact in facts.items():
        assert fact["rows"] == fact["workers"] and fact["failures"] == 0
        assert fact["statuses"] == (["DONE"] if method == "serial" else ["CANCELLED"])
        # A worker process may be ended before it looks again; a thread and the caller cannot be.
        assert fact["noticed"] == fact["workers"] or method == "process"


@OLD_AND_NEW
def test_queued_devices_are_lent_to_one_evaluation_at_a_time(style: list[str], tmp_path: Path) -> None:
    facts = facts_of("gpus", tmp_path, *style)

    assert facts["before"] == facts["after"] == ["0", "1", "2", "3"] and facts["per_task"] == 2
    assert facts["rows"] == 8 and facts["failures"] == 0
    assert facts["used"] == ["0", "1", "2", "3"]
    assert facts["class"].startswith("Queued")


@OLD_AND_NEW
def test_a_memory_limit_of_profile_holds_inside_of_one_call(style: list[str], tmp_path: Path) -> None:
    facts = facts_of("limits", tmp_path, *style)

    assert facts["rows"] == 3 and facts["small"] == [10.0, 20.0]
    assert facts["large"] == "F_memory_limit_exceeded"
    assert facts["memory"]


@OLD_AND_NEW
def test_tables_of_earlier_versions_are_continued_and_learned_from(style: list[str], tmp_path: Path) -> None:
    facts = facts_of("resume", tmp_path, *style)

    assert facts["rows"] == 8 and facts["ids"] == list(range(8))
    assert facts["restored"] == ["0.5", "0.75", "F_out_of_memory", "0.7"]
    assert facts["new_failures"] == 0 and facts["hosts"] == 4 and facts["times_go_on"]
    assert set(facts["learned"].values()) == {2} and len(facts["learned"]) == 6


@OLD_AND_NEW
def test_a_bar_with_a_total_counts_up_to_it(style: list[str], tmp_path: Path) -> None:
    script = ended("progress", tmp_path, *style)
    facts = json.loads(script.stdout.splitlines()[-1])

    assert facts["rows"] == 100 and facts["failures"] > 0
    assert facts["alone"] == 7 and facts["best_alone"] == 0.6
    assert "100/100" in script.stderr and "7/7" in script.stderr
    assert f"failures={facts['failures']}" in script.stderr
