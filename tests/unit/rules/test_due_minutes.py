"""The minutes in which anything is due, found many at once, are those that rules name one by one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.rules import Rule, bits, declared_rule
from scheduler.rules.due_minutes import due_minutes

from .strategies import Said, Somewhere, any_rule, somewhere
from .zones import UTC

MINUTE = timedelta(minutes=1)


def one_by_one(rule: Rule, zone: tzinfo, start: datetime, count: int) -> set[int]:
    found, instant = set(), rule.next_after(start - MINUTE, zone)
    while instant is not None and instant < start + count * MINUTE:
        if instant >= start:
            found.add((instant - start) // MINUTE)
        instant = rule.next_after(instant, zone)
    return found


@given(st.lists(any_rule, min_size=1, max_size=3), somewhere, st.integers(0, 2000), st.integers(1, 9000))
def test_due_minutes_are_those_of_all_rules_whatever_clocks_do(
    said: list[Said], place: Somewhere, later: int, count: int
) -> None:
    start = place.start.replace(second=0, microsecond=0) + later * MINUTE
    schedules = [(each.rule, place.zone) for each in said] + [(said[0].rule, timezone.utc)]
    expected = set().union(*(one_by_one(rule, zone, start, count) for rule, zone in schedules))
    assert set(bits.members(due_minutes(schedules, start, count))) == expected


def rule(**declared: object) -> Rule:
    found = declared_rule("Test", declared)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("zone", "times", "start", "expected"),
    [
        ("Europe/Riga", ["2:30", "3:30"], datetime(2026, 3, 29, 0, 30), [0, 30]),  # 3:00 to 4:00 is skipped
        ("Europe/Riga", ["3:30"], datetime(2026, 10, 25, 0, 30), [0]),  # 3:00 to 4:00 comes twice
        ("Australia/Lord_Howe", ["2:15"], datetime(2026, 10, 3, 15), [30]),  # 2:00 to 2:30 is skipped
    ],
)
def test_due_minutes_are_those_of_cron_where_clocks_change(
    zone: str, times: list[str], start: datetime, expected: list[int]
) -> None:
    found = due_minutes([(rule(run_at=times), ZoneInfo(zone))], start.replace(tzinfo=UTC), 180)
    assert bits.members(found) == expected


def test_a_rule_of_seconds_marks_its_minutes() -> None:
    found = due_minutes([(rule(run_every="10 seconds"), UTC)], datetime(2026, 5, 1, 7, tzinfo=UTC), 3)
    assert found == 0b111


def test_no_minute_is_due_without_rules() -> None:
    assert due_minutes([], datetime(2026, 5, 1, tzinfo=UTC), 100) == 0
