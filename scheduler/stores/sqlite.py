"""SQLite connections that wait for a locked file without keeping their thread from other work."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from scheduler.stores.meanwhile import PAUSE_SECONDS, see_to_work

BUSY_SECONDS = 10.0
"""How long to wait for a locked file."""
BUSY_PAUSE = 0.01
"""Seconds between two tries of a statement that SQLite itself does not wait for."""


class PatientCursor(sqlite3.Cursor):
    """A cursor that executes a statement again while the file is locked."""

    def execute(self, sql: str, values: Any = ()) -> PatientCursor:
        """Execute a statement; raise `sqlite3.OperationalError` if the file stays locked."""
        give_up = time.monotonic() + BUSY_SECONDS
        while True:
            tried = time.monotonic()
            try:
                super().execute(sql, values)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
            else:
                return self
            see_to_work()
            if time.monotonic() - tried < BUSY_PAUSE:
                time.sleep(BUSY_PAUSE)


class PatientConnection(sqlite3.Connection):
    """A connection whose statements are those of a `PatientCursor`."""

    def cursor(self, factory: Any = PatientCursor) -> Any:
        """Return a cursor."""
        return super().cursor(factory)

    def execute(self, sql: str, values: Any = ()) -> Any:
        """Execute a statement with a new cursor."""
        return self.cursor().execute(sql, values)


def connect(place: str, *, uri: bool = False) -> PatientConnection:
    """Return a connection to an SQLite database, in autocommit mode."""
    return sqlite3.connect(
        place, timeout=PAUSE_SECONDS, isolation_level=None, uri=uri, factory=PatientConnection
    )
