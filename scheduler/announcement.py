"""What a tick and its rehearsal tell of tasks that they do not run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from scheduler import clock
from scheduler.failures import described
from scheduler.listeners import Listener
from scheduler.TaskRegistry import Broken, RegisteredTask, Tasks


def announce(tasks: Tasks, listener: Listener) -> None:
    """Tell the listener what is wrong with the tasks."""
    for notice in tasks.notices:
        listener.noticed(notice)
    for broken in tasks.broken:
        listener.found_broken(broken)
    if not tasks.usable and not tasks.broken:
        listener.found_nothing()


def explain_idle(tasks: Iterable[RegisteredTask], minute: datetime, listener: Listener) -> None:
    """Tell the listener of tasks that are not due in `minute`, and when they are."""
    for task in tasks:
        following = task.rule.next_after(minute, task.zone) if task.rule else None
        listener.not_due(task, clock.as_pendulum(following, task.zone) if following else None)


def raised_when_asked(task: RegisteredTask, error: BaseException) -> Broken:
    """Return what to tell of a task whose `should_run` raised."""
    failure = described(error)
    return Broken(task.key, f"its should_run() raised {failure.error}", failure.location, failure.traceback)
