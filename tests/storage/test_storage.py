"""The stores that live in this process."""

from __future__ import annotations

from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem
from deephyper.storage import MemoryStorage, NullStorage, Storage
from deephyper.testing import StorageContract


class TestMemoryStorage(StorageContract):
    def make(self) -> Storage:
        return MemoryStorage()

    def test_ages_and_beats_are_counted_on_its_clock(self) -> None:
        time = [10.0]
        storage = MemoryStorage(clock=lambda: time[0])
        first = storage.join("a")
        storage.submit(first, [{"job_id": None, "status": "READY"}])
        time[0] = 12.5
        late = storage.join("a")
        (before,) = storage.open_jobs("a")
        storage.beat(first)
        time[0] = 13.0
        (after,) = storage.open_jobs("a")

        assert (first.age, late.age) == (0.0, 2.5)
        assert (before["last_beat"], after["last_beat"]) == (2.5, 0.5)


def test_the_null_storage_numbers_jobs_and_forgets_them() -> None:
    storage = NullStorage()
    member = storage.join("a")

    assert storage.submit(member, [{"job_id": None}, {"job_id": None}]) == [0, 1]
    assert storage.submit(storage.join("a"), [{"job_id": 7}, {"job_id": None}]) == [7, 8]
    storage.finish(member, [{"job_id": 0, "status": "DONE"}])
    assert storage.news(storage.join("a"), {}) == ([], {})
    assert storage.records("a") == [] == storage.open_jobs("a")
    assert storage.description("a") == {}
    assert storage.search_ids() == ["a"]


def test_two_searches_share_a_new_name_as_older_scripts_make_it() -> None:
    storage = MemoryStorage()
    search_id = storage.connect().create_new_search()

    def search(seed: int) -> CBO:
        evaluator = Evaluator.create(lambda job: job["x"], method_kwargs={"storage": storage, "search_id": search_id})
        return CBO(problem, evaluator, random_state=seed, log_dir=None)

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    search(1).search(max_evals=3)

    assert len(search(2).search(max_evals=2)) == 5
    assert storage.search_ids() == [search_id] != [storage.create_new_search()]
