"""A task scheduler for Masonite: the public names, each loaded when it is first used."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing it from `typing` would cost an idle tick half of its time
if TYPE_CHECKING:
    from typing import Any

    from scheduler.errors import InvalidSchedule as InvalidSchedule
    from scheduler.executors.execute import execute as execute
    from scheduler.masonite.CanSchedule import CanSchedule as CanSchedule
    from scheduler.Task import Task as Task
    from scheduler.tasks.CallbackTask import CallbackTask as CallbackTask
    from scheduler.tasks.CommandTask import CommandTask as CommandTask
    from scheduler.tasks.JobTask import JobTask as JobTask

__version__ = "4.0.0"
__all__ = ["CallbackTask", "CanSchedule", "CommandTask", "InvalidSchedule", "JobTask", "Task", "execute"]

_HOMES = {
    "CallbackTask": "scheduler.tasks.CallbackTask",
    "CanSchedule": "scheduler.masonite.CanSchedule",
    "CommandTask": "scheduler.tasks.CommandTask",
    "InvalidSchedule": "scheduler.errors",
    "JobTask": "scheduler.tasks.JobTask",
    "Task": "scheduler.Task",
    "execute": "scheduler.executors.execute",
}


class _PublicName:
    """A name of the package that is a class, although a submodule is named like it.

    Importing `scheduler.Task` makes Python set the attribute `Task` of this package to that module; setting is
    therefore ignored here, and `from scheduler import Task` is the class whatever was imported before.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, package: object, owner: object = None) -> Any:
        from importlib import import_module  # noqa: PLC0415 - see TYPE_CHECKING

        return getattr(import_module(_HOMES[self.name]), self.name)

    def __set__(self, package: object, value: object) -> None:
        pass


class _Package(type(sys)):  # type: ignore[misc] # the class of modules, without importing `types` for its name
    for _name in _HOMES:
        locals()[_name] = _PublicName(_name)


sys.modules[__name__].__class__ = _Package
