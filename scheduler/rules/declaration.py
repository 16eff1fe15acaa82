"""From what a task declares (`run_every`, `run_at` …) to one rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Final, NamedTuple, TypeVar

from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.rules import bits, words
from scheduler.rules.AnyOf import AnyOf
from scheduler.rules.cron import cron
from scheduler.rules.Days import ALL_WEEKDAYS, MonthDays
from scheduler.rules.every import MIDNIGHT, TIME_EXAMPLES, Constraints, at, every, interval, time_of_day
from scheduler.rules.Rule import Rule
from scheduler.rules.Seconds import Seconds

RECURRENCES: Final = (
    "run_every", "run_at", "run_every_minute", "run_every_hour", "run_weekly", "twice_daily", "run_cron",
)  # fmt: skip
CONSTRAINTS: Final = ("run_on", "run_on_days_of_month", "run_between", "run_not_between")
ATTRIBUTES: Final = (*RECURRENCES, *CONSTRAINTS)
T = TypeVar("T")

WEEKDAY_SETS: Final = (
    {name.lower(): 1 << number for number, name in enumerate(words.WEEKDAYS)}
    | {name.lower()[:3]: 1 << number for number, name in enumerate(words.WEEKDAYS)}
    | {name.lower() + "s": 1 << number for number, name in enumerate(words.WEEKDAYS)}
    | {"weekdays": words.WORKING_DAYS, "weekends": words.WEEKEND}
)
WEEKDAY_EXAMPLES: Final = ("'monday'", "['mon', 'fri']")
MONTH_DAY_EXAMPLES: Final = ("(1, 15)", "'last'")
WINDOW_EXAMPLES: Final = ("('8:00', '17:00')", "('22:00', '6:00')")
TWICE_EXAMPLES: Final = ("(1, 13)", "('1:30', '13:30')")
LAST_HOUR_MINUTE: Final = 59


MOST_KNOWN: Final = 4096
_known: dict[str, Rule | None] = {}
"""Rules by what declared them: many tasks declare the same, and rules are immutable."""


class AllOf(tuple[object, ...]):
    """Values of one constraint that were declared one after the other: all of them hold."""

    __slots__ = ()


def declared_rule(task: str, declared: Mapping[str, object]) -> Rule | None:
    """Return the rule that the attributes of one task declare together, or None for a task only run on demand.

    `declared` holds the attributes in `ATTRIBUTES`; None, False and '' stand for "not declared". Recurrences are a
    union, constraints narrow it. Raises `InvalidSchedule`, which names `task`, the attribute and the value.
    """
    values = tuple(declared.values())
    text = repr((*declared, *values)) if all(map(_is_plain, values)) else None
    if text is None or text not in _known:
        rule = _declared_rule(task, declared)
        if text is None:
            return rule
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[text] = rule
    return _known[text]


def _is_plain(value: object) -> bool:
    """Tell whether a value is all that it prints."""
    if type(value) in {list, tuple}:
        return all(map(_is_plain, value))  # type: ignore[call-overload]  # it is one of the two
    return type(value) in {str, int, bool, type(None), timedelta}


def _declared_rule(task: str, declared: Mapping[str, object]) -> Rule | None:
    reading = _Reading(task, declared)
    constraints = Constraints(
        weekdays=reading.read("run_on", _weekdays),
        month_days=reading.read("run_on_days_of_month", _days_of_month) or (),
        inside=reading.read("run_between", _windows) or (),
        outside=reading.read("run_not_between", _windows) or (),
    )
    rules = reading.recurrences(constraints)
    if len(rules) > 1 and any(isinstance(rule, Seconds) for rule in rules):
        raise reading.mixed_with_seconds()
    if not rules and (constraints.weekdays is not None or constraints.month_days):
        rules = [at(MIDNIGHT, constraints)]
    if len(rules) > 1:
        return AnyOf(rules)
    return rules[0] if rules else None


class _Reading:
    """The attributes of one task, read one by one."""

    def __init__(self, task: str, declared: Mapping[str, object]) -> None:
        self.task = task
        self.declared = {name: value for name, value in declared.items() if not is_undeclared(value)}

    def read(self, attribute: str, meaning: Callable[[object], T]) -> T | None:
        """Return what the attribute means, or None where it is not declared; raise `InvalidSchedule`."""
        if attribute not in self.declared:
            return None
        value = self.declared[attribute]
        try:
            return meaning(value)
        except UnacceptableValue as error:
            raise InvalidSchedule(self.task, attribute, value, error.problem, error.examples) from None

    def recurrences(self, constraints: Constraints) -> list[Rule]:
        rules: list[Rule] = []
        times = self.read("run_at", _times)
        for count, unit in self._intervals():
            rules.append(self._every(count, unit, times, constraints))
        if self.read("run_every_minute", _flag):
            rules.append(every(1, "minute", constraints=constraints))
        if twice := self.read("twice_daily", _twice):
            rules.append(at(twice, constraints))
        if rule := self.read("run_cron", lambda value: _cron(value, constraints)):
            rules.append(rule)
        if times is not None and not self._intervals():
            rules.append(self._at(times, constraints))
        return rules

    def mixed_with_seconds(self) -> InvalidSchedule:
        """Return the error for a rule of seconds beside another recurrence."""
        problem = "a rule of seconds stands alone; leave out the other recurrences"
        return InvalidSchedule(
            self.task, "run_every", self.declared["run_every"], problem, ("'10 seconds'", "'1 minute'")
        )

    def _intervals(self) -> list[tuple[int, str]]:
        """Return what `run_at` may belong to."""
        declared = self.read("run_every", interval)
        found = [declared] if declared else []
        found += [(1, "hour")] * bool(self.read("run_every_hour", _flag))
        found += [(1, "week")] * bool(self.read("run_weekly", _flag))
        return found

    def _every(self, count: int, unit: str, times: _Times | None, constraints: Constraints) -> Rule:
        if times is None:
            return every(count, unit, constraints=constraints)
        if unit in {"second", "minute"}:
            raise self._misplaced("a rule of minutes has no time of day; leave out run_at or run_every")
        if unit == "hour":
            if times.of_day:
                raise self._misplaced("an hours rule takes only a minute of the hour", "':15'", "[':15', ':45']")
            return every(count, unit, minutes=times.past_hour, constraints=constraints)
        if times.past_hour:
            raise self._misplaced("a minute of the hour needs an hours rule", "'5:30'", "run_every = '1 hour'")
        return every(count, unit, times.of_day, constraints=constraints)

    def _at(self, times: _Times, constraints: Constraints) -> Rule:
        if times.past_hour:
            raise self._misplaced("a minute of the hour needs an hours rule", "'5:30'", "run_every = '1 hour'")
        if self.declared.get("run_every_minute"):
            raise self._misplaced("a rule of minutes has no time of day; leave out run_at or run_every_minute")
        return at(times.of_day, constraints)

    def _misplaced(self, problem: str, *examples: str) -> InvalidSchedule:
        examples = examples or ("run_every = '1 day'", "run_every = '1 week'")
        return InvalidSchedule(self.task, "run_at", self.declared["run_at"], problem, examples)


class _Times(NamedTuple):
    """Times of day, or minutes past each hour."""

    of_day: tuple[int, ...]
    past_hour: tuple[int, ...]


def is_undeclared(value: object) -> bool:
    """Tell whether a value stands for "not declared": None, False or blank text."""
    return value is None or value is False or (isinstance(value, str) and not value.strip())


def _items(value: object, examples: tuple[str, ...]) -> list[object]:
    """Return one value or several as a list that is not empty."""
    items = list(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
    if not items:
        raise UnacceptableValue(value, "is empty, so it would never run", *examples)
    return items


def _flag(value: object) -> bool:
    if value is not True:
        raise UnacceptableValue(value, "is either True or False", "True", "run_every = '2 hours'")
    return True


def _times(value: object) -> _Times:
    of_day, past_hour = [], []
    for item in _items(value, TIME_EXAMPLES):
        match = re.fullmatch(r"\s*:([0-9]{2})\s*", item, re.ASCII) if isinstance(item, str) else None
        if match is None:
            of_day.append(time_of_day(item))
        elif int(match[1]) > LAST_HOUR_MINUTE:
            raise UnacceptableValue(item, f"{item!r} is not between ':00' and ':59'", "':15'", "':45'")
        else:
            past_hour.append(int(match[1]))
    return _Times(tuple(of_day), tuple(past_hour))


def _twice(value: object) -> tuple[int, ...]:
    items = _items(value, TWICE_EXAMPLES)
    if len(items) != 2:  # noqa: PLR2004 - twice is two
        raise UnacceptableValue(value, "is not two times", *TWICE_EXAMPLES)
    return tuple(_time_in(value, item, TWICE_EXAMPLES) for item in items)


def _cron(value: object, constraints: Constraints) -> Rule:
    if not isinstance(value, str):
        raise UnacceptableValue(
            value, f"{type(value).__name__} is no cron expression", "'*/15 * * * *'", "'0 9 * * mon-fri'"
        )
    return cron(value, constraints=constraints.groups, window=constraints.window, suffix=constraints.words())


def _weekdays(value: object) -> int:
    if isinstance(value, AllOf):
        result = ALL_WEEKDAYS
        for narrower in value:
            result &= _weekdays(narrower)
        if not result:
            raise UnacceptableValue(value, "have no day in common, so it would never run", *WEEKDAY_EXAMPLES)
        return result
    result = 0
    for item in _items(value, WEEKDAY_EXAMPLES):
        if isinstance(item, str) and item.strip().lower() in WEEKDAY_SETS:
            result |= WEEKDAY_SETS[item.strip().lower()]
        elif isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= 7:  # noqa: PLR2004 - 7 is Sunday too
            result |= 1 << item % 7
        else:
            problem = f"{item!r} is no day of the week (a name, or 0-7 where 0 and 7 are Sunday)"
            raise UnacceptableValue(value, problem, *WEEKDAY_EXAMPLES)
    return result


def _days_of_month(value: object) -> tuple[MonthDays, ...]:
    if isinstance(value, AllOf):
        return tuple(days for narrower in value for days in _days_of_month(narrower))
    numbers, last = [], False
    for item in _items(value, MONTH_DAY_EXAMPLES):
        if item == "last":
            last = True
        elif isinstance(item, int) and not isinstance(item, bool) and 1 <= item <= 31:  # noqa: PLR2004 - days of a month
            numbers.append(item)
        else:
            raise UnacceptableValue(value, f"{item!r} is no day of the month (1-31, or 'last')", *MONTH_DAY_EXAMPLES)
    return (MonthDays(bits.of(numbers), last),)


def _windows(value: object) -> tuple[tuple[int, int], ...]:
    items = _items(value, WINDOW_EXAMPLES)
    several = [_items(item, WINDOW_EXAMPLES) if isinstance(item, (list, tuple)) else None for item in items]
    windows = [window for window in several if window] if all(several) else [items]
    if any(len(window) != 2 for window in windows):  # noqa: PLR2004 - a window has a start and an end
        raise UnacceptableValue(value, "is not a start and an end", *WINDOW_EXAMPLES)
    return tuple(
        (_time_in(value, start, WINDOW_EXAMPLES), _time_in(value, end, WINDOW_EXAMPLES)) for start, end in windows
    )


def _time_in(value: object, item: object, examples: tuple[str, ...]) -> int:
    """Return one time of several as a minute of the day; what is wrong with it is said with examples of the whole."""
    try:
        return time_of_day(item)
    except UnacceptableValue as error:
        raise UnacceptableValue(value, error.problem, *examples) from None
