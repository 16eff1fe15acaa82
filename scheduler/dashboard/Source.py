"""The scheduler, its store and the app at one instant, for the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, Protocol

from scheduler import clock
from scheduler.dashboard.messages import NotThere
from scheduler.execution.conditions import App
from scheduler.execution.Scheduler import Scheduler
from scheduler.processes.identity import unattended
from scheduler.runs import Pauses, Run
from scheduler.stores import Store
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import TaskProblem, Tasks


class Host(App, Protocol):
    """What the dashboard needs of the app."""

    @property
    def base_path(self) -> str:
        """Return the folder of the app."""

    def bound(self) -> Mapping[Any, Any]:
        """Return everything the container holds."""


class TaskList:
    """The tasks of the app, found once per process: their code does not change while it lives."""

    BROKEN_SECONDS = 60.0
    """How long a task that could not be loaded counts as broken before it is tried again."""

    def __init__(self) -> None:
        self._tasks = Tasks()
        self._found_for: tuple[int, int] | None = None
        self._found_at = clock.real_now()

    def of(self, scheduler: Scheduler, app: Host) -> Tasks:
        """Return the tasks, found again if any was added, or if one is broken for a minute."""
        now, wanted = clock.real_now(), (len(scheduler.tasks), len(app.bound()))
        is_old = (now - self._found_at).total_seconds() > self.BROKEN_SECONDS
        if wanted != self._found_for or (self._tasks.broken and is_old):
            self._tasks, self._found_for, self._found_at = scheduler.find(), wanted, now
        return self._tasks


class Source:
    """The scheduler as one request sees it: `now` is read once, and each query is made once."""

    def __init__(self, scheduler: Scheduler, app: Host, task_list: TaskList) -> None:
        self.scheduler = scheduler
        self.app = app
        self.now: datetime = clock.now()
        self.zone: tzinfo = clock.default_zone()
        self._task_list = task_list

    @property
    def store(self) -> Store:
        """Return the store."""
        return self.scheduler.store

    @cached_property
    def tasks(self) -> Tasks:
        """Return all tasks of the app."""
        return self._task_list.of(self.scheduler, self.app)

    @cached_property
    def by_key(self) -> dict[str, RegisteredTask]:
        """Return the usable tasks by their keys."""
        return {task.key: task for task in self.tasks.usable}

    @cached_property
    def known(self) -> set[str]:
        """Return the keys of all tasks of the app, broken ones too: those that have a page."""
        return {*self.by_key, *(problem.key for problem in self.tasks.broken)}

    @cached_property
    def pauses(self) -> Pauses:
        """Return the pauses there are."""
        return Pauses(self.store.pauses(), self.now)

    @cached_property
    def every_tick(self) -> dict[str, datetime]:
        """Return the last tick of each host, those that a person typed under names of their own."""
        return self.store.ticks()

    @property
    def ticks(self) -> dict[str, datetime]:
        """Return the last tick of each host that ticks by itself."""
        return unattended(self.every_tick)

    @cached_property
    def open_runs(self) -> dict[str, list[Run]]:
        """Return the runs that have not ended, by task."""
        found: dict[str, list[Run]] = {}
        for run in self.store.open_runs():
            found.setdefault(run.key, []).append(run)
        return found

    def task(self, key: str) -> RegisteredTask:
        """Return the usable task `key`; raise `NotThere` if there is none."""
        if key not in self.by_key:
            raise NotThere
        return self.by_key[key]

    def problem(self, key: str) -> TaskProblem | None:
        """Return what is wrong with the task `key`, None if it is not broken."""
        return next((problem for problem in self.tasks.broken if problem.key == key), None)
