"""Building a schedule: from a task's attributes, or step by step with its methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.rules import bits, readers, words
from scheduler.rules.attributes import DEFAULTS, READERS, RECURRENCES
from scheduler.rules.durations import Interval
from scheduler.rules.readers import is_undeclared
from scheduler.rules.Rule import Rule
from scheduler.rules.Schedule import NOT_DECLARED, Misfit, Schedule
from scheduler.rules.times import PAST_HOUR_EXAMPLES, Times, items_of, minute_past_hour, read_times, time_of_day

MOST_KEPT: Final = 4096
_read: dict[str, Schedule] = {}
"""Schedules by the text of their declaration: many tasks declare the same, and schedules are immutable."""


def read_schedule(task: str, declared: Mapping[str, object]) -> Schedule:
    """Return the schedule that attributes declare together; raise `InvalidSchedule`, which names `task`.

    None, False and blank text stand for "not declared".
    """
    declared = {name: value for name, value in declared.items() if value is not None and value is not False}
    text = repr(declared) if all(map(_is_plain, declared.values())) else None
    if text is None:
        return declare(task, NOT_DECLARED, declared)
    if text not in _read:
        if len(_read) >= MOST_KEPT:
            _read.clear()
        _read[text] = declare(task, NOT_DECLARED, declared)
    return _read[text]


def declared_rule(task: str, declared: Mapping[str, object]) -> Rule | None:
    """Return the rule that attributes declare together, or None for a task that runs only on demand."""
    return read_schedule(task, declared).rule


def declare(task: str, schedule: Schedule, declared: Mapping[str, object]) -> Schedule:
    """Return `schedule` with the `declared` attributes instead of its own; raise `InvalidSchedule`."""
    changes = {READERS[name][0]: _value_of(task, name, value) for name, value in declared.items()}
    return _changed(task, schedule, declared, changes)


def recur(task: str, schedule: Schedule, declared: Mapping[str, object]) -> Schedule:
    """Return `schedule` with its recurrences replaced by the `declared` ones.

    Times of day that stand alone so far go with an interval that takes them: `at('5:30').weekly()`.
    """
    changes = {READERS[name][0]: DEFAULTS[READERS[name][0]] for name in RECURRENCES}
    changes |= {READERS[name][0]: _value_of(task, name, value) for name, value in declared.items()}
    every: Interval | None = changes["every"]
    if every and every.takes_times_of_day and not changes["times"] and schedule.times and not schedule.intervals:
        changes["times"] = schedule.times
    return _changed(task, schedule, declared, changes)


def hourly(task: str, schedule: Schedule, minutes: tuple[object, ...]) -> Schedule:
    """Return `schedule` with an hourly recurrence at `minutes`: 15 or ':15'."""
    return recur(task, schedule, {"run_every": "1 hour", "run_at": _read_value(task, "run_at", minutes, _past_hour)})


def _past_hour(minutes: object) -> list[str]:
    return [minute_past_hour(minute) for minute in items_of(minutes, PAST_HOUR_EXAMPLES)]


def yearly(task: str, schedule: Schedule, month: object, day: object, time: object) -> Schedule:
    """Return `schedule` with a recurrence on one day of every year."""
    month_number: int = _read_value(task, "yearly_on", month, readers.month)
    (days,) = _read_value(task, "yearly_on", day, readers.days_of_month)
    hour, minute = divmod(_read_value(task, "yearly_on", time, time_of_day), 60)
    field = ",".join([*map(str, bits.members(days.numbers)), *["L"] * days.last])
    try:
        return recur(task, schedule, {"run_cron": f"{minute} {hour} {field} {month_number} *"})
    except InvalidSchedule as error:
        examples = ("('march', 15)", "(12, 'last')")
        raise InvalidSchedule(task, "yearly_on", (month, day), error.problem, examples) from None


def narrow(task: str, schedule: Schedule, attribute: str, value: object) -> Schedule:
    """Return `schedule` narrowed further by one constraint; all that are declared hold."""
    name, reader = READERS[attribute]
    old, new = getattr(schedule, name), _read_value(task, attribute, value, reader)
    if attribute == "run_on" and old is not None and not old & new:
        problem = f"has no day in common with {words.weekdays(old)}, so it would never run"
        raise InvalidSchedule(task, attribute, value, problem, readers.WEEKDAY_EXAMPLES)
    if old is not None and old != DEFAULTS[name]:
        new = _BOTH[name](old, new)
    return _changed(task, schedule, {attribute: value}, {name: new})


def at_times(task: str, schedule: Schedule, value: object) -> Schedule:
    """Return `schedule` with times on the days of its recurrence, or minutes past the hour with a rule of hours."""
    times: Times = _read_value(task, "run_at", value, read_times)
    if schedule.every is not None and schedule.every.unit == "hour" and _has_whole_number(value):
        problem = "after a rule of hours, could be a minute of the hour or an hour of the day"
        raise InvalidSchedule(task, "run_at", value, problem, ("':15'", "'15:00'"))
    of_hours = not times.of_day
    every = schedule.every
    kept = every if every and (every.unit == "hour" if of_hours else every.takes_times_of_day) else None
    changes = {READERS[name][0]: DEFAULTS[READERS[name][0]] for name in RECURRENCES} | {
        "times": times,
        "every": kept,
        "every_hour": schedule.every_hour and of_hours,
        "weekly": schedule.weekly and not of_hours,
    }
    return _changed(task, schedule, {"run_at": value}, changes)


_BOTH: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "weekdays": lambda old, new: old & new,
    "month_days": lambda old, new: old + new,
    "inside": lambda old, new: old + new,
    "outside": lambda old, new: old + new,
    "first": max,
    "last": min,
    "excluded": lambda old, new: old | new,
}
"""How two values of one constraint are combined."""


def _changed(task: str, schedule: Schedule, declared: Mapping[str, object], changes: dict[str, Any]) -> Schedule:
    try:
        return replace(schedule, **changes)
    except Misfit as error:
        value = declared.get(error.attribute, error.value)
        raise InvalidSchedule(task, error.attribute, value, error.problem, error.examples) from None


def _value_of(task: str, attribute: str, value: object) -> Any:
    name, reader = READERS[attribute]
    return DEFAULTS[name] if is_undeclared(value) else _read_value(task, attribute, value, reader)


def _read_value(task: str, attribute: str, value: object, reader: Callable[[object], Any]) -> Any:
    try:
        return reader(value)
    except UnacceptableValue as error:
        raise InvalidSchedule(task, attribute, value, error.problem, error.examples) from None


def _is_plain(value: object) -> bool:
    """Return whether a value is fully described by its repr."""
    if type(value) in {list, tuple}:
        return all(map(_is_plain, value))  # type: ignore[call-overload]  # it is one of the two
    return type(value) in {str, int, bool, type(None), timedelta}


def _has_whole_number(value: object) -> bool:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return any(isinstance(item, int) for item in items)
