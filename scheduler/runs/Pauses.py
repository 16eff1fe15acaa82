"""Which tasks are paused, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, Protocol

from scheduler.Policy import Policy
from scheduler.runs.Pause import EVERYTHING, Pause

if TYPE_CHECKING:
    from scheduler.rules import Rule


MOMENT: Final = timedelta(microseconds=1)


class Pausable(Protocol):
    """A task, as far as pausing goes."""

    @property
    def key(self) -> str:
        """What it is called."""

    @property
    def policy(self) -> Policy:
        """Whether it goes on while everything is paused."""

    @property
    def rule(self) -> Rule | None:
        """When it is due, None for what is only run on demand."""

    @property
    def zone(self) -> tzinfo:
        """The clock the rule reads."""


class Pauses:
    """The pauses there are and were, as seen at `now`."""

    def __init__(self, pauses: Iterable[Pause], now: datetime) -> None:
        self._pauses = tuple(pauses)
        self._now = now

    def of(self, task: Pausable, instant: datetime | None = None) -> Pause | None:
        """Return the pause into which `instant` (default: now) falls for the task, None where there is none.

        Its own pause comes first; that of everything passes by a task that says `run_when_paused`.
        """
        keys = (task.key,) if task.policy.run_when_paused else (task.key, EVERYTHING)
        found = (pause for key in keys for pause in self._pauses if pause.key == key)
        return next((pause for pause in found if pause.covers(instant or self._now)), None)

    def coming(self, task: Pausable, after: datetime) -> Iterator[datetime]:
        """Return the fire times of the task after `after` that no pause keeps back."""
        while task.rule is not None and (following := task.rule.next_after(after, task.zone)) is not None:
            after = following
            pause = self.of(task, following)
            if pause is None:
                yield following
            elif pause.until is None:
                return
            else:
                after = max(after, pause.until - MOMENT)

    def why(self, task: Pausable, fire_time: datetime) -> str:
        """Return why the task does not start for `fire_time`, in a line: it was paused then, or it is now."""
        minute = fire_time.replace(second=0, microsecond=0)
        pause = self.of(task, fire_time) or self.of(task, minute) or self.of(task)
        return pause.describe() if pause else "paused"

    def __bool__(self) -> bool:
        """Tell whether there is any pause at all, ended ones included."""
        return bool(self._pauses)
