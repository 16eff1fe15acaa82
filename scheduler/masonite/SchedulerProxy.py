"""The object that `application.make("scheduler")` returns."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scheduler.masonite.MasoniteApp import MasoniteApp

if TYPE_CHECKING:
    from scheduler.execution.Scheduler import Scheduler
    from scheduler.tasks.NotATask import NotATask

TASK_BASES = {"scheduler.Task", "masonite.scheduling.Task"}


class SchedulerProxy:
    """Stands for the scheduler, and builds it when it is first used for more than adding tasks.

    Every craft command and every web request registers the provider; only the schedule's own commands need the rest.
    """

    def __init__(self, app: MasoniteApp) -> None:
        self.app = app
        self.tasks: list[Any] = []

    def add(self, *tasks: Any) -> None:
        """Register task classes or instances."""
        self.tasks += [task if _is_task(task) else _not_a_task(task) for task in tasks]

    def run(self, run_name: str | None = None, force: bool = False) -> int:
        """Run what is due, or only the task that `run_name` calls; with `force` due or not. Return the exit code."""
        return self.scheduler.run(run_name, force)

    @cached_property
    def scheduler(self) -> Scheduler:
        """Return the scheduler itself."""
        from scheduler.config.Settings import Settings  # noqa: PLC0415 - once it is used
        from scheduler.execution.Scheduler import Scheduler  # noqa: PLC0415 - see the class
        from scheduler.masonite.config_notices import config_notices  # noqa: PLC0415 - as above
        from scheduler.tasks.TaskRegistry import TaskRegistry  # noqa: PLC0415 - as above

        settings = Settings.read(self.app.setting)
        problem = self.app.executor_problem
        registry = TaskRegistry(
            self.app.bound,
            self.app.call,
            self.app.task_location,
            settings.options,
            executor_problem=problem,
            notices=lambda: config_notices(self.app),
        )
        registry.added = self.tasks
        return Scheduler(registry, self.app, settings)

    def has_nothing_to_do(self) -> bool:
        """Return whether there is and never was a task, nor a setting: then a tick needs neither rules nor a store."""
        if self.tasks or os.path.exists(os.path.join(self.app.base_path, self.app.config_location(), "scheduler.py")):
            return False
        if self.app.schedules_in_boot():  # an error that must be reported
            return False
        if any(_is_task(bound) for bound in self.app.bound().values()):
            return False
        folder, _ = self.app.task_location()
        for parent, folders, files in os.walk(folder):
            links = (name for name in folders if os.path.islink(os.path.join(parent, name)))
            if any(name.endswith(".py") for name in files) or any(links):
                return False
        return not self.app.has_store()

    def __getattr__(self, name: str) -> Any:
        """Pass everything else on to the scheduler."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.scheduler, name)


def _is_task(bound: Any) -> bool:
    cls = bound if issubclass(type(bound), type) else type(bound)
    bases = type.__getattribute__(cls, "__mro__")
    return any(type.__getattribute__(base, "__module__") in TASK_BASES for base in bases)


def _not_a_task(added: Any) -> NotATask:
    from scheduler.config.call_site import call_site  # noqa: PLC0415 - only for a mistake
    from scheduler.tasks.NotATask import NotATask  # noqa: PLC0415 - as above

    return NotATask(added, call_site())
