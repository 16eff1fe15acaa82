"""Rules that say "every so often" and "at these times"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from scheduler.errors import UnacceptableValue
from scheduler.rules import bits, words
from scheduler.rules.Days import SUNDAY, Days, MonthDays, Weekdays
from scheduler.rules.Moment import DAY
from scheduler.rules.Rule import WHOLE_DAY, Recurrence, Rule
from scheduler.rules.Seconds import Seconds

EXAMPLES: Final = ("'5 minutes'", "'2 hours'")
TIME_EXAMPLES: Final = ("'5:30'", "'17:00'")
UNITS: Final = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
MINUTE_SECONDS: Final = 60
SECONDS_IN_MINUTE: Final = {step for step in range(1, 60) if 60 % step == 0}
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
        """The days that remain, as groups of `Days`."""
        weekdays = () if self.weekdays is None else ((Weekdays(self.weekdays),),)
        return (*weekdays, *((days,) for days in self.month_days))

    @property
    def window(self) -> int:
        """The minutes of the day that remain."""
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
    """Return the minutes of the day from `start` to `end`, both included; past midnight where `end` is the earlier."""
    if start <= end:
        return (2 << end) - (1 << start)
    return WHOLE_DAY & ~((1 << start) - (2 << end))


def interval(value: object) -> tuple[int, str]:
    """Return `'5 minutes'`, `'hour'` or a duration of whole minutes as a count and a unit.

    Raises `UnacceptableValue` for an unknown unit, a count below 1, and durations that are not whole minutes.
    """
    if isinstance(value, timedelta):
        return _duration(value)
    if not isinstance(value, str):
        raise UnacceptableValue(value, f"{type(value).__name__} is no interval", *EXAMPLES)
    match = re.fullmatch(r"\s*([-+]?[0-9.,]+)?\s*([^\W\d_]+)\s*", value)
    if match is None:
        raise UnacceptableValue(value, "no count and unit", *EXAMPLES)
    count, unit = match[1] or "1", match[2].lower() if match[2].isascii() else ""
    unit = unit.removesuffix("s")
    if unit not in UNITS:
        raise UnacceptableValue(value, f"unknown unit {match[2]!r}", *EXAMPLES)
    if not re.fullmatch("[0-9]{1,9}", count, re.ASCII) or not int(count):
        raise UnacceptableValue(value, f"the count {count} is not a whole number from 1 to 999999999", *EXAMPLES)
    if unit == "second" and 60 % int(count):
        raise UnacceptableValue(value, f"{count} seconds do not divide a minute evenly", "'10 seconds'", "'30 seconds'")
    return int(count), unit


def _duration(value: timedelta) -> tuple[int, str]:
    years, months = getattr(value, "years", 0), getattr(value, "months", 0)
    if years or months:
        months += years * 12
        if months < 0 or any(
            getattr(value, part) for part in ("weeks", "remaining_days", "remaining_seconds", "microseconds")
        ):
            raise UnacceptableValue(value, "is not a whole number of months, 1 or more", *EXAMPLES)
        return (months, "month") if months % 12 else (months // 12, "year")
    seconds = value.total_seconds()
    if seconds in SECONDS_IN_MINUTE:
        return int(seconds), "second"
    if seconds < MINUTE_SECONDS or seconds % MINUTE_SECONDS:
        raise UnacceptableValue(value, "is not a whole number of minutes, 1 or more", *EXAMPLES)
    minutes = int(seconds) // 60
    if minutes % DAY == 0:
        return minutes // DAY, "day"
    return (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")


def every(
    count: int,
    unit: str,
    times: Sequence[int] = (),
    minutes: Sequence[int] = (),
    constraints: Constraints = UNCONSTRAINED,
) -> Recurrence | Seconds:
    """Return the rule that is due every `count` units, evenly spaced from Monday 0001-01-01 00:00 on.

    `unit` is one of `UNITS`; seconds divide a minute. `times` (minutes of the day) replace midnight for days and longer
    units, `minutes` (of the hour) replace minute 0 for hours.
    """
    if unit == "second":
        text = words.counted(count, unit) + constraints.words()
        return Seconds(count, every(1, "minute", constraints=constraints), text)
    if unit in {"minute", "hour"}:
        return _through_the_day(count, unit, minutes, constraints)
    text, days, rest = _days(count, unit, constraints)
    text += " at " + words.listed(words.clock(minute) for minute in sorted(times or MIDNIGHT))
    return Recurrence(bits.of(times or MIDNIGHT) & constraints.window, text + rest.words(), days=days, wild=False)


def _through_the_day(count: int, unit: str, minutes: Sequence[int], constraints: Constraints) -> Recurrence:
    text = words.counted(count, unit) + (f" at {words.past_hour(sorted(minutes))}" if minutes else "")
    return Recurrence(
        bits.of(minutes or (0,)),
        text + constraints.words(),
        days=Days(constraints.groups),
        period=count * 60 if unit == "hour" else count,
        window=constraints.window,
        wild=True,
    )


def _days(count: int, unit: str, constraints: Constraints) -> tuple[str, Days, Constraints]:
    """Return the words for the days, the days, and the constraints that the words have not told yet."""
    text = words.counted(count, unit)
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


def time_of_day(value: object) -> int:
    """Return `'5:30'` or `17` (= 17:00) as a minute of the day; raise `UnacceptableValue` for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        hour, minute = value, 0
    else:
        match = re.fullmatch(r"\s*([0-9]{1,2}):([0-9]{2})\s*", value, re.ASCII) if isinstance(value, str) else None
        if match is None:
            raise UnacceptableValue(value, f"{value!r} is no time of day", *TIME_EXAMPLES)
        hour, minute = int(match[1]), int(match[2])
    if not (0 <= hour < 24 and 0 <= minute < 60):  # noqa: PLR2004 - hours of a day, minutes of an hour
        raise UnacceptableValue(value, f"{value!r} is not between 0:00 and 23:59", *TIME_EXAMPLES)
    return hour * 60 + minute
