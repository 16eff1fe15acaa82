"""Classes that declare when they run but are not tasks, because `Task` is not among their bases."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import ModuleType

from scheduler.rules import RECURRENCES
from scheduler.tasks.failures import relative
from scheduler.tasks.inspection import is_class, is_task


def strays(modules: Iterable[ModuleType]) -> Iterator[str]:
    """Return a notice for each class with a rule that will never run, with its place.

    A mixin of a task, whose rule the task inherits, is not one.
    """
    for module in modules:
        for value in list(vars(module).values()):
            with suppress(Exception, GeneratorExit, SystemExit):  # a class that cannot be asked
                if is_class(value) and value.__module__ == module.__name__ and (notice := _notice(value)):
                    yield notice


def _notice(cls: type) -> str:
    name = next((name for name in RECURRENCES if _is_set(vars(cls).get(name))), "")
    if not name or is_task(cls) or _has_task_below(cls):
        return ""
    title = cls.__name__
    return (
        f"{title} has {name} and is not a Task, so it never runs{_place(cls)}: "
        f"write class {title}(Task), after from scheduler import Task"
    )


def _is_set(value: object) -> bool:
    return value is not None and not callable(value) and not hasattr(type(value), "__get__")


def _has_task_below(cls: type) -> bool:
    below: list[type] = type.__subclasses__(cls)
    return any(is_task(each) or _has_task_below(each) for each in below)


def _place(cls: type) -> str:
    try:
        return f" ({relative(inspect.getsourcefile(cls) or '')}:{inspect.getsourcelines(cls)[1]})"
    except (OSError, TypeError):
        return ""
