"""What a recorded search has suggested is suggested again, whoever worked for it; what differs is named at its row."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import EqualsCondition

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.hpo.replayed import Replay
from deephyper.results import read_csv
from deephyper.storage import MemoryStorage


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((1e-4, 1.0, "log-uniform"), "rate")
    problem.add_hyperparameter((1, 50), "n")
    problem.add_hyperparameter(["a", "b", None], "kind")
    return problem


def run(job: Any) -> float | str:
    """A bowl in which every seventh evaluation fails, of different lengths."""
    time.sleep(0.01 * job["x"])
    if int(job["x"] * 1000) % 7 == 0:
        return "F_seventh"
    return -((job["x"] - 0.3) ** 2) - (job["n"] - 20) ** 2 / 400 + (job["kind"] == "b")


def on(method: str, n: int, **options: Any) -> Evaluator:
    return Evaluator.create(run, method, {"num_workers": n, **options})


def told(search: Search, n: int, order: int = 1) -> None:
    """Ask for some, and tell them in this or in the other order."""
    search.tell([(configuration, run(configuration)) for configuration in search.ask(n)[::order]])


def says_all_are_the_same(report: Replay, n: int) -> bool:
    return report.is_same and str(report) == f"all {n} suggestions are the same" and not report.left_out


OPTIONS: list[dict[str, Any]] = [
    {},
    {"acq_func": "gp_hedge"},
    {"acq_func": "MES"},
    {"multi_point_strategy": "cl_max"},
    {"multi_point_strategy": "qUCB"},
    {"multi_point_strategy": "boltzmann"},
    {"acq_optimizer": "ga"},
    {"surrogate_model": "ET", "surrogate_model_kwargs": {"n_estimators": 10}},
    {"acq_func_kwargs": {"scheduler": {"type": "periodic-exp-decay", "period": 5, "rate": 0.1}}},
    {"acq_optimizer_kwargs": {"filter_duplicated": False, "filter_failures": "min"}},
    {"initial_points": [{"x": 0.5, "rate": 0.1, "n": 3, "kind": None}] * 2},
]


# The same again.


@pytest.mark.parametrize("method", ["serial", "thread"])
def test_a_search_of_any_kind_is_made_again_from_its_table(
    kind: type[Search], problem: HpProblem, tmp_path: Path, method: str
) -> None:
    table = kind(problem, on(method, 1 if method == "serial" else 4), random_state=3, log_dir=tmp_path).search(14)

    assert says_all_are_the_same(kind(problem, random_state=3, log_dir=None).replay(table), 14)
    assert says_all_are_the_same(kind(problem, log_dir=None).replay(tmp_path / "results.csv"), 14)


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_parallel_search_with_any_options_is_made_again(
    problem: HpProblem, tmp_path: Path, options: dict[str, Any], seed: int
) -> None:
    table = CBO(problem, on("thread", 5), random_state=seed, log_dir=tmp_path, **options).search(30)

    assert says_all_are_the_same(CBO(problem, random_state=seed, log_dir=None, **options).replay(table), 30)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["process", "loky", "simulated", "thread"])
@pytest.mark.parametrize("n_workers", [2, 5, 40])
def test_a_search_on_any_backend_is_made_again_from_its_file(
    problem: HpProblem, tmp_path: Path, method: str, n_workers: int
) -> None:
    options = {"duration": 0.05} if method == "simulated" else {}
    n_workers = min(n_workers, 5) if method in ("process", "loky") else n_workers
    with on(method, n_workers, **options) as evaluator:
        search = CBO(problem, evaluator, random_state=4, log_dir=tmp_path)
        search.search(60)
        search.search(30)
    report = CBO(problem, random_state=4, log_dir=None).replay(tmp_path)

    assert says_all_are_the_same(report, 90)
    assert report.table.n_told.max() < 90 and len(set(report.table.n_told)) > 1


@pytest.mark.slow
def test_suggestions_that_were_made_cheaper_are_made_again(problem: HpProblem, tmp_path: Path) -> None:
    # On this clock a preparation lasts many evaluations.
    with on("simulated", 5, duration=1e-3) as evaluator:
        search = CBO(problem, evaluator, random_state=5, log_dir=tmp_path / "recorded")
        table = search.search(max_evals=50)
    again = CBO(problem, random_state=5, log_dir=tmp_path / "again")

    assert search.statistics is not None and search.statistics.n_cheaper > 0
    assert f", {search.statistics.n_cheaper} of them made cheaper" in str(search.statistics)
    assert says_all_are_the_same(again.replay(table), 50)


@pytest.mark.slow
def test_what_was_cancelled_is_made_again_too(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, on("thread", 3), random_state=1, log_dir=tmp_path)
    search.search(10)
    for _ in range(3):
        search.search(
            lambda job: job["x"] if job["job_id"] % 3 else threading.Event().wait(0.04) or 0.0, 6, timeout=0.3
        )
        search.search(Evaluator.create(lambda job: wait_until_stopped(job), "thread", {"num_workers": 3}), timeout=0.2)

    assert (search.history.job_status == "CANCELLED").sum() >= 9
    n = len(search.history)
    assert says_all_are_the_same(CBO(problem, random_state=1, log_dir=None).replay(search.history), n)


def wait_until_stopped(job: Any) -> float:
    while not job.stopped():
        time.sleep(0.005)
    return 0.0


def test_asks_and_tells_in_any_order_are_made_again(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    search.tell([({"x": 0.9, "rate": 0.1, "n": 7, "kind": None}, 0.25)])
    for n in (1, 2, 7, 12):
        told(search, n, order=-1)
        search.tell([({"x": n / 50, "rate": 0.1, "n": 7, "kind": None}, 0.25)])

    for source in (search.history, tmp_path):
        assert says_all_are_the_same(kind(problem, random_state=1, log_dir=None).replay(source), 22)


def test_what_was_told_with_fewer_digits_counts_as_rounding(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=1, log_dir=tmp_path)
    for _ in range(12):
        (configuration,) = search.ask()
        search.tell([({**configuration, "x": float(np.float32(configuration["x"]))}, run(configuration))])
    report = CBO(problem, random_state=1, log_dir=None).replay(tmp_path)

    assert report.is_same and "of them but for rounding (at most" in str(report)


def test_a_table_that_pandas_has_read_is_the_same_but_for_rounding(problem: HpProblem, tmp_path: Path) -> None:
    CBO(problem, on("thread", 2), random_state=1, log_dir=tmp_path).search(14)
    table = pd.read_csv(tmp_path / "results.csv", keep_default_na=False, na_values=[""])
    report = CBO(problem, random_state=1, log_dir=None).replay(table)

    assert report.is_same and len(report.suggestions) == 14


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS[:2], ids=str)
def test_a_search_that_was_continued_is_made_again_from_its_folder(
    problem: HpProblem, tmp_path: Path, options: dict[str, Any]
) -> None:
    n = 0
    for k in range(3):
        search = CBO(problem, on("thread", 3), random_state=1, log_dir=tmp_path, checkpoint_restart=True, **options)
        search.search(8)
        told(search, 3)
        search.tell([({"x": 0.11 + k / 10, "rate": 0.1, "n": 3, "kind": None}, -1.0)])
        n += 11
    report = CBO(problem, random_state=1, log_dir=None, **options).replay(tmp_path)

    assert says_all_are_the_same(report, n)


@pytest.mark.slow
def test_configurations_that_were_asked_for_and_never_told_count_as_they_did(
    problem: HpProblem, tmp_path: Path
) -> None:
    for _ in range(3):
        search = CBO(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True)
        told(search, 9)
        first, second, _ = search.ask(3)
        search.tell([(second, 0.5)])
        told(search, 2)
        search.search(on("thread", 2), 6)
        search.tell([(first, 0.25)])
    again = CBO(problem, random_state=1, log_dir=None)

    assert says_all_are_the_same(again.replay(search.history), 57)
    assert says_all_are_the_same(again.replay(tmp_path), 60)
    assert [one.row for one in again.replay(tmp_path).suggestions].count(None) == 3


def test_a_table_tells_also_of_what_was_asked_for_and_never_told(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    for n in (1, 3, 1, 4, 1):
        search.ask(1)
        told(search, n, order=-1)
        search.tell([(search.ask(3)[1], 0.125)])

    assert says_all_are_the_same(kind(problem, random_state=1, log_dir=None).replay(search.history), 15)
    longest = search.history["m:replay"].str.len().max()
    assert longest < 500


def test_a_cell_carries_no_more_than_what_is_not_in_the_table(kind: type[Search], problem: HpProblem) -> None:
    search = kind(problem, random_state=1, log_dir=None)
    search.ask(2)
    for _ in range(9):
        told(search, 1)
    cells = search.history["m:replay"].tolist()

    assert [" | " in cell for cell in cells] == [True] + [False] * 8
    for _ in range(40):
        search.ask(1)
    told(search, 1)
    assert search.history["m:replay"].iloc[-1].count(" | ") <= 16


@pytest.mark.slow
def test_the_folder_of_a_search_that_runs_tells_of_what_runs(problem: HpProblem, tmp_path: Path) -> None:
    def copied(job: Any) -> Any:
        if job["job_id"] == 24:
            shutil.copytree(tmp_path / "search", tmp_path / "copy")
        return run(job)

    evaluator = Evaluator.create(copied, "thread", {"num_workers": 4})
    CBO(problem, evaluator, random_state=1, log_dir=tmp_path / "search").search(30)
    report = CBO(problem, random_state=1, log_dir=None).replay(tmp_path / "copy")

    assert report.is_same and not report.left_out
    assert 20 <= len(report.suggestions) < 30 and "job 24" not in str(report)


@pytest.mark.slow
def test_members_of_one_search_are_made_again_from_its_store_and_from_the_table_of_one(
    problem: HpProblem, tmp_path: Path
) -> None:
    store = MemoryStorage()

    def member(k: int) -> None:
        evaluator = on("thread", 2, storage=store, search_id="ours")
        CBO(problem, evaluator, random_state=1, log_dir=tmp_path / str(k)).search(12)

    threads = [threading.Thread(target=member, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    search = CBO(problem, random_state=1, log_dir=None)

    assert says_all_are_the_same(search.replay(store), 36)
    assert set(search.replay(store).table.member) == {0, 1, 2}
    assert search.replay(tmp_path / "0").is_same


@pytest.mark.slow
def test_earlier_tables_have_to_be_given_again(problem: HpProblem, tmp_path: Path) -> None:
    earlier = CBO(problem, run, random_state=5, log_dir=tmp_path / "earlier").search(20)
    search = CBO(problem, on("thread", 3), random_state=1, log_dir=tmp_path / "search")
    search.fit_surrogate(earlier)
    search.search(12)
    search.fit_search_space(earlier)
    table = search.search(8)
    again = CBO(problem, random_state=1, log_dir=None)

    report = again.replay(table)
    assert not report.is_same and len(report.left_out) == 20
    assert "before suggestion 0 the search was given the table of an earlier one" in str(report)
    again.fit_surrogate(earlier)
    assert len(again.replay(table).suggestions) == 12
    again.fit_search_space(earlier)
    assert says_all_are_the_same(again.replay(table), 20)


@pytest.mark.slow
def test_a_space_where_hardly_anything_is_legal_is_walked_through_again(kind: type[Search], tmp_path: Path) -> None:
    problem = HpProblem()
    for name in "abc":
        problem.add_hyperparameter((0.0, 1.0), name)
    problem.set_constraint_fn(lambda table: (table["a"] + table["b"] + table["c"] - 1).abs() < 1e-3)
    evaluator = Evaluator.create(lambda job: -job["a"], "thread", {"num_workers": 3})
    table = kind(problem, evaluator, random_state=1, log_dir=tmp_path).search(16)

    assert says_all_are_the_same(kind(problem, random_state=1, log_dir=None).replay(table), 16)


def test_a_small_space_is_made_again_to_its_last_configuration(kind: type[Search], tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((1, 5), "a")
    problem.add_hyperparameter([True, "True"], "b")
    evaluator = Evaluator.create(lambda job: float(job["a"]), "thread", {"num_workers": 3})
    kind(problem, evaluator, random_state=1, log_dir=tmp_path).search(20)

    assert says_all_are_the_same(kind(problem, random_state=1, log_dir=None).replay(tmp_path), 10)


# What differs.


def unless(index: int, at: int) -> Callable[[int, Any], tuple[float, float]]:
    """A schedule in which one suggestion, counted after the initial ones, is greedy."""
    return lambda number, start: (1e-9 if number + index == at else 1.8, 0.01)


@pytest.mark.parametrize("place", [8, 11, 13])
def test_a_single_suggestion_that_is_made_otherwise_is_named_and_no_other_one(
    problem: HpProblem, tmp_path: Path, place: int
) -> None:
    options = [{"acq_func_kwargs": {"scheduler": unless(8, at)}} for at in (-1, place)]
    search = CBO(problem, run, random_state=3, log_dir=tmp_path, **options[0])
    search.search(15)
    report = CBO(problem, random_state=3, log_dir=None, **options[1]).replay(search.history)

    (difference,) = report.differences
    assert (difference.number, difference.job_id, difference.row, difference.n_told) == (place,) * 4
    assert difference.recorded == search.history.configurations[place] != difference.replayed
    assert str(report).startswith("14 of 15 suggestions are the same") and "; 1 differs:\nsuggestion " in str(report)
    assert f"suggestion {place} (row {place} of the table): recorded x=" in str(report)
    assert f"; it knew {place} results" in str(report)


@pytest.mark.slow
def test_with_several_workers_a_change_is_named_at_its_row_and_once_for_each_call_that_met_it(
    problem: HpProblem, tmp_path: Path
) -> None:
    options = [{"acq_func_kwargs": {"scheduler": unless(8, at)}} for at in (-1, 21)]
    table = CBO(problem, on("thread", 4), random_state=3, log_dir=tmp_path, **options[0]).search(40)
    report = CBO(problem, random_state=3, log_dir=None, **options[1]).replay(tmp_path)

    first = report.differences[0]
    assert not first.follows
    assert first.job_id == table.job_id.iloc[first.row] == first.number
    # Several calls may have prepared a row for that number; the first one that differs in each explains the others.
    calls = [table["m:replay"].iloc[other.row].split("/")[2] for other in report.differences if not other.follows]
    assert len(set(calls)) == len(calls)


def test_another_acquisition_differs_from_the_first_suggestion_of_the_model_on(
    problem: HpProblem, tmp_path: Path
) -> None:
    CBO(problem, run, random_state=3, log_dir=tmp_path).search(12)
    report = CBO(problem, random_state=3, log_dir=None, acq_func="EI", acq_func_kwargs={"xi": 0.5}).replay(tmp_path)

    assert report.differences[0].number == 8
    assert "the recorded search has acq_func='UCB', and this one has 'EI'" in report.notes


def test_a_result_that_was_changed_is_noticed_by_the_first_suggestion_that_knew_it(
    problem: HpProblem, tmp_path: Path
) -> None:
    table = CBO(problem, lambda job: -job["x"], random_state=3, log_dir=tmp_path).search(14)
    table.loc[10, "objective"] = 100.0
    report = CBO(problem, random_state=3, log_dir=None).replay(table)

    assert (report.differences[0].number, report.differences[0].n_told) == (11, 11)


def test_a_seed_that_is_not_the_recorded_one_is_refused(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    table = kind(problem, run, random_state=3, log_dir=tmp_path).search(3)

    with pytest.raises(ValueError, match=r"replay: the recorded search has random_state=3, and this one has 4; make"):
        kind(problem, random_state=4, log_dir=None).replay(table)
    assert kind(problem, log_dir=None).replay(table).is_same


# What cannot be made again.


@pytest.mark.slow
def test_after_a_row_that_is_missing_nothing_is_compared_and_nothing_is_said_to_differ(
    problem: HpProblem, tmp_path: Path
) -> None:
    table = CBO(problem, on("thread", 4), random_state=3, log_dir=tmp_path).search(30)
    report = CBO(problem, random_state=3, log_dir=None).replay(table[table.job_id != 12])

    assert report.is_same and report.left_out
    assert len(report.suggestions) + len(report.left_out) == 29
    assert "could not be made again: suggestion 1" in str(report) and "in the table" in str(report)


def test_what_another_kind_of_search_has_made_is_not_compared(problem: HpProblem, tmp_path: Path) -> None:
    table = RandomSearch(problem, run, random_state=3, log_dir=tmp_path).search(5)
    report = CBO(problem, random_state=3, log_dir=None).replay(table)

    assert not report.is_same and not report.differences and len(report.left_out) == 5
    assert "as if another kind of search or version had made it" in str(report)


def test_a_table_that_does_not_tell_what_was_known_is_refused_with_a_sentence(
    problem: HpProblem, tmp_path: Path
) -> None:
    table = CBO(problem, run, random_state=3, log_dir=tmp_path).search(3)
    search = CBO(problem, random_state=3, log_dir=None)

    with pytest.raises(ValueError, match=r"^CBO.replay: there is no 'm:replay' that tells which results each sugg"):
        search.replay(table.drop(columns="m:replay"))


@pytest.mark.parametrize("step", ["seed", "seed 1 2", "resume 3", "told", "ask", "jump 3", "ready 4", "told 99"])
def test_cells_that_somebody_has_changed_are_not_followed(problem: HpProblem, tmp_path: Path, step: str) -> None:
    table = CBO(problem, run, random_state=3, log_dir=tmp_path).search(10)
    table.loc[9, "m:replay"] = f"0/9/9/0/8 {step}"
    report = CBO(problem, random_state=3, log_dir=None).replay(table)

    assert report.is_same and len(report.suggestions) == 9 and len(report.left_out) == 1
    assert "1 suggestion could not be made again: " in str(report)


def test_what_is_no_record_of_a_search_is_refused(problem: HpProblem, tmp_path: Path) -> None:
    search, store = CBO(problem, random_state=3, log_dir=None), MemoryStorage()

    with pytest.raises(TypeError, match=r"CBO.replay: it takes the table of a search, .* got 3 of type int"):
        search.replay(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"CBO.replay: there is no .*results.csv; pass the file"):
        search.replay(tmp_path)
    with pytest.raises(ValueError, match=r"CBO.replay: the store holds no search; pass search_id"):
        search.replay(store)
    store.join("one"), store.join("two")
    with pytest.raises(ValueError, match=r"CBO.replay: the store holds 'one', 'two'; pass search_id="):
        search.replay(store)
    with pytest.raises(ValueError, match=r"CBO.replay: the table has no column 'p:rate'; pass the table of a search"):
        search.replay(pd.DataFrame({"p:x": [0.5], "objective": [1.0]}))
    row = {"p:x": [7.0], "p:rate": [0.1], "p:n": [3], "p:kind": ["a"], "objective": [1.0], "m:replay": ["0/0/0/0/0"]}
    with pytest.raises(ValueError, match=r"CBO.replay: row 0 of the table does not fit this problem: .*7"):
        search.replay(pd.DataFrame(row))


# What a replay leaves alone.


def test_a_replay_writes_nothing_and_changes_nothing(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    kind(problem, run, random_state=3, log_dir=tmp_path / "recorded").search(10)
    before = {path: path.read_bytes() for path in (tmp_path / "recorded").iterdir()}
    search = kind(problem, random_state=3, log_dir=tmp_path / "mine")
    alone = kind(problem, random_state=3, log_dir=None)

    assert search.replay(tmp_path / "recorded").is_same
    assert {path: path.read_bytes() for path in (tmp_path / "recorded").iterdir()} == before
    assert not (tmp_path / "mine").exists() and len(search.history) == 0
    assert search.ask(2) == alone.ask(2)
    assert search.replay(tmp_path / "recorded").is_same and search.ask() == alone.ask()


def test_what_a_search_recommends_is_no_matter(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, on("thread", 2), random_state=3, log_dir=tmp_path, solution_selection="argmax_est")
    table = search.search(12)
    search.believed(table.configurations)
    search.search(2)

    for source in (search.history, tmp_path):
        assert says_all_are_the_same(CBO(problem, random_state=3, log_dir=None).replay(source), 14)


def test_a_search_can_be_compared_with_itself(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, on("thread", 3), random_state=3, log_dir=tmp_path)
    search.search(12)

    assert says_all_are_the_same(search.replay(search.history), 12)
    search.search(3)
    assert says_all_are_the_same(search.replay(tmp_path), 15)


def test_a_long_replay_shows_its_progress(
    problem: HpProblem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = RandomSearch(problem, run, random_state=3, log_dir=tmp_path).search(5)
    RandomSearch(problem, random_state=3, log_dir=None).replay(table)
    assert capsys.readouterr().err == ""

    RandomSearch(problem, random_state=3, log_dir=None, verbose=1).replay(table)
    assert "5/5" in capsys.readouterr().err


def test_the_report_is_a_table_too(problem: HpProblem, tmp_path: Path) -> None:
    table = RandomSearch(problem, run, random_state=3, log_dir=tmp_path).search(3)
    report = RandomSearch(problem, random_state=3, log_dir=None).replay(table).table

    assert list(report.columns) == ["number", "member", "job_id", "row", "n_told", "distance"]
    assert report.number.tolist() == report.row.tolist() == [0, 1, 2]
    assert json.loads(report.to_json())["distance"] == {"0": 0.0, "1": 0.0, "2": 0.0}


# A search that is killed in the middle of an evaluation.

KILLED = """
import os, signal, sys
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem

problem = HpProblem()
problem.add_hyperparameter((0.0, 1.0), "x")
problem.add_hyperparameter((1, 50), "n")


def run(job):
    if job["job_id"] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return -((job["x"] - 0.3) ** 2) - (job["n"] - 20) ** 2 / 400


evaluator = Evaluator.create(run, "thread", {"num_workers": 4})
CBO(problem, evaluator, random_state=3, log_dir=sys.argv[1], checkpoint_restart=True).search(18)
"""


@pytest.mark.slow
def test_a_search_that_was_killed_and_continued_is_made_again(tmp_path: Path) -> None:
    script, folder = tmp_path / "search.py", tmp_path / "search"
    script.write_text(KILLED, encoding="utf-8")
    ended = [subprocess.run([sys.executable, script, folder, str(at)], check=False) for at in (12, 21, -1)]
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((1, 50), "n")
    report = CBO(problem, random_state=3, log_dir=None).replay(folder)

    assert [one.returncode for one in ended] == [-9, -9, 0]
    # After the last start nothing is missing. Before, something that was running may be.
    assert report.is_same and len(report.suggestions) >= 18
    assert len(report.suggestions) + len(report.left_out) == len(read_csv(folder / "results.csv", problem))


@pytest.mark.slow
def test_spaces_with_conditions_and_unusual_choices_are_made_again(kind: type[Search], tmp_path: Path) -> None:
    problem = HpProblem()
    model = problem.add_hyperparameter(["linear", "forest", None], "model")
    depth = problem.add_hyperparameter((1, 20), "depth")
    problem.add_hyperparameter([(1, 2), (3,), "(3,)"], "layers")
    problem.add_hyperparameter([True, "True", "1"], "flag")
    problem.add_hyperparameter((1e-8, 1e8, "log-uniform"), "rate")
    problem.add_hyperparameter("fixed", "constant")
    problem.add_condition(EqualsCondition(depth, model, "forest"))
    evaluator = Evaluator.create(lambda job: -job.get("depth", 7) + (job["flag"] is True), "thread", {"num_workers": 4})
    search = kind(problem, evaluator, random_state=1, log_dir=tmp_path)
    search.search(24)

    for source in (search.history, tmp_path):
        assert says_all_are_the_same(kind(problem, random_state=1, log_dir=None).replay(source), 24)


def test_an_earlier_table_that_the_recorded_search_did_not_have_is_mentioned(
    problem: HpProblem, tmp_path: Path
) -> None:
    table = CBO(problem, run, random_state=3, log_dir=tmp_path).search(9)
    search = CBO(problem, random_state=3, log_dir=None)
    search.fit_surrogate(table)
    report = search.replay(table)

    # It has no influence, since the recorded search is what is made again.
    assert report.is_same and report.notes == (
        "this search was given the table of an earlier one, and the recorded search was not",
    )
    assert str(report).endswith(report.notes[0])
