"""One connection to one database, the same for SQLite, PostgreSQL and MySQL or MariaDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, NamedTuple, TypeVar

from scheduler.errors import StoreUnavailable

BEGIN: Final = {"sqlite": "BEGIN IMMEDIATE", "postgres": "BEGIN", "mysql": "START TRANSACTION"}
INSERT_IGNORE: Final = {"sqlite": "INSERT OR IGNORE", "postgres": "INSERT", "mysql": "INSERT IGNORE"}
CONFLICTS: Final = {"40001", "40P01", 1213}
"""What PostgreSQL and MySQL say to one of two transactions that wait for each other: it may try again."""
LOCKED: Final = {"55P03", 1205}
"""What PostgreSQL and MySQL say to one who has waited long enough for another transaction."""
MISSING: Final = {"42P01", "42703", 1146, 1054}
"""What PostgreSQL and MySQL say of a table or a column that is not there."""
TRIES: Final = 8

Row = dict[str, Any]
T = TypeVar("T")


class Mends(NamedTuple):
    """What to do where tables are missing, and where it is not known what is wrong."""

    lacking: str
    otherwise: str


REPLACE: Final = "move it away, and a new one is made"
OF_DATABASE: Final = Mends(
    "run `craft schedule:table` and `craft migrate`", "check that it runs and that config/database.py is right"
)
OF_FILE: Final = Mends(REPLACE, "check what is at that path, PATH of config/scheduler.py")


class Connection:
    """A database connection that says `StoreUnavailable` for every error.

    `open_raw` makes a DB-API connection in autocommit mode; it is called when one is first needed, and again after the
    connection was lost. `driver` is sqlite, postgres or mysql. `where` is what messages call the database. `waiting`
    makes what surrounds everything that waits for the database, `mends` is what to do.
    """

    def __init__(
        self,
        driver: str,
        open_raw: Callable[[], Any],
        where: str,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
        mends: Mends = OF_DATABASE,
    ) -> None:
        self.driver = driver
        self.where = where
        self._open_raw = open_raw
        self._waiting = waiting
        self._mends = mends
        self._raw: Any = None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return what a query finds."""
        return self._patiently(lambda: self._rows(sql, values))

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        return self._patiently(lambda: self._change(sql, values))

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` wholly or not at all."""
        return self._patiently(lambda: self._attempt(work))

    def _patiently(self, work: Callable[[], T]) -> T:
        """Do `work`, anew if it got into the way of another transaction."""
        for _ in range(TRIES):
            try:
                with self._speaking():
                    return work()
            except _Conflict:
                continue
        raise StoreUnavailable(f"{self.where} is too busy: other transactions were in the way {TRIES} times")

    def another(self) -> Connection:
        """Return a connection of its own to the same database."""
        return Connection(self.driver, self._open_raw, self.where, self._waiting, self._mends)

    def forget(self) -> None:
        """Drop the connection without touching it, as a forked child must: it is its parent's."""
        _inherited.append(self._raw)
        self._raw = None

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        raw, self._raw = self._raw, None
        if raw is not None:
            try:
                type(raw).close(raw)
            except Exception as error:  # noqa: BLE001 - it is gone either way
                del error

    def _attempt(self, work: Callable[[Transaction], T]) -> T:
        self._change(BEGIN[self.driver], ())
        try:
            result = work(Transaction(self._rows, self._change, self.driver))
            self._change("COMMIT", ())
        except BaseException:
            self._roll_back()
            raise
        return result

    def _roll_back(self) -> None:
        try:
            self._change("ROLLBACK", ())
        except Exception:  # noqa: BLE001 - a connection that cannot roll back is of no use
            self.close()

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Row]:
        cursor = self._execute(sql, values)
        names = [column[0] for column in cursor.description]
        found = [row if isinstance(row, dict) else dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.close()
        return found

    def _change(self, sql: str, values: Sequence[Any]) -> int:
        cursor = self._execute(sql, values)
        count = cursor.rowcount
        cursor.close()
        return int(count)

    def _execute(self, sql: str, values: Sequence[Any]) -> Any:
        with self._waiting():
            if self._raw is None:
                self._raw = self._open_raw()
            cursor = self._raw.cursor()
            cursor.execute(sql if self.driver == "sqlite" else sql.replace("?", "%s"), tuple(values))
        return cursor

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except (StoreUnavailable, _Conflict):
            raise
        except Exception as error:
            if _code(error) in CONFLICTS:
                raise _Conflict from error
            if _is_of_database(error):
                self.close()
                raise StoreUnavailable(_in_words(error, self.where, self._mends)) from error
            raise


class Transaction:
    """What may be done inside a transaction."""

    def __init__(
        self,
        rows: Callable[[str, Sequence[Any]], list[Row]],
        change: Callable[[str, Sequence[Any]], int],
        driver: str,
    ) -> None:
        self.rows = rows
        self.change = change
        self._driver = driver

    def insert_new(self, table: str, values: Row) -> bool:
        """Insert a row; False where a unique column holds the value already."""
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        suffix = " ON CONFLICT DO NOTHING" if self._driver == "postgres" else ""
        sql = f"{INSERT_IGNORE[self._driver]} INTO {table} ({columns}) VALUES ({marks}){suffix}"
        return self.change(sql, list(values.values())) == 1


class _Conflict(Exception):
    """Another transaction was in the way."""


_inherited: list[Any] = []
"""Connections of a parent process: kept, since closing or collecting them would end the parent's sessions."""


def _is_of_database(error: Exception) -> bool:
    modules = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    return isinstance(error, OSError) or bool(modules & {"sqlite3", "_sqlite3", "psycopg2", "pymysql", "masoniteorm"})


def _code(error: Exception) -> Any:
    """Return PostgreSQL's or MySQL's code of an error."""
    return getattr(error, "pgcode", None) or (error.args[0] if error.args else None)


def _lacks_tables(error: Exception, text: str) -> bool:
    return _code(error) in MISSING or "no such table" in text or "no such column" in text or "has no column" in text


def _in_words(error: Exception, where: str, mends: Mends) -> str:
    text = " ".join(str(error).split())
    lowered = text.lower()
    if _lacks_tables(error, lowered):
        mend = f"its tables are missing or not up to date: {mends.lacking}"
    elif "not a database" in lowered or "malformed" in lowered:
        mend = f"the file is damaged: {REPLACE}"
    elif _code(error) in LOCKED or "locked" in lowered or "busy" in lowered:
        mend = "another process keeps it locked: see who has it open"
    elif "full" in lowered or "no space" in lowered:
        mend = "the disk is full: make room"
    elif "readonly" in lowered or "read-only" in lowered or "permission" in lowered or "unable to open" in lowered:
        mend = "the user that runs craft must be able to write there"
    else:
        mend = mends.otherwise
    return f"{where} cannot be used ({text}): {mend}"
