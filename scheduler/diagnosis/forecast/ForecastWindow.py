"""The fire times of all tasks in a window of some days.

A task that runs every minute has half a million fire times a year, so they are stored as the bits of one integer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from math import gcd
from typing import Generic, TypeVar

from scheduler.diagnosis.forecast.calendar import day_of, midnight
from scheduler.execution.due import MINUTE, Schedulable
from scheduler.rules import Rule, bits
from scheduler.rules.due_minutes import due_minutes
from scheduler.rules.ZonedMinute import DAY, in_utc

DAY_BYTES = DAY // 8
WINDOW_DAYS = 28
T = TypeVar("T", bound=Schedulable)


@dataclass(frozen=True, slots=True)
class TaskForecast(Generic[T]):
    """A task, and the minutes of a window in which it has fire times: bit 0 is the first minute of the window."""

    task: T
    minutes: int
    step: timedelta

    @property
    def count(self) -> int:
        """Return the number of fire times."""
        return self.minutes.bit_count() * (MINUTE // self.step)

    def first_after(self, start: datetime) -> datetime:
        """Return the first fire time in a window that begins at `start`; there must be one."""
        return start + timedelta(minutes=bits.lowest(self.minutes))

    def last_after(self, start: datetime) -> datetime:
        """Return the last fire time in a window that begins at `start`; there must be one."""
        return start + timedelta(minutes=bits.highest(self.minutes) + 1) - self.step


@dataclass(frozen=True, slots=True)
class ForecastWindow(Generic[T]):
    """A window of some days: its start (UTC), its length in minutes, and the forecast of each task."""

    start: datetime
    length: int
    foreseen: list[TaskForecast[T]]

    def fire_times(self) -> Iterator[tuple[datetime, list[T]]]:
        """Yield all fire times (UTC), the earliest first, each with the tasks that are due then."""
        written = [(each, _bytes(each.minutes, self.length)) for each in self.foreseen if each.minutes]
        for first in range(0, self.length, DAY):
            due: list[list[TaskForecast[T]]] = [[] for _ in range(DAY)]
            finer: set[int] = set()
            for each, written_minutes in written:
                minutes = _members_of_day(written_minutes[first // 8 : first // 8 + DAY_BYTES])
                for minute in minutes:
                    due[minute].append(each)
                if each.step < MINUTE:
                    finer.update(minutes)
            for minute, some in enumerate(due):
                if minute in finer:
                    yield from _within(self.start + timedelta(minutes=first + minute), some)
                elif some:
                    yield self.start + timedelta(minutes=first + minute), [each.task for each in some]


def forecast_windows(tasks: Sequence[T], start: datetime, end: datetime, zone: tzinfo) -> Iterator[ForecastWindow[T]]:
    """Yield the forecast from `start` (inclusive) to `end`, both aware and whole minutes, in windows of some days.

    A window ends with a day on the clock of `zone`. Tasks without a rule have no fire times.
    """
    start, end = in_utc(start), in_utc(end)
    while start < end:
        until = min(midnight(day_of(start, zone) + WINDOW_DAYS, zone), end)
        yield _window(tasks, start, until)
        start = until


def _window(tasks: Sequence[T], start: datetime, end: datetime) -> ForecastWindow[T]:
    length = (end - start) // MINUTE
    known: dict[tuple[Rule, tzinfo], int] = {}
    foreseen = []
    for task in tasks:
        if task.rule is None:
            continue
        schedule = (task.rule, task.zone)
        if schedule not in known:
            known[schedule] = due_minutes([schedule], start, length)
        foreseen.append(TaskForecast(task, known[schedule], task.rule.step))
    return ForecastWindow(start, length, foreseen)


def _within(minute: datetime, due: list[TaskForecast[T]]) -> Iterator[tuple[datetime, list[T]]]:
    """Yield the fire times of one minute in which sub-minute rules are due."""
    for second in range(0, 60, gcd(*(each.step.seconds for each in due))):
        after = timedelta(seconds=second)
        if tasks := [each.task for each in due if not after % each.step]:
            yield minute + after, tasks


@lru_cache(maxsize=4096)
def _members_of_day(minutes: bytes) -> list[int]:
    """Return the minutes of one day; cached, since most days have the same."""
    return members(int.from_bytes(minutes, "little"))


def members(minutes: int) -> list[int]:
    """Return the members of a large set in ascending order, faster than by testing each bit."""
    return [match.start() for match in re.finditer("1", f"{minutes:b}"[::-1])]


def _bytes(minutes: int, length: int) -> bytes:
    return minutes.to_bytes(length // 8 + 1, "little")
