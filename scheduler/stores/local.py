"""Stores that need no server: one in a file, and one in memory."""

from __future__ import annotations

import os
from typing import Any

from scheduler.stores.connection import Connection
from scheduler.stores.DatabaseStore import DatabaseStore
from scheduler.stores.schema import VERSION, create_statements

OWNER_ONLY = 0o600
BUSY_SECONDS = 10


def local_store(path: str) -> DatabaseStore:
    """Return the store in the SQLite file `path`, which is made when it is first used and read by its owner alone."""
    return DatabaseStore(Connection("sqlite", lambda: _opened_file(path), f"the scheduler's store {path}"))


def memory_store() -> DatabaseStore:
    """Return a store that lasts as long as this process: for tests."""
    return DatabaseStore(
        Connection("sqlite", lambda: _migrated(connected(":memory:")), "the scheduler's memory store")
    )


def _opened_file(path: str) -> Any:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
    raw = connected(path)
    try:
        raw.execute("PRAGMA journal_mode = WAL")
        return _migrated(raw)
    except BaseException:
        raw.close()
        raise


def connected(path: str) -> Any:
    """Return a connection to an SQLite database, in autocommit mode, that waits a while where it is locked."""
    import sqlite3  # noqa: PLC0415 - 2 ms, only where a store is used

    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)


def _migrated(raw: Any) -> Any:
    """Make the tables, unless they are there; `user_version` says which version of them."""
    if raw.execute("PRAGMA user_version").fetchone()[0] < VERSION:
        raw.execute("BEGIN IMMEDIATE")
        for statement in create_statements("sqlite"):
            raw.execute(statement)
        raw.execute(f"PRAGMA user_version = {VERSION}")
        raw.execute("COMMIT")
    return raw
