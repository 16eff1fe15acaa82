"""What is kept of a schedule, so that a tick can tell that nothing is due without booting the app."""

from __future__ import annotations

import os
from binascii import crc32

TYPE_CHECKING = False  # see scheduler/__init__.py
if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = os.path.join("storage", "framework", "schedule.cache")
"""The file, below the app's folder."""

STALE = f"{PATH}.stale"
"""What a cache becomes that may not be used any more: it says why."""

FORMAT = "masonite-scheduler's cache of a schedule, 1"
OWNER_ONLY = 0o600
BETWEEN, WITHIN = "\x1e", "\x1f"
"""What parts lists and the members of a list: nothing may hold them but the fingerprint, which is last."""


class ScheduleCache:
    """The minutes of some weeks in which an app must be booted, what to look up in its store, and a fingerprint.

    `start` counts minutes since 1970 in UTC; bit 0 of `minutes` is that one, and `length` are known. `keys` are what
    the tasks' cursors are kept under in the SQLite file `store`, whose tables have the version `schema`; `host` is what
    this machine is called there. `tasks` stands for the tasks and their rules. `files` and `variables` are what the
    `fingerprint` covers beside the app's folder.
    """

    def __init__(
        self,
        *,
        start: int,
        length: int,
        minutes: int,
        store: str,
        schema: int,
        host: str,
        tasks: str,
        keys: Sequence[str],
        files: Sequence[str],
        variables: Sequence[str],
        fingerprint: str,
    ) -> None:
        self.start = start
        self.length = length
        self.minutes = minutes
        self.store = store
        self.schema = schema
        self.host = host
        self.tasks = tasks
        self.keys = keys
        self.files = files
        self.variables = variables
        self.fingerprint = fingerprint

    def is_free(self, first: int, last: int) -> bool:
        """Tell whether nothing is due from the minute `first` to the minute `last`, both included and both known."""
        if first < self.start or last >= self.start + self.length:
            return False
        return not self.minutes >> (first - self.start) & (2 << (last - first)) - 1

    @classmethod
    def read(cls, folder: str) -> ScheduleCache:
        """Return the cache of the app in `folder`. Raises `OSError` if there is none, `ValueError` if it is damaged."""
        with open(os.path.join(folder, PATH), "rb") as file:
            content = file.read()
        body, _, checksum = content.rpartition(b"\n")
        if checksum != _checksum(body):
            raise ValueError("it is damaged")
        head, *lists, fingerprint = body.decode(errors="surrogateescape").split(BETWEEN, 4)
        form, start, length, minutes, store, schema, host, tasks = head.split(WITHIN)
        if form != FORMAT:
            raise ValueError("it is of another version of masonite-scheduler")
        keys, files, variables = (each.split(WITHIN)[1:] for each in lists)
        return cls(
            start=int(start),
            length=int(length),
            minutes=int(minutes, 16),
            store=store,
            schema=int(schema),
            host=host,
            tasks=tasks,
            keys=keys,
            files=files,
            variables=variables,
            fingerprint=fingerprint,
        )

    def write(self, folder: str) -> str:
        """Put it in place of any other cache of the app in `folder`, wholly or not at all, and return its path."""
        numbers = (FORMAT, str(self.start), str(self.length), f"{self.minutes:x}")
        head = WITHIN.join((*numbers, self.store, str(self.schema), self.host, self.tasks))
        lists = (WITHIN.join(("list", *each)) for each in (self.keys, self.files, self.variables))
        body = BETWEEN.join((head, *lists, self.fingerprint)).encode(errors="surrogateescape")
        path = os.path.join(folder, PATH)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        draft = f"{path}.{os.getpid()}"
        with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, OWNER_ONLY), "wb") as file:
            file.write(body + b"\n" + _checksum(body))
        os.replace(draft, path)
        _remove(os.path.join(folder, STALE))
        return path


def set_aside(folder: str, reason: str) -> bool:
    """Let the cache of the app in `folder` not be used any more, for `reason`; False where another process did."""
    try:
        os.replace(os.path.join(folder, PATH), os.path.join(folder, STALE))
        with open(os.path.join(folder, STALE), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(reason)
    except OSError:
        return False
    return True


def why_stale(folder: str) -> str | None:
    """Return why the cache of the app in `folder` was set aside, None if it was not."""
    try:
        with open(os.path.join(folder, STALE), encoding="utf-8", errors="surrogateescape") as file:
            reason = file.read()
    except OSError:
        return None
    return "something has changed" if reason.startswith(FORMAT) else reason  # killed before it could be written


def clear(folder: str) -> bool:
    """Remove the cache of the app in `folder`, also one that was set aside; False where there is none."""
    was_there = _remove(os.path.join(folder, PATH))
    return _remove(os.path.join(folder, STALE)) or was_there


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _checksum(body: bytes) -> bytes:
    return b"%08x" % crc32(body)
