"""Stores that need no server: one in a file, and one in memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from scheduler import clock
from scheduler.errors import StoreUnavailable
from scheduler.private_folder import (
    FILE_MODE,
    NotPrivate,
    check_file,
    check_folder,
    close_to_others,
    create_file,
    make_folder,
)
from scheduler.stores.connection import Connection, Opened
from scheduler.stores.database_errors import HINTS_FOR_FILE
from scheduler.stores.rows import text_of
from scheduler.stores.RunHistory import STARTED_BEFORE
from scheduler.stores.schema import COLUMN_QUERIES, VERSION, upgrade_statements
from scheduler.stores.Store import Store
from scheduler.stores.takeover import take_over

MINUTE = timedelta(minutes=1)
CACHE_KIB = 256
"""How much of the file SQLite caches; its default of 2 MiB would make `schedule:work` grow for days."""
FOREIGN_TABLE = r"""
    SELECT name FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'scheduler\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' LIMIT 1
"""


def local_store(path: str, old_path: str = "") -> Store:
    """Return the store in the SQLite file `path`, which the first write creates and only its owner can read.

    A store at `old_path`, where version 4.0.0 kept it, is moved to `path` once. Reading creates and changes nothing.
    """
    file = LocalFile(path, old_path)
    return Store(Connection("sqlite", file.open, file.where, hints=HINTS_FOR_FILE), notices=file.notices)


def memory_store() -> Store:
    """Return a store that lasts as long as this process: for tests."""
    where = "the scheduler's memory store"
    return Store(Connection("sqlite", lambda _: Opened(_migrated(connect(":memory:"))), where), shared=False)


class LocalFile:
    """The file of a store, and the old place where it may still be."""

    def __init__(self, path: str, old_path: str = "") -> None:
        self.path = path
        self.where = f"the scheduler's store {path}"
        self.notices: list[str] = []
        self._old_path = old_path

    def open(self, to_write: bool) -> Opened:
        """Return a connection to the file; raise `StoreUnavailable` for a file that is not safe to use.

        To read, a file that is missing or of an older version is replaced by a copy in memory.
        """
        try:
            return self._open_to_write() if to_write else self._open_to_read()
        except NotPrivate as error:
            raise StoreUnavailable(f"{self.where} cannot be used ({error}): {error.hint}") from None

    def _open_to_write(self) -> Opened:
        path = self.path
        if not os.path.lexists(path):
            make_folder(os.path.dirname(path))
            path = take_over(self._old_path, path) if self._old_path else path
            if path == self.path:
                _create(path)
        raw = self._connect(path)
        try:
            _prepare_to_write(raw, path)
            is_unmoved = _is_unmoved(path)
            self._migrate(raw, path)
            return Opened(raw, lambda _: is_unmoved())
        except BaseException:
            raw.close()
            raise

    def _migrate(self, raw: Any, path: str) -> None:
        """Bring the tables up to date. A file that replaces a removed one has no record of earlier starts."""
        mark = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.made")
        until = clock.floor_minute(clock.now()) + MINUTE if check_file(mark) else None
        if _migrate(raw, until) and until:
            self.notices.append(
                f"the store {path} was removed and is created again, without its history. No task starts for a time "
                f"before {clock.time_text(until)}, since it may have started already: do not remove the file"
            )
        if not until:
            with suppress(OSError):  # another process was quicker, or the disk is full
                os.close(create_file(mark))

    def _open_to_read(self) -> Opened:
        folder = os.path.dirname(self.path)
        if os.path.lexists(folder):
            check_folder(folder)
        is_unchanged = self._is_unchanged()  # read before the file is opened: a write in between counts as a change
        path = self.path if os.path.lexists(self.path) else self._usable_old_path()
        if not path:
            return Opened(_migrated(connect(":memory:")), is_unchanged)
        raw = self._connect(path)
        if path == self.path and _version_of(raw) >= VERSION:
            return Opened(raw, _check_of_reader(raw, path))
        copy = connect(":memory:")
        raw.execute("BEGIN")
        raw.execute("SELECT count(*) FROM sqlite_master")  # locks it: Python would wait for a busy file without end
        raw.backup(copy)
        raw.close()
        return Opened(_migrated(copy), is_unchanged)

    def _usable_old_path(self) -> str:
        """Return the old place if there is a store of ours, else nothing: somebody may have put another file there."""
        try:
            return self._old_path if self._old_path and check_file(self._old_path) else ""
        except NotPrivate:
            return ""

    def _is_unchanged(self) -> Callable[[bool], bool]:
        """Return a check whether a copy that is made from now on may still be read."""
        state = self._states()
        return lambda to_write: not to_write and self._states() == state

    def _states(self) -> list[object]:
        """Return what changes whenever the file, or the one in the old place, is written to or replaced."""
        names = [name for path in (self.path, self._old_path) if path for name in (path, f"{path}-wal")]
        return [_state_of(name) for name in names]

    def _connect(self, path: str) -> Any:
        """Return a connection to the store's file; refuse the database of somebody else."""
        check_folder(os.path.dirname(path))
        for name in (path, f"{path}-wal", f"{path}-shm", f"{path}-journal"):
            check_file(name)
        raw = connect(path, create=False)
        try:
            table = raw.execute(FOREIGN_TABLE).fetchone()
        except BaseException:
            raw.close()
            raise
        if table:
            raw.close()
            problem = f"{path} is another database, with a table {table[0]!r}"
            raise StoreUnavailable(f"{self.where} cannot be used ({problem}): set PATH to None, or to another file")
        return raw


def connect(path: str, *, create: bool = True) -> Any:
    """Return a connection to an SQLite database, in autocommit mode, that waits a while if it is locked."""
    from scheduler.stores import sqlite  # noqa: PLC0415 - 2 ms, only where a store is used

    if create:
        return sqlite.connect(path)
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite.connect(f"file:{quoted}?mode=rw", uri=True)


def _create(path: str) -> None:
    with suppress(FileExistsError):  # another process was quicker
        os.close(create_file(path))


def _keep_private(path: str) -> None:
    """Give access to the file to its owner only; SQLite gives the files next to it the same mode."""
    for name in (path, f"{path}-wal", f"{path}-shm"):
        try:
            if stat.S_IMODE(os.lstat(name).st_mode) != FILE_MODE:
                os.chmod(name, FILE_MODE)
        except (FileNotFoundError, PermissionError):  # it does not exist, or the owner of the app's folder created it
            continue


def _prepare_to_write(raw: Any, path: str) -> None:
    close_to_others(os.path.dirname(path))
    _keep_private(path)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _check_of_reader(raw: Any, path: str) -> Callable[[bool], bool]:
    """Let a connection only read, and return a check whether it may be used; the first write lets it write as well."""
    raw.execute("PRAGMA query_only = ON")
    is_unmoved, only_reads = _is_unmoved(path), True

    def is_usable(to_write: bool) -> bool:
        nonlocal only_reads
        if not is_unmoved():
            return False
        if to_write and only_reads:
            raw.execute("PRAGMA query_only = OFF")
            _prepare_to_write(raw, path)
            only_reads = False
        return True

    return is_usable


def _is_unmoved(path: str) -> Callable[[], bool]:
    """Return a check whether the file at `path` is the one that is there now."""
    found = os.stat(path)
    return lambda: _state_of(path, only_file=True) == (found.st_dev, found.st_ino)


def _state_of(path: str, *, only_file: bool = False) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    file = (found.st_dev, found.st_ino)
    return file if only_file else (*file, found.st_size, found.st_mtime_ns)


def _version_of(raw: Any) -> int:
    return int(raw.execute("PRAGMA user_version").fetchone()[0])


def _migrated(raw: Any) -> Any:
    _migrate(raw)
    return raw


def _migrate(raw: Any, until: datetime | None = None) -> bool:
    """Create the tables or bring them up to date, and return whether the file was empty.

    `user_version` is the version of the existing ones. In an empty file no fire time before `until` can be claimed.
    """
    if _version_of(raw) >= VERSION:
        return False
    raw.execute("BEGIN IMMEDIATE")
    columns = [row[0] for row in raw.execute(COLUMN_QUERIES["sqlite"])]
    for statement in upgrade_statements("sqlite", columns):
        raw.execute(statement)
    if until and not columns:
        values = (STARTED_BEFORE, text_of(until))
        raw.execute("INSERT INTO scheduler_cursors (task, judged_until) VALUES (?, ?)", values)
    raw.execute(f"PRAGMA user_version = {VERSION}")
    raw.execute("COMMIT")
    return not columns
