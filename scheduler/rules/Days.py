"""Which days of the calendar a rule names: the sets of days, as values.

Days of a month are kept as the bits of one integer, bit 1 for the first day: `(2 << length) - 2` is all days of a
month, `days >> day & 1` asks for one. Masks and shifts of such integers replace loops over days; see `bits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from scheduler.rules import bits

ALL_MONTHS = bits.of(range(1, 13))
ALL_WEEKDAYS = bits.of(range(7))
ALL_MONTH_DAYS = bits.of(range(1, 32))
SUNDAY, SATURDAY = 0, 6
DECEMBER = 12
EVERY_SEVENTH = bits.of(range(0, 42, 7))
"""One weekday of six weeks. Multiplied by a set of weekdays (bits 0-6) it repeats that set in every week."""


@lru_cache(maxsize=4096)
def month_shape(year: int, month: int) -> tuple[int, int, int]:
    """Return the ordinal of a month's first day, its weekday (0 is Sunday) and the number of its days."""
    first = date(year, month, 1).toordinal()
    next_first = date(year, month + 1, 1).toordinal() if month < DECEMBER else first + 31
    return first, first % 7, next_first - first


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days of a month by number (1-31), the last one, the last working day, or the working day nearest to a number."""

    numbers: int = 0
    last: bool = False
    last_weekday: bool = False
    nearest_weekday: int = 0

    def in_month(self, first: int, length: int) -> int:
        """Return the days (1-31) in a month of `length` days that begins on the weekday `first`."""
        days = self.numbers & ((2 << length) - 2)  # a month of 30 days has no 31st
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
        # Six weeks of the weekdays, from a Sunday on: drop those before the 1st, then move the 1st to bit 1.
        days = ((self.numbers * EVERY_SEVENTH) >> first << 1) & inside
        for weekday in bits.members(self.last):
            days |= 1 << (length - (first + length - 1 - weekday) % 7)
        for weekday, nth in self.nth:
            days |= 1 << ((weekday - first) % 7 + 1 + 7 * (nth - 1)) & inside
        return days


@dataclass(frozen=True, slots=True)
class Days:
    """The days that each of `groups` names in one of its parts, in `months`, on every n-th turn.

    `every_days` and `every_weeks` count from Monday 0001-01-01, `every_months` from month 0 after adding `shift`.
    """

    groups: tuple[tuple[MonthDays | Weekdays, ...], ...] = ()
    months: int = ALL_MONTHS
    every_days: int = 1
    every_weeks: int = 1
    every_months: int = 1
    shift: int = 0

    def in_month(self, year: int, month: int) -> int:
        """Return the days (1-31) of one month that the groups, the months and the n-th turn allow."""
        if not self.months >> month & 1 or (year * 12 + month - 1 + self.shift) % self.every_months:
            return 0
        start, first, length = month_shape(year, month)
        days = (2 << length) - 2
        if self.every_days > 1 or self.every_weeks > 1:
            days &= self._turns(start, length)
        for group in self.groups:
            either = 0
            for part in group:
                either |= part.in_month(first, length)
            days &= either
        return days

    def _turns(self, start: int, length: int) -> int:
        """Return the days (1-31) that begin a turn, in the month that starts with the day `start`."""
        if self.every_days > 1:
            return bits.of(range(1 + -start % self.every_days, length + 1, self.every_days))
        return bits.of(day for day in range(1, length + 1) if (start + day - 1) // 7 % self.every_weeks == 0)

    @property
    def stride(self) -> int:
        """Return the number of days from one turn of `every_days` or `every_weeks` to the next."""
        return self.every_days * self.every_weeks * (7 if self.every_weeks > 1 else 1)

    @property
    def depends_on_month(self) -> bool:
        """Return whether the same weekday may be named in one month and not in another."""
        plain = all(isinstance(part, Weekdays) and not (part.last or part.nth) for g in self.groups for part in g)
        return not plain or self.months != ALL_MONTHS or self.every_months > 1


EVERY_DAY = Days()
