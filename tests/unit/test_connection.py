"""One connection to one database: errors in words, transactions that are tried again, and what a fork may not touch."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pymysql
import pytest

from scheduler.errors import StoreUnavailable
from scheduler.stores.connection import TRIES, Connection, Transaction


class Conflict(Exception):
    """As psycopg2 says it."""

    def __init__(self, pgcode: str) -> None:
        super().__init__("deadlock detected")
        self.pgcode = pgcode


class Scripted:
    """A DB-API connection that raises what it is told to, statement by statement."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.values: list[tuple[Any, ...]] = []
        self.is_closed = False
        self.description = [("number",)]
        self.rowcount = 1

    def cursor(self) -> Scripted:
        return self

    def execute(self, sql: str, values: tuple[Any, ...]) -> None:
        self.said.append(sql)
        self.values.append(values)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer

    def fetchall(self) -> list[Any]:
        return [(7,)]

    def close(self) -> None:
        if len(self.said) == 0 or self.said[-1] == "closing":
            self.is_closed = True


class Opened(list[Any]):
    """Makes connections, and remembers each."""

    def __init__(self, *raws: Any) -> None:
        super().__init__()
        self.raws = list(raws)

    def __call__(self) -> Any:
        raw = self.raws.pop(0)
        if isinstance(raw, BaseException):
            raise raw
        self.append(raw)
        return raw


def connection(*raws: Any, driver: str = "postgres") -> tuple[Connection, Opened]:
    opened = Opened(*raws)
    return Connection(driver, opened, "the store"), opened


@pytest.fixture
def memory() -> Connection:
    made = Connection("sqlite", lambda: sqlite3.connect(":memory:", isolation_level=None), "the store")
    made.change("CREATE TABLE t (number INTEGER UNIQUE)")
    return made


def test_nothing_is_opened_before_it_is_needed() -> None:
    made, opened = connection(Scripted())
    assert opened == []
    made.rows("SELECT")
    made.rows("SELECT")
    assert len(opened) == 1


def test_rows_are_dicts_whatever_the_driver_gives(memory: Connection) -> None:
    memory.change("INSERT INTO t VALUES (?)", (7,))
    assert memory.rows("SELECT number FROM t") == [{"number": 7}]
    raw = Scripted()
    raw.fetchall = lambda: [{"number": 7}]
    assert connection(raw)[0].rows("SELECT") == [{"number": 7}]


def test_each_driver_gets_its_own_marks() -> None:
    for driver, sql in (("sqlite", "a = ?"), ("postgres", "a = %s"), ("mysql", "a = %s")):
        raw = Scripted()
        connection(raw, driver=driver)[0].rows("a = ?", ["x"])
        assert raw.said == [sql]
        assert raw.values == [("x",)]


def test_a_transaction_is_done_wholly(memory: Connection) -> None:
    memory.transaction(lambda transaction: [transaction.change("INSERT INTO t VALUES (?)", (n,)) for n in (1, 2)])
    assert memory.rows("SELECT COUNT(*) AS number FROM t") == [{"number": 2}]


def test_or_not_at_all(memory: Connection) -> None:
    def work(transaction: Transaction) -> None:
        transaction.change("INSERT INTO t VALUES (1)", ())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        memory.transaction(work)
    assert memory.rows("SELECT * FROM t") == []
    assert memory.transaction(lambda transaction: transaction.insert_new("t", {"number": 1}))


def test_inserting_something_new_tells_whether_it_was(memory: Connection) -> None:
    def work(transaction: Transaction) -> list[bool]:
        return [transaction.insert_new("t", {"number": number}) for number in (1, 1, 2)]

    assert memory.transaction(work) == [True, False, True]


@pytest.mark.parametrize(
    "conflict", [Conflict("40001"), Conflict("40P01"), RuntimeError(1213, "Deadlock")]
)
@pytest.mark.parametrize("where", ["in", "commit"])
def test_a_transaction_that_got_into_the_way_of_another_is_done_anew(conflict: Exception, where: str) -> None:
    answers = [None, conflict] if where == "in" else [None, None, conflict]
    raw = Scripted(*answers)
    made, _ = connection(raw)
    tries: list[int] = []

    def work(transaction: Transaction) -> str:
        tries.append(1)
        transaction.change("UPDATE", ())
        return "done"

    assert made.transaction(work) == "done"
    assert len(tries) == 2
    assert raw.said == ["BEGIN", "UPDATE", *(["COMMIT"] if where == "commit" else []), "ROLLBACK", "BEGIN", "UPDATE", "COMMIT"]


@pytest.mark.parametrize("ask", ["rows", "change"])
def test_a_single_statement_that_got_into_the_way_of_another_is_done_anew(ask: str) -> None:
    raw = Scripted(Conflict("40P01"))
    made, _ = connection(raw)
    assert getattr(made, ask)("STATEMENT")
    assert raw.said == ["STATEMENT", "STATEMENT"]


@pytest.mark.parametrize("ask", ["rows", "change"])
def test_but_not_for_ever(ask: str) -> None:
    raw = Scripted(*[Conflict("40P01")] * 99)
    made, _ = connection(raw)
    with pytest.raises(StoreUnavailable, match="the store is too busy"):
        getattr(made, ask)("STATEMENT")
    assert len(raw.said) == TRIES
    raw.answers.clear()
    assert getattr(made, ask)("STATEMENT")


def test_a_transaction_is_not_tried_for_ever_either() -> None:
    raw = Scripted(*[None, Conflict("40P01"), None] * 99)
    made, _ = connection(raw)
    with pytest.raises(StoreUnavailable, match="the store is too busy"):
        made.transaction(lambda transaction: transaction.change("UPDATE", ()))


def test_what_has_waited_long_enough_for_a_lock_is_not_tried_again() -> None:
    """It would wait as long each time."""
    lock_timeout = psycopg2_error("55P03", "canceling statement due to lock timeout")
    for error in (lock_timeout, pymysql.OperationalError(1205, "Lock wait timeout exceeded")):
        raw = Scripted(error)
        made, _ = connection(raw)
        with pytest.raises(StoreUnavailable, match="another process keeps it locked"):
            made.change("UPDATE")
        assert len(raw.said) == 1


def psycopg2_error(code: str, text: str) -> Exception:
    """Return an error as psycopg2 raises it, with PostgreSQL's code."""
    return type("Error", (psycopg2.OperationalError,), {"pgcode": code})(text)


def test_what_waits_for_the_database_is_surrounded_by_what_bounds_it() -> None:
    within: list[str] = []

    @contextmanager
    def waiting() -> Iterator[None]:
        within.append("begin")
        yield
        within.append("end")

    def opened() -> Any:
        within.append("opened")
        return Scripted()

    made = Connection("postgres", opened, "the store", waiting)
    made.rows("SELECT")
    made.change("UPDATE")
    assert within == ["begin", "opened", "end", "begin", "end"]
    within.clear()
    made.another().rows("SELECT")
    assert within == ["begin", "opened", "end"], "so is a connection of its own to the same database"


def test_after_an_error_it_connects_anew_the_next_time() -> None:
    made, opened = connection(Scripted(OSError("gone")), Scripted())
    with pytest.raises(StoreUnavailable, match="gone"):
        made.rows("SELECT")
    assert made.rows("SELECT") == [{"number": 7}]
    assert len(opened) == 2


def test_what_cannot_be_connected_is_tried_again_the_next_time() -> None:
    made, opened = connection(ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Scripted())
    with pytest.raises(StoreUnavailable, match="refused"):
        made.rows("SELECT")
    assert made.rows("SELECT") == [{"number": 7}]
    assert len(opened) == 1


def test_a_mistake_of_our_own_is_not_blamed_on_the_store() -> None:
    made, _ = connection(Scripted(TypeError("ours")))
    with pytest.raises(TypeError):
        made.rows("SELECT")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_transaction_is_rolled_back(memory: Connection, interruption: BaseException) -> None:
    def work(transaction: Transaction) -> None:
        transaction.change("INSERT INTO t VALUES (1)", ())
        raise interruption

    with pytest.raises(type(interruption)):
        memory.transaction(work)
    assert memory.rows("SELECT * FROM t") == []


def test_a_transaction_whose_rollback_fails_leaves_its_connection() -> None:
    made, opened = connection(Scripted(None, ValueError("ours"), OSError("gone")), Scripted())
    with pytest.raises(ValueError, match="ours"):
        made.transaction(lambda transaction: transaction.change("UPDATE", ()))
    assert made.rows("SELECT") == [{"number": 7}]
    assert len(opened) == 2


SENTENCES: list[tuple[Exception, str]] = [
    (sqlite3.OperationalError("no such table: scheduler_runs"), "craft schedule:table"),
    (sqlite3.OperationalError("no such column: late"), "craft schedule:table"),
    (sqlite3.OperationalError("table scheduler_runs has no column named late"), "craft schedule:table"),
    (sqlite3.DatabaseError("file is not a database"), "move it away"),
    (sqlite3.DatabaseError("database disk image is malformed"), "move it away"),
    (sqlite3.OperationalError("database is locked"), "see who has it open"),
    (sqlite3.OperationalError("database or disk is full"), "make room"),
    (OSError(errno.ENOSPC, "No space left on device"), "make room"),
    (sqlite3.OperationalError("attempt to write a readonly database"), "must be able to write"),
    (sqlite3.OperationalError("unable to open database file"), "must be able to write"),
    (PermissionError(errno.EACCES, "Permission denied"), "must be able to write"),
    (OSError(errno.EROFS, "Read-only file system"), "must be able to write"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "check that it runs"),
    (sqlite3.OperationalError("disk I/O error"), "check that it runs"),
]


@pytest.mark.parametrize(("error", "mend"), SENTENCES, ids=lambda value: str(value)[:40])
def test_an_error_is_one_line_with_a_mend(error: Exception, mend: str) -> None:
    made, _ = connection(Scripted(error))
    with pytest.raises(StoreUnavailable) as caught:
        made.rows("SELECT")
    message = str(caught.value)
    assert mend in message
    assert message.startswith("the store cannot be used (")
    assert "\n" not in message
    assert caught.value.__cause__ is error


def test_an_error_of_several_lines_becomes_one() -> None:
    made, _ = connection(Scripted(OSError("connection failed\n\tIs the server running\n on that host?\n")))
    with pytest.raises(StoreUnavailable, match="connection failed Is the server running on that host"):
        made.rows("SELECT")


def test_closing_closes_and_the_next_time_opens_anew(memory: Connection) -> None:
    raw = memory._raw
    memory.close()
    memory.close()
    with pytest.raises(sqlite3.ProgrammingError):
        raw.execute("SELECT 1")
    assert memory.rows("SELECT 1 AS number") == [{"number": 1}]


def test_forgetting_does_not_touch_what_belongs_to_the_parent() -> None:
    class Touchy(Scripted):
        def close(self) -> None:
            if not self.said:
                raise AssertionError("it was closed")

        def __del__(self) -> None:
            deleted.append(self)

    deleted: list[Any] = []
    made, opened = connection(Touchy(), Scripted())
    made.rows("SELECT")
    opened.clear()
    made.forget()
    assert deleted == [], "collecting it would end the parent's session"
    assert made.rows("SELECT") == [{"number": 7}]
    made.close()
