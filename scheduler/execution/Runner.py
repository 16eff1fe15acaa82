"""Running one task in this process: conditions, hooks, `handle`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from scheduler import clock
from scheduler.errors import ExecutorUnavailable, SchedulerError
from scheduler.execution.conditions import App, conditions_of
from scheduler.execution.finishing import finish
from scheduler.listeners.ListenerDispatcher import ListenerDispatcher, write_problem
from scheduler.processes import EndedBySignal
from scheduler.runs import CompletedRun, Outcome, Run, SkipReason
from scheduler.Task import Task
from scheduler.tasks.failures import Failure, describe_failure
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.text import one_line, with_location


class Runner:
    """Runs a task in this process. Whatever the task does, its outcome is returned, never raised."""

    def __init__(self, app: App, dispatcher: ListenerDispatcher) -> None:
        self._app = app
        self._dispatcher = dispatcher

    def run(self, task: RegisteredTask, run: Run) -> Run:
        """Run the task and return the run with its outcome. Conditions are not checked if the run is forced."""
        started = clock.real_now()
        try:
            instance = self._instance(task, run)
            refusal = self._refusal(instance) if run.fire_time else None
            if refusal is not None:
                reason, detail = refusal
                return _ended(run, started, Outcome.SKIPPED, skip_reason=reason, detail=detail)
            for problem in self._dispatcher.started(task, run):
                write_problem(problem)
            self._call_hook(task.key, instance, "before")
        except EndedBySignal:
            raise
        except BaseException as error:  # noqa: BLE001 - a constructor or a condition may do anything
            return _failed(run, started, error)
        try:
            self._handle(instance)
            result = _ended(run, started, Outcome.SUCCEEDED)
        except EndedBySignal:
            raise
        except BaseException as error:  # noqa: BLE001 - a task may do anything; the others must run
            result = _failed(run, started, error)
        self._call_hook(task.key, instance, "failed" if result.failed else "succeeded", result)
        self._call_hook(task.key, instance, "after")
        return result

    def hand_over(self, executor: str, runs: Sequence[Run]) -> str:
        """Hand runs to an executor; return what went wrong, empty if nothing."""
        try:
            self._app.hand_over(executor, runs)
        except ExecutorUnavailable as error:
            return str(error)
        return ""

    def seconds_to_notify_start(self, task: RegisteredTask, run: Run) -> float:
        """Return how many seconds the start's notifications may take, those of the app's own listeners apart."""
        return self._dispatcher.seconds_to_notify_start(task, run)

    def has_recipients(self, task: RegisteredTask, completed: CompletedRun) -> bool:
        """Return whether an outcome has recipients, including the task's own hooks."""
        return (completed.hooks_are_due and task.has_hooks) or self._dispatcher.is_awaited(task, completed)

    def notify(self, task: RegisteredTask, completed_runs: Sequence[CompletedRun]) -> bool:
        """Notify listeners of outcomes; return False if none of the people to notify of one was reached."""
        reached = [self._dispatcher.ended(task, completed) for completed in completed_runs]
        for completed in completed_runs:
            if completed.hooks_are_due and task.has_hooks:
                self._call_late_hooks(task, completed.run)
        return all(reached)

    def _call_late_hooks(self, task: RegisteredTask, run: Run) -> None:
        """Call the task's hooks for a run that could not call them itself because its process was ended."""
        try:
            instance = self._instance(task, run)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a constructor may do anything
            _report(task.key, "constructor", describe_failure(error))
            return
        self._call_hook(task.key, instance, "failed", run)
        self._call_hook(task.key, instance, "after")

    def _instance(self, task: RegisteredTask, run: Run) -> Any:
        instance = self._app.call(task.target) if inspect.isclass(task.target) else task.target
        instance.current_run = run
        return instance

    def _refusal(self, task: Any) -> tuple[SkipReason, str] | None:
        """Return why `task` must not run now, or None if it may. Users' conditions are checked last."""
        for condition in conditions_of(task, self._app):
            if detail := condition.refusal():
                return condition.reason, detail
        return None

    def _handle(self, task: Any) -> None:
        finish(self._app.call(task.handle), "handle()")
        with suppress(AttributeError, OSError, ValueError):  # output that cannot be written must not fail a task
            sys.stdout.flush()

    def _call_hook(self, key: str, task: Any, name: str, *arguments: Run) -> None:
        """Call a hook. An exception raised by it is reported but never changes the outcome."""
        hook = getattr(task, name, None)
        if not callable(hook) or getattr(type(task), name, None) is getattr(Task, name, None):
            return
        try:
            finish(hook(*arguments), f"{name}()")
        except EndedBySignal:
            raise
        except BaseException as error:  # noqa: BLE001 - a hook may do anything
            _report(key, f"{name}()", describe_failure(error))


def _ended(run: Run, started: datetime, outcome: Outcome, **more: Any) -> Run:
    return replace(run, outcome=outcome, started_at=run.started_at or started, ended_at=clock.real_now(), **more)


def _failed(run: Run, started: datetime, error: BaseException) -> Run:
    failure = describe_failure(error)
    message = str(error) if isinstance(error, SchedulerError) else failure.error
    return _ended(run, started, Outcome.FAILED, error=message, location=failure.location, traceback=failure.traceback)


def _report(key: str, what: str, failure: Failure) -> None:
    line = with_location(f"{key}: its {what} raised {failure.error}", failure.location)
    with suppress(OSError, ValueError):
        print(one_line(line), file=sys.stderr)  # noqa: T201 - kept as output
