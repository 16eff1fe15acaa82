"""Dates on a task's clock: the grammar of '2027-03-01' and '2027-03-01 08:00', and of days to leave out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Container, Iterable
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from scheduler.errors import UnacceptableValue
from scheduler.rules.times import time_of_day
from scheduler.rules.ZonedMinute import DAY, wall_of

DATE_EXAMPLES: Final = ("'2027-03-01'", "'2027-03-01 08:00'")
DAY_EXAMPLES: Final = ("'2027-12-25'", "('2027-12-25', '2028-01-01')")
DATE: Final = re.compile(r"\s*([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]+([0-9]{1,2}:[0-9]{2}))?\s*", re.ASCII)
LAST_MINUTE: Final = DAY - 1
DATES_SHOWN: Final = 3
FIRST_YEAR, LAST_YEAR = 1970, 2999

AsksDay = Callable[[date], object]


class ExcludedDays(NamedTuple):
    """Days on which a task does not run: dates (as ordinals), and functions that return something true for a day."""

    dates: frozenset[int] = frozenset()
    asks: tuple[AsksDay, ...] = ()

    def __or__(self, other: ExcludedDays) -> ExcludedDays:
        return ExcludedDays(self.dates | other.dates, self.asks + other.asks)

    def contain(self, ordinal: int) -> bool:
        """Return whether a day is left out; raises what a function of the app's raises."""
        if ordinal in self.dates:
            return True
        return bool(self.asks) and any(ask(date.fromordinal(ordinal)) for ask in self.asks)

    def describe(self) -> str:
        """Return the days in words, or an empty text."""
        parts = [f"{date.fromordinal(day)}" for day in sorted(self.dates)]
        if len(parts) > DATES_SHOWN:
            parts = [f"{len(parts)} dates"]
        parts += [f"days of {_name_of(ask)}" for ask in self.asks]
        return f" except {' and '.join(parts)}" if parts else ""


NO_DAYS: Final = ExcludedDays()


def first_minute(value: object) -> int:
    """Return the wall minute a date begins with: '2027-03-01', or '2027-03-01 08:00'."""
    day, minute = _date_and_time(value)
    return day.toordinal() * DAY + (minute or 0)


def last_minute(value: object) -> int:
    """Return the wall minute a date ends with: the last of '2027-03-01', or '2027-03-01 08:00' itself."""
    day, minute = _date_and_time(value)
    return day.toordinal() * DAY + (LAST_MINUTE if minute is None else minute)


def minutes_of(value: object) -> tuple[int, ...]:
    """Return one date and time, or several, as wall minutes in ascending order."""
    several = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
    if not several:
        raise UnacceptableValue(value, "is empty, so it would never run", *DATE_EXAMPLES)
    return tuple(sorted({first_minute(item) for item in several}))


def excluded_days(value: object) -> ExcludedDays:
    """Return dates, a function of a date, or an object that contains dates, as days to leave out."""
    if isinstance(value, (str, date)):
        return ExcludedDays(frozenset({_day(value, value)}))
    if callable(value):
        return ExcludedDays(asks=(_asked_with_day(value),))
    if isinstance(value, Container) and not isinstance(value, (list, tuple, set, frozenset, bytes)):
        return ExcludedDays(asks=(value.__contains__,))
    if not isinstance(value, Iterable) or isinstance(value, bytes):
        raise UnacceptableValue(value, f"{type(value).__name__} is not a date", *DAY_EXAMPLES)
    items = list(value)
    asks = tuple(_asked_with_day(item) for item in items if callable(item))
    return ExcludedDays(frozenset(_day(value, item) for item in items if not callable(item)), asks)


def date_text(wall: int, *, whole_day: int = 0) -> str:
    """Return a wall minute as '2027-03-01 08:00', or without a time if it is minute `whole_day` of its day."""
    ordinal, minute = divmod(wall, DAY)
    day = date.fromordinal(ordinal)
    return f"{day}" if minute == whole_day else f"{day} {minute // 60:02}:{minute % 60:02}"


def _day(value: object, item: object) -> int:
    try:
        day, minute = _date_and_time(item)
    except UnacceptableValue as error:
        raise UnacceptableValue(value, error.problem, *DAY_EXAMPLES) from None
    if minute:
        raise UnacceptableValue(value, f"{item!r} is not a whole day", *DAY_EXAMPLES)
    return day.toordinal()


def _date_and_time(value: object) -> tuple[date, int | None]:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            problem = "has a UTC offset of its own; write it on the task's clock and set `timezone`"
            raise UnacceptableValue(value, problem, *DATE_EXAMPLES)
        if value.second or value.microsecond:
            raise UnacceptableValue(value, "is not a whole minute", *DATE_EXAMPLES)
        return _within_years(value, value.date()), wall_of(value) % DAY
    if isinstance(value, date):
        return _within_years(value, value), None
    match = DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UnacceptableValue(value, f"{value!r} is not a date", *DATE_EXAMPLES)
    try:
        day = _within_years(value, date(int(match[1]), int(match[2]), int(match[3])))
        return day, time_of_day(match[4]) if match[4] else None
    except ValueError:
        raise UnacceptableValue(value, f"there is no day {value!r}", *DATE_EXAMPLES) from None
    except UnacceptableValue as error:
        raise UnacceptableValue(value, error.problem, *DATE_EXAMPLES) from None


def _within_years(value: object, day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UnacceptableValue(value, f"the year is not between {FIRST_YEAR} and {LAST_YEAR}", *DATE_EXAMPLES)
    return day


def _asked_with_day(value: Any) -> AsksDay:
    """Return a function that takes a date; one written in a class is not bound to the task."""
    function = getattr(value, "__func__", value)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return function  # type: ignore[no-any-return]  # a builtin that does not tell its parameters
    required = [each for each in parameters if each.default is each.empty and each.kind <= each.POSITIONAL_OR_KEYWORD]
    if len(required) > 1 or not list(parameters):
        problem = "must take one parameter, the date; in a class leave out self and add @staticmethod"
        raise UnacceptableValue(value, problem, *DAY_EXAMPLES)
    return function  # type: ignore[no-any-return]  # its parameters were checked above


def _name_of(ask: AsksDay) -> str:
    owner = getattr(ask, "__self__", None)
    return type(owner).__name__ if owner is not None else str(getattr(ask, "__name__", type(ask).__name__))
