"""Taking the place of the scheduler that Masonite brings."""

from __future__ import annotations

from typing import Any

from scheduler.CanSchedule import CanSchedule
from scheduler.masonite.Binding import Binding


def take_over(application: Any, scheduler: Binding) -> None:
    """Bind `scheduler`, and keep it in charge if Masonite's own provider is registered before or after.

    Masonite's handler, bound before or later, hands everything on to `scheduler`; so do its `CanSchedule` and the
    `handle` of its `CommandTask`, which fail or split quoted arguments as they are.
    """
    if application.has("scheduler"):
        _redirect(application.make("scheduler"), scheduler)
    application.bind("scheduler", scheduler)
    application.on_bind("scheduler", lambda bound, _container: _redirect(bound, scheduler))
    _mend()


def _redirect(bound: Any, scheduler: Binding) -> None:
    """Make a task handler of Masonite hand everything on; hooks are called for every binding, hence the look first."""
    if type(bound).__name__ != "TaskHandler" or not type(bound).__module__.startswith("masonite.scheduling"):
        return
    scheduler.add(*(task for task in bound.tasks if task not in scheduler.tasks))
    bound.tasks = scheduler.tasks
    bound.add = scheduler.add
    bound.run = scheduler.run


def _mend() -> None:
    from masonite import scheduling  # noqa: PLC0415 - only inside a Masonite app

    scheduling.CanSchedule.call = CanSchedule.call
    scheduling.CanSchedule.schedule = CanSchedule.schedule
    scheduling.CommandTask.handle = _run_whole_command


def _run_whole_command(task: Any) -> None:
    from scheduler.tasks.CommandTask import run_command  # noqa: PLC0415 - only where a command is run

    run_command(task.command)
