"""Warnings about the app: settings and a log channel that do not exist, and tasks that providers add in `boot`."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import Any, Final

from scheduler.config.Settings import NAMES
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.tasks.failures import relative
from scheduler.tasks.spelling import closest

SETTINGS: Final = tuple(name.upper() for name in NAMES)
SYNONYMS: Final = {
    "TIME_ZONE": "TIMEZONE", "TZ": "TIMEZONE", "MAX_WORKERS": "WORKERS", "WORKERS_MAX": "WORKERS",
    "WORKER_COUNT": "WORKERS", "CONCURRENCY": "WORKERS", "DRIVER": "STORE", "DATABASE": "CONNECTION",
    "RETENTION_DAYS": "KEEP_DAYS", "HISTORY_DAYS": "KEEP_DAYS", "LOG": "LOG_CHANNEL", "CHANNEL": "LOG_CHANNEL",
    "MAX_RETRIES": "RETRIES", "RETRY": "RETRIES", "TIME_LIMIT": "TIMEOUT", "NOTIFY": "NOTIFY_ON_FAILURE",
}  # fmt: skip


def config_notices(app: MasoniteApp) -> list[str]:
    """Return notices about the app; what cannot be inspected has none."""
    try:
        return [*_unknown_settings(app), *_unknown_channel(app), *_scheduling_in_boot(app)]
    except Exception:  # noqa: BLE001 - a notice must not cost a run
        return []


def _unknown_settings(app: MasoniteApp) -> Iterator[str]:
    shown = os.path.join(app.config_location(), "scheduler.py")
    path = os.path.join(app.base_path, shown)
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for name, line in _assigned(tree):
        if name in SETTINGS:
            continue
        upper = name.upper()
        right = upper if upper in SETTINGS else SYNONYMS.get(upper) or closest(upper, SETTINGS)
        if right:
            yield f"{name} is not a setting and is ignored ({shown}:{line}): write {right}"
        elif name.isupper() and not name.startswith("_"):
            hint = "remove it; a name of your own may be written in lower case"
            yield f"{name} is not a setting and is ignored ({shown}:{line}): {hint}"


def _assigned(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Return the names that a module assigns at its top level, with their lines."""
    for statement in tree.body:
        targets: list[Any] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id, target.lineno


def _unknown_channel(app: MasoniteApp) -> Iterator[str]:
    channel, channels = app.setting("log_channel"), app.log_channels()
    if channel and channels and channel not in channels:
        names = ", ".join(sorted(channels))
        yield f"LOG_CHANNEL = {channel!r} is not a channel of config/logging.py: use one of {names}"


def _scheduling_in_boot(app: MasoniteApp) -> Iterator[str]:
    for provider in app.schedules_in_boot():
        code = provider.__dict__["boot"].__code__
        place = f"{relative(code.co_filename)}:{code.co_firstlineno}"
        yield (
            f"{provider.__name__} adds tasks in boot(), which craft never calls, so they never run ({place}): "
            "add them in register()"
        )
