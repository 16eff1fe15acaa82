"""Deciding whether a tick has anything to do from the cached schedule and the store, without booting the app.

In any doubt the app boots and decides, as if there were no cache.
"""

from __future__ import annotations

import sys

from scheduler.cache.fingerprint import difference, fingerprint
from scheduler.cache.ScheduleCache import ScheduleCache, mark_stale, refusal
from scheduler.private_folder import NotPrivate

TYPE_CHECKING = False  # see scheduler/__init__.py
if TYPE_CHECKING:
    import sqlite3

BUSY_SECONDS = 2.0
AT_ONCE = 500
"""How many values one statement takes."""


def is_idle(folder: str, now: float, busy_seconds: float = BUSY_SECONDS) -> bool:
    """Return whether a tick of the app in `folder` at `now` (seconds since 1970) has nothing to do.

    If so, the tick is complete: the cursors and the host's last tick are recorded in the store. A stale cache is
    marked as such and reported on the error output; one that is not safe to use is only reported. A store that is
    locked for longer than `busy_seconds` is left to the app.
    """
    try:
        cache = ScheduleCache.read(folder)
        found = fingerprint(folder, cache.files, cache.variables)
        if found != cache.fingerprint:
            _report_stale(folder, difference(cache.fingerprint, found))
            return False
        minute = int(now // 60)
        return cache.is_free(minute, minute) and _complete_tick(cache, now, busy_seconds)
    except ValueError as error:
        _report_stale(folder, str(error))
    except (NotPrivate, PermissionError) as error:
        _refuse(error)
    except Exception:  # noqa: BLE001, S110 - any doubt at all is for the booted app, which says what is wrong
        pass
    return False


def _report_stale(folder: str, reason: str) -> None:
    if mark_stale(folder, reason):
        line = f"craft: the schedule's cache is stale and was not used ({reason}): run `craft schedule:cache` again"
        print(line, file=sys.stderr)  # noqa: T201 - a person reads it


def _refuse(error: OSError) -> None:
    """Report why the cache was not used; the booted app then decides, as if there were none."""
    what, hint = refusal(error)
    line = f"craft: the schedule's cache was not used ({what}): {hint}, then run `craft schedule:cache` again"
    print(line, file=sys.stderr)  # noqa: T201 - a person reads it


def _complete_tick(cache: ScheduleCache, now: float, busy_seconds: float) -> bool:
    """Move the cursors as a tick does, and return True, if there is nothing to do according to the store."""
    import sqlite3  # noqa: PLC0415 - needed only now

    place = cache.store.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    database = sqlite3.connect(f"file:{place}?mode=rw", timeout=busy_seconds, isolation_level=None, uri=True)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        if not _has_nothing_to_do(database, cache, now):
            return False
        _record(database, cache, now)
        database.execute("COMMIT")
    finally:
        database.close()
    return True


def _has_nothing_to_do(database: sqlite3.Connection, cache: ScheduleCache, now: float) -> bool:
    if database.execute("PRAGMA user_version").fetchone()[0] != cache.schema:
        return False
    if database.execute("SELECT 1 FROM scheduler_runs WHERE outcome IS NULL LIMIT 1").fetchone():
        return False
    ticked = database.execute("SELECT ticked_at FROM scheduler_ticks WHERE host = ?", (cache.host,)).fetchone()
    if ticked and ticked[0] > _text_of(now):
        return False
    cursors = dict(database.execute("SELECT task, judged_until FROM scheduler_cursors"))
    judged = [cursors.get(key, "") for key in cache.keys]
    if not judged:
        return True
    oldest, newest, minute = min(judged), max(judged), int(now // 60)
    if not oldest or newest > _text_of((minute + 1) * 60):
        return False
    return cache.is_free(min(_minute_of(oldest), minute), minute)


def _record(database: sqlite3.Connection, cache: ScheduleCache, now: float) -> None:
    until = _text_of((now // 60 + 1) * 60)
    for start in range(0, len(cache.keys), AT_ONCE):
        some = cache.keys[start : start + AT_ONCE]
        marks = ", ".join("?" * len(some))
        database.execute(
            f"UPDATE scheduler_cursors SET judged_until = ? WHERE judged_until < ? AND task IN ({marks})",
            (until, until, *some),
        )
    if not database.execute(
        "UPDATE scheduler_ticks SET ticked_at = ? WHERE host = ?", (_text_of(now), cache.host)
    ).rowcount:
        database.execute("INSERT INTO scheduler_ticks (host, ticked_at) VALUES (?, ?)", (cache.host, _text_of(now)))


def _text_of(seconds: float) -> str:
    """Return an instant as the store writes it."""
    from datetime import datetime, timezone  # noqa: PLC0415 - sqlite3 has loaded it

    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")


def _minute_of(text: str) -> int:
    from datetime import datetime  # noqa: PLC0415 - sqlite3 has loaded it

    return int(datetime.fromisoformat(f"{text}+00:00").timestamp() // 60)
