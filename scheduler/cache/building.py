"""Building the cache of a schedule, and keeping it up to date."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from scheduler import clock
from scheduler.cache.fingerprint import app_files, fingerprint
from scheduler.cache.ScheduleCache import BETWEEN, WITHIN, ScheduleCache, mark_stale
from scheduler.cache.sources import outside_files, variable_names
from scheduler.config.Settings import Settings
from scheduler.processes.identity import host_name
from scheduler.rules.DatedRule import foreseeable
from scheduler.rules.due_minutes import due_minutes
from scheduler.rules.zones import name_of
from scheduler.stores.schema import VERSION
from scheduler.tasks.Tasks import Tasks

DAY: Final = 1440
HORIZON: Final = 56 * DAY
"""How many minutes a cache covers. A tick that boots the app rebuilds it when half of them are over."""
CHANGED_TASKS: Final = "the tasks have changed although no file has: what they are built from cannot be cached"


class AppPaths(NamedTuple):
    """The folder of an app, and the file of its local store."""

    folder: str
    store: str


def obstacles(tasks: Tasks, settings: Settings) -> list[str]:
    """Return why the schedule of these tasks cannot be cached; an empty list if it can."""
    found = [f"{broken.key} is broken: {broken.error}" for broken in tasks.broken]
    found += [
        f"{task.key} overrides should_run(), so its fire times cannot be known"
        for task in tasks.usable
        if not task.is_foreseeable
    ]
    if not (tasks.usable or tasks.broken):
        found.append("there are no tasks")
    if settings.store != "local":
        found.append(f"the store is {settings.store!r}, and only the 'local' one can be read without booting the app")
    return found


def build(tasks: Tasks, paths: AppPaths, now: datetime, since: float) -> ScheduleCache:
    """Return a cache of the schedule of `tasks` that begins with the minute of `now`.

    Raises `ValueError` if a file has changed since the app began to load it, at `since` (seconds since 1970), or if a
    name cannot be written to a cache.
    """
    start = clock.floor_minute(now)
    scheduled = [(task, task.rule) for task in tasks.usable if task.rule is not None]
    minutes = due_minutes(((foreseeable(rule), task.zone) for task, rule in scheduled), start, HORIZON)
    files, variables = outside_files(paths.folder, tasks.usable), variable_names(paths.folder)
    keys = sorted(task.claim_key for task, _ in scheduled)
    _check_names((*keys, *files, paths.store, host_name()))
    seen = fingerprint(paths.folder, files, variables)  # before the check: what changes after it is noticed later
    _check_unchanged(paths.folder, files, since)
    return ScheduleCache(
        start=int(start.timestamp() // 60),
        length=HORIZON,
        minutes=minutes | _maintenance_minutes(),
        store=paths.store,
        schema=VERSION,
        host=host_name(),
        tasks=digest(tasks),
        keys=keys,
        files=files,
        variables=variables,
        fingerprint=seen,
    )


def refresh(tasks: Tasks, settings: Settings, paths: AppPaths, now: datetime, since: float) -> str | None:
    """Rebuild a valid cache if half of it is over; return why it was marked stale, or None.

    It is marked stale if the tasks differ from the cached ones although no file has changed.
    """
    try:
        cache = ScheduleCache.read(paths.folder)
        if fingerprint(paths.folder, cache.files, cache.variables) != cache.fingerprint:
            return None
        if digest(tasks) != cache.tasks or obstacles(tasks, settings):
            return CHANGED_TASKS if mark_stale(paths.folder, CHANGED_TASKS) else None
        if now.timestamp() // 60 - cache.start > cache.length // 2:
            build(tasks, paths, now, since).write(paths.folder)
    except (OSError, ValueError):
        pass
    return None


def count_due(cache: ScheduleCache, count: int = DAY) -> int:
    """Return in how many of the first `count` minutes a task is due."""
    return (cache.minutes & (1 << count) - 1).bit_count()


def digest(tasks: Tasks) -> str:
    """Return a hash of the tasks' keys, rules and time zones."""
    lines = sorted(f"{task.claim_key}\t{task.describe()}\t{name_of(task.zone)}" for task in tasks.usable)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _maintenance_minutes() -> int:
    """Return one minute of each day, in which a booted tick deletes old history and refreshes the cache."""
    return sum(1 << minute for minute in range(DAY, HORIZON, DAY))


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if BETWEEN in name or WITHIN in name:
            raise ValueError(f"{name!r} has a control character in it")


def _check_unchanged(folder: str, files: Iterable[str], since: float) -> None:
    """Raise `ValueError` if a file has changed since the app began to load it: the app may have read the old one."""
    for path in (*files, *app_files(folder)):
        try:
            changed = os.stat(path).st_ctime
        except OSError:
            continue
        if changed >= since:
            raise ValueError(f"{os.path.relpath(path, folder)} was changed while the app was loading: try again")
