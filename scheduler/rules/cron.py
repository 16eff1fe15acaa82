"""Cron expressions, in Debian cron's dialect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from scheduler.errors import UnacceptableValue
from scheduler.rules import bits, cron_words
from scheduler.rules.Calendar import Calendar
from scheduler.rules.cron_fields import EXAMPLES, HOUR, MINUTE, MONTH, read_month_days, read_numbers, read_weekdays
from scheduler.rules.Days import Days, MonthDays, Weekdays
from scheduler.rules.Rule import WHOLE_DAY, Recurrence

NICKNAMES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
ANY_DAY: Final = date(2000, 1, 1).toordinal()


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
    month_days, weekdays = read_month_days(month_field), read_weekdays(week_field)
    both = month_field.startswith("*") or week_field.startswith("*")
    groups: tuple[tuple[MonthDays | Weekdays, ...], ...] = (
        ((month_days,), (weekdays,)) if both else ((month_days, weekdays),)
    )
    unrestricted = [part for field, part in ((month_field, (month_days,)), (week_field, (weekdays,))) if field == "*"]
    allowed = read_numbers(months, MONTH)
    kept = tuple(group for group in groups if group not in unrestricted)
    if Calendar(Days(kept, months=allowed)).next_from(ANY_DAY) is None:
        raise UnacceptableValue(expression, "names days that no year has, so it never fires", *EXAMPLES)
    return Recurrence(
        _times(read_numbers(minutes, MINUTE), read_numbers(hours, HOUR)) & window,
        lambda: cron_words.describe(fields) + suffix,
        days=Days((*kept, *constraints), months=allowed),
        wild=minutes.startswith("*") or hours.startswith("*"),
    )


def _check_shape(expression: str, fields: list[str]) -> None:
    if fields and fields[0].startswith("@"):
        problem = "'@reboot' is not a time" if fields[0] == "@REBOOT" else f"unknown nickname {fields[0].lower()!r}"
        raise UnacceptableValue(expression, problem, "'@hourly'", "'@daily'")
    if len(fields) in {6, 7}:
        raise UnacceptableValue(
            expression, f"{len(fields)} fields instead of 5; for seconds use run_every = '10 seconds'", *EXAMPLES
        )
    if len(fields) != 5:  # noqa: PLR2004 - a cron expression has five fields
        raise UnacceptableValue(expression, f"{len(fields)} fields instead of 5", *EXAMPLES)


@lru_cache(maxsize=1024)
def _times(minutes: int, hours: int) -> int:
    """Return the minutes of the day (bits 0-1439): the minutes of an hour, shifted to each of the hours."""
    return sum(minutes << hour * 60 for hour in bits.members(hours))
