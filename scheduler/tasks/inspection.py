"""Inspecting an object before it runs as a task."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scheduler import clock
from scheduler.errors import BrokenTask, InvalidSchedule
from scheduler.rules import ATTRIBUTES, Rule, ZonedMinute
from scheduler.rules.ZonedMinute import HALF_HOUR
from scheduler.Task import Task, schedule_of

OWN_MODULES = ("scheduler", "masonite.scheduling")
WITHIN_OWN_MODULES = tuple(f"{module}." for module in OWN_MODULES)
SCHEDULE_NAMES = {*ATTRIBUTES, *(name for name in dir(Task) if callable(getattr(Task, name)))}


class ShouldRunRule:
    """The rule of a task that overrides `should_run`: its answer decides."""

    step = timedelta(minutes=1)
    half_hour = HALF_HOUR

    def __init__(self, task: Any, rule: Rule | None) -> None:
        self.task = task
        self.rule = rule

    def matches(self, moment: ZonedMinute) -> bool:  # noqa: ARG002 - it asks another clock
        """Call the task's `should_run`, with the tick's time if it takes one."""
        takes_date = bool(inspect.signature(self.task.should_run).parameters)
        if not takes_date:
            return bool(self.task.should_run())
        return bool(self.task.should_run(clock.as_pendulum(clock.now(), schedule_of(self.task)[1])))

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return None: it cannot be predicted."""

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return None: it is not known afterwards."""

    def named_on(self, ordinal: int) -> int:  # noqa: ARG002 - it cannot be predicted
        """Return no minutes: they cannot be predicted."""
        return 0

    def describe(self) -> str:
        """Return which method decides."""
        return "whenever its should_run() returns true"


def class_of(target: Any) -> type:
    """Return the class of a task or of a task class."""
    cls: type = target if is_class(target) else type(target)
    return cls


def is_class(target: Any) -> bool:
    """Return whether `target` is a class; asked of its type, since a proxy's `__class__` may raise."""
    return issubclass(type(target), type)


def is_task(target: Any) -> bool:
    """Return whether `target` is a task or a task class, Masonite's own included, and not merely one of their bases."""
    cls = class_of(target)
    bases = type.__getattribute__(cls, "__mro__")
    if not any(base is Task or (type.__getattribute__(base, "__name__") == "Task" and is_own(base)) for base in bases):
        return False
    return not (is_class(target) and is_own(cls))


def overrides_should_run(target: Any) -> bool:
    """Return whether a task decides by itself when it is due."""
    home = next((cls for cls in class_of(target).__mro__ if "should_run" in cls.__dict__), Task)
    return not is_own(home)


def is_own(cls: type) -> bool:
    """Return whether a class is one of this package's or of Masonite's scheduler."""
    module = str(type.__getattribute__(cls, "__module__"))
    return module.startswith(WITHIN_OWN_MODULES) or module in OWN_MODULES


def check_handle(target: Any) -> None:
    """Raise `BrokenTask` for a task that does nothing."""
    home = next((cls for cls in class_of(target).__mro__ if "handle" in cls.__dict__), Task)
    if home.__name__ == "Task" and is_own(home) and "handle" not in getattr(target, "__dict__", {}):
        title = class_of(target).__name__
        raise BrokenTask(f"{title} has no handle(): write `def handle(self):` and in it what the task does")


def environments_of(target: Any) -> tuple[str, ...]:
    """Return the environments a task runs in, empty for all; raise `InvalidSchedule` for anything else."""
    value = getattr(target, "environments", ())
    if value is None or value is False:
        return ()
    several = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (None,)
    if not all(isinstance(one, str) and one for one in several):
        examples = ("'production'", "('production', 'staging')")
        problem = "is not an environment name or a list of them"
        raise InvalidSchedule(class_of(target).__name__, "environments", value, problem, examples)
    return several


def schedules_itself(cls: type) -> bool:
    """Return whether the constructor, and not the class, may say when the task runs."""
    codes = [
        base.__dict__["__init__"].__code__
        for base in cls.__mro__
        if not is_own(base) and hasattr(base.__dict__.get("__init__"), "__code__")
    ]
    if any(not SCHEDULE_NAMES.isdisjoint(code.co_names) for code in codes):
        return True
    return any(code.co_names for code in codes) and schedule_of(cls)[0] is None


def is_base(cls: type, classes: Iterable[type]) -> bool:
    """Return whether a class is there only to be subclassed: abstract, private, or without `handle` and subclassed."""
    if inspect.isabstract(cls) or cls.__name__.startswith("_"):
        return True
    try:
        check_handle(cls)
    except BrokenTask:
        return any(other is not cls and issubclass(other, cls) for other in classes)
    return False
