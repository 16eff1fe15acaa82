"""Which days of the calendar a rule names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from scheduler.rules import bits

ALL_MONTHS = bits.of(range(1, 13))
ALL_WEEKDAYS = bits.of(range(7))
ALL_MONTH_DAYS = bits.of(range(1, 32))
SUNDAY, SATURDAY = 0, 6
DECEMBER = 12
EVERY_SEVENTH = bits.of(range(0, 42, 7))
LONGEST_MONTH = 31
MONTHS_KNOWN = 24
LAST_ORDINAL = date.max.toordinal()
CALENDAR_CYCLE = 4800
"""Months after which the Gregorian calendar, weekdays included, repeats."""


@lru_cache(maxsize=4096)
def month_shape(year: int, month: int) -> tuple[int, int, int]:
    """Return the ordinal of a month's first day, its weekday (0 is Sunday) and the number of its days."""
    first = date(year, month, 1).toordinal()
    following = date(year, month + 1, 1).toordinal() if month < DECEMBER else first + 31
    return first, first % 7, following - first


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days by their number: `numbers` 1-31, the last, the last from Monday to Friday, the weekday nearest to one."""

    numbers: int = 0
    last: bool = False
    last_weekday: bool = False
    nearest_weekday: int = 0

    def in_month(self, first: int, length: int) -> int:
        """Return the days (1-31) in a month of `length` days that begins on the weekday `first`."""
        days = self.numbers & ((2 << length) - 2)
        if self.last:
            days |= 1 << length
        if self.last_weekday:
            days |= 1 << self._nearest(length, first, length)
        for number in bits.members(self.nearest_weekday):
            if number <= length:
                days |= 1 << self._nearest(number, first, length)
        return days

    @staticmethod
    def _nearest(number: int, first: int, length: int) -> int:
        weekday = (first + number - 1) % 7
        if weekday == SATURDAY:
            return number - 1 if number > 1 else 3
        if weekday == SUNDAY:
            return number + 1 if number < length else number - 2
        return number


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Days by their weekday (0 is Sunday): any of `numbers`, the last of a month, or the n-th as (weekday, n)."""

    numbers: int = 0
    last: int = 0
    nth: tuple[tuple[int, int], ...] = ()

    def in_month(self, first: int, length: int) -> int:
        """Return the days (1-31) in a month of `length` days that begins on the weekday `first`."""
        inside = (2 << length) - 2
        days = ((self.numbers * EVERY_SEVENTH) >> first << 1) & inside
        for weekday in bits.members(self.last):
            days |= 1 << (length - (first + length - 1 - weekday) % 7)
        for weekday, nth in self.nth:
            days |= 1 << ((weekday - first) % 7 + 1 + 7 * (nth - 1)) & inside
        return days


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the calendar: those that each of `groups` names in one of its parts, in `months`, on the n-th turn.

    `every_days` and `every_weeks` count from Monday 0001-01-01, `every_months` from month 0 after adding `shift`.
    """

    groups: tuple[tuple[MonthDays | Weekdays, ...], ...] = ()
    months: int = ALL_MONTHS
    every_days: int = 1
    every_weeks: int = 1
    every_months: int = 1
    shift: int = 0
    _months: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _never: bool = field(default=False, init=False, repr=False, compare=False)

    def in_month(self, year: int, month: int) -> int:
        """Return the days (1-31) of one month that the groups, the months and the n-th month allow."""
        known = self._months
        index = year * 12 + month
        days = known.get(index)
        if days is None:
            if len(known) >= MONTHS_KNOWN:
                known.clear()
            days = known[index] = self._in_month(year, month)
        return days

    def _in_month(self, year: int, month: int) -> int:
        if not self.months >> month & 1 or (year * 12 + month - 1 + self.shift) % self.every_months:
            return 0
        _, first, length = month_shape(year, month)
        days = (2 << length) - 2
        if self.every_days > 1 or self.every_weeks > 1:
            days &= self._turns(month_shape(year, month)[0], length)
        for group in self.groups:
            either = 0
            for part in group:
                either |= part.in_month(first, length)
            days &= either
        return days

    def _turns(self, start: int, length: int) -> int:
        """Return the days (1-31) of the month that starts with the day `start` whose turn it is."""
        if self.every_days > 1:
            return bits.of(range(1 + -start % self.every_days, length + 1, self.every_days))
        return bits.of(day for day in range(1, length + 1) if (start + day - 1) // 7 % self.every_weeks == 0)

    def contain(self, ordinal: int) -> bool:
        """Tell whether the day `ordinal` is named."""
        day = date.fromordinal(ordinal)
        return bool(self.in_month(day.year, day.month) >> day.day & 1)

    def next_from(self, ordinal: int) -> int | None:
        """Return the first named day from `ordinal` on, that day included; None where there is none."""
        if ordinal > LAST_ORDINAL or self._never:
            return None
        if self is EVERY_DAY:
            return ordinal
        found = self._search(max(ordinal, 1))
        if found is None and ordinal > 1 and self._search(1) is None:
            object.__setattr__(self, "_never", True)
        return found

    def _search(self, ordinal: int) -> int | None:
        if (self.every_days > 1 or self.every_weeks > 1) and self.stride > LONGEST_MONTH:
            return self._step(ordinal, 1)
        start = date.fromordinal(ordinal)
        days = self.in_month(start.year, start.month) >> start.day
        if days:
            return ordinal + bits.lowest(days)
        return self._walk_months(start.year * 12 + start.month - 1, 1)

    def previous_from(self, ordinal: int) -> int | None:
        """Return the last named day up to `ordinal`, that day included; None where there is none."""
        if ordinal < 1 or self._never:
            return None
        if self.stride > LONGEST_MONTH:
            return self._step(min(ordinal, LAST_ORDINAL), -1)
        start = date.fromordinal(min(ordinal, LAST_ORDINAL))
        days = self.in_month(start.year, start.month) & ((2 << start.day) - 1)
        if days:
            return start.toordinal() - start.day + bits.highest(days)
        return self._walk_months(start.year * 12 + start.month - 1, -1)

    @property
    def stride(self) -> int:
        """How many days apart the turns of `every_days` or `every_weeks` are."""
        return self.every_days * self.every_weeks * (7 if self.every_weeks > 1 else 1)

    @property
    def depends_on_month(self) -> bool:
        """Whether the same weekday may be named in one month and not in another."""
        plain = all(isinstance(part, Weekdays) and not (part.last or part.nth) for g in self.groups for part in g)
        return not plain or self.months != ALL_MONTHS or self.every_months > 1

    def _walk_months(self, index: int, direction: int) -> int | None:
        """Search month by month, for a whole cycle of the calendar and of the turns at most."""
        step = self.every_months
        if direction > 0:
            index += 1 + -(index + 1 + self.shift) % step
        else:
            index -= 1 + (index - 1 + self.shift) % step
        for _ in range(CALENDAR_CYCLE * self.stride):
            year, month = divmod(index, 12)
            if not 1 <= year <= date.max.year:
                return None
            if self.months >> (month + 1) & 1:
                days = self.in_month(year, month + 1)
                if days:
                    found = bits.lowest(days) if direction > 0 else bits.highest(days)
                    return month_shape(year, month + 1)[0] + found - 1
            index += direction * step
        return None

    def _step(self, ordinal: int, direction: int) -> int | None:
        """Search turn by turn, where turns are rarer than months: one day, or the seven from a Sunday to a Saturday."""
        stride, size = self.stride, 7 if self.every_weeks > 1 else 1
        turn = ordinal // stride * stride
        turns = LAST_ORDINAL // stride if self.depends_on_month else 7
        for _ in range(turns + 2):
            days = range(max(turn, 1), min(turn + size, LAST_ORDINAL + 1))
            for day in days if direction > 0 else reversed(days):
                if (day - ordinal) * direction >= 0 and self.contain(day):
                    return day
            turn += direction * stride
        return None


EVERY_DAY = Days()
_shared: dict[Days, Days] = {EVERY_DAY: EVERY_DAY}


def shared(days: Days) -> Days:
    """Return the one object that stands for all days equal to `days`: rules are many, kinds of days few."""
    return _shared.setdefault(days, days)
