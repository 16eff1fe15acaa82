"""Stores that need no server: one in a file, and one in memory."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import Any

from scheduler.stores.connection import OF_FILE, Connection
from scheduler.stores.DatabaseStore import DatabaseStore
from scheduler.stores.schema import VERSION, upgrade_statements

OWNER_ONLY = 0o600
BUSY_SECONDS = 10
BUSY_PAUSE = 0.01


def local_store(path: str) -> DatabaseStore:
    """Return the store in the SQLite file `path`, which is made when it is first used and read by its owner alone."""
    return DatabaseStore(
        Connection("sqlite", lambda: _opened_file(path), f"the scheduler's store {path}", mends=OF_FILE)
    )


def memory_store() -> DatabaseStore:
    """Return a store that lasts as long as this process: for tests."""
    return DatabaseStore(
        Connection("sqlite", lambda: _migrated(connected(":memory:")), "the scheduler's memory store"), shared=False
    )


def _opened_file(path: str) -> Any:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    _keep_private(path)
    raw = connected(path)
    try:
        _use_write_ahead_log(raw)
        return _migrated(raw)
    except BaseException:
        raw.close()
        raise


def _keep_private(path: str) -> None:
    """Make the file its owner's alone; the files that SQLite puts beside it get the mode that it has."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
    for name in (path, f"{path}-wal", f"{path}-shm"):
        with suppress(FileNotFoundError, PermissionError):  # it is not there, or somebody else's
            mode = os.stat(name).st_mode
            if stat.S_ISREG(mode) and stat.S_IMODE(mode) != OWNER_ONLY:
                os.chmod(name, OWNER_ONLY)


def connected(path: str) -> Any:
    """Return a connection to an SQLite database, in autocommit mode, that waits a while where it is locked."""
    import sqlite3  # noqa: PLC0415 - 2 ms, only where a store is used

    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)


def _use_write_ahead_log(raw: Any) -> None:
    """Change the file's mode, or find that it is changed; SQLite does not wait by itself where others do so too."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except Exception as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(BUSY_PAUSE)
        else:
            return


def _migrated(raw: Any) -> Any:
    """Make the tables or bring them up to date; `user_version` says which version of them is there."""
    if raw.execute("PRAGMA user_version").fetchone()[0] < VERSION:
        raw.execute("BEGIN IMMEDIATE")
        for statement in upgrade_statements():
            raw.execute(statement)
        raw.execute(f"PRAGMA user_version = {VERSION}")
        raw.execute("COMMIT")
    return raw
