"""One task in, what came of it out: conditions, hooks, `handle`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from scheduler import clock
from scheduler.conditions import App, conditions_of
from scheduler.errors import SchedulerError
from scheduler.failures import Failure, described
from scheduler.isolation import EndedBySignal
from scheduler.runs import Ending, Outcome, Run, SkipReason
from scheduler.Task import Task
from scheduler.TaskRegistry import RegisteredTask
from scheduler.Teller import Teller


class Runner:
    """Runs a task in this process; whatever the task does, its outcome is returned, never raised."""

    def __init__(self, app: App, teller: Teller) -> None:
        self._app = app
        self._teller = teller

    def run(self, task: RegisteredTask, run: Run) -> Run:
        """Do what `run` stands for and return it with its outcome; a forced one is not asked for its conditions."""
        started = clock.real_now()
        try:
            instance = self._instance(task, run)
            refusal = self._refusal(instance) if run.fire_time else None
            if refusal is not None:
                reason, detail = refusal
                return _ended(run, started, Outcome.SKIPPED, skip_reason=reason, detail=detail)
            self._teller.started(task, run)
            self._hook(task.key, instance, "before")
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
        self._hook(task.key, instance, "failed" if result.failed else "succeeded", result)
        self._hook(task.key, instance, "after")
        return result

    def seconds_to_tell_start(self, task: RegisteredTask, run: Run) -> float:
        """Return how long telling of the run's start may take at most, listeners of the app's own apart."""
        return self._teller.seconds_to_tell_start(task, run)

    def is_awaited(self, task: RegisteredTask, ending: Ending) -> bool:
        """Tell whether anybody wants to hear of an outcome, the task itself included."""
        return (ending.hooks_are_due and task.has_hooks) or self._teller.is_awaited(task, ending)

    def tell(self, task: RegisteredTask, endings: Sequence[Ending]) -> bool:
        """Tell outcomes to everybody; False where people should have heard of one, and none could be reached."""
        told = [self._teller.ended(task, ending) for ending in endings]
        for ending in endings:
            if ending.hooks_are_due and task.has_hooks:
                self._tell_task(task, ending.run)
        return all(told)

    def _tell_task(self, task: RegisteredTask, run: Run) -> None:
        """Call the task's hooks for a run that could not call them itself: its process was ended."""
        try:
            instance = self._instance(task, run)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a constructor may do anything
            _report(task.key, "constructor", described(error))
            return
        self._hook(task.key, instance, "failed", run)
        self._hook(task.key, instance, "after")

    def _instance(self, task: RegisteredTask, run: Run) -> Any:
        instance = self._app.call(task.target) if inspect.isclass(task.target) else task.target
        instance.current_run = run
        return instance

    def _refusal(self, task: Any) -> tuple[SkipReason, str] | None:
        """Return why `task` must not run now, None if it may; users' conditions are asked last."""
        for condition in conditions_of(task, self._app):
            if detail := condition.refusal():
                return condition.reason, detail
        return None

    def _handle(self, task: Any) -> None:
        result = self._app.call(task.handle)
        if inspect.isawaitable(result):
            _wait_for(result)
        sys.stdout.flush()

    def _hook(self, key: str, task: Any, name: str, *arguments: Run) -> None:
        """Call a hook; what it raises is reported, and changes nothing."""
        hook = getattr(task, name, None)
        if not callable(hook) or getattr(type(task), name, None) is getattr(Task, name, None):
            return
        try:
            result = hook(*arguments)
            if inspect.isawaitable(result):
                _wait_for(result)
        except EndedBySignal:
            raise
        except BaseException as error:  # noqa: BLE001 - a hook may do anything
            _report(key, f"{name}()", described(error))


def _ended(run: Run, started: datetime, outcome: Outcome, **more: Any) -> Run:
    return replace(run, outcome=outcome, started_at=run.started_at or started, ended_at=clock.real_now(), **more)


def _failed(run: Run, started: datetime, error: BaseException) -> Run:
    failure = described(error)
    message = str(error) if isinstance(error, SchedulerError) else failure.error
    return _ended(run, started, Outcome.FAILED, error=message, location=failure.location, traceback=failure.traceback)


def _wait_for(result: Awaitable[Any]) -> None:
    import asyncio  # noqa: PLC0415 - 13 ms, only for tasks that await

    asyncio.run(_awaited(result))


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


def _report(key: str, what: str, failure: Failure) -> None:
    place = f" ({failure.location})" if failure.location else ""
    print(f"{key}: its {what} raised {failure.error}{place}", file=sys.stderr)  # noqa: T201 - it is kept as output
