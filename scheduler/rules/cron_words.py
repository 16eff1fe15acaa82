"""Cron expressions in English words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Final

from scheduler.rules import bits, words
from scheduler.rules.cron_fields import HOUR, MINUTE, MONTH, read_month_days, read_numbers, read_weekdays

MOST_TIMES_LISTED: Final = 4
"""The most times that are shown as a list."""
SHORTEST_RANGE: Final = 3
"""The fewest consecutive numbers that are shown as a range."""


def describe(fields: Sequence[str]) -> str:
    """Return the five fields of a cron expression in words."""
    minutes, hours, month_field, months, week_field = fields
    parts = [_times_text(minutes, hours)]
    days = [
        text
        for field, text in (
            (month_field, _month_days_text(month_field)),
            (week_field, _weekdays_text(week_field)),
        )
        if field != "*"
    ]
    if days:
        both = month_field.startswith("*") or week_field.startswith("*")
        parts.append("on " + (" and " if both else " or ").join(days))
    if months != "*":
        numbers = bits.members(read_numbers(months, MONTH))
        parts.append("in " + words.listed(words.MONTHS[number - 1] for number in numbers))
    return " ".join(parts)


def _times_text(minutes: str, hours: str) -> str:
    minute_list, hour_list = bits.members(read_numbers(minutes, MINUTE)), bits.members(read_numbers(hours, HOUR))
    if len(minute_list) * len(hour_list) <= MOST_TIMES_LISTED:
        times = (hour * 60 + minute for hour in hour_list for minute in minute_list)
        return "at " + words.listed(map(words.time_of_day, times))
    step = re.fullmatch(r"\*/([0-9]+)", minutes)
    if minutes == "*":
        often = "every minute"
    elif step and 60 % int(step[1]) == 0:
        often = words.every(int(step[1]), "minute")
    else:
        often = "at " + words.past_hour(minute_list)
    if hours == "*":
        return f"{often} of every hour" if often.startswith("at ") else often
    step = re.fullmatch(r"\*/([0-9]+)", hours)
    if step and 24 % int(step[1]) == 0:
        return f"{often} of {words.every(int(step[1]), 'hour')}"
    return f"{often} of hours {words.listed(_ranges(hour_list))}"


def _month_days_text(text: str) -> str:
    days = read_month_days(text)
    parts = [f"days {words.listed(_ranges(bits.members(days.numbers)))}"] if days.numbers else []
    parts += ["the last day"] * days.last + ["the last weekday"] * days.last_weekday
    parts += [f"the weekday nearest to day {day}" for day in bits.members(days.nearest_weekday)]
    return words.listed(parts).replace("days ", "day ") if days.numbers.bit_count() == 1 else words.listed(parts)


def _weekdays_text(text: str) -> str:
    days = read_weekdays(text)
    ordinals = ("", "first", "second", "third", "fourth", "fifth")
    parts = [words.weekdays(days.numbers)] if days.numbers else []
    parts += [f"the last {words.WEEKDAYS[day]} of the month" for day in bits.members(days.last)]
    parts += [f"the {ordinals[nth]} {words.WEEKDAYS[day]} of the month" for day, nth in days.nth]
    return words.listed(parts)


def _ranges(numbers: list[int]) -> list[str]:
    """Return ascending numbers as text, those in a row as "1-5"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = ([f"{run[0]}-{run[-1]}"] if len(run) >= SHORTEST_RANGE else map(str, run) for run in runs)
    return list(chain.from_iterable(texts))
