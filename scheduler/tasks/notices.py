"""Warnings about a task that can run but is probably not what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scheduler.config.TaskOptions import DEFAULT, TaskOptions
from scheduler.tasks.CommandTask import CommandTask
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.spelling import misspelt


def notices_of(task: RegisteredTask) -> list[str]:
    """Return what looks wrong about a task; one that raises while it is looked at has no notices."""
    try:
        return list(_notices(task))
    except Exception:  # noqa: BLE001 - a notice must not cost a run
        return []


def _notices(task: RegisteredTask) -> Iterator[str]:
    yield from misspelt(task.target)
    if isinstance(task.target, CommandTask) and task.target.notice:
        yield task.target.notice
    for name in _without_retries(task.target, task.options):
        yield f"{task.key} sets {name} but no retries, so no run is tried again: set retries = 3 or another number"


def _without_retries(target: Any, options: TaskOptions) -> list[str]:
    """Return the options of a task for retries that have no effect, since nobody has said how many there are."""
    if options.retries or getattr(target, "retries", ...) is not ...:
        return []
    own = (name for name in ("retry_delay", "retry_backoff") if getattr(target, name, ...) is not ...)
    return [name for name in own if getattr(options, name) != getattr(DEFAULT, name)]
