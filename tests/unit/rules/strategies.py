"""Hypothesis strategies: any rule, as a task declares it and as the model reads it; any time near a change of clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduler.rules import Rule, declared_rule

from . import model
from .model import Part, Says, Shown, both, no, walk
from .zones import UTC, ZONES, changes

AROUND = timedelta(hours=40)
WEEKDAY_NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


class Said(NamedTuple):
    """The declaration of a task, and its meaning for the model."""

    declared: dict[str, object]
    parts: list[Part]

    @property
    def rule(self) -> Rule:
        rule = declared_rule("Anything", self.declared)
        assert rule is not None
        return rule


class Somewhere(NamedTuple):
    """Consecutive real minutes on the clock of one zone."""

    zone_name: str
    start: datetime
    end: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)

    @property
    def minutes(self) -> tuple[Shown, ...]:
        return walk(self.start, self.end, self.zone_name)


@cache
def forecast_windows(name: str) -> tuple[Somewhere, ...]:
    """Return three days around every change of a zone's clock, and around some turns of month and year."""
    plain = [datetime(*day, tzinfo=UTC) for day in ((2024, 2, 29), (2024, 1, 1), (2026, 5, 3), (2025, 6, 30))]
    return tuple(Somewhere(name, instant - AROUND, instant + AROUND) for instant in (*changes(name), *plain))


somewhere = st.sampled_from(ZONES).flatmap(lambda name: st.sampled_from(forecast_windows(name)))


# -- parts of declarations; clocks change at night, so most times are of those hours --

night = st.tuples(st.sampled_from((0, 1, 2, 3, 4, 22, 23)), st.sampled_from((0, 1, 15, 29, 30, 59)))
minute_of_day = st.one_of(night.map(lambda time: time[0] * 60 + time[1]), st.integers(0, 1439))
some_times = st.lists(minute_of_day, min_size=1, max_size=5, unique=True)
some_weekdays = st.lists(st.integers(0, 6), min_size=1, max_size=5, unique=True)
some_month_days = st.lists(st.one_of(st.integers(1, 31), st.just("last")), min_size=1, max_size=15, unique=True)


def clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


class Limits(NamedTuple):
    """Constraints: as declared, as the model reads them, and the days that replace those of some recurrences."""

    declared: dict[str, object]
    says: list[Says]
    weekdays: list[int] | None = None
    month_days: Says | None = None


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Draw up to two constraints."""
    chosen = draw(
        st.sets(st.sampled_from(("run_on", "run_on_days_of_month", "run_between", "run_not_between")), max_size=2)
    )
    declared: dict[str, object] = {}
    says: list[Says] = []
    weekdays = month_days = None
    if "run_on" in chosen:
        weekdays = draw(some_weekdays)
        declared["run_on"] = [WEEKDAY_NAMES[day] for day in weekdays]
        says.append(model.weekdays_say(weekdays))
    if "run_on_days_of_month" in chosen:
        numbers = draw(some_month_days)
        month_days = model.month_days_say(numbers)
        declared["run_on_days_of_month"] = numbers
        says.append(month_days)
    if "run_between" in chosen:
        start, end = draw(minute_of_day), draw(minute_of_day)
        declared["run_between"] = (clock(start), clock(end))
        says.append(model.window_says(start, end))
    if "run_not_between" in chosen:
        start, end = draw(minute_of_day), draw(minute_of_day)
        declared["run_not_between"] = (clock(start), clock(end))
        says.append(no(model.window_says(start, end)))
    return Limits(declared, says, weekdays, month_days)


# -- recurrences: what is declared, and the minutes it names before constraints --

Recurrence = tuple[dict[str, object], Part]

COUNTS = {
    "minute": st.one_of(st.sampled_from((1, 5, 7, 30, 45, 60, 90, 1439, 1440, 2160)), st.integers(1, 5000)),
    "hour": st.one_of(st.sampled_from((1, 2, 5, 12, 24, 36)), st.integers(1, 200)),
    "day": st.integers(1, 5),
    "week": st.integers(1, 3),
    "month": st.integers(1, 3),
    "quarter": st.just(1),
    "year": st.integers(1, 2),
}


@st.composite
def every(draw: st.DrawFn, narrow: Limits) -> Recurrence:
    """Draw `run_every` with every unit, with and without `run_at`."""
    units = [unit for unit in COUNTS if not (unit == "year" and narrow.month_days)]  # a rule of years has its own day
    unit = draw(st.sampled_from(units))
    count = draw(COUNTS[unit])
    written = f"{count} " + draw(st.sampled_from((unit, unit + "s", unit.upper() + "S", f"  {unit}s ")))
    declared: dict[str, object] = {"run_every": unit if count == 1 and draw(st.booleans()) else written}
    if unit == "minute":
        return declared, Part(model.minutes_say(count), wild=True)
    if unit == "hour":
        past = draw(st.one_of(st.just([]), st.lists(st.integers(0, 59), max_size=4, unique=True)))
        declared |= {"run_at": [f":{minute:02}" for minute in past]} if past else {}
        return declared, Part(model.hours_say(count, past or (0,)), wild=True)
    times = draw(st.one_of(st.just([]), some_times))
    declared |= {"run_at": [clock(minute) for minute in times]} if times else {}
    times = times or [0]
    says: dict[str, Callable[[], Says]] = {
        "day": lambda: model.days_say(count, times),
        "week": lambda: model.weeks_say(count, times, narrow.weekdays),
        "month": lambda: model.months_say(count, times, narrow.month_days),
        "quarter": lambda: model.quarters_say(times, narrow.month_days),
        "year": lambda: model.years_say(count, times),
    }
    return declared, Part(says[unit](), wild=False)


@st.composite
def at(draw: st.DrawFn, narrow: Limits) -> Recurrence:
    """Draw `run_at` alone."""
    times = draw(some_times)
    return {"run_at": [clock(minute) for minute in times]}, Part(model.days_say(1, times), wild=False)


@st.composite
def twice(draw: st.DrawFn, narrow: Limits) -> Recurrence:
    """Draw `twice_daily`."""
    times = draw(st.tuples(minute_of_day, minute_of_day))
    return {"twice_daily": tuple(map(clock, times))}, Part(model.days_say(1, times), wild=False)


@st.composite
def cron(draw: st.DrawFn, narrow: Limits) -> Recurrence:
    """Draw `run_cron` with an expression that can fire."""
    random = Random(draw(st.integers(0, 2**32)))
    expression = random_cron(random)
    while not model.cron_can_fire(expression):
        expression = random_cron(random)
    return {"run_cron": expression}, model.cron_part(expression)


@st.composite
def flags(draw: st.DrawFn, narrow: Limits) -> Recurrence:
    """Draw `run_every_minute`, `run_every_hour` or `run_weekly`."""
    flag, says, wild = draw(
        st.sampled_from(
            (
                ("run_every_minute", model.minutes_say(1), True),
                ("run_every_hour", model.hours_say(1), True),
                ("run_weekly", model.weeks_say(1, weekdays=narrow.weekdays), False),
            )
        )
    )
    return {flag: True}, Part(says, wild)


def random_field(random: Random, low: int, high: int, names: list[str] | tuple[()] = ()) -> str:
    """Write a field of a cron expression at random: stars, numbers, names, ranges and steps, and lists of them."""

    def one() -> str:
        first = min(random.randint(low, high), high - 1)  # never `4-4`: nobody writes it, and readings differ
        last = random.randint(first + 1, high)
        step = random.choice((1, 2, 3, 5, 7, 15, 40))
        written = str(first)
        if names and random.random() < 0.4 and first - low < len(names):
            written = random.choice((str.lower, str.upper, str.title))(names[first - low])
        return random.choice(
            (written, written, f"{written}-{last}", f"{written}-{last}/{step}", f"{first}/{step}", f"*/{step}")
        )

    if random.random() < 0.35:
        return "*"
    return ",".join(one() for _ in range(random.choice((1, 1, 1, 2, 3))))


def random_cron(random: Random, *, special: bool = True) -> str:
    """Write a five-field expression at random, with times mostly at night; it may be one that never fires."""
    minute = random.choice((random_field(random, 0, 59), random.choice(("0", "30", "*/15", "29,30", "0,1,59", "*"))))
    hour = random.choice(
        (random_field(random, 0, 23), random_field(random, 0, 4), random.choice(("*", "0", "2", "23", "0-3")))
    )
    month_day = random_field(random, 1, 31)
    weekday = random_field(random, 0, 7, model.WEEKDAYS)
    if special and random.random() < 0.3:
        month_day = random.choice(
            ("L", "LW", f"{random.randint(1, 31)}W", f"{random.randint(1, 28)},L", "1W,15W", "*,LW")
        )
    if special and random.random() < 0.3:
        weekday = random.choice(
            (f"{random.randint(0, 7)}L", f"{random.randint(0, 7)}#{random.randint(1, 5)}", "mon#1,5L", "3,friL")
        )
    month = "*" if random.random() < 0.7 else random_field(random, 1, 12, model.MONTHS)
    return random.choice((" ", "  ", "\t")).join((minute, hour, month_day, month, weekday))


READS_RUN_AT = {"run_at", "run_every", "run_every_minute", "run_every_hour", "run_weekly"}
KINDS = (every, at, twice, cron, flags)


@st.composite
def anything(draw: st.DrawFn, most: int = 1) -> Said:
    """Draw up to `most` recurrences (a task's are a union) and the constraints that narrow all of them."""
    narrow = draw(limits())
    declared: dict[str, object] = {}
    parts: list[Part] = []
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=most, unique=True)):
        attributes, part = draw(kind(narrow))
        together = declared | attributes
        if "run_at" in together and READS_RUN_AT & declared.keys() and READS_RUN_AT & attributes.keys():
            continue  # `run_at` would mean something else beside the other
        declared = together
        parts.append(Part(both(part.says, *narrow.says), part.wild))
    return Said(declared | narrow.declared, parts)


any_rule = st.one_of(anything(), anything(most=3))
