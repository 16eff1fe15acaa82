"""One connection to one database: errors in words, transactions that are tried again, and what a fork may not touch."""

from __future__ import annotations

import errno
import sqlite3
from typing import Any

import psycopg2
import pymysql
import pytest

from scheduler.errors import StoreUnavailable
from scheduler.stores.connection import TRIES, Connection, Opened, Transaction
from scheduler.stores.database_errors import NO_ANSWER


class Conflict(Exception):
    """As psycopg2 says it."""

    def __init__(self, pgcode: str) -> None:
        super().__init__("deadlock detected")
        self.pgcode = pgcode


class Scripted:
    """A DB-API connection that raises the given errors, statement by statement."""

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


class Raws(list[Any]):
    """Makes connections, and remembers each."""

    def __init__(self, *raws: Any) -> None:
        super().__init__()
        self.raws = list(raws)

    def __call__(self, to_write: bool) -> Opened:
        raw = self.raws.pop(0)
        if isinstance(raw, BaseException):
            raise raw
        self.append(raw)
        return Opened(raw)


def connection(*raws: Any, driver: str = "postgres") -> tuple[Connection, Raws]:
    opened = Raws(*raws)
    return Connection(driver, opened, "the store"), opened


@pytest.fixture
def memory() -> Connection:
    made = Connection("sqlite", lambda _: Opened(sqlite3.connect(":memory:", isolation_level=None)), "the store")
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


def test_a_transaction_writes_all_of_its_statements(memory: Connection) -> None:
    memory.transaction(lambda transaction: [transaction.change("INSERT INTO t VALUES (?)", (n,)) for n in (1, 2)])
    assert memory.rows("SELECT COUNT(*) AS number FROM t") == [{"number": 2}]


def test_a_transaction_that_fails_writes_nothing(memory: Connection) -> None:
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
    "conflict", [Conflict("40001"), Conflict("40P01"), RuntimeError(1213, "Deadlock"), RuntimeError(1020, "Record has changed since last read")]
)
@pytest.mark.parametrize("where", ["in", "commit"])
def test_a_conflicting_transaction_is_repeated(conflict: Exception, where: str) -> None:
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
def test_a_conflicting_statement_is_repeated(ask: str) -> None:
    raw = Scripted(*([None] if ask == "change" else []), Conflict("40P01"))
    made, _ = connection(raw)
    assert getattr(made, ask)("STATEMENT")
    assert raw.said.count("STATEMENT") == 2


@pytest.mark.parametrize("ask", ["rows", "change"])
def test_a_statement_in_conflict_is_given_up_after_some_tries(ask: str) -> None:
    raw = Scripted(*[Conflict("40P01")] * 99)
    made, _ = connection(raw)
    with pytest.raises(StoreUnavailable, match="the store is too busy"):
        getattr(made, ask)("STATEMENT")
    assert raw.said.count("STATEMENT" if ask == "rows" else "BEGIN") == TRIES
    raw.answers.clear()
    assert getattr(made, ask)("STATEMENT")


def test_a_transaction_is_not_tried_for_ever_either() -> None:
    raw = Scripted(*[None, Conflict("40P01"), None] * 99)
    made, _ = connection(raw)
    with pytest.raises(StoreUnavailable, match="the store is too busy"):
        made.transaction(lambda transaction: transaction.change("UPDATE", ()))


def test_a_lock_timeout_is_not_repeated() -> None:
    """Each repetition would wait as long again."""
    lock_timeout = psycopg2_error("55P03", "canceling statement due to lock timeout")
    for error in (lock_timeout, pymysql.OperationalError(1205, "Lock wait timeout exceeded")):
        raw = Scripted(None, error)
        made, _ = connection(raw)
        with pytest.raises(StoreUnavailable, match="another process keeps it locked"):
            made.change("UPDATE")
        assert raw.said.count("UPDATE") == 1


def psycopg2_error(code: str, text: str) -> Exception:
    """Return an error as psycopg2 raises it, with PostgreSQL's code."""
    return type("Error", (psycopg2.OperationalError,), {"pgcode": code})(text)


LOST = [
    psycopg2_error("57P01", "terminating connection due to administrator command"),
    psycopg2_error("57P05", "terminating connection due to idle-session timeout"),
    pymysql.OperationalError(2006, "MySQL server has gone away"),
    pymysql.OperationalError(2013, "Lost connection to MySQL server during query"),
    pymysql.OperationalError(4031, "The client was disconnected by the server because of inactivity"),
]


@pytest.mark.parametrize("error", LOST, ids=str)
@pytest.mark.parametrize("ask", ["rows", "change"])
def test_the_first_statement_on_a_dead_connection_is_repeated(error: Exception, ask: str) -> None:
    dead = Scripted(None, error) if ask == "rows" else Scripted(None, None, None, error)
    made, opened = connection(dead, Scripted())
    assert getattr(made, ask)("STATEMENT")
    assert getattr(made, ask)("STATEMENT")
    assert opened == [dead, opened[1]]
    assert opened[1].said == (["STATEMENT"] if ask == "rows" else ["BEGIN", "STATEMENT", "COMMIT"])


def test_only_the_first_statement_is_repeated() -> None:
    gone = pymysql.OperationalError(2013, "Lost connection to MySQL server during query")
    for answers in ([None, gone], [None, None, gone]):
        made, opened = connection(Scripted(*answers), Scripted())
        with pytest.raises(StoreUnavailable, match="Lost connection"):
            made.change("UPDATE")
        assert len(opened) == 1


def test_a_fresh_connection_that_dies_at_once_is_not_replaced_for_ever() -> None:
    gone = pymysql.OperationalError(2006, "MySQL server has gone away")
    made, opened = connection(Scripted(None, gone), Scripted(gone), Scripted())
    made.rows("SELECT")
    with pytest.raises(StoreUnavailable, match="gone away"):
        made.rows("SELECT")
    assert len(opened) == 2


def test_a_server_that_does_not_answer_in_time_is_not_asked_twice() -> None:
    for error in (pymysql.OperationalError(2013, "Lost connection (timed out)"), psycopg2_error("", f"{NO_ANSWER} 15 seconds")):
        made, opened = connection(Scripted(None, error), Scripted())
        made.rows("SELECT")
        with pytest.raises(StoreUnavailable):
            made.rows("SELECT")
        assert len(opened) == 1


@pytest.mark.parametrize("to_write", [True, False])
def test_a_connection_that_leads_elsewhere_by_now_is_opened_again(to_write: bool) -> None:
    """The file may have been replaced, or the copy is for reading only."""
    asked: list[bool] = []
    raws: list[Scripted] = []

    def open_raw(is_for_writing: bool) -> Opened:
        raws.append(Scripted())
        return Opened(raws[-1], lambda wanted: asked.append(wanted) or False)

    made = Connection("sqlite", open_raw, "the store")
    for _ in range(2):
        made.change("UPDATE") if to_write else made.rows("SELECT")
    assert (len(raws), asked) == (2, [to_write])


def test_names_of_tables_have_the_prefix() -> None:
    raw = Scripted()
    made = Connection("postgres", lambda _: Opened(raw), "the store", prefix="blog_")
    made.another().rows("SELECT * FROM scheduler_runs")
    made.transaction(lambda transaction: transaction.insert_new("scheduler_leases", {"task": "scheduler_runs"}))
    assert raw.said[0] == "SELECT * FROM blog_scheduler_runs"
    assert raw.said[2].startswith("INSERT INTO blog_scheduler_leases (task)")
    assert raw.values[2] == ("scheduler_runs",), "a value is not a name"


def test_after_an_error_a_new_connection_is_opened() -> None:
    made, opened = connection(Scripted(OSError("gone")), Scripted())
    with pytest.raises(StoreUnavailable, match="gone"):
        made.rows("SELECT")
    assert made.rows("SELECT") == [{"number": 7}]
    assert len(opened) == 2


def test_a_failed_connection_is_tried_again_the_next_time() -> None:
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
    (sqlite3.OperationalError("database is locked"), "check who has it open"),
    (sqlite3.OperationalError("database or disk is full"), "free some space"),
    (OSError(errno.ENOSPC, "No space left on device"), "free some space"),
    (sqlite3.OperationalError("attempt to write a readonly database"), "must be able to write"),
    (sqlite3.OperationalError("unable to open database file"), "must be able to write"),
    (PermissionError(errno.EACCES, "Permission denied"), "must be able to write"),
    (OSError(errno.EROFS, "Read-only file system"), "must be able to write"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "check that it runs"),
    (sqlite3.OperationalError("disk I/O error"), "check that it runs"),
]


@pytest.mark.parametrize(("error", "hint"), SENTENCES, ids=lambda value: str(value)[:40])
def test_an_error_is_one_line_with_a_fix(error: Exception, hint: str) -> None:
    made, _ = connection(Scripted(error))
    with pytest.raises(StoreUnavailable) as caught:
        made.rows("SELECT")
    message = str(caught.value)
    assert hint in message
    assert message.startswith("the store cannot be used (")
    assert "\n" not in message
    assert caught.value.__cause__ is error


def test_an_error_of_several_lines_becomes_one() -> None:
    made, _ = connection(Scripted(OSError("connection failed\n\tIs the server running\n on that host?\n")))
    with pytest.raises(StoreUnavailable, match="connection failed Is the server running on that host"):
        made.rows("SELECT")


def test_a_closed_connection_is_reopened_when_needed(memory: Connection) -> None:
    raw = memory._opened.raw
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
