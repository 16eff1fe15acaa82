"""Readers of attribute values: flags, days of the week and of the month, windows, two times a day."""

from __future__ import annotations

import re
from typing import Final

from scheduler.errors import UnacceptableValue
from scheduler.rules import bits, words
from scheduler.rules.Days import MonthDays
from scheduler.rules.times import items_of, time_within

WEEKDAY_NUMBERS: Final = {
    spelling: number
    for number, name in enumerate(words.WEEKDAYS)
    for spelling in (name.lower(), name.lower()[:3], name.lower() + "s")
}
WEEKDAY_SETS: Final = {name: 1 << number for name, number in WEEKDAY_NUMBERS.items()} | {
    "weekdays": words.WORKING_DAYS,
    "weekends": words.WEEKEND,
}
MONTH_NUMBERS: Final = {
    spelling: number
    for number, name in enumerate(words.MONTHS, 1)
    for spelling in (name.lower(), name.lower()[:3])
}  # fmt: skip
WEEKDAY_EXAMPLES: Final = ("'monday'", "['mon', 'fri']")
MONTH_DAY_EXAMPLES: Final = ("(1, 15)", "'last'")
MONTH_EXAMPLES: Final = ("3", "'march'")
WINDOW_EXAMPLES: Final = ("('8:00', '17:00')", "('22:00', '6:00')")
TWICE_EXAMPLES: Final = ("(1, 13)", "('1:30', '13:30')")

Window = tuple[int, int]


def is_undeclared(value: object) -> bool:
    """Return whether a value stands for "not declared": None, False or blank text."""
    return value is None or value is False or (isinstance(value, str) and not value.strip())


def flag(value: object) -> bool:
    """Return True for True; anything else is not a flag that declares something."""
    if value is not True:
        raise UnacceptableValue(value, "is neither True nor False", "True", "run_every = '2 hours'")
    return True


def two_times(value: object) -> tuple[int, ...]:
    """Return two times of day as minutes of the day."""
    items = items_of(value, TWICE_EXAMPLES)
    if len(items) != 2:  # noqa: PLR2004 - twice is two
        raise UnacceptableValue(value, "is not two times", *TWICE_EXAMPLES)
    return tuple(time_within(value, item, TWICE_EXAMPLES) for item in items)


def cron_text(value: object) -> str:
    """Return a cron expression as it is; the cron module reads it."""
    if not isinstance(value, str):
        problem = f"{type(value).__name__} is not a cron expression"
        raise UnacceptableValue(value, problem, "'*/15 * * * *'", "'0 9 * * mon-fri'")
    return value


def weekdays(value: object) -> int:
    """Return days of the week as bits (0 is Sunday): names, 0 to 7, ranges such as 'mon-fri', or several of these."""
    result = 0
    for item in items_of(value, WEEKDAY_EXAMPLES):
        found = _weekday_set(item)
        if found is None:
            problem = f"{item!r} is not a day of the week (a name, or 0-7 where 0 and 7 are Sunday)"
            raise UnacceptableValue(value, problem, *_weekday_hint(item))
        result |= found
    return result


def _weekday_set(item: object) -> int | None:
    if isinstance(item, int) and not isinstance(item, bool):
        return 1 << item % 7 if 0 <= item <= 7 else None  # noqa: PLR2004 - 7 is Sunday too
    if not isinstance(item, str):
        return None
    text = item.strip().lower()
    first, dash, last = (part.strip() for part in text.partition("-"))
    if not dash:
        return WEEKDAY_SETS.get(text)
    if first not in WEEKDAY_NUMBERS or last not in WEEKDAY_NUMBERS:
        return None
    start = WEEKDAY_NUMBERS[first]
    return bits.of((start + step) % 7 for step in range((WEEKDAY_NUMBERS[last] - start) % 7 + 1))


def _weekday_hint(item: object) -> tuple[str, str]:
    """Return two examples, the first of which is what 'mon, fri', '1-5', 'tues' or 'weekday' stands for."""
    names = [name.strip() for name in item.split(",")] if isinstance(item, str) else []
    if len(names) > 1 and all(_weekday_set(name) for name in names):
        return repr(names), WEEKDAY_EXAMPLES[0]
    meant = repr(_meant_weekdays(names[0].lower()) if len(names) == 1 else "")
    return WEEKDAY_EXAMPLES if meant in {"''", WEEKDAY_EXAMPLES[0]} else (meant, WEEKDAY_EXAMPLES[0])


def _meant_weekdays(text: str) -> str:
    """Return the days that a text probably stands for, empty if none."""
    first, _, last = re.sub(r"\s*(-|\bto\b|\bthrough\b)\s*", "-", text).partition("-")
    if last:
        ends = [_meant_weekdays(first)[:3], _meant_weekdays(last)[:3]]
        return "-".join(ends) if all(end in WEEKDAY_NUMBERS for end in ends) else ""
    if re.fullmatch("[0-7]", text, re.ASCII):
        return words.WEEKDAYS[int(text) % 7].lower()
    if f"{text}s" in WEEKDAY_SETS:
        return text if text in WEEKDAY_SETS else f"{text}s"
    from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

    longer = [name.lower() for name in words.WEEKDAYS if len(text) > 1 and name.lower().startswith(text[:4])]
    return next(iter(longer or get_close_matches(text, WEEKDAY_SETS, 1, 0.75)), "")


def days_of_month(value: object) -> tuple[MonthDays, ...]:
    """Return days of the month: 1 to 31, or 'last'."""
    numbers, last = [], False
    for item in items_of(value, MONTH_DAY_EXAMPLES):
        if item == "last":
            last = True
        elif isinstance(item, int) and not isinstance(item, bool) and 1 <= item <= 31:  # noqa: PLR2004 - days of a month
            numbers.append(item)
        else:
            problem = f"{item!r} is not a day of the month (1-31, or 'last')"
            raise UnacceptableValue(value, problem, *MONTH_DAY_EXAMPLES)
    return (MonthDays(bits.of(numbers), last),)


def month(value: object) -> int:
    """Return 3, 'march' or 'mar' as the number of a month."""
    if isinstance(value, str) and value.strip().lower() in MONTH_NUMBERS:
        return MONTH_NUMBERS[value.strip().lower()]
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= len(words.MONTHS):
        return value
    number = re.fullmatch("[1-9]|1[0-2]", value, re.ASCII) if isinstance(value, str) else None
    examples = (number[0], MONTH_EXAMPLES[1]) if number else MONTH_EXAMPLES
    raise UnacceptableValue(value, f"{value!r} is not a month (1-12, or a name)", *examples)


def windows(value: object) -> tuple[Window, ...]:
    """Return one window of two times, or several, as minutes of the day."""
    items = items_of(value, WINDOW_EXAMPLES)
    several = [items_of(item, WINDOW_EXAMPLES) if isinstance(item, (list, tuple)) else None for item in items]
    found = [window for window in several if window] if all(several) else [items]
    if any(len(window) != 2 for window in found):  # noqa: PLR2004 - a window has a start and an end
        raise UnacceptableValue(value, "is not a start and an end", *WINDOW_EXAMPLES)
    return tuple(
        (time_within(value, start, WINDOW_EXAMPLES), time_within(value, end, WINDOW_EXAMPLES)) for start, end in found
    )
