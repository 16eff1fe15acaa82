"""One connection to one database, the same for SQLite, PostgreSQL and MySQL or MariaDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from scheduler.errors import StoreUnavailable
from scheduler.stores.database_errors import HINTS_FOR_DATABASE, Hints, describe, is_conflict, is_lost, is_of_database
from scheduler.stores.schema import prefixed

BEGIN: Final = {"sqlite": "BEGIN IMMEDIATE", "postgres": "BEGIN", "mysql": "START TRANSACTION"}
INSERT_IGNORE: Final = {"sqlite": "INSERT OR IGNORE", "postgres": "INSERT", "mysql": "INSERT IGNORE"}
TRIES: Final = 8

Row = dict[str, Any]
T = TypeVar("T")


class Opened(NamedTuple):
    """A DB-API connection in autocommit mode, and a check whether it may still be used, to write or only to read."""

    raw: Any
    is_usable: Callable[[bool], bool] = lambda to_write: True  # noqa: ARG005 - called by position


class Connection:
    """A database connection; every error of the database becomes `StoreUnavailable`.

    `open_raw` opens the database, to write or only to read; it is called when a connection is first needed, and again
    after the connection was lost. `driver` is sqlite, postgres or mysql. `where` is what messages call the database.
    The names of all tables and indexes begin with `prefix`.
    """

    def __init__(
        self,
        driver: str,
        open_raw: Callable[[bool], Opened],
        where: str,
        hints: Hints = HINTS_FOR_DATABASE,
        prefix: str = "",
    ) -> None:
        self.driver = driver
        self.where = where
        self._open_raw = open_raw
        self._hints = hints
        self._prefix = prefix
        self._opened: Opened | None = None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return the rows that a query finds."""
        return self._try_again(lambda: self._first(lambda: self._rows(sql, values), to_write=False))

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement in a transaction and return how many rows it changed."""
        return self.transaction(lambda transaction: transaction.change(sql, values))

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction, as a whole or not at all."""
        return self._try_again(lambda: self._attempt(work))

    def another(self) -> Connection:
        """Return a new connection to the same database."""
        return Connection(self.driver, self._open_raw, self.where, self._hints, self._prefix)

    def forget(self) -> None:
        """Drop the connection without touching it, as a forked child must: it is its parent's."""
        _inherited.append(self._opened)
        self._opened = None

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        opened, self._opened = self._opened, None
        if opened is not None:
            try:
                type(opened.raw).close(opened.raw)
            except Exception as error:  # noqa: BLE001 - it is gone either way
                del error

    def _try_again(self, work: Callable[[], T]) -> T:
        """Run `work`, again if it conflicts with other transactions."""
        for _ in range(TRIES):
            try:
                with self._translated_errors():
                    return work()
            except _Conflict:
                continue
        raise StoreUnavailable(f"{self.where} is too busy: a transaction conflicted with others {TRIES} times")

    def _attempt(self, work: Callable[[Transaction], T]) -> T:
        self._first(lambda: self._change(BEGIN[self.driver], ()), to_write=True)
        try:
            result = work(Transaction(self._rows, self._change, self.driver))
            self._change("COMMIT", ())
        except BaseException:
            self._roll_back()
            raise
        return result

    def _first(self, statement: Callable[[], T], *, to_write: bool) -> T:
        """Run the first statement of a transaction, on a new connection if the current one has died.

        Servers and proxies end idle connections. No other statement is repeated, since it may have taken effect.
        """
        if self._opened is not None and not self._opened.is_usable(to_write):
            self.close()
        if self._opened is not None:
            try:
                return statement()
            except Exception as error:
                if not is_lost(error, self._opened.raw):
                    raise
                self.close()
        self._opened = self._open_raw(to_write)
        return statement()

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
        if self._opened is None:
            raise StoreUnavailable(f"{self.where} was lost within a transaction: {self._hints.other}")
        cursor = self._opened.raw.cursor()
        sql = prefixed(sql, self._prefix)
        cursor.execute(sql if self.driver == "sqlite" else sql.replace("?", "%s"), tuple(values))
        return cursor

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (StoreUnavailable, _Conflict):
            raise
        except Exception as error:
            if is_conflict(error):
                raise _Conflict from error
            if is_of_database(error):
                self.close()
                raise StoreUnavailable(describe(error, self.where, self._hints)) from error
            raise


class Transaction:
    """The statements of a transaction."""

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
        """Insert a row; return False if a unique column holds the value already."""
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        suffix = " ON CONFLICT DO NOTHING" if self._driver == "postgres" else ""
        sql = f"{INSERT_IGNORE[self._driver]} INTO {table} ({columns}) VALUES ({marks}){suffix}"
        return self.change(sql, list(values.values())) == 1


class _Conflict(Exception):
    """A transaction conflicted with another one."""


_inherited: list[Any] = []
"""Connections of a parent process: kept, since closing or collecting them would end the parent's sessions."""
