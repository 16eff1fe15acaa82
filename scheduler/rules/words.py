"""Rules in English words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduler.rules import bits
from scheduler.rules.Days import ALL_WEEKDAYS

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WORKING_DAYS = bits.of(range(1, 6))
WEEKEND = bits.of((0, 6))


def listed(items: Iterable[object]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    words = [str(item) for item in items]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def time_of_day(minute: int) -> str:
    """Return a minute of the day as people write it: 8:05."""
    return f"{minute // 60}:{minute % 60:02}"


def past_hour(minutes: Iterable[int]) -> str:
    """Return minutes of an hour as ":05 and :35"."""
    return listed(f":{minute:02}" for minute in minutes)


def every(count: int, unit: str) -> str:
    """Return "every day" or "every 2 days"."""
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def weekdays(numbers: int) -> str:
    """Return a set of weekdays (0 is Sunday) as "weekdays", "weekends" or their names from Monday on."""
    if numbers == WORKING_DAYS:
        return "weekdays"
    if numbers == WEEKEND:
        return "weekends"
    if numbers == ALL_WEEKDAYS:
        return "every weekday"
    return listed(WEEKDAYS[number % 7] for number in range(1, 8) if numbers >> number % 7 & 1)


def days_of_month(numbers: int, *, last: bool) -> str:
    """Return "day 1", "days 1 and 15" or "the last day"."""
    days = bits.members(numbers)
    parts = [("day " if len(days) == 1 else "days ") + listed(days)] if days else []
    return " and ".join(parts + ["the last day"] * last)


def windows(inside: Sequence[tuple[int, int]], outside: Sequence[tuple[int, int]]) -> str:
    """Return " between 8:00 and 17:00", " not between …", or nothing."""
    return "".join(
        [f" between {time_of_day(start)} and {time_of_day(end)}" for start, end in inside]
        + [f" not between {time_of_day(start)} and {time_of_day(end)}" for start, end in outside]
    )
