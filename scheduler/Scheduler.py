"""One tick: which tasks there are, whose minute it is, run those, tell what came of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from scheduler import clock
from scheduler.due import due_tasks
from scheduler.errors import OK, TASK_FAILED
from scheduler.failures import described
from scheduler.listeners import ConsoleListener, Listener
from scheduler.Runner import Runner
from scheduler.TaskRegistry import Broken, RegisteredTask, TaskRegistry, Tasks


class Scheduler:
    """What `application.make("scheduler")` returns."""

    def __init__(self, registry: TaskRegistry, runner: Runner) -> None:
        self._registry = registry
        self._runner = runner

    @property
    def tasks(self) -> list[Any]:
        """The tasks and task classes that were added."""
        return self._registry.added

    def add(self, *tasks: Any) -> None:
        """Register task classes or instances."""
        self._registry.add(*tasks)

    def find(self) -> Tasks:
        """Return every task of the app."""
        return self._registry.tasks()

    def run(self, run_name: str | None = None, force: bool = False) -> int:
        """Run what is due, or only the task that `run_name` calls; with `force` due or not. Return the exit code."""
        listener = ConsoleListener(_print, _print_error)
        return self.tick(clock.now(), listener, [run_name] if run_name else (), force=force)

    def tick(self, now: datetime, listener: Listener, names: Iterable[str] = (), *, force: bool = False) -> int:
        """Run every task that is due in the minute of `now`, or only those that `names` call; return the exit code.

        With `force` they run whether they are due or not. Raises `UnknownTask` for a name that calls no task.
        """
        minute = clock.floor_minute(now)
        with clock.standing_at(minute):
            tasks = self._registry.tasks()
            tasks = tasks.called(names) if names else tasks
            self._announce(tasks, listener)
            due, failed = (tasks.usable, []) if force else due_tasks(tasks.usable, minute)
        codes = [TASK_FAILED for _ in tasks.broken]
        for task, error in failed:
            codes.append(TASK_FAILED)
            listener.found_broken(_raised(task, error))
        self._explain_the_rest(tasks.usable, due, failed, minute, listener)
        for task in due:
            run = self._runner.run(task, None if force else minute)
            codes.append(TASK_FAILED if run.outcome.is_failure else OK)
            listener.run_ended(run)
        return max(codes, default=OK)

    @staticmethod
    def _announce(tasks: Tasks, listener: Listener) -> None:
        for notice in tasks.notices:
            listener.noticed(notice)
        for broken in tasks.broken:
            listener.found_broken(broken)
        if not tasks.usable and not tasks.broken:
            listener.found_nothing()

    @staticmethod
    def _explain_the_rest(
        tasks: list[RegisteredTask],
        due: list[RegisteredTask],
        failed: list[tuple[RegisteredTask, Exception]],
        minute: datetime,
        listener: Listener,
    ) -> None:
        if not listener.explains:
            return
        judged = {task.key for task in due} | {task.key for task, _ in failed}
        for task in tasks:
            if task.key not in judged:
                following = task.rule.next_after(minute, task.zone) if task.rule else None
                listener.not_due(task, clock.as_pendulum(following, task.zone) if following else None)


def _raised(task: RegisteredTask, error: Exception) -> Broken:
    failure = described(error)
    return Broken(task.key, f"its should_run() raised {failure.error}", failure.location, failure.traceback)


def _print(line: str) -> None:
    print(line)  # noqa: T201 - a person reads it


def _print_error(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a person reads it
