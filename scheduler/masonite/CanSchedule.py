"""For providers: schedule command lines and tasks in one word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from scheduler.tasks.CommandTask import CommandTask

TaskOrClass = TypeVar("TaskOrClass")


class CanSchedule:
    """A mixin for service providers, whose container is `self.application` or `self.app`."""

    def call(self, command: str) -> CommandTask:
        """Schedule a command line, every minute unless told otherwise, and return its task."""
        from scheduler.tasks.CommandTask import CommandTask  # noqa: PLC0415 - providers are imported by every command

        return self.schedule(CommandTask(command))

    def schedule(self, task: TaskOrClass) -> TaskOrClass:
        """Schedule a task or a task class, and return it."""
        container: Any = getattr(self, "application", None) or getattr(self, "app", None)
        container.make("scheduler").add(task)
        return task
