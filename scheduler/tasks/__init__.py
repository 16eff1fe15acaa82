"""The kinds of tasks that come with the package."""

from scheduler.Task import Task
from scheduler.tasks.CallbackTask import CallbackTask
from scheduler.tasks.CommandTask import CommandTask
from scheduler.tasks.JobTask import JobTask

__all__ = ["CallbackTask", "CommandTask", "JobTask", "Task"]
