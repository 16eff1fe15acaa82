"""Check that nothing the scheduler writes is served to the web."""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import escape as glob_escape
from glob import glob

from scheduler.cache.ScheduleCache import OLD_PATH as OLD_CACHE
from scheduler.cache.ScheduleCache import PATH as CACHE
from scheduler.diagnosis.doctor.CheckContext import CheckContext
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.private_folder import LOG, OLD_FOLDER, OLD_LOG

MOVE_FOLDER = "set FOLDER in config/scheduler.py to a folder that is not served, such as '.scheduler'"
MOVE_STORE = "remove PATH from config/scheduler.py"
MOVE_CACHE = "make .scheduler a folder instead of a link"
REINSTALL = "run craft schedule:install again, which moves it"


def web(context: CheckContext) -> Iterator[Finding]:
    """Check that the store, the log, the cache and the tasks' output files are not below a folder that is served."""
    base = context.app.base_path
    served = [os.path.realpath(folder) for folder in context.app.served_folders()]
    is_clean = True
    for what, path, hint in _written(context):
        folder = next((folder for folder in served if _is_below(os.path.join(base, path), folder)), None)
        if folder is not None:
            is_clean = False
            place = f"{what}, {_shown(os.path.join(base, path), base)}, can be downloaded"
            message = f"{place}: Masonite serves {_shown(folder, base)} to the web."
            yield Finding("web", Health.WARNING, message, hint)
    if is_clean:
        yield Finding("web", Health.OK, "Nothing that the scheduler writes is served to the web.")


def _written(context: CheckContext) -> Iterator[tuple[str, str, str]]:
    """Yield what is written, to which path, and how to move it."""
    yield "The scheduler's log", os.path.join(context.app.private_folder(), LOG), MOVE_FOLDER
    if context.settings.store == "local":
        yield "The store", context.app.store_path(), MOVE_STORE if context.settings.path else MOVE_FOLDER
    yield "The schedule's cache", os.path.join(context.app.base_path, CACHE), MOVE_CACHE
    yield from _left_by_older_versions(context.app.base_path)
    for task in context.tasks.usable:
        for option in ("output_to", "append_output_to"):
            path = getattr(task.options, option)
            if path is not None:
                hint = f"set {option} to a file that is not served, such as '.scheduler/{os.path.basename(path)}'"
                yield f"The output of {task.key}", path, hint


def _left_by_older_versions(base: str) -> Iterator[tuple[str, str, str]]:
    """Yield the files of version 4.0.0 that are still in `storage/`."""
    if os.path.isfile(os.path.join(base, OLD_LOG)):
        yield "An older version's log", OLD_LOG, REINSTALL
    if os.path.isfile(os.path.join(base, OLD_CACHE)):
        yield "An older version's cache", OLD_CACHE, "run craft schedule:clear"
    backups = glob(os.path.join(glob_escape(base), OLD_FOLDER, "crontab-*"))
    for path in sorted(filter(os.path.isfile, backups))[:1]:
        yield "A copy of the crontab", path, REINSTALL


def _is_below(path: str, folder: str) -> bool:
    return f"{os.path.realpath(path)}{os.sep}".startswith(f"{folder}{os.sep}")


def _shown(path: str, base: str) -> str:
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(base))
    return path if relative.startswith(os.pardir) else relative
