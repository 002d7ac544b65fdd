"""One process's place in one search."""

from __future__ import annotations

from typing import Any

from deephyper.storage import Cursor, Member, MemoryStorage, Seat


class Counting:
    """Counts the beats that reach the store."""

    def __init__(self) -> None:
        self.n_beats = 0

    def wrap(self, storage: MemoryStorage) -> MemoryStorage:
        original = storage.beat

        def beat(member: Member) -> None:
            self.n_beats += 1
            original(member)

        storage.beat = beat  # type: ignore[method-assign]
        return storage


def record(job_id: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"job_id": job_id, "status": "READY", **fields}


def test_times_go_on_from_where_they_are_told_and_one_clock_is_followed_once() -> None:
    reading = [100.0]
    seat = Seat(MemoryStorage())

    def now() -> float:
        return reading[0]

    seat.follow(now, 5.0)
    reading[0] = 103.0
    assert (seat.time, seat.time_of(101.0)) == (8.0, 6.0)
    seat.follow(now, 0.0)
    assert seat.time == 8.0
    seat.follow(lambda: 0.0, 20.0)
    assert seat.time == 20.0


def test_news_of_the_others_are_read_once() -> None:
    storage = MemoryStorage()
    here, there = Seat(storage, "a"), Seat(storage, "a")
    there.finish([record(number, status="DONE") for number in there.submit([record(), record()])])

    assert [news["job_id"] for news in here.news()] == [0, 1]
    assert here.news() == []
    assert (here.member, there.member) == (0, 1)


def test_restored_jobs_keep_their_numbers_and_leave_no_open_ones() -> None:
    storage = MemoryStorage()
    seat = Seat(storage, "a")
    seat.restore([record(0, status="DONE"), record(1, status="CANCELLED"), record(3, status="DONE")])

    assert storage.open_jobs("a") == []
    assert seat.submit([record()]) == [4]


def test_a_store_that_still_knows_the_jobs_is_not_told_again() -> None:
    storage = MemoryStorage()
    before = Seat(storage, "a")
    before.finish([record(number, status="DONE") for number in before.submit([record() for _ in range(4)])])
    after = Seat(storage, "a")
    after.restore([record(number, status="DONE") for number in range(4)])

    assert after.submit([record(), record()]) == [4, 5]
    assert len(storage.records("a")) == 6


def test_beats_reach_the_store_once_a_second() -> None:
    counting, reading = Counting(), [0.0]
    seat = Seat(counting.wrap(MemoryStorage()))
    seat.follow(lambda: reading[0], 0.0)
    for step in range(31):
        reading[0] = step / 10
        seat.beat()

    assert counting.n_beats == 4


def test_nothing_finished_is_no_write() -> None:
    class Refusing(MemoryStorage):  # type: ignore[misc]
        def finish(self, member: Member, records: Any) -> None:
            raise AssertionError("written")

    Seat(Refusing()).finish([])


def test_a_cursor_is_plain_data() -> None:
    storage = MemoryStorage()
    here, there = storage.join("a"), storage.join("a")
    storage.finish(there, [record(number, status="DONE") for number in storage.submit(there, [record()])])
    cursor: Cursor = storage.news(here, {})[1]

    assert cursor == {1: 1}
