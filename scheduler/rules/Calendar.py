"""Searching days: the next, the previous, and whether a day is one of them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from scheduler.rules import bits
from scheduler.rules.Days import EVERY_DAY, Days, month_shape

LONGEST_MONTH = 31
MONTHS_KEPT = 24
CALENDARS_KEPT = 4096
LAST_ORDINAL = date.max.toordinal()
CALENDAR_CYCLE = 4800
"""Months after which the Gregorian calendar, weekdays included, repeats."""


class Calendar:
    """The days that a `Days` names, searched; it remembers the months it has looked at."""

    __slots__ = ("_is_empty", "_months", "days", "names_every_day", "stride")

    def __init__(self, days: Days) -> None:
        self.days = days
        self.names_every_day = days == EVERY_DAY
        self.stride = days.stride
        self._months: dict[int, int] = {}
        self._is_empty = False

    def in_month(self, year: int, month: int) -> int:
        """Return the days (1-31) of one month."""
        index = year * 12 + month
        days = self._months.get(index)
        if days is None:
            if len(self._months) >= MONTHS_KEPT:
                self._months.clear()
            days = self._months[index] = self.days.in_month(year, month)
        return days

    def contain(self, ordinal: int) -> bool:
        """Return whether the day `ordinal` is named."""
        day = date.fromordinal(ordinal)
        return bool(self.in_month(day.year, day.month) >> day.day & 1)

    def next_from(self, ordinal: int) -> int | None:
        """Return the first named day from `ordinal` on, that day included; or None."""
        if ordinal > LAST_ORDINAL or self._is_empty:
            return None
        if self.names_every_day:
            return ordinal
        found = self._search(max(ordinal, 1))
        if found is None and ordinal > 1 and self._search(1) is None:
            self._is_empty = True
        return found

    def _search(self, ordinal: int) -> int | None:
        if self.stride > LONGEST_MONTH:
            return self._step(ordinal, 1)
        start = date.fromordinal(ordinal)
        days = self.in_month(start.year, start.month) >> start.day
        if days:
            return ordinal + bits.lowest(days)
        return self._walk_months(start.year * 12 + start.month - 1, 1)

    def previous_from(self, ordinal: int) -> int | None:
        """Return the last named day up to `ordinal`, that day included; or None."""
        if ordinal < 1 or self._is_empty:
            return None
        if self.stride > LONGEST_MONTH:
            return self._step(min(ordinal, LAST_ORDINAL), -1)
        start = date.fromordinal(min(ordinal, LAST_ORDINAL))
        days = self.in_month(start.year, start.month) & ((2 << start.day) - 1)
        if days:
            return start.toordinal() - start.day + bits.highest(days)
        return self._walk_months(start.year * 12 + start.month - 1, -1)

    def _walk_months(self, index: int, direction: int) -> int | None:
        """Search month by month, for a whole cycle of the calendar and of the turns at most."""
        step = self.days.every_months
        if direction > 0:
            index += 1 + -(index + 1 + self.days.shift) % step
        else:
            index -= 1 + (index - 1 + self.days.shift) % step
        for _ in range(CALENDAR_CYCLE * self.stride):
            year, month = divmod(index, 12)
            if not 1 <= year <= date.max.year:
                return None
            if self.days.months >> (month + 1) & 1:
                days = self.in_month(year, month + 1)
                if days:
                    found = bits.lowest(days) if direction > 0 else bits.highest(days)
                    return month_shape(year, month + 1)[0] + found - 1
            index += direction * step
        return None

    def _step(self, ordinal: int, direction: int) -> int | None:
        """Search turn by turn, if turns are rarer than months: one day, or the week from a Sunday to a Saturday."""
        stride, size = self.stride, 7 if self.days.every_weeks > 1 else 1
        turn = ordinal // stride * stride
        turns = LAST_ORDINAL // stride if self.days.depends_on_month else 7
        for _ in range(turns + 2):
            days = range(max(turn, 1), min(turn + size, LAST_ORDINAL + 1))
            for day in days if direction > 0 else reversed(days):
                if (day - ordinal) * direction >= 0 and self.contain(day):
                    return day
            turn += direction * stride
        return None


@lru_cache(maxsize=CALENDARS_KEPT)
def calendar_of(days: Days) -> Calendar:
    """Return the calendar of `days`, shared by all rules of the same days."""
    return Calendar(days)
