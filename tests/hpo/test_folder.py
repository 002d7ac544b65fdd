"""Where a search writes: in its own folder wherever it stands, and in files of its own when others write there."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from deephyper.callback import CSVLoggerCallback
from deephyper.errors import FolderInUse
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from processes import PATIENCE_S, comes_true


def run(job: Any) -> float:
    return 1.0


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def n_rows(path: Path) -> int:
    return path.read_text().count("DONE")


# Where the folder is.


@pytest.mark.parametrize("method", ["serial", "thread"])
def test_a_run_function_that_changes_directory_takes_no_file_along(
    kind: type[Search], problem: HpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (elsewhere / "results.csv").write_text("mine\n")
    (elsewhere / "search.json").write_text("mine\n")
    monkeypatch.chdir(home)

    def moves(job: Any) -> float:
        os.chdir(elsewhere)
        return 1.0

    evaluator = Evaluator.create(moves, method, {"callbacks": [CSVLoggerCallback("log.csv")]})
    with evaluator:
        search = kind(problem, evaluator, random_state=1)
        search.search(2)
        os.chdir(elsewhere)
        search.tell([({"x": 0.5}, 1.0)])
        search.search(2)

    assert files(elsewhere) == ["results.csv", "search.json"]
    assert (elsewhere / "results.csv").read_text() == (elsewhere / "search.json").read_text() == "mine\n"
    assert n_rows(home / "results.csv") == 5
    assert n_rows(home / "log.csv") == 2
    assert search.get_params()["search"]["log_dir"] == str(home)


def test_a_relative_folder_of_a_restart_is_that_of_the_directory_it_starts_in(
    kind: type[Search], problem: HpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, n in (("a", 2), ("b", 3)):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        kind(problem, run, log_dir="log").search(n)
    monkeypatch.chdir(tmp_path / "a")
    again = kind(problem, run, log_dir="log", checkpoint_restart=True)
    monkeypatch.chdir(tmp_path / "b")

    assert len(again.search(1)) == 3
    assert n_rows(tmp_path / "a" / "log" / "results.csv") == 3


def test_a_tilde_is_the_home(
    kind: type[Search], problem: HpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    kind(problem, run, log_dir="~/of a search").search(1)

    assert n_rows(tmp_path / "of a search" / "results.csv") == 1


@pytest.mark.parametrize("name", ["with space", "ü;é,'\"", "%s{x}*?[1]", "new\nline", "..b", "-r"])
def test_odd_names_are_names(kind: type[Search], problem: HpProblem, tmp_path: Path, name: str) -> None:
    kind(problem, run, log_dir=str(tmp_path / name)).search(1)
    kind(problem, run, log_dir=tmp_path / name, checkpoint_restart=True).search(1)

    assert n_rows(tmp_path / name / "results.csv") == 2


@pytest.mark.parametrize("options", [{}, {"checkpoint_history_to_csv": False}, {"log_dir": None}], ids=str)
def test_no_folder_is_made_when_nothing_is_written(
    kind: type[Search], problem: HpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    search = kind(problem, run, **{"log_dir": tmp_path / "log", **options})
    before = files(tmp_path)
    if options:
        (asked,) = search.ask(1)
        search.tell([(asked, 1.0)])
        search.search(2)

    assert before == files(tmp_path) == []


def test_without_a_folder_parameters_are_saved_where_we_are(
    kind: type[Search], problem: HpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    search = kind(problem, run, log_dir=None, checkpoint_restart=True)
    search.save_params("mine.json")

    assert files(tmp_path) == ["mine.json"]
    assert search.get_params()["search"]["log_dir"] is None


def test_a_folder_that_cannot_be_written_is_no_hindrance_when_nothing_is_written(
    kind: type[Search], problem: HpProblem
) -> None:
    search = kind(problem, run, log_dir="/dev/null/below", checkpoint_history_to_csv=False)

    assert len(search.search(2)) == 2


@pytest.mark.parametrize(
    ("log_dir", "message"),
    [
        ("file", "log_dir must be a folder that can be written, got 'file'; choose another one"),
        ("file/below/it", "log_dir must be a folder that can be written, got 'file/below/it'"),
        ("x" * 300, "log_dir must be a folder that can be written, got 'xxx"),
        ("nul\0l", "log_dir must be the path of a folder, or None to write nothing, got 'nul"),
        (5, "log_dir must be the path of a folder, or None to write nothing, got 5 of type int; pass a text"),
        (b"log", "log_dir must be the path of a folder, or None to write nothing, got b'log' of type bytes"),
        ("~nobody-of-this-name/log", "log_dir must be a folder that can be found, got '~nobody-of-this-name/log'"),
    ],
)
def test_what_can_be_no_folder_is_refused_in_one_sentence(
    kind: type[Search],
    problem: HpProblem,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    log_dir: Any,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")

    with pytest.raises((TypeError, ValueError), match=f"{kind.__name__}: {message}"):
        kind(problem, log_dir=log_dir)
    assert files(tmp_path) == ["file"]


def test_a_working_directory_that_is_gone_is_one_sentence(
    problem: HpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    with pytest.raises(ValueError, match=r"log_dir must be a folder that can be found, got '\.'.*absolute path"):
        RandomSearch(problem)
    assert len(RandomSearch(problem, run, log_dir=tmp_path).search(1)) == 1


# Several searches in one folder.


def test_one_search_after_the_other_renames_the_older_file(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    for n in (1, 2, 3):
        kind(problem, run, log_dir=tmp_path).search(n)

    assert n_rows(tmp_path / "results.csv") == 3
    assert sorted(n_rows(path) for path in tmp_path.glob("results_*.csv")) == [1, 2]
    assert len(files(tmp_path)) == 6


def test_searches_that_take_turns_each_keep_one_whole_file(
    kind: type[Search], problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = (kind(problem, random_state=seed, log_dir=tmp_path) for seed in (1, 2))
    for i in range(20):
        for search in (one, other):
            search.tell([({"x": i / 20}, 1.0)])

    tables = sorted(tmp_path.glob("results*.csv"))
    assert sorted(n_rows(path) for path in tables)[-2:] == [20, 20]
    assert len(tables) <= 3
    assert [record.message for record in caplog.records] == [
        f"{kind.__name__}: another search has written to {tmp_path / 'results.csv'}; "
        f"this search writes to {tmp_path / 'results-1.csv'} instead."
    ]


def test_searches_in_threads_write_files_of_their_own(
    kind: type[Search], problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    meeting = threading.Barrier(4)

    def waits(job: Any) -> float:
        if job["job_id"] == 0:
            meeting.wait(PATIENCE_S)
        return 1.0

    def search(n: int) -> None:
        kind(problem, waits, log_dir=tmp_path).search(n)

    threads = [threading.Thread(target=search, args=(n,)) for n in (3, 4, 5, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)

    expected = ["results.csv", *(f"results-{i}.csv" for i in (1, 2, 3))]
    assert sorted(n_rows(tmp_path / name) for name in expected) == [3, 4, 5, 6]
    assert files(tmp_path) == sorted([*expected, "search.json", *(f"search-{i}.json" for i in (1, 2, 3))])
    assert sum("is writing to" in record.message for record in caplog.records) == 3


def test_a_search_inside_of_a_run_function_writes_a_file_of_its_own(problem: HpProblem, tmp_path: Path) -> None:
    def inner(job: Any) -> float:
        table = RandomSearch(problem, run, log_dir=tmp_path).search(2)
        return float(len(table))

    RandomSearch(problem, inner, log_dir=tmp_path).search(3)

    assert n_rows(tmp_path / "results.csv") == 3
    assert [n_rows(tmp_path / f"results-{i}.csv") for i in (1, 2, 3)] == [2, 2, 2]


def test_a_restart_beside_an_idle_search_of_the_same_process_continues(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    first = kind(problem, run, random_state=1, log_dir=tmp_path)
    first.search(2)
    first.tell([({"x": 0.5}, 1.0)])
    again = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert len(again.search(1)) == 4
    assert len(first.search(1)) == 4
    assert n_rows(tmp_path / "results.csv") == n_rows(tmp_path / "results-1.csv") == 4


SCRIPT = """
    import os, sys, time
    from deephyper.hpo import HpProblem, RandomSearch

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")

    def run(job):
        if job["job_id"] == 1:
            if "forks" in sys.argv and os.fork() == 0:
                open(f"forked{os.getpid()}", "w").close()
                time.sleep(3600)
            open(f"begun{os.getpid()}", "w").close()
            while not os.path.exists("go"):
                time.sleep(0.01)
        return 1.0

    RandomSearch(problem, run).search(4)
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), *arguments]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def have_begun(folder: Path, n: int) -> bool:
    return comes_true(lambda: len(list(folder.glob("begun*"))) == n)


@pytest.mark.slow
def test_processes_in_one_folder_write_files_of_their_own_and_say_who_was_there(tmp_path: Path) -> None:
    first = start(tmp_path)
    assert have_begun(tmp_path, 1)
    others = [start(tmp_path) for _ in range(4)]
    assert have_begun(tmp_path, 5)
    (tmp_path / "go").touch()
    errors = [process.communicate(timeout=PATIENCE_S)[1] for process in (first, *others)]

    names = ["results.csv", *(f"results-{i}.csv" for i in range(1, 5))]
    assert sorted(path.name for path in tmp_path.glob("results*")) == sorted(names)
    assert [n_rows(tmp_path / name) for name in names] == [4] * 5
    assert errors[0] == ""
    assert all(f"process {first.pid} on " in text and "is writing to" in text for text in errors[1:])
    assert {f"results-{i}.csv" for i in range(1, 5)} == {
        name for name in names for text in errors[1:] if f"{name} instead" in text
    }


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["forks"]], ids=str)
def test_a_killed_process_holds_no_folder_and_neither_do_its_children(
    problem: HpProblem, tmp_path: Path, arguments: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    process = start(tmp_path, *arguments)
    assert have_begun(tmp_path, 1)
    busy = f"RandomSearch: checkpoint_restart: process {process.pid} on .* is writing to .*results.csv; wait until"
    with pytest.raises(FolderInUse, match=busy):
        RandomSearch(problem, run, log_dir=tmp_path, checkpoint_restart=True)
    process.kill()
    process.communicate() if not arguments else process.wait()
    try:
        table = RandomSearch(problem, run, log_dir=tmp_path, checkpoint_restart=True).search(2)
    finally:
        for path in tmp_path.glob("forked*"):
            os.kill(int(path.name.removeprefix("forked")), 9)

    assert len(table) == 3
    assert n_rows(tmp_path / "results.csv") == 3
    assert not any("instead" in record.message for record in caplog.records)
    assert not list(tmp_path.glob("*.lock"))


def test_a_forked_child_that_goes_on_with_a_search_writes_a_file_of_its_own(tmp_path: Path, problem: HpProblem) -> None:
    search = RandomSearch(problem, random_state=1, log_dir=tmp_path)
    search.tell([({"x": 0.5}, 1.0)])
    if (pid := os.fork()) == 0:
        search.tell([({"x": 0.25}, 1.0)])
        os._exit(0)
    os.waitpid(pid, 0)
    search.tell([({"x": 0.75}, 1.0)])

    assert n_rows(tmp_path / "results.csv") == n_rows(tmp_path / "results-1.csv") == 2


def test_a_lock_costs_an_ask_nothing_that_counts(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=1, log_dir=tmp_path)
    search.tell([({"x": 0.5}, 1.0)])
    locks = {path.stat().st_ino for path in tmp_path.glob("*.lock")}
    search.tell([({"x": 0.25}, 1.0)])

    # It is taken once, and not again for every call.
    assert len(locks) == 1
    assert {path.stat().st_ino for path in tmp_path.glob("*.lock")} == locks
