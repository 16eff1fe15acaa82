"""Five hundred and more random cron expressions in every zone: against a plain model, and against cronsim and croniter.

The model is asked everywhere. The libraries are asked where they are known to be right:

* cronsim: not where a zone shifts by half an hour or at an odd minute (Lord Howe, Pyongyang, Chatham, St. John's until
  2011: it misses runs or never ends), nor where one has an offset with seconds (Kwajalein in 1969); not for wild
  expressions where clocks change at midnight (it takes a 0:00 that is never shown for 1:00, or never ends); not for `4-4/3`, which it reads
  as `4/3`; and it knows no `15W` and no names before `L`.
* croniter: where clocks stand (at changes it runs fixed expressions twice); not for `15W`, `5L` and `5#2` beside another
  day, which it does not join by "or"; nor for steps in the day of week, where its week ends on Saturday.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from random import Random
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from scheduler.errors import UnacceptableValue
from scheduler.rules import Recurrence, ZonedMinute, cron

from . import model
from .model import MINUTE, cron_part, fire_times, walk
from .strategies import random_cron
from .zones import UTC, ZONES, changes

pytestmark = pytest.mark.oracle

COUNT = 640
CLOSE = timedelta(hours=14)
CRONSIM_ZONES = [name for name in ZONES if name not in {"Australia/Lord_Howe", "Asia/Pyongyang", "Pacific/Kwajalein"}]
CRONSIM_ZONES = [name for name in CRONSIM_ZONES if name not in {"Pacific/Chatham", "America/St_Johns"}]


@lru_cache(maxsize=1)
def expressions() -> list[tuple[str, Recurrence]]:
    """Return the same expressions each time, those that can never fire left out."""
    random, found = Random(20240229), []
    while len(found) < COUNT:
        expression = random_cron(random)
        if model.cron_can_fire(expression):
            found.append((expression, cron(expression)))
    return found


@pytest.fixture(scope="module")
def cronsim(missing) -> ModuleType:
    try:
        import cronsim
    except ImportError:
        missing("cronsim")
    return cronsim


@pytest.fixture(scope="module")
def croniter(missing) -> ModuleType:
    try:
        import croniter
    except ImportError:
        missing("croniter")
    return croniter


def changes_to_visit(name: str, random: Random) -> datetime:
    return random.choice(changes(name) or (datetime(2024, 2, 29, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)))


def runs(rule: Recurrence, start: datetime, end: datetime, zone: ZoneInfo, most: int) -> list[datetime]:
    found: list[datetime] = []
    instant = rule.next_after(start, zone)
    while instant is not None and instant < end and len(found) < most:
        found.append(instant)
        instant = rule.next_after(instant, zone)
    return found


def runs_back(rule: Recurrence, start: datetime, end: datetime, zone: ZoneInfo, most: int) -> list[datetime]:
    found: list[datetime] = []
    instant = rule.previous_before(end, zone)
    while instant is not None and instant > start and len(found) < most:
        found.append(instant)
        instant = rule.previous_before(instant, zone)
    return found


def test_exactly_the_expressions_that_never_fire_are_refused():
    random = Random(31)
    for _ in range(COUNT * 2):
        expression = random_cron(random)
        try:
            cron(expression)
        except UnacceptableValue:
            assert not model.cron_can_fire(expression), expression
        else:
            assert model.cron_can_fire(expression), expression


@pytest.mark.parametrize("name", ZONES)
def test_our_fire_times_agree_with_the_plain_model(name: str):
    random, zone = Random(name), ZoneInfo(name)
    moments: dict[datetime, list[ZonedMinute]] = {}
    for expression, rule in expressions():
        change = changes_to_visit(name, random)
        start, end = change - CLOSE, change + CLOSE
        if name == "Pacific/Apia" and random.random() < 0.3:
            start, end = datetime(2011, 12, 29, 22, tzinfo=UTC), datetime(2011, 12, 31, 2, tzinfo=UTC)
        minutes = walk(start, end, name)
        if start not in moments:
            moments[start] = [ZonedMinute.of(shown.instant, zone) for shown in minutes]
        expected = fire_times([cron_part(expression)], minutes)
        told = f"{expression!r} around {change}"
        assert [
            m.instant for m, shown in zip(minutes, moments[start], strict=True) if rule.matches(shown)
        ] == expected, told
        after = start + MINUTE * random.randrange(len(minutes))
        assert runs(rule, after, end, zone, 60) == [run for run in expected if run > after][:60], told
        assert (
            runs_back(rule, start - MINUTE, after, zone, 60) == [run for run in reversed(expected) if run < after][:60]
        ), told


@pytest.mark.parametrize("name", CRONSIM_ZONES)
def test_our_fire_times_agree_with_cronsim(name: str, cronsim: ModuleType):
    random, zone = Random(name), ZoneInfo(name)
    asked = {False: 0, True: 0}
    for expression, rule in expressions():
        change = changes_to_visit(name, random)
        if rule.wild and is_at_midnight(change, zone):
            change = datetime(2021, 7, 31, tzinfo=UTC)
        start, end = change - CLOSE, change + CLOSE
        if re.search("[0-9]W|friL", expression):
            continue
        forwards = cronsim.CronSim(expression, start.astimezone(zone))
        backwards = cronsim.CronSim(expression, end.astimezone(zone), reverse=True)
        asked[rule.wild] += 1
        told = f"{expression!r} around {change}"
        assert runs(rule, start, end, zone, 60) == within(start, end, forwards), told
        assert runs_back(rule, start, end, zone, 60) == within(start, end, backwards), told
    assert sum(asked.values()) >= 500
    assert min(asked.values()) > 100


def is_at_midnight(change: datetime, zone: ZoneInfo) -> bool:
    """Return whether the clock shows the hour before or after midnight when it changes."""
    before, after = (change - MINUTE).astimezone(zone), change.astimezone(zone)
    return before.utcoffset() != after.utcoffset() and bool({0, 23} & {before.hour, after.hour})


def within(start: datetime, end: datetime, found) -> list[datetime]:
    """Return the first sixty of `found` in UTC, as far as they lie between `start` and `end`."""
    inside = []
    for run in islice(found, 60):
        if not start < run.astimezone(UTC) < end:
            break
        inside.append(run.astimezone(UTC))
    return inside


def test_our_fire_times_agree_with_croniter(croniter: ModuleType):
    random = Random(99)
    asked = 0
    while asked < 500:
        expression = random_cron(random)
        *_, month_day, _, weekday = expression.split()
        if (
            re.search("[0-9]W", month_day)
            or (month_day != "*" and re.search("[L#]", weekday))
            or re.search("[0-9]/", weekday)
        ):
            continue
        start = datetime(2024, 1, 1, tzinfo=UTC) + MINUTE * random.randrange(10**6)
        try:
            rule = cron(expression)
            forwards = croniter.croniter(expression, start, implement_cron_bug=True)
            backwards = croniter.croniter(expression, start, implement_cron_bug=True)
        except (UnacceptableValue, croniter.CroniterError):
            continue
        asked += 1
        instant = start
        for _ in range(12):
            instant = rule.next_after(instant, UTC)
            assert forwards.get_next(datetime) == instant, expression
        instant = start
        for _ in range(12):
            instant = rule.previous_before(instant, UTC)
            assert backwards.get_prev(datetime) == instant, expression
