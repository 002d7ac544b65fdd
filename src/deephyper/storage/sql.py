"""A store in a database, through SQLAlchemy."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, final

from .._checks import seconds, yes_or_no
from .database import Database, Session, Statement
from .patience import WritesLost
from .storage import Cursor, Member, Record, Storage
from .texts import Reader, brought, finished, key_of, text_of

if TYPE_CHECKING:
    pass

T = TypeVar("T")

_MOST_LOGS = 16  # that one statement reads


@final
class SQLStorage(Storage):
    """Keeps jobs in a database of SQLite or PostgreSQL, which searches of several processes may share.

    SQLite needs no server; its file must be on a disk of this host, since its locks do not work in shared folders.
    Processes of several hosts share a PostgreSQL server. Needs the packages of the extra: pip install 'deephyper[sql]'.

    Whoever may write to the database may write results. What is read there is data only, and what is no record is left
    out, with a warning.

    Args:
        url: "sqlite:///jobs.db" for a file in the current folder, or "postgresql://user:password@host/database".
        sync: whether every write is on the disk before a call returns. None leaves it to the database: SQLite loses
            nothing when a process is killed, and in a power cut what was written last; PostgreSQL loses nothing. False
            makes PostgreSQL many times faster, and then a crash of its host costs what was written last.
        patience_s: a connection that was lost is tried again for so many seconds, while the search waits.
    """

    def __init__(self, url: str, sync: bool | None = None, patience_s: float = 60.0):
        sync = None if sync is None else yes_or_no("SQLStorage", "sync", sync)
        self._db = Database("SQLStorage", url, sync, seconds("SQLStorage", "patience_s", patience_s))
        self._reader = Reader(f"SQLStorage({self._db.shown_url!r})")
        self._lock = threading.RLock()
        self._ids: dict[str, int] = {}
        self._n_calls: dict[tuple[str, int], int] = {}

    def join(self, search_id: str | None = None, description: Mapping[str, Any] | None = None) -> Member:
        name = search_id or uuid.uuid4().hex
        row = {"key": key_of(name), "name": text_of(name), "description": text_of(dict(description or {}))}

        def join(session: Session, _: bool) -> Member:
            session.run(self._sql.begin_search, row)
            search, n_members, age = session.run(self._sql.join, {"of_key": row["key"]}).fetchone()
            session.run(self._sql.begin_member, {"search": search, "member": n_members - 1})
            self._ids[name] = search
            return Member(name, n_members - 1, 0.0 if n_members == 1 else max(0.0, float(age)))

        member = self._db.write(join)
        self._n_calls[name, member.number] = 0
        return member

    def submit(self, member: Member, records: Sequence[Record]) -> list[int]:
        if not records:
            return []
        given = [brought("SQLStorage", record) for record in records]
        search = self._id(member.search_id)

        def submit(session: Session, call: int) -> list[int]:
            numbers = self._numbers(session, search, given)
            common = {"search": search, "member": member.number, "call": call}
            rows = [
                {**common, "place": place, "job": number, "record": text_of({**record, "job_id": number})}
                for place, (number, record) in enumerate(zip(numbers, records, strict=True))
            ]
            try:
                session.run_for_each(self._sql.submit, rows)
            except self._db.Conflict as error:
                taken = [number for number in given if number is not None]
                raise ValueError(
                    f"SQLStorage: search {member.search_id!r} has a job of such a number already: {taken}."
                ) from error
            return numbers

        def submitted(session: Session, call: int) -> list[int]:
            known = {"of_search": search, "of_member": member.number, "of_call": call}
            return [number for (number,) in session.run(self._sql.submitted, known)]

        return self._called(member, submit, submitted)

    def _numbers(self, session: Session, search: int, given: Sequence[int | None]) -> list[int]:
        def count(n: int) -> int:
            following: int = session.run(self._sql.count, {"of_search": search, "n": n}).fetchone()[0]
            return following

        if all(number is None for number in given):
            following = count(len(given))
            return list(range(following - len(given), following))
        first = following = count(0)  # from here on the others wait
        numbers = []
        for number in given:
            numbers.append(following if number is None else number)
            following = max(following, numbers[-1] + 1)
        count(following - first)
        return numbers

    def finish(self, member: Member, records: Sequence[Record]) -> None:
        finished("SQLStorage", records)
        if not records:
            return
        search, by = self._id(member.search_id), member.number
        texts = [text_of(record) for record in records]

        def finish(session: Session, _: int) -> None:
            log = {"of_search": search, "of_member": by, "n": len(records)}
            first = session.run(self._sql.extend, log).fetchone()[0] - len(records)
            rows = [
                {"of_search": search, "of_job": record["job_id"], "by": by, "entry": first + i, "record": text}
                for i, (record, text) in enumerate(zip(records, texts, strict=True))
            ]
            if session.run_for_each(self._sql.finish, rows) != len(rows):
                known = {job for (job,) in session.run(self._sql.numbers, {"of_search": search})}
                missing = [record["job_id"] for record in records if record["job_id"] not in known]
                raise KeyError(f"SQLStorage: search {member.search_id!r} has no job {missing[0]}.")

        self._called(member, finish, lambda session, call: None)

    def _called(
        self,
        member: Member,
        do: Callable[[Session, int], T],
        was_done: Callable[[Session, int], T],
    ) -> T:
        """Write in the name of a member, once, also if the connection is lost while nobody knows what was done.

        Args:
            member: who writes.
            do: writes; it is given the number of the call.
            was_done: gives the result of a call that was done before the connection was lost.
        """
        key = (member.search_id, member.number)
        with self._lock:
            if key not in self._n_calls:
                self._n_calls[key] = self._db.read(lambda session: self._calls_of(session, member))
            call = self._n_calls[key] + 1

            def once(session: Session, again: bool) -> T:
                mine = {"of_search": self._id(member.search_id), "of_member": member.number, "call": call}
                if session.run(self._sql.call, mine).rowcount == 1:
                    return do(session, call)
                if again and self._calls_of(session, member) == call:
                    return was_done(session, call)
                raise WritesLost("SQLStorage")

            result = self._db.write(once)
            self._n_calls[key] = call
        return result

    def _calls_of(self, session: Session, member: Member) -> int:
        known = {"of_search": self._id(member.search_id), "of_member": member.number}
        found = session.run(self._sql.calls_of, known).fetchone()
        return -1 if found is None else int(found[0])

    def news(self, member: Member, cursor: Cursor) -> tuple[list[Record], Cursor]:
        search = self._id(member.search_id)

        def read(session: Session) -> tuple[list[Any], Cursor]:
            seen, values = dict(cursor), []
            others = {"of_search": search, "of_member": member.number}
            for number, n_entries in session.run(self._sql.logs, others).fetchall():
                begin = cursor.get(number, 0)
                # Both are committed together, so that all entries up to that number are there.
                if isinstance(n_entries, int) and n_entries > begin:
                    values.append({"by": number, "begin": begin, "end": n_entries})
                    seen[number] = n_entries
            texts: list[Any] = []
            for first in range(0, len(values), _MOST_LOGS):
                some = values[first : first + _MOST_LOGS]
                asked = {f"{name}_{i}": value for i, each in enumerate(some) for name, value in each.items()}
                texts += session.run(self._sql.entries(len(some)), {"of_search": search, **asked}).fetchall()
            return [text for (text,) in texts], seen

        texts, seen = self._db.read(read)
        return list(self._reader.records(texts)), seen

    def open_jobs(self, search_id: str) -> list[Record]:
        search = self._known(search_id)
        rows = self._db.read(lambda session: session.run(self._sql.open_jobs, {"of_search": search}).fetchall())
        return [
            {**record, "member": member, "last_beat": max(0.0, float(silent))}
            for text, member, silent in rows
            for record in self._reader.records([text])
        ]

    def beat(self, member: Member) -> None:
        mine = {"of_search": self._id(member.search_id), "of_member": member.number}
        self._db.write(lambda session, _: session.run(self._sql.beat, mine))

    def records(self, search_id: str) -> list[Record]:
        search = {"of_search": self._known(search_id)}
        rows = self._db.read(lambda session: session.run(self._sql.records, search).fetchall())
        return list(self._reader.records(text for (text,) in rows))

    def description(self, search_id: str) -> dict[str, Any]:
        search = {"of_search": self._known(search_id)}
        text = self._db.read(lambda session: session.run(self._sql.description, search).fetchone()[0])
        return self._reader.description(text)

    def search_ids(self) -> list[str]:
        rows = self._db.read(lambda session: session.run(self._sql.names).fetchall())
        return self._reader.names(text for (text,) in rows)

    def close(self) -> None:
        self._db.close()

    def _known(self, search_id: str) -> int:
        try:
            return self._id(search_id)
        except KeyError:
            raise KeyError(f"SQLStorage: there is no search {search_id!r} in {self._db.shown_url}.") from None

    def _id(self, search_id: str) -> int:
        if search_id not in self._ids:
            key = {"of_key": key_of(search_id)}
            found = self._db.read(lambda session: session.run(self._sql.find, key).fetchone())
            if found is None:
                raise KeyError(search_id)
            self._ids[search_id] = found[0]
        return self._ids[search_id]

    @cached_property
    def _sql(self) -> _Statements:
        return _Statements(self._db)


@final
class _Statements:
    """The statements that are used, made once.

    Args:
        db: for which they are.
    """

    def __init__(self, db: Database):
        import sqlalchemy as sa
        from sqlalchemy.dialects import postgresql, sqlite

        searches, members, jobs, now = db.tables.searches, db.tables.members, db.tables.jobs, db.now
        given = sa.bindparam
        is_search = searches.c.search == given("of_search")
        is_member = (members.c.search == given("of_search")) & (members.c.member == given("of_member"))
        is_job = jobs.c.search == given("of_search")
        ready = db.prepared
        insert = sqlite.insert if db.is_sqlite else postgresql.insert

        self.find = ready(sa.select(searches.c.search).where(searches.c.key == given("of_key")))
        self.names = ready(sa.select(searches.c.name).order_by(searches.c.search))
        self.description = ready(sa.select(searches.c.description).where(is_search))
        about: dict[str, Any] = {name: given(name) for name in ("key", "name", "description")}
        begin_search = insert(searches).values(began=now, n_members=0, n_numbers=0, **about)
        self.begin_search = ready(begin_search.on_conflict_do_nothing())
        self.join = ready(
            sa.update(searches)
            .where(searches.c.key == given("of_key"))
            .values(n_members=searches.c.n_members + 1)
            .returning(searches.c.search, searches.c.n_members, (now - searches.c.began).label("age"))
        )
        self.count = ready(
            sa.update(searches)
            .where(is_search)
            .values(n_numbers=searches.c.n_numbers + given("n"))
            .returning(searches.c.n_numbers)
        )

        who: dict[str, Any] = {name: given(name) for name in ("search", "member")}
        self.begin_member = ready(sa.insert(members).values(n_calls=0, n_entries=0, beat=now, **who))
        self.beat = ready(sa.update(members).where(is_member).values(beat=now))
        self.calls_of = ready(sa.select(members.c.n_calls).where(is_member))
        is_next = members.c.n_calls == given("call") - 1
        self.call = ready(sa.update(members).where(is_member, is_next).values(n_calls=given("call"), beat=now))
        entries = members.c.n_entries
        self.extend = ready(
            sa.update(members).where(is_member).values(n_entries=entries + given("n")).returning(entries)
        )
        is_another = (members.c.search == given("of_search")) & (members.c.member != given("of_member"))
        self.logs = ready(sa.select(members.c.member, entries).where(is_another).order_by(members.c.member))

        submitted = ("search", "job", "member", "call", "place", "record")
        self.submit = ready(sa.insert(jobs).values({name: given(name) for name in submitted}))
        is_of_call = is_job & (jobs.c.member == given("of_member")) & (jobs.c.call == given("of_call"))
        self.submitted = ready(sa.select(jobs.c.job).where(is_of_call).order_by(jobs.c.place))
        new: dict[str, Any] = {name: given(name) for name in ("by", "entry", "record")}
        self.finish = ready(sa.update(jobs).where(is_job, jobs.c.job == given("of_job")).values(new))
        self._db = db
        self._entries: dict[int, Statement] = {}
        self.numbers = ready(sa.select(jobs.c.job).where(is_job))
        self.records = ready(sa.select(jobs.c.record).where(is_job).order_by(jobs.c.job))
        owner = (members.c.search == jobs.c.search) & (members.c.member == jobs.c.member)
        self.open_jobs = ready(
            sa.select(jobs.c.record, jobs.c.member, now - members.c.beat)
            .join(members, owner)
            .where(is_job, jobs.c.by.is_(None))
            .order_by(jobs.c.job)
        )

    def entries(self, n: int) -> Statement:
        """The statement that reads from so many logs: for each the member's number, where to begin, where to end."""
        if n not in self._entries:
            import sqlalchemy as sa

            jobs, given = self._db.tables.jobs.c, sa.bindparam
            is_new = sa.or_(
                *(
                    (jobs.by == given(f"by_{i}"))
                    & (jobs.entry >= given(f"begin_{i}"))
                    & (jobs.entry < given(f"end_{i}"))
                    for i in range(n)
                )
            )
            rows = sa.select(jobs.record).where(jobs.search == given("of_search"), is_new)
            self._entries[n] = self._db.prepared(rows.order_by(jobs.by, jobs.entry))
        return self._entries[n]
