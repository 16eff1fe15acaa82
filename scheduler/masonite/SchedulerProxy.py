"""What `application.make("scheduler")` returns."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scheduler.masonite.MasoniteApp import MasoniteApp

if TYPE_CHECKING:
    from scheduler.Scheduler import Scheduler

TASK_BASES = {"scheduler.Task", "masonite.scheduling.Task"}


class Binding:
    """Stands for the scheduler, and builds it when it is first asked for more than to add tasks.

    Every craft command and every web request registers the provider; only the schedule's own commands need the rest.
    """

    def __init__(self, app: MasoniteApp) -> None:
        self.app = app
        self.tasks: list[Any] = []

    def add(self, *tasks: Any) -> None:
        """Register task classes or instances."""
        self.tasks += tasks

    def run(self, run_name: str | None = None, force: bool = False) -> int:
        """Run what is due, or only the task that `run_name` calls; with `force` due or not. Return the exit code."""
        return self.scheduler.run(run_name, force)

    @cached_property
    def scheduler(self) -> Scheduler:
        """The scheduler itself."""
        from scheduler.Scheduler import Scheduler  # noqa: PLC0415 - see the class
        from scheduler.Settings import Settings  # noqa: PLC0415
        from scheduler.TaskRegistry import TaskRegistry  # noqa: PLC0415

        settings = Settings.read(self.app.setting)
        registry = TaskRegistry(self.app.bound, self.app.call, self.app.task_location, settings.policy)
        registry.added = self.tasks
        return Scheduler(registry, self.app, settings)

    def has_nothing_to_do(self) -> bool:
        """Tell whether there is no task at all and never was one: then a tick needs neither rules nor a store."""
        if self.tasks or (self.app.setting("store") or "local") != "local":
            return False
        if any(_is_task(bound) for bound in self.app.bound().values()):
            return False
        folder, _ = self.app.task_location()
        if any(name.endswith(".py") for _, _, files in os.walk(folder) for name in files):
            return False
        return not os.path.exists(self.app.store_path(self.app.setting("path")))

    def __getattr__(self, name: str) -> Any:
        """Be the scheduler in everything else."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.scheduler, name)


def _is_task(bound: Any) -> bool:
    cls = bound if isinstance(bound, type) else type(bound)
    return any(base.__module__ in TASK_BASES for base in cls.__mro__)
