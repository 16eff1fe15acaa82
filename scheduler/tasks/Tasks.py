"""All tasks of an app, usable and broken ones."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from scheduler.errors import UnknownTask
from scheduler.tasks.Notice import Notice
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.text import mask_secrets


@dataclass(frozen=True, slots=True)
class TaskProblem:
    """A task or file that cannot be used: its key, what is wrong, and where."""

    key: str
    error: str
    location: str = ""
    traceback: str = ""
    names: AbstractSet[str] = frozenset()

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as JSON has it."""
        return {
            "key": self.key,
            "error": mask_secrets(self.error),
            "location": self.location or None,
            "traceback": mask_secrets(self.traceback) or None,
        }


@dataclass(slots=True)
class Tasks:
    """All tasks of an app: the usable ones in order, the broken ones, and notices about them."""

    usable: list[RegisteredTask] = field(default_factory=list)
    broken: list[TaskProblem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def _names(self) -> list[AbstractSet[str]]:
        return [task.names for task in self.usable] + [task.names for task in self.broken]

    def called(self, names: Iterable[str]) -> Tasks:
        """Return only the tasks that `names` call: keys, names or class names. Raises `UnknownTask`."""
        wanted = list(names)
        known = {name for names in self._names() for name in names}
        for name in wanted:
            if name not in known:
                raise UnknownTask(_unknown(name, known, self.broken))
        usable = [task for task in self.usable if not task.names.isdisjoint(wanted)]
        broken = [task for task in self.broken if not task.names.isdisjoint(wanted)]
        keys = {task.key for task in usable} | {task.key for task in broken}
        return Tasks(usable, broken, [notice for notice in self.notices if notice.is_about(keys)])


def _unknown(name: str, known: set[str], broken: list[TaskProblem]) -> str:
    message = f"there is no task {name!r}"
    from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

    close = get_close_matches(name, known, n=3)
    if close:
        message += f"; did you mean {' or '.join(close)}?"
    elif known:
        message += ". Run craft schedule:list to see all tasks."
    else:
        message += ": there are no tasks yet. Run craft task SayHi to create one."
    return message + "".join(
        f"\n  (and {task.key} could not be loaded: {task.error})" for task in broken if task.location and not task.names
    )
