"""Times of day: the grammar of '5:30', 17 (= 17:00) and ':15'."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from scheduler.errors import UnacceptableValue

TIME_EXAMPLES: Final = ("'5:30'", "'17:00'")
PAST_HOUR_EXAMPLES: Final = ("':15'", "':45'")
HOURS_IN_DAY, HOURS_IN_HALF, MINUTES_IN_HOUR = 24, 12, 60
TIME: Final = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*", re.ASCII)
OTHER_SPELLING: Final = re.compile(
    r"\s*([0-9]{1,2})(?:[:.h]?([0-9]{2}))?\s*(?:([ap])\.?m\.?|h|o'clock)?\s*", re.ASCII | re.IGNORECASE
)
"""Times as people write them elsewhere: '5pm', '9', '5.30', '17h30'."""


class Times(NamedTuple):
    """Times of day, or minutes past each hour."""

    of_day: tuple[int, ...] = ()
    past_hour: tuple[int, ...] = ()


def time_of_day(value: object) -> int:
    """Return `'5:30'` or `17` (= 17:00) as a minute of the day.

    Raises `UnacceptableValue` for anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        hour, minute = value, 0
    elif isinstance(value, str) and (match := TIME.fullmatch(value)):
        hour, minute = int(match[1]), int(match[2])
    else:
        raise UnacceptableValue(value, f"{value!r} is not a time of day", *_examples_for(value))
    if not (0 <= hour < HOURS_IN_DAY and 0 <= minute < MINUTES_IN_HOUR):
        raise UnacceptableValue(value, f"{value!r} is not between 0:00 and 23:59", *TIME_EXAMPLES)
    return hour * MINUTES_IN_HOUR + minute


def meant_time(value: object) -> str:
    """Return the time of day that '5pm', '9' or '5.30' probably stands for, such as '17:00'; empty if none."""
    match = OTHER_SPELLING.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return ""
    hour, minute, half = int(match[1]), match[2] or "00", match[3]
    if half:
        if not 1 <= hour <= HOURS_IN_HALF:
            return ""
        hour = hour % HOURS_IN_HALF + (HOURS_IN_HALF if half.lower() == "p" else 0)
    return f"{hour}:{minute}" if hour < HOURS_IN_DAY and int(minute) < MINUTES_IN_HOUR else ""


def _examples_for(value: object) -> tuple[str, str]:
    """Return two examples, the first of which is what a time such as '5pm' stands for."""
    meant = repr(meant_time(value))
    if meant == "''":
        return TIME_EXAMPLES
    return meant, next(example for example in TIME_EXAMPLES if example != meant)


def read_times(value: object) -> Times:
    """Return one time or several: times of day, and minutes past the hour such as ':15'."""
    of_day, past_hour = [], []
    for item in items_of(value, TIME_EXAMPLES):
        match = re.fullmatch(r"\s*:([0-9]{2})\s*", item, re.ASCII) if isinstance(item, str) else None
        if match is None:
            of_day.append(time_of_day(item))
        elif int(match[1]) >= MINUTES_IN_HOUR:
            raise UnacceptableValue(item, f"{item!r} is not between ':00' and ':59'", *PAST_HOUR_EXAMPLES)
        else:
            past_hour.append(int(match[1]))
    return Times(tuple(of_day), tuple(past_hour))


def minute_past_hour(value: object) -> str:
    """Return 15 or ':15' as ':15', a minute that every hour has."""
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < MINUTES_IN_HOUR:
            return f":{value:02}"
        raise UnacceptableValue(value, f"{value!r} is not a minute from 0 to 59", "15", "':15'")
    if isinstance(value, str) and re.fullmatch(r"\s*:?[0-5]?[0-9]\s*", value, re.ASCII):
        return f":{int(value.strip().removeprefix(':')):02}"
    raise UnacceptableValue(value, f"{value!r} is not a minute past the hour", "15", "':15'")


def items_of(value: object, examples: tuple[str, ...]) -> list[object]:
    """Return one value or several as a list that is not empty."""
    items = list(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
    if not items:
        raise UnacceptableValue(value, "is empty, so it would never run", *examples)
    return items


def time_within(value: object, item: object, examples: tuple[str, ...]) -> int:
    """Return `item`, one time of several in `value`, as a minute of the day; an error gives examples of the whole."""
    try:
        return time_of_day(item)
    except UnacceptableValue as error:
        raise UnacceptableValue(value, error.problem, *examples) from None
