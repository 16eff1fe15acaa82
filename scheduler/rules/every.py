"""Rules that repeat at an interval, and rules of times of day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from scheduler.rules import bits, words
from scheduler.rules.Days import SUNDAY, Days, MonthDays, Weekdays
from scheduler.rules.Rule import WHOLE_DAY, Recurrence, Rule
from scheduler.rules.SubMinuteRule import SubMinuteRule

MIDNIGHT: Final = (0,)
FIRST_OF_MONTH: Final = (MonthDays(1 << 1),)
MONTHS_IN: Final = {"month": 1, "quarter": 3, "year": 12}


class Constraints(NamedTuple):
    """What narrows a recurrence: weekdays (0 is Sunday), days of the month, and windows of minutes of the day."""

    weekdays: int | None = None
    month_days: tuple[MonthDays, ...] = ()
    inside: tuple[tuple[int, int], ...] = ()
    outside: tuple[tuple[int, int], ...] = ()

    @property
    def groups(self) -> tuple[tuple[MonthDays | Weekdays, ...], ...]:
        """Return the days that remain, as groups of `Days`."""
        weekdays = () if self.weekdays is None else ((Weekdays(self.weekdays),),)
        return (*weekdays, *((days,) for days in self.month_days))

    @property
    def window(self) -> int:
        """Return the minutes of the day that remain."""
        result = WHOLE_DAY
        for start, end in self.inside:
            result &= _window(start, end)
        for start, end in self.outside:
            result &= ~_window(start, end)
        return result

    def words(self) -> str:
        """Return what a description ends with."""
        text = words.windows(self.inside, self.outside)
        if self.weekdays is not None:
            text += " on " + words.weekdays(self.weekdays)
        return text + self.month_day_words()

    def month_day_words(self) -> str:
        """Return the days of the month in words."""
        return "".join(" on " + words.days_of_month(days.numbers, last=days.last) for days in self.month_days)


UNCONSTRAINED: Final = Constraints()


def _window(start: int, end: int) -> int:
    """Return the minutes of the day from `start` to `end`, both included; past midnight if `end` is the earlier."""
    # (2 << end) - 1 has the bits 0 to end, (1 << start) - 1 those below start: the difference is start to end.
    if start <= end:
        return (2 << end) - (1 << start)
    return WHOLE_DAY & ~((1 << start) - (2 << end))


def every(
    count: int,
    unit: str,
    times: Sequence[int] = (),
    minutes: Sequence[int] = (),
    constraints: Constraints = UNCONSTRAINED,
) -> Recurrence | SubMinuteRule:
    """Return the rule that is due every `count` units, evenly spaced from Monday 0001-01-01 00:00 on.

    `unit` is one of `durations.UNITS`; seconds divide a minute. `times` (minutes of the day) replace midnight for days
    and longer units, `minutes` (of the hour) replace minute 0 for hours.
    """
    if unit == "second":
        text = words.every(count, unit) + constraints.words()
        return SubMinuteRule(count, every(1, "minute", constraints=constraints), text)
    if unit in {"minute", "hour"}:
        return _through_the_day(count, unit, minutes, constraints)
    text, days, rest = _days(count, unit, constraints)
    text += " at " + words.listed(words.time_of_day(minute) for minute in sorted(times or MIDNIGHT))
    return Recurrence(bits.of(times or MIDNIGHT) & constraints.window, text + rest.words(), days=days, wild=False)


def _through_the_day(count: int, unit: str, minutes: Sequence[int], constraints: Constraints) -> Recurrence:
    text = words.every(count, unit) + (f" at {words.past_hour(sorted(minutes))}" if minutes else "")
    return Recurrence(
        bits.of(minutes or (0,)),
        text + constraints.words(),
        days=Days(constraints.groups),
        period=count * 60 if unit == "hour" else count,
        window=constraints.window,
        wild=True,
    )


def _days(count: int, unit: str, constraints: Constraints) -> tuple[str, Days, Constraints]:
    """Return the words for the days, the days, and the constraints that the words do not mention yet."""
    text = words.every(count, unit)
    if unit == "day":
        return text, Days(constraints.groups, every_days=count), constraints
    if unit == "week":
        on = constraints if constraints.weekdays is not None else constraints._replace(weekdays=1 << SUNDAY)
        text += f" on {words.weekdays(on.weekdays or 0)}"
        return text, Days(on.groups, every_weeks=count), constraints._replace(weekdays=None)
    on = constraints if constraints.month_days else constraints._replace(month_days=FIRST_OF_MONTH)
    days = Days(on.groups, every_months=count * MONTHS_IN[unit], shift=1 if unit == "month" else 0)
    text += on.month_day_words() + (" of January" if unit == "year" else "")
    return text, days, constraints._replace(month_days=())


def at(times: Sequence[int], constraints: Constraints = UNCONSTRAINED) -> Rule:
    """Return the rule that is due every day at `times` (minutes of the day)."""
    return every(1, "day", times, constraints=constraints)
