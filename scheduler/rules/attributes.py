"""The attributes that declare when a task runs: the field of a schedule that each sets, and how its value is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from scheduler.rules import dates, readers, words
from scheduler.rules.durations import interval
from scheduler.rules.Schedule import Schedule
from scheduler.rules.times import read_times
from scheduler.rules.zones import zone_named

READERS: Final[Mapping[str, tuple[str, Callable[[object], Any]]]] = {
    "run_every": ("every", interval),
    "run_at": ("times", read_times),
    "run_every_minute": ("every_minute", readers.flag),
    "run_every_hour": ("every_hour", readers.flag),
    "run_weekly": ("weekly", readers.flag),
    "twice_daily": ("twice", readers.two_times),
    "run_cron": ("cron", readers.cron_text),
    "run_once": ("once", dates.minutes_of),
    "run_on": ("weekdays", readers.weekdays),
    "run_on_days_of_month": ("month_days", readers.days_of_month),
    "run_between": ("inside", readers.windows),
    "run_not_between": ("outside", readers.windows),
    "run_from": ("first", dates.first_minute),
    "run_until": ("last", dates.last_minute),
    "run_except": ("excluded", dates.excluded_days),
    "timezone": ("zone", zone_named),
    "default_run_every": ("fallback", interval),
}
"""Each attribute: the field of a schedule that it declares, and the reader of its value."""
ATTRIBUTES: Final = tuple(READERS)

RECURRENCES: Final = (
    "run_every", "run_at", "run_every_minute", "run_every_hour", "run_weekly", "twice_daily", "run_cron", "run_once",
)  # fmt: skip
CONSTRAINTS: Final = (
    "run_on", "run_on_days_of_month", "run_between", "run_not_between", "run_from", "run_until", "run_except",
)  # fmt: skip
DEFAULTS: Final[Mapping[str, Any]] = {each.name: each.default for each in fields(Schedule)}


def declares(schedule: Schedule, attribute: str) -> bool:
    """Return whether an attribute, or the method of the same meaning, declares something."""
    name, _ = READERS[attribute]
    return bool(getattr(schedule, name) != DEFAULTS[name])


def without(schedule: Schedule, *attributes: str) -> Schedule:
    """Return the schedule as if some attributes were not declared."""
    return replace(schedule, **{READERS[name][0]: DEFAULTS[READERS[name][0]] for name in attributes})


def constraint_text(schedule: Schedule, attribute: str) -> str:
    """Return the value of a constraint in words, whether an attribute or a method declared it."""
    month_days = " and ".join(words.days_of_month(days.numbers, last=days.last) for days in schedule.month_days)
    return {
        "run_on": words.weekdays(schedule.weekdays or 0) if schedule.weekdays else "",
        "run_on_days_of_month": month_days,
        "run_between": words.windows(schedule.inside, ()).removeprefix(" between "),
        "run_not_between": words.windows((), schedule.outside).removeprefix(" not between "),
        "run_from": dates.date_text(schedule.first) if schedule.first else "",
        "run_until": dates.date_text(schedule.last, whole_day=dates.LAST_MINUTE) if schedule.last else "",
        "run_except": schedule.excluded.describe().removeprefix(" except "),
    }[attribute]
