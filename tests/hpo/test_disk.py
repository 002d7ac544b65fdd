"""A disk that is full or gone costs no evaluation: rows wait in memory, and are written as soon as they can be."""

from __future__ import annotations

import os
import resource
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deephyper.callback import CSVLoggerCallback
from deephyper.errors import DeepHyperError, ResultsNotWritten
from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch, Search


def run(job: Any) -> float:
    return 1.0


def n_rows(path: Path) -> int:
    return path.read_text().count("DONE")


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


class Disk:
    """A disk that is full for every file of more than `n_bytes` while the context of `full` lasts."""

    def __init__(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, n_bytes: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, self._before[1]))

    def empty(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)

    @contextmanager
    def full(self, n_bytes: int) -> Iterator[None]:
        self.fill(n_bytes)
        try:
            yield
        finally:
            self.empty()


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.empty()


@pytest.mark.parametrize("n_bytes", [20, 150, 700])
def test_rows_that_a_full_disk_refuses_are_written_when_there_is_room(
    kind: type[Search], problem: HpProblem, tmp_path: Path, disk: Disk, n_bytes: int, caplog: pytest.LogCaptureFixture
) -> None:
    path, seen = tmp_path / "results.csv", []

    def fills(job: Any) -> dict[str, Any]:
        if job["job_id"] == 2:
            disk.fill(n_bytes)
        seen.append(path.read_bytes() if path.exists() else b"")
        return {"objective": 1.0, "metadata": {"late": 1} if job["job_id"] == 4 else {}}

    search = kind(problem, random_state=1, log_dir=tmp_path)
    with pytest.raises(ResultsNotWritten) as raised:
        search.search(fills, 12)
    disk.empty()
    table = search.search(run, 1)

    assert len(raised.value.results) == 12
    assert isinstance(raised.value, DeepHyperError) and isinstance(raised.value, OSError)
    assert f"{kind.__name__}: {path} could not be written" in str(raised.value)
    assert all(text == b"" or text.endswith(b"\r\n") for text in seen)
    assert n_rows(path) == len(table) == 13
    assert kind(problem, log_dir=tmp_path, checkpoint_restart=True).history.job_id.tolist() == list(range(13))
    (told,) = [text for text in warnings_of(caplog) if "results.csv" in text]
    assert f"{path} cannot be written: File too large. The search goes on in memory" in told


def test_a_disk_that_is_full_for_a_while_costs_nothing_and_is_no_error(
    kind: type[Search], problem: HpProblem, tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    def fills(job: Any) -> float:
        if job["job_id"] == 2:
            disk.fill(20)
        if job["job_id"] == 6:
            disk.empty()
        return 1.0

    table = kind(problem, fills, log_dir=tmp_path).search(8)

    assert n_rows(tmp_path / "results.csv") == len(table) == 8
    assert len([text for text in warnings_of(caplog) if "results.csv" in text]) == 1


def test_an_older_file_stays_while_a_new_one_cannot_be_written(
    kind: type[Search], problem: HpProblem, tmp_path: Path, disk: Disk
) -> None:
    kind(problem, run, random_state=1, log_dir=tmp_path).search(3)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with disk.full(20), pytest.raises(ResultsNotWritten):
        kind(problem, run, random_state=2, log_dir=tmp_path).search(5)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert len(kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True).search(1)) == 4


def test_a_folder_that_is_removed_is_made_again_with_all_rows(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    def removes(job: Any) -> float:
        if job["job_id"] in (1, 5):
            shutil.rmtree(tmp_path / "log")
        return 1.0

    table = kind(problem, removes, log_dir=tmp_path / "log").search(6)

    assert n_rows(tmp_path / "log" / "results.csv") == len(table) == 6


def test_a_folder_that_is_removed_after_the_last_row_is_made_again(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    from deephyper.callback import Callback

    class Removes(Callback):
        def on_start(self, max_evals: int | None) -> None:
            shutil.rmtree(tmp_path / "log", ignore_errors=True)

    evaluator = Evaluator.create(run, method_kwargs={"callbacks": [Removes()]})
    search = kind(problem, evaluator, log_dir=tmp_path / "log")
    search.search(2)
    search.search(2)

    assert n_rows(tmp_path / "log" / "results.csv") == 4


@pytest.mark.parametrize("what", ["a file in place of the folder", "a folder in place of the file", "a full device"])
def test_what_cannot_be_written_at_all_is_one_warning_and_one_error_with_the_rows(
    kind: type[Search], problem: HpProblem, tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "log"
    search = kind(problem, run, log_dir=log)
    if what == "a file in place of the folder":
        log.write_text("")
    elif what == "a folder in place of the file":
        (log / "results.csv").mkdir(parents=True)
    else:
        log.mkdir()
        (log / "results.csv").symlink_to("/dev/full")
    with pytest.raises(ResultsNotWritten, match=r"results\.csv could not be written.*results.to_csv") as raised:
        search.search(5)

    assert len(raised.value.results) == 5
    assert len([text for text in warnings_of(caplog) if "results.csv" in text]) == 1
    assert not Path("/dev/full").is_file() and Path("/dev/full").exists()


def test_what_is_told_waits_as_well(
    kind: type[Search], problem: HpProblem, tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    search = kind(problem, log_dir=tmp_path)
    search.tell([({"x": 0.5}, 1.0)])
    with disk.full(20):
        for i in range(4):
            search.tell([({"x": i / 10}, 1.0)])
            search.ask(1)
    n_before = n_rows(tmp_path / "results.csv")
    search.search(run, 1)

    assert (n_before, n_rows(tmp_path / "results.csv")) == (1, 6)
    assert len([text for text in warnings_of(caplog) if "results.csv" in text]) == 1


def test_the_description_waits_too(kind: type[Search], problem: HpProblem, tmp_path: Path, disk: Disk) -> None:
    search = kind(problem, random_state=7, log_dir=tmp_path)
    with disk.full(5), pytest.raises(ResultsNotWritten):
        search.search(run, 1)
    before = (tmp_path / "search.json").exists()
    search.search(run, 1)

    assert not before
    assert '"random_state": 7' in (tmp_path / "search.json").read_text()


def test_a_csv_callback_writes_later_what_it_could_not_write(problem: HpProblem, tmp_path: Path, disk: Disk) -> None:
    def fills(job: Any) -> float:
        if job["job_id"] == 2:
            disk.fill(20)
        if job["job_id"] == 4:
            disk.empty()
        return 1.0

    evaluator = Evaluator.create(fills, method_kwargs={"callbacks": [CSVLoggerCallback(tmp_path / "log.csv")]})
    RandomSearch(problem, evaluator, log_dir=None).search(6)

    assert n_rows(tmp_path / "log.csv") == 6


# What stays when a file is written again.


def late(job: Any) -> dict[str, Any]:
    return {"objective": 1.0, "metadata": {f"key{job['job_id']}": 1}}


def test_permissions_and_links_stay_when_a_file_is_written_again(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    log, elsewhere = tmp_path / "log", tmp_path / "elsewhere"
    log.mkdir()
    elsewhere.mkdir()
    for name in ("results.csv", "search.json"):
        (log / name).symlink_to(elsewhere / name)
    search = kind(problem, late, log_dir=log)
    search.search(2)
    for name in ("results.csv", "search.json"):
        (elsewhere / name).chmod(0o640)
    search.search(Evaluator.create(late, "thread", {"num_workers": 2}), 2)
    kind(problem, run, log_dir=log).search(1)

    assert all((log / name).is_symlink() for name in ("results.csv", "search.json"))
    assert n_rows(elsewhere / "results.csv") == 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in elsewhere.iterdir()} == {0o640}
    assert [n_rows(path) for path in elsewhere.glob("results_*.csv")] == [4]
    assert not list(log.glob("*.new"))


def test_new_files_have_the_permissions_that_the_user_chose(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    before = os.umask(0o027)
    try:
        kind(problem, late, log_dir=tmp_path / "log").search(3)
    finally:
        os.umask(before)

    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "log").iterdir()} == {0o640}


# Columns that come late.


def test_late_columns_do_not_write_the_file_again_for_every_key(problem: HpProblem, tmp_path: Path) -> None:
    path, inodes = tmp_path / "results.csv", []

    def watched(job: Any) -> dict[str, Any]:
        inodes.append(path.stat().st_ino if path.exists() else 0)
        return late(job)

    table = RandomSearch(problem, watched, random_state=1, log_dir=tmp_path).search(300)
    n_written = sum(one != other for one, other in pairwise(inodes))

    assert n_written < 80
    assert "m:_late" not in path.read_text()
    assert list(RandomSearch(problem, log_dir=tmp_path, checkpoint_restart=True).history.columns) == list(table.columns)
    assert table["m:key299"].tolist()[-1] == 1
