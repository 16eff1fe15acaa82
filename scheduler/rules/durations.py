"""The one grammar of durations ('5 minutes', 'hour', a timedelta) and the texts they are shown as."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, NamedTuple

from scheduler.errors import UnacceptableValue
from scheduler.text import counted

UNITS: Final = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
SECONDS_IN: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
"""Units of a fixed length. A month has none, so '1 month' is an interval but not a duration."""
ABBREVIATIONS: Final = {
    "s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "hr": "hour", "d": "day",
    "w": "week", "wk": "week", "mo": "month", "mon": "month", "q": "quarter", "y": "year", "yr": "year",
}  # fmt: skip
DAYS_OF_YEAR, DAYS_OF_MONTH = 365, 30
"""What pendulum takes for a year and a month when it says how long a duration is."""
LONGEST: Final = 3653 * 86400
INTERVAL_EXAMPLES: Final = ("'5 minutes'", "'2 hours'")
DURATION_EXAMPLES: Final = ("'90 seconds'", "'5 minutes'")
SHOWN_UNITS: Final = ("hour", "minute")
"""The units of a duration's text: '24 hours' and '90 seconds' read better than '1 day' and '1.5 minutes'."""


class Interval(NamedTuple):
    """A number of units, such as 5 minutes."""

    number: int
    unit: str

    @property
    def takes_times_of_day(self) -> bool:
        """Return whether it is long enough for times of day: days and longer."""
        return self.unit not in {"second", "minute", "hour"}


def interval(value: object) -> Interval:
    """Return `'5 minutes'`, `'hour'` or a timedelta as an interval between fire times.

    Raises `UnacceptableValue` for an unknown unit, a count below 1, seconds that do not divide a minute, and a
    timedelta that is not a whole number of minutes.
    """
    if isinstance(value, timedelta):
        return _interval_of(value)
    if not isinstance(value, str):
        raise UnacceptableValue(value, f"{type(value).__name__} is not an interval", *INTERVAL_EXAMPLES)
    count, unit = _count_and_unit(value, INTERVAL_EXAMPLES)
    if not count:
        raise _bad_count(value, "0", 1, INTERVAL_EXAMPLES)
    if unit == "second" and 60 % count:
        raise UnacceptableValue(value, f"{count} seconds do not divide a minute evenly", "'10 seconds'", "'30 seconds'")
    return Interval(count, unit)


def duration(value: object) -> timedelta:
    """Return `'90 seconds'`, `'hour'`, `'24 hours'` or a timedelta as a length of time, 0 or more.

    Raises `UnacceptableValue` for anything else, for a negative one and for one longer than ten years.
    """
    if isinstance(value, timedelta):
        _refuse_months(value)
        seconds = value.total_seconds()
        if seconds < 0:
            raise UnacceptableValue(value, "is negative", *DURATION_EXAMPLES)
    elif isinstance(value, str):
        count, unit = _count_and_unit(value, DURATION_EXAMPLES)
        if unit not in SECONDS_IN:
            raise UnacceptableValue(value, f"a {unit} has no fixed length", "'30 days'", "'24 hours'")
        seconds = count * SECONDS_IN[unit]
    else:
        raise UnacceptableValue(value, f"{type(value).__name__} is not a duration", *DURATION_EXAMPLES)
    if seconds > LONGEST:
        raise UnacceptableValue(value, "is longer than ten years", *DURATION_EXAMPLES)
    return timedelta(seconds=seconds)


def duration_text(length: timedelta) -> str:
    """Return a duration as `duration` reads it: '90 seconds', '24 hours'."""
    seconds = length.total_seconds()
    for unit in SHOWN_UNITS:
        if seconds >= SECONDS_IN[unit] and seconds % SECONDS_IN[unit] == 0:
            return counted(int(seconds // SECONDS_IN[unit]), unit)
    return counted(int(seconds) if seconds == int(seconds) else seconds, "second")


def _count_and_unit(value: str, examples: tuple[str, ...]) -> tuple[int, str]:
    match = re.fullmatch(r"\s*([-+]?[0-9.,]+)?\s*([^\W\d_]+)\s*", value)
    if match is None:
        raise UnacceptableValue(value, "is not a count and a unit", *examples)
    count = match[1] or "1"
    unit = match[2].lower().removesuffix("s") if match[2].isascii() else ""
    if unit not in UNITS:
        raise UnacceptableValue(value, f"unknown unit {match[2]!r}", *_spelled_out(count, match[2], examples))
    if not re.fullmatch("[0-9]{1,9}", count, re.ASCII):
        raise _bad_count(value, count, 0 if examples is DURATION_EXAMPLES else 1, examples)
    return int(count), unit


def _bad_count(value: str, count: str, least: int, examples: tuple[str, ...]) -> UnacceptableValue:
    problem = f"the count {count} is not a whole number from {least} to 999999999"
    return UnacceptableValue(value, problem, *examples)


def _spelled_out(count: str, unit: str, examples: tuple[str, ...]) -> tuple[str, ...]:
    """Return two examples, the first of which is what an abbreviation ('5m') stands for."""
    word = ABBREVIATIONS.get(unit.lower()) or ABBREVIATIONS.get(unit.lower().removesuffix("s")) or _closest_unit(unit)
    if word is None or not re.fullmatch("[1-9][0-9]{0,8}", count):
        return examples
    if word == "second" and 60 % int(count):
        return examples
    if examples is DURATION_EXAMPLES and word not in SECONDS_IN:
        return examples
    meant = repr(counted(int(count), word))
    return (meant, next(example for example in examples if example != meant))


def _closest_unit(word: str) -> str | None:
    """Return the unit that a word such as 'minuets' is a typing error for, None if there is none."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

    return next(iter(get_close_matches(word.lower().removesuffix("s"), UNITS, n=1, cutoff=0.7)), None)


def _interval_of(value: timedelta) -> Interval:
    years, months = getattr(value, "years", 0), getattr(value, "months", 0)
    if years or months:
        total = months + years * 12
        if total <= 0 or value.total_seconds() != (years * DAYS_OF_YEAR + months * DAYS_OF_MONTH) * SECONDS_IN["day"]:
            raise UnacceptableValue(value, "is not a whole number of months, 1 or more", *INTERVAL_EXAMPLES)
        return Interval(total, "month") if total % 12 else Interval(total // 12, "year")
    seconds = value.total_seconds()
    if 0 < seconds < SECONDS_IN["minute"] and 60 % seconds == 0 and seconds == int(seconds):
        return Interval(int(seconds), "second")
    if seconds < SECONDS_IN["minute"] or seconds % SECONDS_IN["minute"]:
        raise UnacceptableValue(value, "is not a whole number of minutes, 1 or more", *INTERVAL_EXAMPLES)
    unit = next(unit for unit in ("day", "hour", "minute") if seconds % SECONDS_IN[unit] == 0)
    return Interval(int(seconds) // SECONDS_IN[unit], unit)


def _refuse_months(value: timedelta) -> None:
    """Refuse pendulum's durations of months and years, which it takes for 30 and 365 days."""
    if getattr(value, "years", 0) or getattr(value, "months", 0):
        raise UnacceptableValue(value, "months and years have no fixed length", "'30 days'", "'24 hours'")
