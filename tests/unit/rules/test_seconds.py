"""Rules of seconds: several times within every minute that a rule of minutes names."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler import InvalidSchedule
from scheduler.rules import Rule, ZonedMinute, declared_rule
from scheduler.Task import Task

from .zones import UTC

NOON = datetime(2024, 2, 5, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def rule_of(**declared) -> Rule:
    rule = declared_rule("SayHi", declared)
    assert rule is not None
    return rule


def following(rule: Rule, after: datetime, count: int, zone=UTC) -> list[str]:
    found = []
    for _ in range(count):
        after = rule.next_after(after, zone)
        found.append(after.astimezone(zone).strftime("%H:%M:%S"))
    return found


def previous(rule: Rule, before: datetime, count: int, zone=UTC) -> list[str]:
    found = []
    for _ in range(count):
        before = rule.previous_before(before, zone)
        found.append(before.astimezone(zone).strftime("%H:%M:%S"))
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30])
def test_seconds_that_divide_a_minute_come_at_even_gaps(count: int):
    rule, run = rule_of(run_every=f"{count} seconds"), NOON - SECOND
    found = []
    while (run := rule.next_after(run, UTC)) < NOON + timedelta(minutes=2):
        found.append(run)
    assert found == [NOON + timedelta(seconds=second) for second in range(0, 120, count)]
    back, run = [], NOON + timedelta(minutes=2)
    while (run := rule.previous_before(run, UTC)) >= NOON:
        back.insert(0, run)
    assert back == found
    assert rule.step == timedelta(seconds=count)


@pytest.mark.parametrize("count", [7, 8, 9, 25, 45, 59, 60, 61, 90, 120])
def test_seconds_that_do_not_divide_a_minute_are_refused(count: int):
    if count == 60:
        assert rule_of(run_every="60 seconds").next_after(NOON, UTC) == NOON + timedelta(minutes=1)
        return
    with pytest.raises(InvalidSchedule, match=rf"SayHi.run_every = '{count} seconds': {count} seconds do not divide a minute evenly"):
        rule_of(run_every=f"{count} seconds")


@pytest.mark.parametrize("value", ["10 seconds", "10 SECONDS", "10second", timedelta(seconds=10)])
def test_an_interval_of_seconds_may_be_text_or_a_timedelta(value):
    assert following(rule_of(run_every=value), NOON, 3) == ["12:00:10", "12:00:20", "12:00:30"]


@pytest.mark.parametrize(
    ("method", "count"),
    [
        ("every_second", 1), ("every_5_seconds", 5), ("every_10_seconds", 10), ("every_15_seconds", 15),
        ("every_20_seconds", 20), ("every_30_seconds", 30),
    ],
)  # fmt: skip
def test_methods_of_seconds_fire_evenly(method: str, count: int):
    task = getattr(Task().in_timezone("UTC"), method)()
    runs = task.next_runs(60 // count, NOON - SECOND)
    assert runs == [NOON + timedelta(seconds=second) for second in range(0, 60, count)]
    assert task.previous_run(NOON) == NOON - timedelta(seconds=count)
    assert task.should_run(NOON)
    assert task.describe() == ("every second, UTC" if count == 1 else f"every {count} seconds, UTC")


def test_constraints_are_on_the_minute():
    """'Between 9:00 and 9:01' lasts to the end of 9:01, as for every other rule."""
    rule = rule_of(run_every="20 seconds", run_between=("9:00", "9:01"), run_on="monday")
    before = datetime(2024, 2, 5, tzinfo=UTC)
    six = ["09:00:00", "09:00:20", "09:00:40", "09:01:00", "09:01:20", "09:01:40"]
    assert following(rule, before, 7) == [*six, "09:00:00"]
    assert previous(rule, before + timedelta(days=1), 7) == [*six[::-1], "09:01:40"]
    assert rule.matches(ZonedMinute.of(datetime(2024, 2, 5, 9, 1, tzinfo=UTC), UTC))
    assert not rule.matches(ZonedMinute.of(datetime(2024, 2, 5, 9, 2, tzinfo=UTC), UTC))
    assert rule.describe() == "every 20 seconds between 9:00 and 9:01 on Monday"


def test_next_and_previous_are_strict_to_the_microsecond():
    rule, tick = rule_of(run_every="30 seconds"), timedelta(microseconds=1)
    half = NOON + timedelta(seconds=30)
    assert rule.next_after(half - tick, UTC) == half
    assert rule.next_after(half, UTC) == half + timedelta(seconds=30)
    assert rule.previous_before(half + tick, UTC) == half
    assert rule.previous_before(half, UTC) == NOON
    assert rule.previous_before(NOON, UTC) == NOON - timedelta(seconds=30)


def test_real_seconds_are_followed_when_clocks_change():
    riga = ZoneInfo("Europe/Riga")
    rule = rule_of(run_every="30 seconds")
    assert following(rule, datetime(2024, 3, 31, 0, 59, tzinfo=UTC), 3, riga) == ["02:59:30", "04:00:00", "04:00:30"]
    assert following(rule, datetime(2024, 10, 27, 0, 59, tzinfo=UTC), 3, riga) == ["03:59:30", "03:00:00", "03:00:30"]


def test_a_window_that_excludes_everything_has_no_fire_times():
    rule = rule_of(run_every="30 seconds", run_between=(8, 9), run_not_between=(8, 9))
    assert rule.next_after(NOON, UTC) is None
    assert rule.previous_before(NOON, UTC) is None


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"run_every": "10 seconds", "run_at": "5:30"}, "run_at = '5:30': "),
        ({"run_every": "10 seconds", "run_every_hour": True}, "run_every = '10 seconds': a rule of seconds stands alone"),
        ({"run_every": "10 seconds", "twice_daily": (1, 13)}, "run_every = '10 seconds': a rule of seconds stands alone"),
    ],
)
def test_seconds_cannot_be_combined_with_another_recurrence(declared, message):
    with pytest.raises(InvalidSchedule) as caught:
        rule_of(**declared)
    assert str(caught.value).startswith(f"SayHi.{message}")
