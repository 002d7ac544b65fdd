"""A search and its store: numbers without holes, and no job that nobody evaluates, also after a restart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from deephyper.storage import MemoryStorage, NullStorage
from stores import TextStorage, states

DONE, CANCELLED, READY = "DONE", "CANCELLED", "READY"


@pytest.fixture
def finite() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter(list("abcdefgh"), "x")
    return problem


def run(job: Any) -> float:
    return 1.0


def on(storage: Any, search_id: str = "mine", function: Any = run) -> Evaluator:
    return Evaluator.create(function, method_kwargs={"storage": storage, "search_id": search_id})


def done(n: int) -> list[tuple[int, str]]:
    return [(number, DONE) for number in range(n)]


def test_a_restart_brings_the_rows_into_a_new_store_and_leaves_no_job_open(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    kind(problem, on(MemoryStorage()), random_state=1, log_dir=tmp_path).search(4)
    storage = MemoryStorage()
    table = kind(problem, on(storage), random_state=1, log_dir=tmp_path, checkpoint_restart=True).search(2)

    assert table.job_id.tolist() == list(range(6))
    assert states(storage, "mine") == done(6)
    assert storage.open_jobs("mine") == []
    assert [record["parameters"]["x"] for record in storage.records("mine")] == table["p:x"].tolist()


def test_numbers_have_no_holes_after_restarts_on_a_store_that_survived(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    for n in (4, 6, 9):
        search = kind(problem, on(storage), random_state=1, log_dir=tmp_path, checkpoint_restart=True)
        table = search.search(max_evals_total=n)

        assert table.job_id.tolist() == list(range(n))
        assert states(storage, "mine") == done(n)


def test_what_ran_in_a_process_that_died_is_cancelled_by_its_restart(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage, left = TextStorage(), tmp_path / "left"

    def dies(job: Any) -> float:
        if job["job_id"] == 4:
            storage.has_power = False
            shutil.copytree(tmp_path / "log", left)
        return 1.0

    options = {"num_workers": 3, "charge_manager": False, "storage": storage, "search_id": "mine"}
    evaluator = Evaluator.create(dies, "simulated", options)
    kind(problem, evaluator, random_state=1, log_dir=tmp_path / "log").search(6)
    storage.has_power = True
    before = states(storage, "mine")
    again = kind(problem, on(storage), random_state=1, log_dir=left, checkpoint_restart=True)
    table = again.search(2)
    third = kind(problem, on(storage), random_state=1, log_dir=left, checkpoint_restart=True).search(1)

    assert before == [*done(3), (3, READY), (4, READY), (5, READY)]
    expected = [DONE] * 3 + [CANCELLED] * 3 + [DONE] * 2
    assert list(zip(table.job_id, table.job_status, strict=True)) == list(enumerate(expected))
    assert states(storage, "mine") == [*enumerate(expected), (8, DONE)]
    assert third.job_id.tolist() == list(range(9))
    assert (left / "results.csv").read_text().count(CANCELLED) == 3


@pytest.mark.parametrize("n_told", [0, 2])
def test_what_was_asked_before_a_restart_can_still_be_told(
    kind: type[Search], finite: HpProblem, tmp_path: Path, n_told: int
) -> None:
    storage = MemoryStorage()
    before = kind(finite, on(storage), random_state=1, log_dir=tmp_path)
    asked = before.ask(4)
    before.tell([(configuration, 1.0) for configuration in asked[:n_told]])
    after = kind(finite, on(storage), random_state=1, log_dir=tmp_path, checkpoint_restart=True)
    further = after.ask(4)
    after.tell([(configuration, 2.0) for configuration in asked[n_told:]])

    assert {c["x"] for c in asked}.isdisjoint(c["x"] for c in further)
    assert states(storage, "mine") == done(4) + [(number, READY) for number in range(4, 8)]
    assert after.history.job_id.tolist() == list(range(4))
    assert after.history["p:x"].tolist() == [c["x"] for c in asked]


def test_a_restart_leaves_alone_what_other_members_have_open(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    kind(problem, on(storage), random_state=1, log_dir=tmp_path / "a").search(2)
    alive = kind(problem, on(storage), random_state=1, log_dir=tmp_path / "b")
    (configuration,) = alive.ask(1)
    again = kind(problem, on(storage), random_state=1, log_dir=tmp_path / "a", checkpoint_restart=True)
    again.search(2)
    open_ones = storage.open_jobs("mine")
    alive.tell([(configuration, 3.0)])
    again.search(1)

    assert [(record["job_id"], record["member"]) for record in open_ones] == [(2, 1)]
    assert again.history.set_index("job_id").objective[2] == 3.0
    assert states(storage, "mine") == done(6)


def test_a_restart_of_a_search_whose_store_forgets_goes_on_counting(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    for n in (3, 5, 6):
        search = kind(problem, on(NullStorage()), random_state=1, log_dir=tmp_path, checkpoint_restart=True)

        assert search.search(max_evals_total=n).job_id.tolist() == list(range(n))


def test_two_searches_in_one_store_each_count_their_own_jobs(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    for name in ("one", "other"):
        kind(problem, on(storage, name), random_state=1, log_dir=tmp_path / name).search(3)
    again = kind(problem, on(storage, "one"), random_state=1, log_dir=tmp_path / "one", checkpoint_restart=True)
    again.search(2)

    assert (states(storage, "one"), states(storage, "other")) == (done(5), done(3))


def test_numbers_of_ask_and_tell_and_of_search_come_from_one_counter(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    search = kind(problem, on(storage), random_state=1, log_dir=tmp_path)
    first = search.ask(2)
    search.search(3)
    search.tell([(first[1], 0.5), ({"x": 0.25}, 0.75)])
    search.search(1)
    search.tell([(first[0], 0.5)])

    assert search.history.job_id.tolist() == [2, 3, 4, 1, 5, 6, 0]
    assert states(storage, "mine") == done(7)


@pytest.mark.parametrize("first", [None, NullStorage, MemoryStorage])
def test_a_search_moves_to_the_store_of_a_later_evaluator(
    kind: type[Search], problem: HpProblem, tmp_path: Path, first: Any
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    if first is not None:
        search.search(on(first(), "elsewhere"), 2)
    asked = search.ask(2)
    search.tell([(asked[0], 0.5)])
    storage = MemoryStorage()
    table = search.search(on(storage), 2)
    search.tell([(asked[1], 0.25)])

    n = len(table) + 1
    assert states(storage, "mine") == done(n)
    assert sorted(search.history.job_id) == list(range(n))
    by_number = search.history.sort_values("job_id")
    assert [record["objective"] for record in storage.records("mine")] == by_number.objective.tolist()


def test_a_search_does_not_move_onto_the_jobs_of_another_one(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    kind(problem, on(storage), random_state=1, log_dir=tmp_path / "one").search(2)
    search = kind(problem, random_state=2, log_dir=tmp_path / "other")
    search.tell([({"x": 0.5}, 1.0)])

    with pytest.raises(ValueError, match="already holds another job 0 of search 'mine'.*before its first suggestion"):
        search.search(on(storage), 2)
    assert states(storage, "mine") == done(2)
    assert len(search.search(run, 1)) == 2


def test_a_member_of_a_store_is_not_taken_for_the_member_that_a_search_was_elsewhere(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    there = kind(problem, on(storage), random_state=2, log_dir=tmp_path / "there")
    search = kind(problem, random_state=1, log_dir=tmp_path / "here")
    asked = search.ask(1)
    table = search.search(on(storage), 1)
    # Its first suggestion, as member 0 of this store.
    there.search(1)
    search.search(on(storage), 1)
    search.tell([(asked[0], 0.5)])

    xs = search.history.sort_values("job_id")["p:x"].tolist()
    assert described(tmp_path / "here")["member"] == 0
    assert xs == [record["parameters"]["x"] for record in storage.records("mine")]
    assert len(set(xs)) == len(xs) == 4
    assert len(table) == 1


def test_several_evaluators_with_one_store_work_for_one_search(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    search = kind(problem, random_state=1, log_dir=tmp_path)
    for n in (2, 3):
        search.search(on(storage), n)

    assert search.history.job_id.tolist() == list(range(5))
    assert states(storage, "mine") == done(5)


def test_a_store_that_refuses_an_end_does_not_cost_the_search_the_result(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    class Refusing(TextStorage):
        def finish(self, member: Any, records: Any) -> None:
            if self.n_calls["finish"] == 2:
                self.n_calls["finish"] += 1
                raise OSError("the disk is full")
            super().finish(member, records)

    storage = Refusing()
    search = kind(problem, on(storage), random_state=1, log_dir=tmp_path)
    with pytest.raises(OSError, match="the disk is full"):
        search.search(9)

    assert search.history.objective.tolist() == [1.0] * 3
    again = kind(problem, on(storage), random_state=1, log_dir=tmp_path, checkpoint_restart=True)
    again.search(2)
    assert states(storage, "mine") == done(5)


# search.json


def described(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "search.json").read_text())


def test_the_folder_tells_what_its_search_is_made_of_from_the_start(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    seen: list[dict[str, Any]] = []

    def look(job: Any) -> float:
        seen.append(described(tmp_path))
        return 1.0

    evaluator = Evaluator.create(
        look, method_kwargs={"num_workers": 3, "storage": MemoryStorage(), "search_id": "mine"}
    )
    kind(problem, evaluator, random_state=7, log_dir=tmp_path).search(1)
    found = seen[0]

    import deephyper

    assert found["version"] == deephyper.__version__
    made = found["search"]
    assert (made["type"], found["search_id"], made["random_state"]) == (kind.__name__, "mine", 7)
    assert (found["num_workers"], found["member"], found["seat"]) == (3, 0, 0)
    assert list(json.loads(json.dumps(made["problem"]))) and "x" in json.dumps(made["problem"])
    if kind is CBO:
        assert (made["acq_func"], made["surrogate_model"]) == ("UCB", "auto")


def test_ask_and_tell_describe_the_search_too(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    search = kind(problem, random_state=7, log_dir=tmp_path)
    search.ask(1)

    assert (described(tmp_path)["num_workers"], described(tmp_path)["search_id"]) == (None, search.search_id)


def test_the_description_of_an_earlier_search_is_kept_like_its_table(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    for seed in (1, 2, 3):
        search = kind(problem, run, random_state=seed, log_dir=tmp_path)
        search.search(1)
        search.search(1)
    kind(problem, run, random_state=4, log_dir=tmp_path, checkpoint_history_to_csv=False).search(1)

    older = [json.loads(path.read_text())["search"]["random_state"] for path in tmp_path.glob("search_*.json")]
    assert described(tmp_path)["search"]["random_state"] == 3
    assert sorted(older) == [1, 2]
    assert len(list(tmp_path.glob("results_*.csv"))) == 2


def test_a_call_that_gathers_nothing_leaves_one_description(
    kind: type[Search], problem: HpProblem, tmp_path: Path
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    options = {"duration": 100.0, "charge_manager": False}
    for timeout in (1.0, 2.0):
        search.search(Evaluator.create(run, "simulated", options), timeout=timeout)

    assert [path.name for path in sorted(tmp_path.glob("*.json"))] == ["search.json"]


def test_a_restart_draws_as_the_member_that_it_was(problem: HpProblem, tmp_path: Path) -> None:
    storage = MemoryStorage()
    RandomSearch(problem, on(storage), random_state=1, log_dir=tmp_path / "one").search(2)
    whole = RandomSearch(problem, on(storage), random_state=1, log_dir=tmp_path / "two")
    whole.search(3)
    asked = whole.ask(3)
    # The whole store is lost, and so is the number that it gave.
    shutil.copytree(tmp_path / "two", tmp_path / "copy")
    again = RandomSearch(problem, run, random_state=1, log_dir=tmp_path / "copy", checkpoint_restart=True)

    assert described(tmp_path / "two")["member"] == 1
    # Neither the rows of the other member nor what can still be told count twice.
    assert again.ask(1) == whole.ask(1) != asked[:1]
    assert (described(tmp_path / "copy")["member"], described(tmp_path / "copy")["seat"]) == (1, 0)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"member": "one"}', '{"member": true, "seat": -1}', "\udcff"])
def test_a_description_that_nobody_can_read_does_not_keep_a_search_from_going_on(
    kind: type[Search], problem: HpProblem, tmp_path: Path, text: str
) -> None:
    kind(problem, run, random_state=1, log_dir=tmp_path).search(2)
    (tmp_path / "search.json").write_bytes(text.encode("utf-8", errors="surrogateescape"))
    table = kind(problem, run, random_state=1, log_dir=tmp_path, checkpoint_restart=True).search(1)

    assert len(table) == 3
    assert described(tmp_path)["member"] == 0
