"""A task scheduler for Masonite: the public names, each loaded when it is first used."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scheduler.CanSchedule import CanSchedule as CanSchedule
    from scheduler.errors import InvalidSchedule as InvalidSchedule
    from scheduler.Task import Task as Task
    from scheduler.tasks.CallbackTask import CallbackTask as CallbackTask
    from scheduler.tasks.CommandTask import CommandTask as CommandTask

__version__ = "4.0.0"
__all__ = ["CallbackTask", "CanSchedule", "CommandTask", "InvalidSchedule", "Task"]

_HOMES = {
    "CallbackTask": "scheduler.tasks.CallbackTask",
    "CanSchedule": "scheduler.CanSchedule",
    "CommandTask": "scheduler.tasks.CommandTask",
    "InvalidSchedule": "scheduler.errors",
    "Task": "scheduler.Task",
}


class _PublicName:
    """A name of the package that is a class, although a submodule is named like it.

    Importing `scheduler.Task` makes Python set the attribute `Task` of this package to that module; setting is
    therefore ignored here, and `from scheduler import Task` is the class whatever was imported before.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, package: object, owner: object = None) -> Any:
        return getattr(import_module(_HOMES[self.name]), self.name)

    def __set__(self, package: object, value: object) -> None:
        pass


class _Package(ModuleType):
    for _name in _HOMES:
        locals()[_name] = _PublicName(_name)


sys.modules[__name__].__class__ = _Package
