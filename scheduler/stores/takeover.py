"""Moving the store of version 4.0.0 out of `storage/`, which Masonite serves to the web."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any

from scheduler.private_folder import NotPrivate, check_file, create_file, remove_file

BELONGS_TO_OLD = ("", "-wal", "-shm", "-journal")


def take_over(old: str, new: str) -> str:
    """Move the store `old`, if there is one, to `new`; return where it is: `old` if another process has it open.

    The content is copied and the old file removed under an exclusive lock: a file that is only renamed would take its
    log of unfinished writes away from processes that open it at that moment.
    """
    import sqlite3  # noqa: PLC0415 - 2 ms, hardly ever

    try:
        if not check_file(old):
            return new
        with closing(sqlite3.connect(f"file:{old}?mode=rw", timeout=0, isolation_level=None, uri=True)) as raw:
            raw.execute("PRAGMA journal_mode = DELETE")
            # The lock is kept after the transaction: within one, SQLite copies nothing, and Python waits for ever.
            raw.execute("PRAGMA locking_mode = EXCLUSIVE")
            raw.execute("BEGIN EXCLUSIVE")
            raw.execute("COMMIT")
            if not os.path.lexists(new):
                _copy(raw, new)
                for end in BELONGS_TO_OLD:
                    remove_file(old + end)
    except NotPrivate:  # another user has put it there: it is not ours
        return new
    except sqlite3.DatabaseError as error:
        return old if "locked" in str(error) else new
    return new


def _copy(raw: Any, new: str) -> None:
    """Copy the database to `new`, as a whole or not at all."""
    import sqlite3  # noqa: PLC0415 - see take_over

    draft = f"{new}.{os.getpid()}-{os.urandom(4).hex()}"
    os.close(create_file(draft))
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
            raw.backup(copy)
        os.replace(draft, new)
    except BaseException:
        remove_file(draft)
        raise
