"""What a task declares about when it runs, as one immutable value, and the rule it results in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from scheduler.errors import UnacceptableValue
from scheduler.rules import dates, words
from scheduler.rules.cron import cron
from scheduler.rules.DatedRule import DatedRule
from scheduler.rules.dates import LAST_MINUTE, NO_DAYS, ExcludedDays
from scheduler.rules.Days import MonthDays
from scheduler.rules.durations import Interval
from scheduler.rules.every import MIDNIGHT, Constraints, at, every
from scheduler.rules.readers import Window
from scheduler.rules.Rule import Rule
from scheduler.rules.SubMinuteRule import SubMinuteRule
from scheduler.rules.times import Times
from scheduler.rules.UnionRule import UnionRule
from scheduler.rules.ZonedMinute import DAY

NO_TIMES_EXAMPLES: Final = ("run_every = '1 day'", "run_every = '1 week'")
PAST_HOUR_PROBLEM: Final = "a minute of the hour needs an hours rule"
PAST_HOUR_EXAMPLES: Final = ("'5:30'", "run_every = '1 hour'")


class Misfit(Exception):
    """Two declared values that exclude each other: the attribute to change, its value, and what to do about it."""

    def __init__(self, attribute: str, value: object, problem: str, *examples: str) -> None:
        self.attribute = attribute
        self.value = value
        self.problem = problem
        self.examples = examples
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a task runs: its recurrences (a union), what narrows them, and the zone of its clock, None for the default.

    `fallback` is the interval of a task that declares no recurrence. `first` and `last` are wall minutes, and so are
    those of `once`. `rule` is the resulting rule, None for a task that runs only on demand.
    """

    every: Interval | None = None
    times: Times | None = None
    every_minute: bool = False
    every_hour: bool = False
    weekly: bool = False
    twice: tuple[int, ...] = ()
    cron: str | None = None
    once: tuple[int, ...] = ()
    weekdays: int | None = None
    month_days: tuple[MonthDays, ...] = ()
    inside: tuple[Window, ...] = ()
    outside: tuple[Window, ...] = ()
    first: int | None = None
    last: int | None = None
    excluded: ExcludedDays = NO_DAYS
    zone: tzinfo | None = None
    fallback: Interval | None = None
    rule: Rule | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", _rule_of(self))  # follows from the others

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """Return the intervals that `times` belong to."""
        hourly = (Interval(1, "hour"),) if self.every_hour else ()
        weekly = (Interval(1, "week"),) if self.weekly else ()
        return ((self.every,) if self.every else ()) + hourly + weekly


def _rule_of(schedule: Schedule) -> Rule | None:
    """Return the rule that everything declared results in; raise `Misfit` for values that exclude each other."""
    constraints = Constraints(schedule.weekdays, schedule.month_days, schedule.inside, schedule.outside)
    rules = list(_recurrences(schedule, constraints))
    if not rules and schedule.fallback:
        rules = [every(*schedule.fallback, constraints=constraints)]
    if len(rules) > 1 and any(isinstance(rule, SubMinuteRule) for rule in rules):
        problem = "a rule of seconds stands alone; leave out the other recurrences"
        raise Misfit("run_every", schedule.every, problem, "'10 seconds'", "'1 minute'")
    if not rules and (schedule.weekdays is not None or schedule.month_days):
        rules = [at(MIDNIGHT, constraints)]
    if not rules:
        return None
    return _within_dates(schedule, UnionRule(rules) if len(rules) > 1 else rules[0])


def _within_dates(schedule: Schedule, rule: Rule) -> Rule:
    first, last = schedule.first, schedule.last
    if first is not None and last is not None and last < first:
        shown = dates.date_text(last, whole_day=LAST_MINUTE)
        raise Misfit("run_until", shown, "is before run_from, so it would never run", *dates.DATE_EXAMPLES)
    if first is None and last is None and schedule.excluded == NO_DAYS:
        return rule
    return DatedRule(rule, first=first, last=last, excluded=schedule.excluded)


def _recurrences(schedule: Schedule, constraints: Constraints) -> Iterator[Rule]:
    for each in schedule.intervals:
        yield _every(each, schedule.times, constraints)
    if schedule.every_minute:
        yield every(1, "minute", constraints=constraints)
    if schedule.twice:
        yield at(schedule.twice, constraints)
    if schedule.cron:
        yield _cron(schedule.cron, constraints)
    if schedule.times and not schedule.intervals:
        if schedule.times.past_hour:
            raise Misfit("run_at", schedule.times, PAST_HOUR_PROBLEM, *PAST_HOUR_EXAMPLES)
        if schedule.every_minute:
            problem = "a rule of minutes has no time of day; leave out run_at or run_every_minute"
            raise Misfit("run_at", schedule.times, problem, *NO_TIMES_EXAMPLES)
        yield at(schedule.times.of_day, constraints)
    if schedule.once:
        yield _once(schedule.once, constraints)


def _once(walls: tuple[int, ...], constraints: Constraints) -> Rule:
    shown = [dates.date_text(wall, whole_day=-1) for wall in walls]
    text = f"on {words.listed(shown)}{constraints.words()}"
    rules = []
    for wall in walls:
        first = wall - wall % DAY
        last = first + LAST_MINUTE
        rules.append(DatedRule(at((wall % DAY,), constraints), first=first, last=last, words=f"once, {text}"))
    return UnionRule(rules, words=text) if len(rules) > 1 else rules[0]


def _every(each: Interval, times: Times | None, constraints: Constraints) -> Rule:
    count, unit = each
    if times is None:
        return every(count, unit, constraints=constraints)
    if unit in {"second", "minute"}:
        problem = "a rule of minutes has no time of day; leave out run_at or run_every"
        raise Misfit("run_at", times, problem, *NO_TIMES_EXAMPLES)
    if unit == "hour":
        if times.of_day:
            raise Misfit("run_at", times, "an hours rule takes only a minute of the hour", "':15'", "[':15', ':45']")
        return every(count, unit, minutes=times.past_hour, constraints=constraints)
    if times.past_hour:
        raise Misfit("run_at", times, PAST_HOUR_PROBLEM, *PAST_HOUR_EXAMPLES)
    return every(count, unit, times.of_day, constraints=constraints)


def _cron(expression: str, constraints: Constraints) -> Rule:
    try:
        return cron(
            expression, constraints=constraints.groups, window=constraints.window, suffix=constraints.words()
        )
    except UnacceptableValue as error:
        raise Misfit("run_cron", expression, error.problem, *error.examples) from None


NOT_DECLARED: Final = Schedule()
