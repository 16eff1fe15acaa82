"""The pauses of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, Protocol

from scheduler.config.TaskOptions import TaskOptions
from scheduler.runs.Pause import EVERYTHING, Pause

if TYPE_CHECKING:
    from scheduler.rules import Rule


MOMENT: Final = timedelta(microseconds=1)


class Pausable(Protocol):
    """A task, as far as pausing goes."""

    @property
    def key(self) -> str:
        """Return the task's key."""

    @property
    def options(self) -> TaskOptions:
        """Return its options: whether it runs while all tasks are paused."""

    @property
    def rule(self) -> Rule | None:
        """Return its rule, or None if it runs only on demand."""

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the rule."""


class Pauses:
    """The pauses there are and were, as seen at `now`."""

    def __init__(self, pauses: Iterable[Pause], now: datetime) -> None:
        self._pauses = tuple(pauses)
        self._now = now

    def of(self, task: Pausable, instant: datetime | None = None) -> Pause | None:
        """Return the pause of the task at `instant` (default: now), or None.

        Its own pause comes first; a pause of everything does not apply to a task with `run_when_paused`.
        """
        if not self._pauses:
            return None
        keys = (task.key,) if task.options.run_when_paused else (task.key, EVERYTHING)
        found = (pause for key in keys for pause in self._pauses if pause.key == key)
        return next((pause for pause in found if pause.covers(instant or self._now)), None)

    def coming(self, task: Pausable, after: datetime) -> Iterator[datetime]:
        """Return the fire times of the task after `after` that are not paused."""
        while task.rule is not None and (next_run := task.rule.next_after(after, task.zone)) is not None:
            after = next_run
            pause = self.of(task, next_run)
            if pause is None:
                yield next_run
            elif pause.until is None:
                return
            else:
                after = max(after, pause.until - MOMENT)

    def at(self, task: Pausable, fire_time: datetime) -> Pause | None:
        """Return why the task does not start for `fire_time`: a pause of then, or else of now."""
        minute = fire_time.replace(second=0, microsecond=0)
        return self.of(task, fire_time) or self.of(task, minute) or self.of(task)

    def of_everything(self) -> Pause | None:
        """Return the pause of all tasks that holds now, None if there is none."""
        return next((pause for pause in self._pauses if pause.key == EVERYTHING and pause.covers(self._now)), None)

    def own(self, key: str) -> Pause | None:
        """Return the pause of the task `key` alone that holds now, None if there is none."""
        return next((pause for pause in self._pauses if pause.key == key and pause.covers(self._now)), None)

    def __bool__(self) -> bool:
        """Return whether there is any pause at all, including ended ones."""
        return bool(self._pauses)
