"""Replacing the scheduler that comes with Masonite."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from scheduler.errors import SchedulerError
from scheduler.masonite.CanSchedule import CanSchedule
from scheduler.masonite.SchedulerProxy import SchedulerProxy


def take_over(application: Any, scheduler: SchedulerProxy) -> None:
    """Bind `scheduler`, and keep it in charge if Masonite's own provider is registered before or after.

    Masonite's own handler, bound before or later, then passes all tasks and calls to `scheduler`. Its `CanSchedule`,
    which fails, and its `CommandTask`, which splits quoted arguments, are patched.
    """
    if application.has("scheduler"):
        _redirect(application.make("scheduler"), scheduler)
    application.bind("scheduler", scheduler)
    application.on_bind("scheduler", lambda bound, _container: _redirect(bound, scheduler))
    _patch_masonite()


def proxy_of(application: Any) -> SchedulerProxy:
    """Return our scheduler, also if Masonite's handler was bound after it and passes all calls to it."""
    bound = application.make("scheduler") if application.has("scheduler") else None
    for found in (bound, getattr(getattr(bound, "run", None), "__self__", None)):
        if isinstance(found, SchedulerProxy):
            return found
    raise SchedulerError("this app has no scheduler. Fix: list scheduler.providers.ScheduleProvider")


def register_first(is_ours: Callable[[type], bool]) -> None:
    """Make Masonite register our provider before the app's others, wherever it is listed in `config/providers.py`.

    A provider of the app may schedule tasks in its `register`, so the scheduler has to be bound by then.
    """
    from masonite.foundation import Application  # noqa: PLC0415 - only inside a Masonite app

    for name in ("register_providers", "add_providers"):
        original = getattr(Application, name)
        if not hasattr(original, "registers_scheduler_first"):
            setattr(Application, name, _with_ours_first(original, is_ours))


def _with_ours_first(original: Callable[..., Any], is_ours: Callable[[type], bool]) -> Callable[..., Any]:
    @wraps(original)
    def register(application: Any, *providers: type) -> Any:
        return original(application, *sorted(providers, key=lambda provider: not is_ours(provider)))

    register.registers_scheduler_first = True  # type: ignore[attr-defined]  # marks the patched method, to patch it once
    return register


def _redirect(bound: Any, scheduler: SchedulerProxy) -> None:
    """Make a task handler of Masonite pass everything to `scheduler`; ignore all other bindings."""
    if type(bound).__name__ != "TaskHandler" or not type(bound).__module__.startswith("masonite.scheduling"):
        return
    scheduler.add(*(task for task in bound.tasks if task not in scheduler.tasks))
    bound.tasks = scheduler.tasks
    bound.add = scheduler.add
    bound.run = scheduler.run


def _patch_masonite() -> None:
    from masonite import scheduling  # noqa: PLC0415 - only inside a Masonite app

    scheduling.CanSchedule.call = CanSchedule.call
    scheduling.CanSchedule.schedule = CanSchedule.schedule
    scheduling.CommandTask.handle = _run_whole_command


def _run_whole_command(task: Any) -> None:
    from scheduler.tasks.CommandTask import run_command  # noqa: PLC0415 - only if a command is run

    run_command(task.command)
