"""Making the cache of a schedule, and telling what state it is in."""

from __future__ import annotations

import hashlib
import os
import re
import site
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from scheduler import clock
from scheduler.due_minutes import due_minutes
from scheduler.fingerprint import LIBRARIES, OURS, difference, files_of, fingerprint
from scheduler.inspection import class_of
from scheduler.process import host_name
from scheduler.rules.Moment import UTC
from scheduler.ScheduleCache import BETWEEN, WITHIN, ScheduleCache, set_aside, why_stale
from scheduler.Settings import Settings
from scheduler.stores.schema import VERSION
from scheduler.TaskRegistry import RegisteredTask, Tasks

DAY: Final = 1440
HORIZON: Final = 56 * DAY
"""How many minutes a cache knows. Booted ticks make it anew when half of them are over."""

ALWAYS_ASKED: Final = ("APP_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONTZPATH", "TZ")
OF_A_SESSION: Final = {
    *("COLUMNS", "EDITOR", "HOME", "LANG", "LINES", "LOGNAME", "MAIL", "OLDPWD", "PAGER", "PATH", "PWD", "SHELL"),
    *("SHLVL", "TERM", "TMPDIR", "USER", "USERNAME", "VIRTUAL_ENV"),
}
"""What differs between a person's shell and cron, and says nothing of when tasks run."""

ASKED: Final = re.compile(
    r"""(?:\benv|\bgetenv|\benviron\.\w+)\(\s*["'](\w+)["']|\benviron\[\s*["'](\w+)["']\s*\]""",
    re.ASCII,
)
PUT_IN: Final = re.compile(r"\$\{(\w+)", re.ASCII)
SET: Final = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=", re.ASCII | re.MULTILINE)
LOCAL_ZONE: Final = ("/etc/localtime", "/etc/timezone", "/etc/sysconfig/clock", "/etc/conf.d/clock")


class Place(NamedTuple):
    """The folder of an app, and the file of its local store."""

    folder: str
    store: str


class CacheState(NamedTuple):
    """Whether there is a cache: `name` is "none", "fresh" or "stale", `detail` until when it lasts or what is wrong."""

    name: str
    detail: str = ""

    def describe(self) -> str:
        """Return it in words, without a full stop."""
        if self.name == "none":
            return "The schedule is not cached"
        if self.name == "fresh":
            return f"The schedule is cached {self.detail}"
        return f"The schedule's cache is stale ({self.detail})"


def state_of(folder: str) -> CacheState:
    """Return the state of the cache of the app in `folder`."""
    try:
        cache = ScheduleCache.read(folder)
    except FileNotFoundError:
        reason = why_stale(folder)
        return CacheState("none") if reason is None else CacheState("stale", reason)
    except (OSError, ValueError) as error:
        return CacheState("stale", getattr(error, "strerror", None) or str(error))
    found = fingerprint(folder, cache.files, cache.variables)
    if found != cache.fingerprint:
        return CacheState("stale", difference(cache.fingerprint, found))
    end = datetime.fromtimestamp((cache.start + cache.length) * 60, UTC)
    return CacheState("fresh", f"until {end:%Y-%m-%d}")


def objections(tasks: Tasks, settings: Settings) -> list[str]:
    """Return why the schedule of these tasks cannot be cached: nothing where it can."""
    found = [f"{broken.key} is broken: {broken.error}" for broken in tasks.broken]
    found += [
        f"{task.key} decides by itself when it is due, in should_run()"
        for task in tasks.usable
        if not task.is_foreseeable
    ]
    if not (tasks.usable or tasks.broken):
        found.append("there are no tasks")
    if settings.store != "local":
        found.append(f"the store is {settings.store!r}, and only the 'local' one can be asked without the app")
    return found


def made(tasks: Tasks, place: Place, now: datetime, since: float) -> ScheduleCache:
    """Return a cache of the schedule of `tasks`, those of the app at `place`, from the minute of `now` on.

    Raises `ValueError` where a file has changed since the app began to load it,
    `since` (seconds since 1970), or a task's key cannot be kept.
    """
    folder, store = place
    start = clock.floor_minute(now)
    scheduled = [task for task in tasks.usable if task.rule is not None]
    minutes = due_minutes(((task.rule, task.zone) for task in scheduled if task.rule), start, HORIZON)
    files = sorted({*LOCAL_ZONE, *_modules(folder, tasks.usable), *_zone_files(task.zone for task in scheduled)})
    variables = _variables(folder)
    keys = sorted(task.claim_key for task in scheduled)
    for text in (*keys, *files, store, host_name()):
        if BETWEEN in text or WITHIN in text:
            raise ValueError(f"{text!r} has a control character in it")
    seen = fingerprint(folder, files, variables)
    _check_unchanged(folder, files, since)
    return ScheduleCache(
        start=int(start.timestamp() // 60),
        length=HORIZON,
        minutes=minutes | _chores(),
        store=store,
        schema=VERSION,
        host=host_name(),
        tasks=digest(tasks),
        keys=keys,
        files=files,
        variables=variables,
        fingerprint=seen,
    )


def look_after(tasks: Tasks, settings: Settings, place: Place, now: datetime, since: float) -> str | None:
    """After a booted tick, make a fresh cache anew if half of it is over; return why it had to be set aside, if so.

    Where the tasks are other ones, though no file has changed, what says when they run lies outside of the app's files.
    """
    folder = place.folder
    try:
        cache = ScheduleCache.read(folder)
        if fingerprint(folder, cache.files, cache.variables) != cache.fingerprint:
            return None
        if digest(tasks) != cache.tasks or objections(tasks, settings):
            reason = "the tasks are other ones though no file has changed: what they are made from cannot be cached"
            return reason if set_aside(folder, reason) else None
        if now.timestamp() // 60 - cache.start > cache.length // 2:
            made(tasks, place, now, since).write(folder)
    except (OSError, ValueError):
        pass
    return None


def share_due(cache: ScheduleCache, count: int = DAY) -> int:
    """Return in how many of the first `count` minutes something is due."""
    return (cache.minutes & (1 << count) - 1).bit_count()


def digest(tasks: Tasks) -> str:
    """Return what stands for the tasks and their rules: another text where anything is different."""
    lines = sorted(f"{task.claim_key}\t{task.describe()}\t{clock.name_of(task.zone)}" for task in tasks.usable)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _chores() -> int:
    """Return a minute of each day: a booted tick deletes old history, and makes the cache anew."""
    return sum(1 << minute for minute in range(DAY, HORIZON, DAY))


def _variables(folder: str) -> list[str]:
    """Return the variables of the environment that the app's files ask for, but those that `.env` sets in any case."""
    asked = set(ALWAYS_ASKED)
    for path in files_of(folder):
        if path.endswith(".py"):
            asked |= {name for found in ASKED.findall(_text(path)) for name in found if name}
    named = (".env", f".env.{os.environ['APP_ENV']}") if os.environ.get("APP_ENV") else (".env",)
    settings = [_text(os.path.join(folder, file)) for file in named]
    asked |= {name for text in settings for name in PUT_IN.findall(text)}
    given = {name for text in settings for name in SET.findall(text)}
    return sorted(asked - given - OF_A_SESSION)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _modules(folder: str, tasks: Sequence[RegisteredTask]) -> Iterator[str]:
    """Return the files of modules that are neither the app's nor installed, and of installed ones that have tasks."""
    known = [folder, OURS, *_libraries()]
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not any(path.startswith(place + os.sep) for place in known):
            yield path
    for task in tasks:
        for cls in class_of(task.target).__mro__:
            path = getattr(sys.modules.get(cls.__module__), "__file__", None)
            if isinstance(path, str) and not path.startswith((folder + os.sep, OURS + os.sep)):
                yield path


def _libraries() -> set[str]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), *(place for place in sys.path if place.endswith(LIBRARIES))}
    return {folder for folder in folders if folder}


def _zone_files(zones: Iterable[tzinfo]) -> set[str]:
    names = {clock.name_of(zone) for zone in zones}
    return {os.path.join(place, name) for place in zoneinfo.TZPATH for name in names}


def _check_unchanged(folder: str, files: Iterable[str], since: float) -> None:
    """Raise `ValueError` for a file that has changed since the app began to load it: nobody knows what was read."""
    for path in (*files, *files_of(folder)):
        try:
            changed = os.stat(path).st_ctime
        except OSError:
            continue
        if changed >= since:
            raise ValueError(f"{os.path.relpath(path, folder)} was changed while the app was loading: try again")

