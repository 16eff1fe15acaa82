"""Database timeouts: a server that accepts connections but never answers must not block us."""

from __future__ import annotations

import select
import time
from typing import Any, Final

from scheduler.stores.database_errors import NO_ANSWER
from scheduler.stores.meanwhile import wait_until_ready

ANSWER_SECONDS: Final = 15
"""Timeout of one statement, and of connecting."""

LOCK_SECONDS: Final = 10
"""Timeout of another transaction's lock: shorter, so that the server's error says that it was a lock."""

IDLE_SECONDS: Final = {"postgres": 30, "mysql": 90}
"""Timeout after which a server ends a transaction whose scheduler was stopped within it: its locks block all others.

MySQL has no such limit for transactions only; its connections may be idle from one minute to the next.
"""

SESSION: Final = {
    "postgres": f"SET lock_timeout = '{LOCK_SECONDS}s';"
    f" SET idle_in_transaction_session_timeout = '{IDLE_SECONDS['postgres']}s'",
    "mysql": f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}, lock_wait_timeout = {LOCK_SECONDS},"
    f" wait_timeout = {IDLE_SECONDS['mysql']}",
}
"""The statements that set up a new connection to a server."""


def mysql_options() -> dict[str, float]:
    """Return the options of a pymysql connection that `sockets.connect` connects."""
    limits = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), ANSWER_SECONDS)
    return {**limits, "defer_connect": True}


class PostgresConnection:
    """A psycopg2 connection that waits at most `ANSWER_SECONDS` for each answer.

    libpq has no such limit, and psycopg2's wait callback holds for all connections of the process, the app's too.
    With an asynchronous connection the caller does the waiting.
    """

    def __init__(self, **parameters: Any) -> None:
        import psycopg2  # noqa: PLC0415 - only if the store is in PostgreSQL

        self._raw = psycopg2.connect(async_=1, **parameters)
        _wait(self._raw)

    @property
    def closed(self) -> bool:
        """Return whether the connection has ended."""
        return bool(self._raw.closed)

    def cursor(self) -> PostgresCursor:
        """Return a cursor."""
        return PostgresCursor(self._raw.cursor())

    def close(self) -> None:
        """End the connection."""
        self._raw.close()


class PostgresCursor:
    """A cursor that waits for its answers."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.fetchall = raw.fetchall
        self.close = raw.close

    def execute(self, sql: str, values: tuple[Any, ...] | None = None) -> None:
        """Run one statement."""
        self._raw.execute(sql, values)
        _wait(self._raw.connection)

    @property
    def description(self) -> Any:
        """Return the columns of the result."""
        return self._raw.description

    @property
    def rowcount(self) -> int:
        """Return how many rows were changed."""
        return int(self._raw.rowcount)


def _wait(connection: Any) -> None:
    from psycopg2 import OperationalError, extensions  # noqa: PLC0415 - see PostgresConnection

    give_up = time.monotonic() + ANSWER_SECONDS
    while (state := connection.poll()) != extensions.POLL_OK:
        events = select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        if not wait_until_ready(connection.fileno(), events, give_up):
            connection.close()
            raise OperationalError(f"{NO_ANSWER} {ANSWER_SECONDS:g} seconds")
