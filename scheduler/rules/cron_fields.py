"""The five fields of a cron expression, read."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from scheduler.errors import UnacceptableValue
from scheduler.rules import bits, words
from scheduler.rules.Days import MonthDays, Weekdays

EXAMPLES: Final = ("'*/15 * * * *'", "'0 9 * * mon-fri'")
HINTS: Final = {
    "?": "'?' is Quartz's: use '*'",
    "~": "'~' (a random time) is not supported: use a fixed number",
    "H": "'H' is Jenkins': use a fixed number",
    "R": "'R' (a random time) is not supported: use a fixed number",
}
ITEM: Final = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/0*([0-9]{1,9}))?", re.ASCII)


class Field(NamedTuple):
    """One of the five fields: its name in messages, its limits, and the names of its numbers."""

    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()


MINUTE: Final = Field("minute", 0, 59)
HOUR: Final = Field("hour", 0, 23)
DAY_OF_MONTH: Final = Field("day of month", 1, 31)
MONTH: Final = Field("month", 1, 12, tuple(month[:3].upper() for month in words.MONTHS))
DAY_OF_WEEK: Final = Field("day of week", 0, 7, tuple(day[:3].upper() for day in words.WEEKDAYS))


def read_numbers(text: str, field: Field) -> int:
    """Return the numbers (bits) of a field of lists, ranges and steps."""
    result = 0
    for item in text.split(","):
        result |= _item(item, field)
    return result


def _item(item: str, field: Field) -> int:
    match = ITEM.fullmatch(item)
    if match is None:
        raise _unacceptable(item, field)
    star, first, last, step = match.groups()
    low = field.low if star else _number(first, field)
    high = field.high if star or (step and not last) else low if last is None else _number(last, field)
    if high < low:
        raise UnacceptableValue(item, f"{field.title} {item!r} runs backwards: write it as two ranges", *EXAMPLES)
    if step is not None and not int(step):
        raise UnacceptableValue(item, f"{field.title} {item!r} has a step of 0", *EXAMPLES)
    return bits.of(range(low, high + 1, int(step or 1)))


def _number(text: str, field: Field) -> int:
    if text in field.names:
        return field.names.index(text) + field.low
    if not re.fullmatch("[0-9]+", text):
        raise _unacceptable(text, field)
    if len(text) > 4 or not field.low <= int(text) <= field.high:  # noqa: PLR2004 - int() would accept more digits
        raise UnacceptableValue(text, f"{field.title} {text!r} is not within {field.low}-{field.high}", *EXAMPLES)
    return int(text)


def _unacceptable(text: str, field: Field) -> UnacceptableValue:
    hint = next(
        (hint for mark, hint in HINTS.items() if (mark in text if mark in "?~" else text.startswith(mark))), None
    )
    return UnacceptableValue(
        text, f"{field.title} {text.lower()!r} is not understood" + (f"; {hint}" if hint else ""), *EXAMPLES
    )


def read_month_days(text: str) -> MonthDays:
    """Return the days of the month of a field, which may have `L`, `LW` and `15W`."""
    numbers = nearest = 0
    last = last_weekday = False
    for item in text.split(","):
        if item == "L":
            last = True
        elif item == "LW":
            last_weekday = True
        elif re.fullmatch("[0-9]+W", item):
            nearest |= 1 << _number(item[:-1], DAY_OF_MONTH)
        else:
            numbers |= _item(item, DAY_OF_MONTH)
    return MonthDays(numbers, last, last_weekday, nearest)


def read_weekdays(text: str) -> Weekdays:
    """Return the weekdays of a field, which may have `5#2` and `5L`."""
    numbers = last = 0
    nth = []
    for item in text.split(","):
        if match := re.fullmatch(r"(\w+)#([0-9]+)", item, re.ASCII):
            if match[2] not in {"1", "2", "3", "4", "5"}:
                raise UnacceptableValue(
                    item, f"day of week {item!r}: a month has no weekday number {match[2]}", *EXAMPLES
                )
            nth.append((_number(match[1], DAY_OF_WEEK) % 7, int(match[2])))
        elif match := re.fullmatch(r"(\w+)L", item, re.ASCII):
            last |= 1 << _number(match[1], DAY_OF_WEEK) % 7
        else:
            numbers |= _item(item, DAY_OF_WEEK)
    # Day 7 is Sunday too: copy bit 7 to bit 0, then keep the bits of the seven weekdays.
    return Weekdays((numbers | numbers >> 7) & 127, last, tuple(nth))
