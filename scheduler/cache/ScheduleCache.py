"""The cached schedule of an app, by which a tick knows that nothing is due without booting the app."""

from __future__ import annotations

import os
from binascii import crc32

from scheduler.private_folder import FOLDER, OLD_FOLDER, NotPrivate, make_folder, read_file, remove_file, write_file

TYPE_CHECKING = False  # see scheduler/__init__.py
if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = os.path.join(FOLDER, "schedule.cache")
"""The file, relative to the app's folder. It stays next to the code it was built from, wherever FOLDER is."""

OLD_PATH = os.path.join(OLD_FOLDER, "schedule.cache")
"""Where version 4.0.0 kept it."""

STALE = f"{PATH}.stale"
"""The file that replaces a stale cache and contains the reason."""

FORMAT = "masonite-scheduler's cache of a schedule, 1"
LONGEST = 64 * 1024 * 1024
BETWEEN, WITHIN = "\x1e", "\x1f"
"""Separators of the parts, and of the members of a part; only the fingerprint, which comes last, may contain them."""


class ScheduleCache:
    """The minutes of some weeks in which an app must be booted, how to find its store, and a fingerprint.

    `start` is a minute, counted in UTC since 1970: bit 0 of `minutes` stands for it, and `length` minutes are known.
    `keys` are the tasks' cursors in the SQLite file `store`, whose tables have the version `schema`; `host` is the name
    of this machine there. `tasks` is a hash of the tasks and their rules. The `fingerprint` covers the app's folder,
    the `files` outside of it, and those `variables` of the environment that are set.
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
        """Return whether both minutes are known, and nothing is due from `first` to `last` (inclusive)."""
        if first < self.start or last >= self.start + self.length:
            return False
        return not self.minutes >> (first - self.start) & (2 << (last - first)) - 1

    @classmethod
    def read(cls, folder: str) -> ScheduleCache:
        """Return the cache of the app in `folder`.

        Raises `FileNotFoundError` if there is none, `NotPrivate` if other users may have written it, `ValueError` if
        it is damaged.
        """
        content = read_file(os.path.join(folder, PATH), LONGEST)
        body, _, checksum = content.rpartition(b"\n")
        if checksum != _checksum(body):
            raise ValueError("it is damaged")
        head, *lists, fingerprint = body.decode(errors="surrogateescape").split(BETWEEN, 4)
        form, start, length, minutes, store, schema, host, tasks = head.split(WITHIN)
        if form != FORMAT:
            raise ValueError("it was written by another version of masonite-scheduler")
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
        """Replace the cache of the app in `folder` by this one, atomically, and return its path."""
        numbers = (FORMAT, str(self.start), str(self.length), f"{self.minutes:x}")
        head = WITHIN.join((*numbers, self.store, str(self.schema), self.host, self.tasks))
        lists = (WITHIN.join(("list", *each)) for each in (self.keys, self.files, self.variables))
        body = BETWEEN.join((head, *lists, self.fingerprint)).encode(errors="surrogateescape")
        path = os.path.join(folder, PATH)
        make_folder(os.path.dirname(path))
        write_file(path, body + b"\n" + _checksum(body))
        remove_file(os.path.join(folder, STALE))
        return path


def refusal(error: OSError) -> tuple[str, str]:
    """Return why a cache is not used that another user may have written or this one may not read, and the fix."""
    if isinstance(error, NotPrivate):
        return str(error), error.hint
    return f"{error.filename}: {error.strerror}", "let the user that runs craft read it"


def mark_stale(folder: str, reason: str) -> bool:
    """Remove the cache of the app in `folder` and record the reason; return False if another process did so before."""
    if not os.path.lexists(os.path.join(folder, PATH)):
        return False
    try:
        write_file(os.path.join(folder, STALE), reason.encode(errors="surrogateescape"))
        return remove_file(os.path.join(folder, PATH))
    except OSError:
        return False


def stale_reason(folder: str) -> str | None:
    """Return why the cache of the app in `folder` was marked stale, or None."""
    try:
        return read_file(os.path.join(folder, STALE), LONGEST).decode(errors="surrogateescape")
    except OSError:
        return None


def clear(folder: str) -> bool:
    """Remove the cache of the app in `folder`, valid or stale; return False if there is none."""
    names = (PATH, STALE, OLD_PATH, f"{OLD_PATH}.stale")
    return sum(remove_file(os.path.join(folder, name)) for name in names) > 0


def _checksum(body: bytes) -> bytes:
    return b"%08x" % crc32(body)
