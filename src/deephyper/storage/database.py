"""A connection to a database of SQLite or PostgreSQL, with the tables of the store; it is opened again when lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, final

from .._checks import got, quoted, require, shown
from .patience import patiently

if TYPE_CHECKING:
    import sqlalchemy as sa

T = TypeVar("T")
FORMAT = "1"
"""How the tables are made. Whoever changes them so that older versions cannot use them adds one."""

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_BUSY_S = 60  # how long a process waits for the others that write to the same file of SQLite
# So soon is a host noticed that has gone without a word.
_NETWORK = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "tcp_user_timeout": 60_000}
_LOCK_FOR_TABLES = 7_310_553


@final
class Tables:
    """The tables of a store: what the searches are, who takes part, and their jobs.

    The log of a member are the jobs with its number in `by`, in the order of `entry`.
    """

    def __init__(self) -> None:
        import sqlalchemy as sa

        column, whole, big, text = sa.Column, sa.Integer, sa.BigInteger, sa.Text
        self.metadata = sa.MetaData()
        self.about = sa.Table(
            "deephyper_about", self.metadata, column("name", sa.String(32), primary_key=True), column("value", text)
        )
        self.searches = sa.Table(
            "deephyper_searches",
            self.metadata,
            column("search", whole, primary_key=True),
            column("key", sa.String(32), nullable=False, unique=True),
            column("name", text, nullable=False),
            column("description", text, nullable=False),
            column("began", sa.Float(53), nullable=False),
            column("n_members", whole, nullable=False),
            column("n_numbers", big, nullable=False),
        )
        self.members = sa.Table(
            "deephyper_members",
            self.metadata,
            column("search", whole, primary_key=True),
            column("member", whole, primary_key=True),
            column("n_calls", big, nullable=False),
            column("n_entries", whole, nullable=False),
            column("beat", sa.Float(53), nullable=False),
        )
        self.jobs = sa.Table(
            "deephyper_jobs",
            self.metadata,
            column("search", whole, primary_key=True),
            column("job", big, primary_key=True, autoincrement=False),
            column("member", whole, nullable=False),
            column("call", big, nullable=False),
            column("place", whole, nullable=False),
            column("by", whole),
            column("entry", whole),
            column("record", text, nullable=False),
        )
        sa.Index("deephyper_logs", self.jobs.c.search, self.jobs.c.by, self.jobs.c.entry, unique=True)


@final
class Statement:
    """A statement as the driver takes it, made once: to make it anew takes longer than to execute it.

    Args:
        statement: of SQLAlchemy.
        dialect: of the database.
    """

    def __init__(self, statement: Any, dialect: Any):
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.constants = {name: value for name, value in compiled.params.items() if value is not None}


@final
class Session:
    """A connection while it lasts.

    Args:
        connection: of the driver.
    """

    def __init__(self, connection: Any):
        self._connection = connection

    def run(self, statement: Statement, values: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """Execute a statement, and return the cursor of the driver."""
        cursor = self._connection.cursor()
        cursor.execute(statement.text, {**statement.constants, **values})
        return cursor

    def run_for_each(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute a statement for each of some rows of values, and return how many rows of the table it has changed."""
        if len(rows) == 1:
            return int(self.run(statement, rows[0]).rowcount)
        cursor = self._connection.cursor()
        cursor.executemany(statement.text, [{**statement.constants, **row} for row in rows])
        return int(cursor.rowcount)

    def say(self, text: str) -> Any:
        """Execute a text."""
        return self._connection.cursor().execute(text)


@final
class Database:
    """One connection, which the threads of a process use in turns.

    Args:
        where: name of the store, for messages.
        url: of the database, as SQLAlchemy writes it.
        sync: whether a commit is on the disk before it returns; None for what is usual there.
        patience_s: how long a connection that was lost is tried again.

    Raises:
        ValueError: it is no such URL, or another version of this package has made the tables.
        ImportError: a package is missing.
    """

    def __init__(self, where: str, url: Any, sync: bool | None, patience_s: float):
        require(where, "sqlalchemy", "sql")
        import sqlalchemy as sa

        self.tables = Tables()
        self._where, self._sync, self._patience_s = where, sync, patience_s
        self._url = _checked_url(where, url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        if not self.is_sqlite:
            require(where, "psycopg", "sql")
        waits = {"timeout": _BUSY_S, "check_same_thread": False} if self.is_sqlite else _NETWORK
        options = {name: value for name, value in waits.items() if name not in self._url.query}
        named: dict[str, Any] = {"paramstyle": "named"} if self.is_sqlite else {}
        self._engine = sa.create_engine(
            self._url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT", connect_args=options, **named
        )
        driver: Any = self._engine.dialect.dbapi
        self.Conflict: type[Exception] = driver.IntegrityError
        self._faults = (driver.OperationalError, driver.InterfaceError, sa.exc.OperationalError, sa.exc.InterfaceError)
        self._every_fault: type[Exception] = driver.Error
        now = (
            "((julianday('now') - 2440587.5) * 86400.0)" if self.is_sqlite else "extract(epoch from clock_timestamp())"
        )
        self.now: sa.ColumnElement[float] = sa.literal_column(now, sa.Float(53))
        self._connection: sa.Connection | None = None
        self._session: Session | None = None
        self._lock = threading.RLock()
        try:
            self._connect()
        except sa.exc.DBAPIError as error:
            raise ConnectionError(
                f"{where}: {self.shown_url} cannot be opened: {shown(str(error.orig), 300)}; is its server running, "
                "and may this user write there?"
            ) from error

    @property
    def shown_url(self) -> str:
        """The URL, without its password."""
        return self._url.render_as_string(hide_password=True)

    def prepared(self, statement: Any) -> Statement:
        """Make a statement of SQLAlchemy ready for use."""
        return Statement(statement, self._engine.dialect)

    def read(self, do: Callable[[Session], T]) -> T:
        """Read; each statement sees what was committed before it."""
        return self._patiently(lambda session, _: do(session))

    def write(self, do: Callable[[Session, bool], T]) -> T:
        """Write in one transaction, of which all or nothing is done.

        Args:
            do: is given the session, and whether it was tried before and may have been committed.
        """

        def in_transaction(session: Session, again: bool) -> T:
            session.say(self._begin)
            try:
                result = do(session, again)
                session.say("COMMIT")
            except BaseException:
                self._roll_back(session)
                raise
            return result

        return self._patiently(in_transaction)

    def close(self) -> None:
        """Close the connection; the next call would open it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = self._session = None
            self._engine.dispose()

    def _patiently(self, do: Callable[[Session, bool], T]) -> T:
        with self._lock:
            return patiently(self._where, lambda again: do(self._connected(), again), self._is_lost, self._patience_s)

    def _is_lost(self, error: Exception) -> bool:
        if not isinstance(error, self._faults):
            return False
        if self.is_sqlite:
            return "locked" in str(error) or "busy" in str(error)
        self._drop()
        return True

    def _drop(self) -> None:
        """Let go of a connection that cannot be used any more."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
        self._connection = self._session = None

    def _roll_back(self, session: Session) -> None:
        try:
            session.say("ROLLBACK")
        except self._every_fault:
            # The connection is lost, or the transaction has ended by itself. The error that brought us here is raised.
            self._drop()

    def _connected(self) -> Session:
        if self._session is None:
            self._connect()
        assert self._session is not None
        return self._session

    @property
    def _begin(self) -> str:
        return "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN"

    def _connect(self) -> None:
        connection = self._engine.connect()
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._session = connection, Session(connection.connection.dbapi_connection)

    def _set_up(self, connection: sa.Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if self._sync else 'NORMAL'}")
        elif self._sync is not None:
            connection.exec_driver_sql(f"SET synchronous_commit = {'on' if self._sync else 'off'}")
        connection.exec_driver_sql(self._begin)
        try:
            if not self.is_sqlite:
                # Two that make the same table at once would get in each other's way.
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_FOR_TABLES})")
            self._make_tables(connection)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            connection.invalidate()
            raise

    def _make_tables(self, connection: sa.Connection) -> None:
        import sqlalchemy as sa

        about = self.tables.about
        is_new = not sa.inspect(connection).has_table(about.name)
        if is_new:
            self.tables.metadata.create_all(connection)
            connection.execute(about.insert().values(name="format", value=FORMAT))
        found = connection.execute(sa.select(about.c.value).where(about.c.name == "format")).scalar()
        if found != FORMAT:
            age = "a newer" if isinstance(found, str) and found.isdecimal() and int(found) > int(FORMAT) else "another"
            raise ValueError(
                f"{self._where}: {age} version of deephyper has made the tables in {self.shown_url} (format "
                f"{shown(found, 40)}, and this one uses {FORMAT}); use that version, or another database."
            )


def _checked_url(where: str, url: Any) -> sa.URL:
    import sqlalchemy as sa

    try:
        made = sa.make_url(url)
    except sa.exc.ArgumentError:
        accepted = "'sqlite:///path/of/file.db' or 'postgresql://user:password@host/database'"
        raise ValueError(f"{where}: url must be like {accepted}, {got(url)}.") from None
    name, _, driver = made.drivername.partition("+")
    if name not in _DRIVERS:
        raise ValueError(f"{where}: the database must be one of {quoted(['sqlite', 'postgresql'])}, got {name!r}.")
    return made if driver else made.set(drivername=_DRIVERS[name])
