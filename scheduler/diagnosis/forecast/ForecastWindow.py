"""Some days of a window of time, and what is foreseen in them.

A year of a task that runs every minute has half a million fire times: they are kept as the bits of one integer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from math import gcd
from typing import Generic, TypeVar

from scheduler.due import MINUTE, Schedulable
from scheduler.due_minutes import due_minutes
from scheduler.rules import bits
from scheduler.rules.Moment import DAY, in_utc
from scheduler.simulation.calendar import day_of, midnight

DAY_BYTES = DAY // 8
STRETCH_DAYS = 28
T = TypeVar("T", bound=Schedulable)


@dataclass(frozen=True, slots=True)
class Foreseen(Generic[T]):
    """A task, and the minutes of a stretch in which it has fire times: bit 0 is the stretch's first minute."""

    task: T
    minutes: int
    step: timedelta

    @property
    def count(self) -> int:
        """How many fire times these are."""
        return self.minutes.bit_count() * (MINUTE // self.step)

    def first_after(self, start: datetime) -> datetime:
        """Return the first fire time of a stretch that begins at `start` and has one."""
        return start + timedelta(minutes=bits.lowest(self.minutes))

    def last_after(self, start: datetime) -> datetime:
        """Return the last fire time of a stretch that begins at `start` and has one."""
        return start + timedelta(minutes=bits.highest(self.minutes) + 1) - self.step


@dataclass(frozen=True, slots=True)
class Stretch(Generic[T]):
    """Some days: when they begin (UTC), how many minutes they have, what is foreseen of each task."""

    start: datetime
    length: int
    foreseen: list[Foreseen[T]]

    def fire_times(self) -> Iterator[tuple[datetime, list[T]]]:
        """Return all fire times (UTC), the earliest first, each with the tasks that are due then."""
        written = [(each, _bytes(each.minutes, self.length)) for each in self.foreseen if each.minutes]
        for first in range(0, self.length, DAY):
            due: list[list[Foreseen[T]]] = [[] for _ in range(DAY)]
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


def stretches(tasks: Sequence[T], start: datetime, end: datetime, zone: tzinfo) -> Iterator[Stretch[T]]:
    """Return what is foreseen from `start` on and before `end` (aware, whole minutes), some days at a time.

    A stretch ends with a day of the clock of `zone`. Tasks without a rule have no fire times.
    """
    start, end = in_utc(start), in_utc(end)
    while start < end:
        until = min(midnight(day_of(start, zone) + STRETCH_DAYS, zone), end)
        yield _stretch(tasks, start, until)
        start = until


def _stretch(tasks: Sequence[T], start: datetime, end: datetime) -> Stretch[T]:
    length = (end - start) // MINUTE
    known: dict[tuple[int, tzinfo], int] = {}
    foreseen = []
    for task in tasks:
        if task.rule is None:
            continue
        what = (id(task.rule), task.zone)
        if what not in known:
            known[what] = due_minutes([(task.rule, task.zone)], start, length)
        foreseen.append(Foreseen(task, known[what], task.rule.step))
    return Stretch(start, length, foreseen)


def _within(minute: datetime, due: list[Foreseen[T]]) -> Iterator[tuple[datetime, list[T]]]:
    """Return the fire times of one minute where there are rules of seconds."""
    for second in range(0, 60, gcd(*(each.step.seconds for each in due))):
        after = timedelta(seconds=second)
        if tasks := [each.task for each in due if not after % each.step]:
            yield minute + after, tasks


@lru_cache(maxsize=4096)
def _members_of_day(minutes: bytes) -> list[int]:
    """Return the minutes of one day; they are those of many others."""
    return members(int.from_bytes(minutes, "little"))


def members(minutes: int) -> list[int]:
    """Return the members of a large set in ascending order, more quickly than by looking at each bit."""
    return [match.start() for match in re.finditer("1", f"{minutes:b}"[::-1])]


def _bytes(minutes: int, length: int) -> bytes:
    return minutes.to_bytes(length // 8 + 1, "little")
