"""What can be told of an object before it is run as a task."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scheduler import clock
from scheduler.errors import BrokenTask, InvalidSchedule
from scheduler.rules import Moment, Rule
from scheduler.rules.Moment import HALF_HOUR
from scheduler.Task import SCHEDULE_ATTRIBUTES, Task, schedule_of

OWN_MODULES = ("scheduler", "masonite.scheduling")
WITHIN_OWN_MODULES = tuple(f"{module}." for module in OWN_MODULES)
SAYS_WHEN = SCHEDULE_ATTRIBUTES | {name for name, member in vars(Task).items() if callable(member)}


class AskedRule:
    """The rule of a task that overrides `should_run`: whatever that says."""

    step = timedelta(minutes=1)
    half_hour = HALF_HOUR

    def __init__(self, task: Any, rule: Rule | None) -> None:
        self.task = task
        self.rule = rule

    def matches(self, moment: Moment) -> bool:  # noqa: ARG002 - it asks another clock
        """Ask the task's `should_run`, with the tick's time where it takes one."""
        takes_date = bool(inspect.signature(self.task.should_run).parameters)
        if not takes_date:
            return bool(self.task.should_run())
        return bool(self.task.should_run(clock.as_pendulum(clock.now(), schedule_of(self.task)[1])))

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return None: nobody can tell before the time has come."""

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return None: nobody can tell."""

    def named_on(self, ordinal: int) -> int:  # noqa: ARG002 - nobody can tell
        """Return nothing: nobody can tell before the time has come."""
        return 0

    def describe(self) -> str:
        """Say who decides."""
        return "whenever its should_run() says so"


def class_of(target: Any) -> type:
    """Return the class of a task or of a task class."""
    return target if issubclass(type(target), type) else type(target)  # a proxy's __class__ may raise


def is_task(target: Any) -> bool:
    """Tell whether `target` is a task or a task class, Masonite's own included, and not merely one of their bases."""
    cls = class_of(target)
    if not any(base is Task or (base.__name__ == "Task" and _is_own(base)) for base in cls.__mro__):
        return False
    return not (inspect.isclass(target) and _is_own(cls))


def overrides_should_run(target: Any) -> bool:
    """Tell whether a task decides by itself when it is due."""
    home = next((cls for cls in class_of(target).__mro__ if "should_run" in cls.__dict__), Task)
    return not _is_own(home)


def _is_own(cls: type) -> bool:
    return cls.__module__.startswith(WITHIN_OWN_MODULES) or cls.__module__ in OWN_MODULES


def check_handle(target: Any) -> None:
    """Raise `BrokenTask` for a task that does nothing."""
    home = next((cls for cls in class_of(target).__mro__ if "handle" in cls.__dict__), Task)
    if home.__name__ == "Task" and _is_own(home) and "handle" not in getattr(target, "__dict__", {}):
        title = class_of(target).__name__
        raise BrokenTask(f"{title} has no handle(): write `def handle(self):` and in it what the task does")


def environments_of(target: Any) -> tuple[str, ...]:
    """Return the environments a task runs in, none for all; raise `InvalidSchedule` for what are no names."""
    value = getattr(target, "environments", ())
    if value is None or value is False:
        return ()
    several = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (None,)
    if not all(isinstance(one, str) and one for one in several):
        examples = ("'production'", "('production', 'staging')")
        problem = "is no name of an environment, nor several"
        raise InvalidSchedule(class_of(target).__name__, "environments", value, problem, examples)
    return several


def schedules_itself(cls: type) -> bool:
    """Tell whether the constructor, and not the class, may say when the task runs."""
    codes = [
        base.__dict__["__init__"].__code__
        for base in cls.__mro__
        if not _is_own(base) and hasattr(base.__dict__.get("__init__"), "__code__")
    ]
    if any(not SAYS_WHEN.isdisjoint(code.co_names) for code in codes):
        return True
    return any(code.co_names for code in codes) and schedule_of(cls)[0] is None


def is_base(cls: type, classes: Iterable[type]) -> bool:
    """Tell whether a class is there only to be subclassed: abstract, private, or without `handle` and subclassed."""
    if inspect.isabstract(cls) or cls.__name__.startswith("_"):
        return True
    try:
        check_handle(cls)
    except BrokenTask:
        return any(other is not cls and issubclass(other, cls) for other in classes)
    return False
