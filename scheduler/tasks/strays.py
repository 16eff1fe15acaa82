"""What looks like a task in the files of tasks and never runs: a class without `Task` as a base, an instance."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import ModuleType

from scheduler.rules import RECURRENCES
from scheduler.tasks.failures import relative
from scheduler.tasks.inspection import class_of, is_class, is_task


def strays(modules: Iterable[ModuleType], registered: frozenset[int]) -> Iterator[str]:
    """Return a notice for each class with a rule, and each task that is an instance, that will never run.

    A mixin of a task, whose rule the task inherits, is not one, nor are the tasks whose ids are `registered`.
    """
    seen = set(registered)
    for module in modules:
        for name, value in list(vars(module).items()):
            with suppress(Exception, GeneratorExit, SystemExit):  # what cannot be asked
                notice = _notice(name, value, module) if id(value) not in seen else ""
                if notice:
                    seen.add(id(value))
                    yield notice


def _notice(name: str, value: object, module: ModuleType) -> str:
    if is_class(value):
        return _notice_of_class(class_of(value)) if class_of(value).__module__ == module.__name__ else ""
    if not is_task(value):
        return ""
    file = relative(module.__file__ or "")
    place = getattr(value, "defined_at", "") or file
    return (
        f"{name} is a task, but only classes are found in {file}, so it never runs ({place}): "
        "write a class, or add it in the register() of a provider"
    )


def _notice_of_class(cls: type) -> str:
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
