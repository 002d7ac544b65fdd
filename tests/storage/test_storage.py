"""What every store must do."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Any

import pytest

from deephyper.job import Job
from deephyper.storage import MemoryStorage, NullStorage, Storage


def record(**fields: Any) -> dict[str, Any]:
    return {**Job(-1, {"x": 1.5}).record(), **fields}


class StorageContract(ABC):
    @pytest.fixture
    def storage(self) -> Storage:
        return self.make()

    @abstractmethod
    def make(self) -> Storage:
        """Make an empty store."""

    def test_a_new_search_has_a_name_of_its_own(self, storage: Storage) -> None:
        one, other = storage.new_search(), storage.new_search(None)

        assert one and other and one != other
        assert storage.search_ids() == [one, other]

    def test_a_search_of_the_same_name_is_joined(self, storage: Storage) -> None:
        name = storage.new_search("mine")
        storage.new_job(name, record())

        assert storage.new_search("mine") == "mine"
        assert storage.job_ids("mine") == [0]
        assert storage.search_ids() == ["mine"]

    def test_jobs_are_numbered_in_order_of_submission_for_each_search(self, storage: Storage) -> None:
        one, other = storage.new_search("a"), storage.new_search("b")

        numbers = [storage.new_job(one, record()) for _ in range(3)] + [storage.new_job(other, record())]

        assert numbers == [0, 1, 2, 0]
        assert storage.job_ids(one) == [0, 1, 2]

    def test_numbers_are_unique_among_threads(self, storage: Storage) -> None:
        name = storage.new_search()
        numbers: list[int] = []

        def submit() -> None:
            numbers.extend(storage.new_job(name, record()) for _ in range(50))

        threads = [threading.Thread(target=submit) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(numbers) == list(range(200))

    def test_a_store_can_be_closed(self, storage: Storage) -> None:
        storage.close()


class RememberingContract(StorageContract):
    def test_a_job_is_remembered_with_its_number_and_its_changes(self, storage: Storage) -> None:
        name = storage.new_search()
        number = storage.new_job(name, record(metadata={"a": [1, "é", None]}))

        storage.update_job(name, number, {"status": "RUNNING", "timestamp_start": 2.5})

        assert storage.job(name, number) == record(
            job_id=number, metadata={"a": [1, "é", None]}, status="RUNNING", timestamp_start=2.5
        )

    def test_a_record_that_was_handed_out_is_a_copy(self, storage: Storage) -> None:
        name = storage.new_search()
        storage.new_job(name, record())

        storage.job(name, 0)["status"] = "BROKEN"

        assert storage.job(name, 0)["status"] == "READY"

    def test_an_unknown_job_is_a_key_error(self, storage: Storage) -> None:
        name = storage.new_search()

        with pytest.raises(KeyError):
            storage.job(name, 3)

    @pytest.mark.parametrize("status", ["DONE", "CANCELLED"])
    def test_what_has_finished_is_news_once_in_order_of_finishing(self, storage: Storage, status: str) -> None:
        name = storage.new_search()
        for _ in range(3):
            storage.new_job(name, record())
        storage.update_job(name, 0, {"status": "RUNNING"})
        storage.update_job(name, 2, {"status": status, "objective": 0.0})
        storage.update_job(name, 0, {"status": status, "objective": "F_x"})

        first, position = storage.finished(name, 0)
        storage.update_job(name, 1, {"status": status})
        second, end = storage.finished(name, position)

        assert [(found["job_id"], found["objective"]) for found in first] == [(2, 0.0), (0, "F_x")]
        assert [found["job_id"] for found in second] == [1]
        assert storage.finished(name, end) == ([], end)
        assert len(storage.finished(name, 0)[0]) == 3

    def test_news_belong_to_their_search(self, storage: Storage) -> None:
        one, other = storage.new_search(), storage.new_search()
        storage.update_job(one, storage.new_job(one, record()), {"status": "DONE"})

        assert storage.finished(other, 0)[0] == []


class TestMemoryStorage(RememberingContract):
    def make(self) -> Storage:
        return MemoryStorage()


class TestNullStorage(StorageContract):
    def make(self) -> Storage:
        return NullStorage()

    def test_it_forgets_every_job_and_says_so(self, storage: Storage) -> None:
        name = storage.new_search()
        number = storage.new_job(name, record())
        storage.update_job(name, number, {"status": "DONE"})

        assert storage.finished(name, 0) == ([], 0)
        with pytest.raises(KeyError, match="NullStorage remembers no jobs, so there is no job 0; use MemoryStorage"):
            storage.job(name, number)
