"""Where everything piles up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Generic

from scheduler.simulation.calendar import hours_of
from scheduler.simulation.Load import Load
from scheduler.simulation.Stretch import Stretch, T, members

HOURS = 24


class Heat(Generic[T]):
    """How many tasks start at once, on the clock of `zone`.

    `days` has for each day and hour the count of the hour's busiest minute, None where the clock does not show that
    hour or it lies outside. `most` is the largest of all, `times` (UTC) are the minutes that have it, `tasks` those
    that start in the first of them. A task counts once a minute, however many seconds of it are fire times.
    """

    def __init__(self, stretches: Iterator[Stretch[T]], zone: tzinfo) -> None:
        self.days: dict[date, list[int | None]] = {}
        self.most = 0
        self.times: list[datetime] = []
        self.tasks: list[T] = []
        for stretch in stretches:
            load = Load([each.minutes for each in stretch.foreseen], stretch.length)
            for day, hour, first, last in hours_of(stretch.start, stretch.length, zone):
                hours = self.days.setdefault(day, [None] * HOURS)
                hours[hour] = max(hours[hour] or 0, load.most(first, last))
            self._remember(stretch, *load.busiest())

    def _remember(self, stretch: Stretch[T], most: int, minutes: int) -> None:
        if not most or most < self.most:
            return
        found = members(minutes)
        if most > self.most:
            self.most, self.times = most, []
            self.tasks = [each.task for each in stretch.foreseen if each.minutes >> found[0] & 1]
        self.times += [stretch.start + timedelta(minutes=minute) for minute in found]
