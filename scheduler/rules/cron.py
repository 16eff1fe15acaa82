"""Cron expressions, in Debian cron's dialect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from scheduler.errors import UnacceptableValue
from scheduler.rules import bits, words
from scheduler.rules.Days import Days, MonthDays, Weekdays
from scheduler.rules.Rule import WHOLE_DAY, Recurrence

EXAMPLES: Final = ("'*/15 * * * *'", "'0 9 * * mon-fri'")
NICKNAMES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
HINTS: Final = {
    "?": "'?' is Quartz's: use '*'",
    "~": "'~' (a random time) is not supported: use a fixed number",
    "H": "'H' is Jenkins': use a fixed number",
    "R": "'R' (a random time) is not supported: use a fixed number",
}
ANY_DAY: Final = date(2000, 1, 1).toordinal()
ITEM: Final = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/0*([0-9]{1,9}))?", re.ASCII)


class Field(NamedTuple):
    """One of the five fields: its name in messages, its limits, and the names its numbers may have."""

    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()


MINUTE: Final = Field("minute", 0, 59)
HOUR: Final = Field("hour", 0, 23)
DAY_OF_MONTH: Final = Field("day of month", 1, 31)
MONTH: Final = Field("month", 1, 12, tuple(month[:3].upper() for month in words.MONTHS))
DAY_OF_WEEK: Final = Field("day of week", 0, 7, tuple(day[:3].upper() for day in words.WEEKDAYS))


def cron(
    expression: str,
    *,
    constraints: Sequence[tuple[MonthDays | Weekdays, ...]] = (),
    window: int = WHOLE_DAY,
    suffix: str = "",
) -> Recurrence:
    """Return the rule of a five-field cron expression, narrowed by `constraints` and `window`.

    Accepted: lists, ranges, steps (`a/n` is `a-max/n`), names of months and days in any case, 0 and 7 for Sunday,
    `@hourly` to `@yearly`, `L`, `LW` and `15W` as day of month, `5#2` and `5L` as day of week. Day of month and day of
    week must both match if either field starts with `*`, else one is enough (Debian's crontab(5)).

    Raises `UnacceptableValue` for anything else, and for expressions that can never fire.
    """
    if not expression.isascii():
        raise UnacceptableValue(expression, "has letters or digits that are not ASCII", *EXAMPLES)
    text = expression.strip(" \t")
    fields = re.split(r"[ \t]+", NICKNAMES.get(text.lower(), text).upper()) if text else []
    _check_shape(expression, fields)
    minutes, hours, month_field, months, week_field = fields
    month_days, weekdays = _month_days(month_field), _weekdays(week_field)
    both = month_field.startswith("*") or week_field.startswith("*")
    groups: tuple[tuple[MonthDays | Weekdays, ...], ...] = (
        ((month_days,), (weekdays,)) if both else ((month_days, weekdays),)
    )
    unrestricted = [part for field, part in ((month_field, (month_days,)), (week_field, (weekdays,))) if field == "*"]
    allowed = _numbers(months, MONTH)
    kept = tuple(group for group in groups if group not in unrestricted)
    if Days(kept, months=allowed).next_from(ANY_DAY) is None:
        raise UnacceptableValue(expression, "names days that no year has, so it never fires", *EXAMPLES)
    return Recurrence(
        _times(_numbers(minutes, MINUTE), _numbers(hours, HOUR)) & window,
        lambda: _explained(fields) + suffix,
        days=Days((*kept, *constraints), months=allowed),
        wild=minutes.startswith("*") or hours.startswith("*"),
    )


def _check_shape(expression: str, fields: list[str]) -> None:
    if fields and fields[0].startswith("@"):
        problem = "'@reboot' is no time" if fields[0] == "@REBOOT" else f"unknown nickname {fields[0].lower()!r}"
        raise UnacceptableValue(expression, problem, "'@hourly'", "'@daily'")
    if len(fields) in {6, 7}:
        raise UnacceptableValue(
            expression, f"{len(fields)} fields instead of 5; for seconds use run_every = '10 seconds'", *EXAMPLES
        )
    if len(fields) != 5:  # noqa: PLR2004 - a cron expression has five fields; naming the number would say no more
        raise UnacceptableValue(expression, f"{len(fields)} fields instead of 5", *EXAMPLES)


@lru_cache(maxsize=1024)
def _times(minutes: int, hours: int) -> int:
    return sum(minutes << hour * 60 for hour in bits.members(hours))


def _numbers(text: str, field: Field) -> int:
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
    if len(text) > 4 or not field.low <= int(text) <= field.high:  # noqa: PLR2004 - bounded before int() is asked
        raise UnacceptableValue(text, f"{field.title} {text!r} is not within {field.low}-{field.high}", *EXAMPLES)
    return int(text)


def _unacceptable(text: str, field: Field) -> UnacceptableValue:
    hint = next(
        (hint for mark, hint in HINTS.items() if (mark in text if mark in "?~" else text.startswith(mark))), None
    )
    return UnacceptableValue(
        text, f"{field.title} {text.lower()!r} is not understood" + (f"; {hint}" if hint else ""), *EXAMPLES
    )


def _month_days(text: str) -> MonthDays:
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


def _weekdays(text: str) -> Weekdays:
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
    return Weekdays((numbers | numbers >> 7) & 127, last, tuple(nth))


def _explained(fields: list[str]) -> str:
    minutes, hours, month_field, months, week_field = fields
    parts = [_explained_times(minutes, hours)]
    days = [
        text
        for field, text in (
            (month_field, _explained_month_days(month_field)),
            (week_field, _explained_weekdays(week_field)),
        )
        if field != "*"
    ]
    if days:
        both = month_field.startswith("*") or week_field.startswith("*")
        parts.append("on " + (" and " if both else " or ").join(days))
    if months != "*":
        parts.append("in " + words.listed(words.MONTHS[month - 1] for month in bits.members(_numbers(months, MONTH))))
    return " ".join(parts)


def _explained_times(minutes: str, hours: str) -> str:
    minute_list, hour_list = bits.members(_numbers(minutes, MINUTE)), bits.members(_numbers(hours, HOUR))
    if len(minute_list) * len(hour_list) <= 4:  # noqa: PLR2004 - more times than this no longer read as a list
        return "at " + words.listed(words.clock(hour * 60 + minute) for hour in hour_list for minute in minute_list)
    step = re.fullmatch(r"\*/([0-9]+)", minutes)
    if minutes == "*":
        often = "every minute"
    elif step and 60 % int(step[1]) == 0:
        often = words.counted(int(step[1]), "minute")
    else:
        often = "at " + words.past_hour(minute_list)
    if hours == "*":
        return f"{often} of every hour" if often.startswith("at ") else often
    step = re.fullmatch(r"\*/([0-9]+)", hours)
    if step and 24 % int(step[1]) == 0:
        return f"{often} of {words.counted(int(step[1]), 'hour')}"
    return f"{often} of hours {words.listed(_ranges(hour_list))}"


def _explained_month_days(text: str) -> str:
    days = _month_days(text)
    parts = [f"days {words.listed(_ranges(bits.members(days.numbers)))}"] if days.numbers else []
    parts += ["the last day"] * days.last + ["the last weekday"] * days.last_weekday
    parts += [f"the weekday nearest to day {day}" for day in bits.members(days.nearest_weekday)]
    return words.listed(parts).replace("days ", "day ") if days.numbers.bit_count() == 1 else words.listed(parts)


def _explained_weekdays(text: str) -> str:
    days = _weekdays(text)
    ordinals = ("", "first", "second", "third", "fourth", "fifth")
    parts = [words.weekdays(days.numbers)] if days.numbers else []
    parts += [f"the last {words.WEEKDAYS[day]} of the month" for day in bits.members(days.last)]
    parts += [f"the {ordinals[nth]} {words.WEEKDAYS[day]} of the month" for day, nth in days.nth]
    return words.listed(parts)


def _ranges(numbers: list[int]) -> list[str]:
    """Return ascending numbers with three and more in a row as "1-5"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [part for run in runs for part in ([f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run))]  # noqa: PLR2004
