"""The busiest minutes of a forecast."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Generic

from scheduler.diagnosis.forecast.calendar import hours_of
from scheduler.diagnosis.forecast.ForecastWindow import ForecastWindow, T, members
from scheduler.diagnosis.forecast.MinuteCounts import MinuteCounts

HOURS = 24


class BusyMap(Generic[T]):
    """How many tasks start in the same minute, on the clock of `zone`.

    `days` maps each day to 24 counts: the count of the busiest minute of each hour, or None if the clock skips that
    hour or it is outside of the forecast. `most` is the largest count, `times` (UTC) are the minutes that have it, and
    `tasks` those that start in the first of them. A task counts once a minute, even with several fire times in it.
    """

    def __init__(self, forecast_windows: Iterator[ForecastWindow[T]], zone: tzinfo) -> None:
        self.days: dict[date, list[int | None]] = {}
        self.most = 0
        self.times: list[datetime] = []
        self.tasks: list[T] = []
        for window in forecast_windows:
            counts = MinuteCounts([each.minutes for each in window.foreseen], window.length)
            for day, hour, first, last in hours_of(window.start, window.length, zone):
                hours = self.days.setdefault(day, [None] * HOURS)
                hours[hour] = max(hours[hour] or 0, counts.most(first, last))
            self._update_busiest(window, *counts.busiest())

    def _update_busiest(self, window: ForecastWindow[T], most: int, minutes: int) -> None:
        if not most or most < self.most:
            return
        found = members(minutes)
        if most > self.most:
            self.most, self.times = most, []
            self.tasks = [each.task for each in window.foreseen if each.minutes >> found[0] & 1]
        self.times += [window.start + timedelta(minutes=minute) for minute in found]
