"""A search that is continued from its folder is the one that was interrupted, however that was."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.storage import NullStorage
from processes import PATIENCE_S, comes_true


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((1, 50), "n")
    problem.add_hyperparameter(["a", "b", "c"], "kind")
    return problem


def run(job: Any) -> float | str:
    """A bowl in which every fourth evaluation fails."""
    if int(job["x"] * 1000) % 4 == 0:
        return "F_fourth"
    return -((job["x"] - 0.3) ** 2) - (job["n"] - 20) ** 2 / 400 + (job["kind"] == "b")


def configurations(table: Any) -> list[list[Any]]:
    return table[["p:x", "p:n", "p:kind"]].to_numpy().tolist()


def same(one: Any, other: Any) -> bool:
    """Whether two tables hold the same configurations; what is read back may differ in its last digits."""
    pairs = zip(configurations(one), configurations(other), strict=True)
    return all(a[1:] == b[1:] and abs(a[0] - b[0]) < 1e-6 for a, b in pairs)


def interrupting(at: int) -> Callable[[Any], Any]:
    """The same function, in which Ctrl-C comes during one evaluation."""

    def interrupted(job: Any) -> Any:
        if job["job_id"] == at:
            signal.raise_signal(signal.SIGINT)
        return run(job)

    return interrupted


# One worker: continued is uninterrupted.

OPTIONS: list[dict[str, Any]] = [
    {},
    {"acq_func": "gp_hedge"},
    {"acq_func_kwargs": {"scheduler": {"type": "periodic-exp-decay", "period": 5, "rate": 0.1}}},
    {"initial_points": [{"x": 0.5, "n": 3, "kind": "a"}, {"x": 0.25, "n": 30, "kind": "b"}]},
    {"acq_optimizer_kwargs": {"filter_failures": "min"}},
    {"surrogate_model": "RF", "surrogate_model_kwargs": {"n_estimators": 10}},
]


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_search_that_is_continued_twice_proposes_what_the_uninterrupted_one_does(
    problem: HpProblem, tmp_path: Path, options: dict[str, Any]
) -> None:
    whole = CBO(problem, run, random_state=3, log_dir=tmp_path / "whole", **options).search(22)
    for total in (9, 16, 22):
        again = CBO(problem, run, random_state=3, log_dir=tmp_path / "parts", checkpoint_restart=True, **options)
        table = again.search(max_evals_total=total)

    assert same(table, whole)
    assert table.job_id.tolist() == list(range(22))


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS[:4], ids=str)
@pytest.mark.parametrize("at", [3, 12])
def test_after_a_cancelled_evaluation_a_restart_is_as_another_call(
    problem: HpProblem, tmp_path: Path, options: dict[str, Any], at: int
) -> None:
    search = CBO(problem, random_state=3, log_dir=tmp_path, **options)
    search.search(interrupting(at), 30)
    shutil.copytree(tmp_path, tmp_path / "copy")
    again = CBO(problem, random_state=3, log_dir=tmp_path / "copy", checkpoint_restart=True, **options)
    here, there = search.search(run, 10), again.search(run, 10)

    assert here.job_status.tolist()[at] == "CANCELLED"
    assert same(there, here)
    assert there.job_id.tolist() == here.job_id.tolist() == list(range(at + 11))


@pytest.mark.parametrize("n_told", [2, 5])
def test_what_was_told_without_being_asked_counts_as_it_did(
    kind: type[Search], problem: HpProblem, tmp_path: Path, n_told: int
) -> None:
    search = kind(problem, run, random_state=3, log_dir=tmp_path)
    told = [({"x": i / 20, "n": i + 1, "kind": "c"}, float(-i)) for i in range(n_told)]
    search.tell(told)
    search.search(4)
    search.tell([({"x": 0.99, "n": 7, "kind": "a"}, 0.5)])
    shutil.copytree(tmp_path, tmp_path / "copy")
    again = kind(problem, run, random_state=3, log_dir=tmp_path / "copy", checkpoint_restart=True)

    assert same(again.search(5), search.search(5))


def test_a_source_of_earlier_rows_does_not_change_by_a_restart_after_a_cancelled_evaluation(
    problem: HpProblem, tmp_path: Path
) -> None:
    earlier = RandomSearch(problem, run, random_state=9, log_dir=tmp_path / "earlier").search(30)

    def search(folder: str, restarts: bool = False) -> CBO:
        made = CBO(problem, random_state=3, log_dir=tmp_path / folder, checkpoint_restart=restarts)
        made.fit_generative_model(earlier)
        return made

    here = search("log")
    here.search(interrupting(5), 30)
    shutil.copytree(tmp_path / "log", tmp_path / "copy")

    assert same(search("copy", restarts=True).search(run, 8), here.search(run, 8))


def test_another_seed_and_other_workers_go_on_with_what_is_there(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    kind(problem, run, random_state=1, log_dir=tmp_path).search(5)
    with Evaluator.create(run, "thread", {"num_workers": 3}) as evaluator:
        table = kind(problem, evaluator, random_state=2, log_dir=tmp_path, checkpoint_restart=True).search(7)
    last = kind(problem, run, random_state=3, log_dir=tmp_path, checkpoint_restart=True).search(1)

    assert sorted(table.job_id) == list(range(12))
    assert len(last) == 13
    assert len({tuple(row) for row in configurations(last)}) == 13


# Files that say little.


@pytest.mark.parametrize("text", ["", "p:x,p:n,p:kind,objective,job_id,job_status\n"], ids=["empty", "header"])
def test_a_file_without_rows_is_a_beginning(kind: type[Search], problem: HpProblem, tmp_path: Path, text: str) -> None:
    (tmp_path / "results.csv").write_text(text)
    table = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True).search(3)
    again = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert same(table, kind(problem, run, random_state=1, log_dir=tmp_path / "other").search(3))
    assert len(again.search(1)) == 4


def test_a_folder_of_an_earlier_version_goes_on_behind_its_last_number(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    whole = kind(problem, run, random_state=1, log_dir=tmp_path / "whole").search(9)
    kind(problem, run, random_state=1, log_dir=tmp_path / "parts").search(5)
    described = json.loads((tmp_path / "parts" / "search.json").read_text())
    for name in ("next_job_id", "n_suggested", "n_rows", "memory"):
        del described[name]
    (tmp_path / "parts" / "search.json").write_text(json.dumps(described))

    assert same(
        kind(problem, run, random_state=1, log_dir=tmp_path / "parts", checkpoint_restart=True).search(4), whole
    )


@pytest.mark.parametrize(
    "memory", [None, [], {"n_told": "x"}, {"nominees": [[1], 2]}, {"nominees": "abc", "n_told": -5}]
)
def test_a_memory_that_nobody_can_read_does_not_keep_a_search_from_going_on(
    problem: HpProblem, tmp_path: Path, memory: Any
) -> None:
    CBO(problem, run, random_state=1, log_dir=tmp_path, acq_func="gp_hedge").search(10)
    described = json.loads((tmp_path / "search.json").read_text())
    (tmp_path / "search.json").write_text(json.dumps({**described, "memory": memory}))
    (tmp_path / "open_jobs.jsonl").write_text('{"job_id": 3\nnull\n[1]\n{"job_id": "x", "parameters": {}}\n\xff\n')
    again = CBO(problem, run, random_state=1, log_dir=tmp_path, acq_func="gp_hedge", checkpoint_restart=True)

    assert len(again.search(2)) == 12


def test_an_appended_row_changes_no_byte_of_those_before_it(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    path = tmp_path / "results.csv"
    text = "job_id,p:n,p:x,p:kind,objective,job_status,mine\n0,  7 ,0.5000,b,1e0,DONE,é\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("  7 ", "7").encode().rstrip(b"\n"))
    before = path.read_bytes()
    search = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True)
    unchanged = path.read_bytes()
    search.search(lambda job: 1.0, 1)

    assert unchanged == before
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == text.splitlines()[1].replace("  7 ", "7") + ",,,,,"


# Asks that are open.


def test_what_was_asked_can_be_told_by_another_process_days_later(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    whole = kind(problem, random_state=3, log_dir=tmp_path / "whole")
    asked = []
    for i in range(12):
        now = kind(problem, random_state=3, log_dir=tmp_path / "parts", checkpoint_restart=True)
        (one,), (expected,) = now.ask(1), whole.ask(1)
        asked.append((one, expected))
        if i % 3 == 2:
            told, exact = asked.pop(0)
            then = kind(problem, random_state=3, log_dir=tmp_path / "parts", checkpoint_restart=True)
            then.tell([(told, float(run(told) != "F_fourth"))])
            whole.tell([(exact, float(run(exact) != "F_fourth"))])

    assert same(then.history, whole.history)
    assert then.history.job_id.tolist() == whole.history.job_id.tolist() == [0, 1, 2, 3]
    assert all(abs(a["x"] - b["x"]) < 1e-6 and a["n"] == b["n"] for a, b in asked)


def test_open_asks_are_not_proposed_again_and_keep_their_numbers(kind: type[Search], tmp_path: Path) -> None:
    finite = HpProblem()
    finite.add_hyperparameter(list("abcdef"), "x")
    first = kind(finite, random_state=1, log_dir=tmp_path).ask(4)
    again = kind(finite, random_state=1, log_dir=tmp_path, checkpoint_restart=True)
    table = again.search(lambda job: 1.0, 10)
    last = kind(finite, random_state=1, log_dir=tmp_path, checkpoint_restart=True)
    last.tell([(configuration, 2.0) for configuration in reversed(first)])

    assert len(table) == 2
    assert last.history.job_id.tolist() == [4, 5, 3, 2, 1, 0]
    assert sorted(last.history["p:x"]) == list("abcdef")
    assert len((tmp_path / "open_jobs.jsonl").read_text().splitlines()) == 4


def test_a_finished_search_leaves_the_table_and_its_description_alone(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    kind(problem, run, log_dir=tmp_path).search(3)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.csv", "search.json"]


# After SIGKILL.

SCRIPT = """
    import os, sys, time
    from deephyper.evaluator import Evaluator
    from deephyper.hpo import CBO, HpProblem

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((1, 50), "n")
    problem.add_hyperparameter(["a", "b", "c"], "kind")

    def run(job):
        os.mkdir(f"folder{job['job_id']}")
        if os.path.exists(f"stop{sys.argv[2]}") or len(os.listdir()) > int(sys.argv[3]):
            open(f"waits{sys.argv[2]}", "w").close()
            time.sleep(3600)
        if int(job["x"] * 1000) % 4 == 0:
            return "F_fourth"
        return -((job["x"] - 0.3) ** 2) - (job["n"] - 20) ** 2 / 400 + (job["kind"] == "b")

    method, n = sys.argv[1], int(sys.argv[4])
    options = {"num_workers": n} if n > 1 else {}
    with Evaluator.create(run, method, options) as evaluator:
        search = CBO(problem, evaluator, random_state=3, log_dir="log", checkpoint_restart=True)
        table = search.search(max_evals_total=14)
        print(len(table))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("method", "n"), [("serial", 1), ("process", 3), ("thread", 3)])
def test_no_number_comes_twice_after_a_kill(tmp_path: Path, problem: HpProblem, method: str, n: int) -> None:
    kills = 3
    for i in range(kills + 1):
        limit = 1000 if i == kills else len(list(tmp_path.iterdir())) + 4
        arguments = [sys.executable, "-c", textwrap.dedent(SCRIPT), method, str(i), str(limit), str(n)]
        process = subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if i < kills:
            assert comes_true(lambda i=i: (tmp_path / f"waits{i}").exists())  # type: ignore[misc]
            process.kill()
        printed, errors = process.communicate(timeout=2 * PATIENCE_S)

    assert printed == "14\n", errors
    assert "were running when the search was interrupted" in errors
    table = CBO(problem, random_state=3, log_dir=tmp_path / "log", checkpoint_restart=True).history
    numbers = [int(path.name.removeprefix("folder")) for path in tmp_path.glob("folder*")]
    # A number comes once: `mkdir` would have failed.
    assert not any("FileExists" in str(value) for value in table.objective)
    assert len(numbers) >= 14 + kills
    if n == 1:
        whole = CBO(problem, run, random_state=3, log_dir=tmp_path / "whole").search(14)
        # What was lost was suggested again.
        assert same(table, whole)


def test_a_row_that_was_cut_off_is_suggested_again_under_another_number(
    kind: type[Search], problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = kind(problem, run, random_state=1, log_dir=tmp_path / "whole").search(12)
    kind(problem, run, random_state=1, log_dir=tmp_path / "parts").search(9)
    path = tmp_path / "parts" / "results.csv"
    path.write_bytes(path.read_bytes()[:-30])
    with caplog.at_level(logging.WARNING):
        again = kind(problem, run, random_state=1, log_dir=tmp_path / "parts", checkpoint_restart=True)
        table = again.search(max_evals_total=12)

    assert same(table, whole)
    assert table.job_id.tolist() == [*range(8), *range(9, 13)]
    assert any("cut off" in record.getMessage() for record in caplog.records)


def test_numbers_go_on_in_a_store_that_forgets_too(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    def evaluator() -> Evaluator:
        return Evaluator.create(run, method_kwargs={"storage": NullStorage()})

    kind(problem, evaluator(), random_state=1, log_dir=tmp_path).search(3)
    described = json.loads((tmp_path / "search.json").read_text())
    (tmp_path / "search.json").write_text(json.dumps({**described, "next_job_id": 8}))
    again = kind(problem, evaluator(), random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert again.search(2).job_id.tolist() == [0, 1, 2, 8, 9]


def test_the_file_of_open_jobs_stays_short(problem: HpProblem, tmp_path: Path) -> None:
    longest = []

    def look(job: Any) -> float:
        if job["job_id"] % 100 == 50:
            longest.append(os.path.getsize(tmp_path / "open_jobs.jsonl"))
        return 1.0

    RandomSearch(problem, look, random_state=1, log_dir=tmp_path).search(2_500)

    assert longest[-1] < 2 * max(longest[:11])
    assert not (tmp_path / "open_jobs.jsonl").exists()
