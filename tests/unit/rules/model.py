"""A simple model of when a rule is due, written from the documentation alone: it walks real minutes.

It shares nothing with the code under test and is far too slow for anything but tests.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .zones import UTC

MINUTE = timedelta(minutes=1)
LONGEST_SHIFT = timedelta(hours=26)

Says = Callable[[datetime], bool]
"""What a rule says of one minute on the clock's face (naive), were there no changes of clocks."""


class Part(NamedTuple):
    """One recurrence: the minutes it names, and whether it follows real minutes through changes of clocks."""

    says: Says
    wild: bool


class Shown(NamedTuple):
    """One real minute: what the clock shows, whether it shows that for the second time, what it has just skipped."""

    instant: datetime
    face: datetime
    repeated: bool
    skipped: tuple[datetime, ...]


@lru_cache(maxsize=256)
def walk(start: datetime, end: datetime, name: str) -> tuple[Shown, ...]:
    """Return every real minute from `start` to `end` (UTC, `end` excluded) with what the clock of a zone shows."""
    zone = ZoneInfo(name)
    minutes = []
    instant = start - LONGEST_SHIFT
    previous = latest = (instant - MINUTE).astimezone(zone).replace(tzinfo=None)
    while instant < end:
        face = instant.astimezone(zone).replace(tzinfo=None, fold=0)
        if instant >= start:
            gap = (face - previous) // MINUTE - 1
            minutes.append(Shown(instant, face, face <= latest, tuple(previous + MINUTE * (i + 1) for i in range(gap))))
        previous, latest = face, max(latest, face)
        instant += MINUTE
    return tuple(minutes)


def fire_times(parts: Sequence[Part], minutes: Sequence[Shown]) -> list[datetime]:
    """Return the minutes of `minutes` at which one of `parts` is due."""
    return [shown.instant for shown in minutes if any(is_due(part, shown) for part in parts)]


def is_due(part: Part, shown: Shown) -> bool:
    """Wild: whenever the clock shows it. Fixed: the first time only, or the first minute after what was skipped."""
    if part.wild:
        return part.says(shown.face)
    return not shown.repeated and any(part.says(face) for face in (*shown.skipped, shown.face))


# -- what `every N units` says --


def minutes_say(count: int) -> Says:
    return lambda face: (face.toordinal() * 1440 + face.hour * 60 + face.minute) % count == 0


def hours_say(count: int, minutes: Sequence[int] = (0,)) -> Says:
    return lambda face: face.minute in minutes and (face.toordinal() * 24 + face.hour) % count == 0


def days_say(count: int, times: Sequence[int] = (0,)) -> Says:
    return lambda face: minute_of(face) in times and face.toordinal() % count == 0


def weeks_say(count: int, times: Sequence[int] = (0,), weekdays: Sequence[int] | None = None) -> Says:
    """Weekdays are 0 (Sunday) to 6; alone, Sunday."""
    days = (0,) if weekdays is None else weekdays
    return lambda face: minute_of(face) in times and weekday_of(face) in days and face.toordinal() // 7 % count == 0


def months_say(count: int, times: Sequence[int] = (0,), days: Says | None = None) -> Says:
    days = days or (lambda face: face.day == 1)
    return lambda face: minute_of(face) in times and (face.year * 12 + face.month) % count == 0 and days(face)


def quarters_say(times: Sequence[int] = (0,), days: Says | None = None) -> Says:
    days = days or (lambda face: face.day == 1)
    return lambda face: minute_of(face) in times and face.month in {1, 4, 7, 10} and days(face)


def years_say(count: int, times: Sequence[int] = (0,)) -> Says:
    return lambda face: minute_of(face) in times and (face.month, face.day) == (1, 1) and face.year % count == 0


# -- what constraints say --


def weekdays_say(weekdays: Sequence[int]) -> Says:
    return lambda face: weekday_of(face) in weekdays


def month_days_say(numbers: Sequence[int | str]) -> Says:
    return lambda face: face.day in numbers or ("last" in numbers and face.day == length_of_month(face))


def window_says(start: int, end: int) -> Says:
    if start <= end:
        return lambda face: start <= minute_of(face) <= end
    return lambda face: minute_of(face) >= start or minute_of(face) <= end


def both(*sayings: Says) -> Says:
    return lambda face: all(says(face) for says in sayings)


def no(says: Says) -> Says:
    return lambda face: not says(face)


# -- what cron says --

MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split()


def cron_part(expression: str) -> Part:
    """Read a valid five-field expression as Debian's crontab(5) does."""
    minute, hour, month_day, month, weekday = expression.upper().split()
    minutes, hours = _numbers(minute, 0, 59), _numbers(hour, 0, 23)
    months = _numbers(month, 1, 12, MONTHS)
    by_month_day, by_weekday = _cron_month_days(month_day), _cron_weekdays(weekday)
    join = all if month_day[0] == "*" or weekday[0] == "*" else any

    @lru_cache(maxsize=4096)
    def names_day(day: date) -> bool:
        return day.month in months and join((by_month_day(day), by_weekday(day)))

    def says(face: datetime) -> bool:
        return face.minute in minutes and face.hour in hours and names_day(face.date())

    return Part(says, wild=minute[0] == "*" or hour[0] == "*")


def cron_can_fire(expression: str) -> bool:
    """Return whether one of the expression's days is in any year: 1999 to 2047 have every weekday of every date."""
    days = (date(1999, 1, 1) + timedelta(days=n) for n in range(365 * 48))
    _minute, _hour, *fields = expression.split()
    says = cron_part(" ".join(["0", "0", *fields])).says
    return any(says(datetime(day.year, day.month, day.day)) for day in days)


def _numbers(field: str, low: int, high: int, names: Sequence[str] = ()) -> set[int]:
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        ends = [low + names.index(end) if end in names else int(end) for end in (first, last) if end not in {"", "*"}]
        begin = ends[0] if ends else low
        end = ends[1] if len(ends) > 1 else begin if ends and not step else high
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


def _cron_month_days(field: str) -> Callable[[date], bool]:
    special = [item for item in field.split(",") if item[0] == "L" or item[-1] == "W"]
    plain = ",".join(item for item in field.split(",") if item not in special)
    numbers = _numbers(plain, 1, 31) if plain else set()

    def names(day: date) -> bool:
        length = length_of_month(day)
        days = set(numbers)
        for item in special:
            if item == "L":
                days.add(length)
            elif item == "LW":
                days.add(nearest_working_day(day, length))
            elif int(item[:-1]) <= length:
                days.add(nearest_working_day(day, int(item[:-1])))
        return day.day in days

    return names


def nearest_working_day(month: date, number: int) -> int:
    """Return the Monday-to-Friday nearest to day `number`, in the same month."""
    working = [day for day in range(1, length_of_month(month) + 1) if month.replace(day=day).weekday() < 5]
    return min(working, key=lambda day: (abs(day - number), day))


def _cron_weekdays(field: str) -> Callable[[date], bool]:
    plain, special = [], []
    for item in field.split(","):
        if item[-1] == "L":
            special.append((_weekday(item[:-1]), -1))
        elif "#" in item:
            name, _, nth = item.partition("#")
            special.append((_weekday(name), int(nth)))
        else:
            plain.append(item)
    numbers = {number % 7 for number in _numbers(",".join(plain), 0, 7, WEEKDAYS)} if plain else set()

    def names(day: date) -> bool:
        if weekday_of(day) in numbers:
            return True
        for weekday, nth in special:
            same = [n for n in range(1, length_of_month(day) + 1) if weekday_of(day.replace(day=n)) == weekday]
            if day.day == same[-1] and nth == -1:
                return True
            if nth > 0 and same[nth - 1 : nth] == [day.day]:
                return True
        return False

    return names


def _weekday(text: str) -> int:
    return WEEKDAYS.index(text) if text in WEEKDAYS else int(text) % 7


def minute_of(face: datetime) -> int:
    return face.hour * 60 + face.minute


def weekday_of(day: date) -> int:
    """0 is Sunday."""
    return day.isoweekday() % 7


def length_of_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def in_utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)


def bits(numbers: Iterable[int]) -> int:
    """Return a set of numbers as the rules keep one."""
    return sum(1 << number for number in numbers)
