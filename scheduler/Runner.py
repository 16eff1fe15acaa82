"""One due task in, one run out."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from scheduler import clock
from scheduler.errors import SchedulerError
from scheduler.failures import described
from scheduler.runs import Outcome, Run, SkipReason
from scheduler.Task import Task
from scheduler.TaskRegistry import RegisteredTask


class App(Protocol):
    """What a runner needs of the app."""

    def call(self, target: Callable[..., Any]) -> Any:
        """Call `target` (a class too) with its parameters injected."""

    def environment(self) -> str:
        """Return what `APP_ENV` says."""

    def is_down(self) -> bool:
        """Tell whether the app is down for maintenance."""


class Runner:
    """Runs one task at a time, in this process; whatever the task does, its outcome is returned, never raised."""

    def __init__(self, app: App) -> None:
        self._app = app

    def run(self, task: RegisteredTask, fire_time: datetime | None) -> Run:
        """Run `task` for `fire_time` (None: forced, whatever its conditions say) and return what came of it."""
        started = clock.real_now()
        try:
            instance = self._app.call(task.target) if inspect.isclass(task.target) else task.target
            refusal = self._refusal(instance) if fire_time else None
            if refusal is None:
                self._handle(instance)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a task may do anything; the others must run
            failure = described(error)
            message = str(error) if isinstance(error, SchedulerError) else failure.error
            return Run(
                task.key, Outcome.FAILED, fire_time, started, clock.real_now(),
                error=message, location=failure.location, traceback=failure.traceback,
            )  # fmt: skip
        if refusal is not None:
            reason, detail = refusal
            return Run(
                task.key, Outcome.SKIPPED, fire_time, started, clock.real_now(), skip_reason=reason, detail=detail
            )
        return Run(task.key, Outcome.SUCCEEDED, fire_time, started, clock.real_now())

    def _refusal(self, task: Any) -> tuple[SkipReason, str] | None:
        """Return why `task` must not run now, None if it may; users' conditions are asked last."""
        environments = _several(getattr(task, "environments", ()))
        if environments and self._app.environment() not in environments:
            here = self._app.environment() or "not set"
            return SkipReason.ENVIRONMENT, f"it runs only in {' and '.join(environments)}, and APP_ENV is {here}"
        if not getattr(task, "run_in_maintenance", False) and self._app.is_down():
            return SkipReason.MAINTENANCE, "the app is down for maintenance"
        if isinstance(task, Task):
            return self._refused_condition(task)
        return None

    def _refused_condition(self, task: Task) -> tuple[SkipReason, str] | None:
        if type(task).when is not Task.when and not self._app.call(task.when):
            return SkipReason.CONDITION, "its when() said no"
        for condition, wanted in task.conditions:
            if bool(self._app.call(condition)) is not wanted:
                return SkipReason.CONDITION, f"its {'when' if wanted else 'skip'} condition {_name(condition)} said no"
        return None

    def _handle(self, task: Any) -> None:
        result = self._app.call(task.handle)
        if inspect.isawaitable(result):
            import asyncio  # noqa: PLC0415 - 13 ms, only for tasks that await

            asyncio.run(_awaited(result))
        sys.stdout.flush()


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


def _several(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _name(condition: Callable[..., Any]) -> str:
    return str(getattr(condition, "__qualname__", type(condition).__name__))
