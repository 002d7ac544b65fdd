"""Several members of one search: each finds what the others have finished, and none can end another one."""

from __future__ import annotations

import logging
import math
import threading
from pathlib import Path
from typing import Any

import pytest

from deephyper.errors import SearchSpaceExhausted
from deephyper.evaluator import Evaluator
from deephyper.evaluator.callback import Callback
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.storage import MemoryStorage, Storage
from stores import TextStorage, states


@pytest.fixture
def finite() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter(list("abcd"), "x")
    problem.add_hyperparameter([1, 2, 3], "y")
    return problem


def run(job: Any) -> float:
    return 1.0


def on(storage: Storage, function: Any = run, method: str = "serial", **options: Any) -> Evaluator:
    return Evaluator.create(function, method, {"storage": storage, "search_id": "mine", **options})


def exact(storage: Storage, n_workers: int = 1, **options: Any) -> Evaluator:
    return on(storage, method="simulated", num_workers=n_workers, charge_manager=False, **options)


class Diary(Callback):
    """What this member heard from others, and what it launched, in order."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.launched: list[Any] = []
        self.n_gathers = 0
        self.repeated: list[dict[str, Any]] = []

    def on_launch(self, job: Any) -> None:
        self.launched.append(job)
        if job.parameters in self.heard:
            self.repeated.append(job.parameters)

    def on_done_other(self, job: Any) -> None:
        self.heard.append(job.parameters)

    def on_gather(self, jobs: Any) -> None:
        self.n_gathers += bool(jobs)


# What a member hears.


def test_a_late_member_knows_all_results_before_its_first_suggestion(problem: HpProblem, tmp_path: Path) -> None:
    storage, diary = MemoryStorage(), Diary()
    CBO(problem, on(storage), random_state=1, log_dir=tmp_path / "a").search(20)
    late = CBO(problem, on(storage, callbacks=[diary]), random_state=2, log_dir=tmp_path / "b")
    table = late.search(1)

    assert diary.launched[0].metadata["_n_told"] == 20
    assert len(table) == 21


@pytest.mark.parametrize("way", ["search", "ask"])
def test_a_late_member_never_proposes_what_another_one_has_evaluated(
    kind: type[Search], finite: HpProblem, tmp_path: Path, way: str
) -> None:
    storage, diary = MemoryStorage(), Diary()
    first = kind(finite, on(storage), random_state=1, log_dir=tmp_path / "a").search(7)
    late = kind(finite, on(storage, callbacks=[diary]), random_state=1, log_dir=tmp_path / "b")
    if way == "search":
        late.search(12)
        proposed = [job.parameters for job in diary.launched]
    else:
        proposed = late.ask(12)
        with pytest.raises(SearchSpaceExhausted):
            late.ask(1)

    known = set(zip(first["p:x"], first["p:y"], strict=True))
    assert len(proposed) == 5
    assert known.isdisjoint((c["x"], c["y"]) for c in proposed)


def test_results_that_come_between_two_calls_are_known_in_the_second_one(
    kind: type[Search], finite: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    one, other = (kind(finite, on(storage), random_state=1, log_dir=tmp_path / name) for name in "ab")
    for _ in range(2):
        one.search(3)
        other.search(3)

    rows = list(zip(other.history["p:x"], other.history["p:y"], strict=True))
    assert len(set(rows)) == len(rows) == 12


def test_told_results_are_news_for_the_others(kind: type[Search], finite: HpProblem, tmp_path: Path) -> None:
    storage = TextStorage()
    one, other = (kind(finite, on(storage), random_state=1, log_dir=tmp_path / name) for name in "ab")
    one.tell([(configuration, float(i)) for i, configuration in enumerate(one.ask(6))])
    asked = other.ask(6)

    rows = one.history[["p:x", "p:y"]].itertuples(index=False, name=None)
    assert set(rows).isdisjoint((c["x"], c["y"]) for c in asked)
    assert other.history.objective.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_members_with_one_seed_draw_differently(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    storage = MemoryStorage()
    members = [kind(problem, on(storage), random_state=1, log_dir=tmp_path / name) for name in "abc"]
    asked = [{c["x"] for c in member.ask(5)} for member in members]
    alone = {c["x"] for c in kind(problem, random_state=1, log_dir=tmp_path / "d").ask(5)}

    assert asked[0] == alone
    assert len(set.union(*asked)) == 15


def test_two_members_at_once_find_each_others_results_and_repeat_nothing_that_they_know(
    kind: type[Search], tmp_path: Path
) -> None:
    problem = HpProblem()
    problem.add_hyperparameter(list(range(30)), "x")
    storage, diaries = TextStorage(), (Diary(), Diary())
    barrier = threading.Barrier(2)
    tables: list[Any] = [None, None]

    def meet(job: Any) -> float:
        # Both have an evaluation under way, so that neither is over before the other one begins.
        if job["job_id"] < 10:
            barrier.wait(60)
        return float(job["x"])

    def work(i: int) -> None:
        evaluator = on(storage, meet, callbacks=[diaries[i]])
        tables[i] = kind(problem, evaluator, random_state=1, log_dir=tmp_path / str(i)).search(12)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    for diary in diaries:
        assert len(diary.heard) >= 4
        assert diary.repeated == []
    assert len(storage.records("mine")) == 24
    for table in tables:
        assert table.job_id.is_unique


def test_prepared_suggestions_that_another_member_has_evaluated_meanwhile_are_not_submitted(tmp_path: Path) -> None:
    class Watching(TextStorage):
        """Notes what each member submits although it has heard of it."""

        def __init__(self) -> None:
            super().__init__()
            self.heard: dict[int, set[int]] = {0: set(), 1: set()}
            self.repeated: list[int] = []

        def news(self, member: Any, cursor: Any) -> Any:
            records, cursor = super().news(member, cursor)
            self.heard[member.number].update(record["parameters"]["x"] for record in records)
            return records, cursor

        def submit(self, member: Any, records: Any) -> Any:
            xs = [record["parameters"]["x"] for record in records]
            self.repeated += [x for x in xs if x in self.heard[member.number]]
            return super().submit(member, records)

    problem = HpProblem()
    problem.add_hyperparameter(list(range(120)), "x")
    storage = Watching()
    searches = []

    def work(i: int) -> None:
        # Evaluations of a moment, so that suggestions are prepared.
        evaluator = on(storage, lambda job: float(job["x"] % 7), "thread", num_workers=3)
        searches.append(CBO(problem, evaluator, random_state=1, log_dir=tmp_path / str(i)))
        searches[-1].search(40)
        evaluator.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(storage.records("mine")) == 80
    assert storage.repeated == []
    assert any(search.statistics.n_prepared for search in searches)


# What it costs.


def test_every_gather_is_one_write_and_every_submission_too(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage, diary = TextStorage(), Diary()
    kind(problem, exact(storage, 4, callbacks=[diary]), random_state=1, log_dir=tmp_path).search(12)

    assert diary.n_gathers == 3
    assert (storage.n_calls["submit"], storage.n_calls["finish"]) == (3, 3)


def test_a_deadline_is_one_write_too(problem: HpProblem, tmp_path: Path) -> None:
    storage, diary = TextStorage(), Diary()
    table = RandomSearch(problem, exact(storage, 4, callbacks=[diary]), log_dir=tmp_path).search(timeout=2.5)

    assert table.job_status.tolist() == ["DONE"] * 8 + ["CANCELLED"] * 4
    assert diary.n_gathers == storage.n_calls["finish"] == 3


def test_several_results_that_are_told_are_one_write(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    storage = TextStorage()
    search = kind(problem, on(storage), random_state=1, log_dir=tmp_path)
    asked = search.ask(5)
    search.tell([(configuration, 1.0) for configuration in asked] + [({"x": 0.123}, 2.0)])

    assert (storage.n_calls["submit"], storage.n_calls["finish"]) == (2, 1)


# What becomes of records on their way through text.


def test_choices_come_from_another_member_as_the_objects_that_they_are(kind: type[Search], tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter([(1, 2), None, True, "1", ("a", (0.5, None)), 2.5], "x")
    problem.add_hyperparameter((0.0, 1.0), "y")
    storage = TextStorage()
    one = kind(problem, on(storage), random_state=1, log_dir=tmp_path / "a")
    told = [({"x": choice, "y": 0.1 + 0.2}, float(i)) for i, choice in enumerate(problem.space["x"].choices)]
    one.tell(told)
    other = kind(problem, on(storage), random_state=1, log_dir=tmp_path / "b")
    table = other.search(len(told) + 1)

    mine, theirs = one.history, table.iloc[: len(told)]
    assert list(map(repr, theirs["p:x"])) == list(map(repr, mine["p:x"]))
    assert theirs["p:y"].tolist() == mine["p:y"].tolist() == [0.1 + 0.2] * len(told)
    assert theirs.objective.tolist() == mine.objective.tolist()


def test_a_record_says_all_that_is_known_of_a_job(problem: HpProblem, tmp_path: Path) -> None:
    import numpy as np

    def tells(job: Any) -> Any:
        job.record(1, 0.5)
        if job["job_id"] == 1:
            raise ZeroDivisionError("on purpose")
        return {"objective": 1.0, "metadata": {"array": np.arange(3), "pair": (1, 2), "when": Path("x"), 5: {6: None}}}

    heard: list[Any] = []

    class Ear(Callback):
        def on_done_other(self, job: Any) -> None:
            heard.append(job)

    storage = TextStorage()
    RandomSearch(problem, on(storage, tells), random_state=1, log_dir=tmp_path / "a").search(3)
    RandomSearch(problem, on(storage, callbacks=[Ear()]), random_state=1, log_dir=tmp_path / "b").search(1)

    assert [job.crashed for job in heard] == [False, True, False]
    assert [job.n_retries for job in heard] == [0, 0, 0]
    assert "on purpose" in heard[1].metadata["traceback"]
    shown = {key: value for key, value in heard[0].metadata.items() if not key.startswith("_")}
    assert shown.pop("replay") == "0/0/0/0/0 seed 1"
    assert shown == {"array": [0, 1, 2], "pair": [1, 2], "when": "x", "5": {"6": None}}
    assert [job.observations for job in heard] == [[(1.0, 0.5)]] * 3
    for job in heard:
        assert job.timestamp_submit <= job.timestamp_start <= job.timestamp_end <= job.timestamp_gather


@pytest.mark.parametrize("make", [MemoryStorage, TextStorage])
def test_a_store_shares_nothing_with_the_run_function_or_a_callback(
    problem: HpProblem, tmp_path: Path, make: Any
) -> None:
    kept = {"list": [1], "nested": {"a": [2]}}

    class Changing(Callback):
        def on_done(self, job: Any) -> None:
            job.metadata["list"].append("changed")
            job.metadata["new"] = "changed"
            job.parameters["x"] = "changed"

    storage = make()
    evaluator = on(storage, lambda job: {"objective": 1.0, "metadata": kept}, callbacks=[Changing()])
    evaluator.submit([{"x": 1.0, "y": [1, {"z": 2}]}])
    evaluator.gather("ALL")
    kept["nested"]["a"].append("changed")  # type: ignore[index, call-overload]
    (record,) = storage.records("mine")

    assert record["metadata"] == {"list": [1], "nested": {"a": [2]}}
    assert record["parameters"] == {"x": 1.0, "y": [1, {"z": 2}]}


# What a member cannot use.


def foreign(storage: Storage, problem: HpProblem, folder: Path, *told: tuple[dict[str, Any], Any]) -> None:
    """Another member, with another script, tells results."""
    RandomSearch(problem, on(storage), random_state=9, log_dir=folder).tell(list(told))


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "another member" in r.getMessage()]


@pytest.mark.parametrize("way", ["before", "between", "ask"])
@pytest.mark.parametrize("objectives", [(2, 1), (1, 2), (2, 3)])
def test_another_number_of_objectives_ends_no_search(
    problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture, objectives: tuple[int, int], way: str
) -> None:
    def several(n: int) -> Any:
        return 1.0 if n == 1 else tuple(float(i) for i in range(n))

    ours, theirs = map(several, objectives)
    storage = TextStorage()
    search = RandomSearch(problem, on(storage, lambda job: ours), random_state=1, log_dir=tmp_path / "a")
    if way != "before":
        search.search(2)
    else:
        search.tell([({"x": 0.1}, ours), ({"x": 0.2}, ours)])
    for i in range(2):
        foreign(storage, problem, tmp_path / f"b{i}", ({"x": 0.3 + i / 10}, theirs), ({"x": 0.5 + i / 10}, "F_x"))
    if way == "ask":
        search.ask(1)
    else:
        search.search(2)

    n = 4 if way == "ask" else 6
    assert len(search.history) == n
    assert (search.history.iloc[:, 1] == "F_x").sum() == 2
    assert [message.count("left out") for message in warnings_of(caplog)] == [1]


def test_a_search_of_one_objective_goes_on_beside_one_of_several(
    problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    storage = TextStorage()
    foreign(storage, problem, tmp_path / "b", ({"x": 0.3}, (1.0, 2.0)))
    table = CBO(problem, on(storage), random_state=1, log_dir=tmp_path / "a").search(3)

    assert table.objective.tolist() == [1.0] * 3
    assert ["CBO" in message and "left out" in message for message in warnings_of(caplog)] == [True]


def test_the_number_of_objectives_that_another_member_has_found_counts_here_too(
    problem: HpProblem, tmp_path: Path
) -> None:
    storage = TextStorage()
    foreign(storage, problem, tmp_path / "b", ({"x": 0.3}, (1.0, 2.0)))
    search = RandomSearch(problem, on(storage, lambda job: 1.0), random_state=1, log_dir=tmp_path / "a")
    table = search.search(1)

    assert table["objective_0"].tolist() == [1.0, "F_number_of_objectives"]


@pytest.mark.parametrize("way", ["search", "ask"])
@pytest.mark.parametrize("parameters", [{"z": 1}, {"x": 0.5, "z": 1}, {}, {"x": 7.0}, {"x": "text"}, {"x": [1]}])
def test_parameters_of_another_problem_end_no_search(
    kind: type[Search],
    problem: HpProblem,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    parameters: dict[str, Any],
    way: str,
) -> None:
    storage = TextStorage()
    there = on(storage)
    for x in (parameters, parameters, {"x": 0.25}):
        there.submit([x])
        there.gather("ALL")
    search = kind(problem, on(storage), random_state=1, log_dir=tmp_path)
    if way == "search":
        search.search(2)
    else:
        search.ask(2)

    assert search.history["p:x"].iloc[0] == 0.25
    assert len(search.history) == (3 if way == "search" else 1)
    assert [message.count("left out") for message in warnings_of(caplog)] == [1]
    assert all(record.levelno < logging.ERROR for record in caplog.records)


@pytest.mark.parametrize("asked", [5, "text", [0], [0, 0], [0, 0, 0], None, {"a": 1}])
def test_metadata_of_any_name_ends_no_search(
    kind: type[Search], problem: HpProblem, tmp_path: Path, asked: Any
) -> None:
    storage = TextStorage()

    def tells(job: Any) -> Any:
        return {"objective": 1.0, "metadata": {"_asked": asked, "_n_told": asked, "resources": asked}}

    one = kind(problem, on(storage, tells), random_state=1, log_dir=tmp_path / "a").search(3)
    other = kind(problem, on(storage, tells), random_state=1, log_dir=tmp_path / "b").search(3)

    assert (len(one), len(other)) == (3, 6)


# Times.


def test_times_of_a_late_member_count_from_the_beginning_of_the_search(problem: HpProblem, tmp_path: Path) -> None:
    time = [0.0]
    storage = MemoryStorage(clock=lambda: time[0])
    RandomSearch(problem, on(storage), random_state=1, log_dir=tmp_path / "a").search(2)
    time[0] = 500.0
    table = RandomSearch(problem, on(storage), random_state=1, log_dir=tmp_path / "b").search(2)

    assert table.timestamp_submit.iloc[:2].max() < 400.0
    assert table.timestamp_submit.iloc[2:].between(500.0, 600.0).all()


def test_all_times_of_members_on_virtual_clocks_lie_in_order(problem: HpProblem, tmp_path: Path) -> None:
    storage = MemoryStorage()
    for name in "ab":
        table = RandomSearch(problem, exact(storage, 3), random_state=1, log_dir=tmp_path / name).search(7)

    assert (table.timestamp_submit <= table.timestamp_start).all()
    assert (table.timestamp_start <= table.timestamp_end).all()
    assert (table.timestamp_end <= table.timestamp_gather).all()
    assert not table.timestamp_end.map(math.isnan).any()
    assert [status for _, status in states(storage, "mine")] == ["DONE"] * 14
