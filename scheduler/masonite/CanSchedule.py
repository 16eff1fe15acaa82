"""The mixin with which providers schedule command lines, tasks and jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from scheduler.tasks.JobTask import JobTask

TaskOrClass = TypeVar("TaskOrClass")


class CanSchedule:
    """A mixin for service providers, whose container is `self.application` or `self.app`."""

    def call(self, command: str | Sequence[str] | Callable[..., Any], *arguments: Any) -> Any:
        """Schedule a command line, every minute by default, or a function with `arguments`; return its task."""
        from scheduler.tasks import CallbackTask, CommandTask  # noqa: PLC0415 - every command imports providers

        if callable(command) or arguments:
            return self.schedule(CallbackTask(command, *arguments))
        return self.schedule(CommandTask(command))

    def job(self, job: Any, queue: str | None = None, connection: str | None = None) -> JobTask:
        """Schedule putting one of the app's jobs on its queue, and return the task; say when with its methods."""
        from scheduler.tasks.JobTask import JobTask  # noqa: PLC0415 - see `call`

        return self.schedule(JobTask(job, queue, connection))

    def schedule(self, task: TaskOrClass) -> TaskOrClass:
        """Schedule a task or a task class, and return it."""
        container: Any = getattr(self, "application", None) or getattr(self, "app", None)
        container.make("scheduler").add(task)
        return task
