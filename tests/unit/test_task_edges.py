"""Edges of rules that small faults in the code used to pass unnoticed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from scheduler.Task import Task

UTC = timezone.utc


def test_minute_59_of_every_hour() -> None:
    task = Task().hourly_at(59).in_timezone("UTC")
    assert Task().hourly().at(":59").in_timezone("UTC").next_runs(2) == task.next_runs(2)
    assert task.should_run(datetime(2027, 1, 1, 5, 59))
    assert not task.should_run(datetime(2027, 1, 1, 5, 58))
    assert task.next_run(datetime(2027, 1, 1, 5, 59, tzinfo=UTC)) == datetime(2027, 1, 1, 6, 59, tzinfo=UTC)


@pytest.mark.parametrize("at", ["8:00", "0:00", "23:59"])
def test_a_window_of_one_minute_is_that_minute(at: str) -> None:
    inside, outside = Task().every_minute().between(at, at), Task().every_minute().not_between(at, at)
    hour, minute = map(int, at.split(":"))
    moment = datetime(2027, 1, 2, hour, minute)
    for shift in (-1, 0, 1):
        shown = moment + timedelta(minutes=shift)
        assert inside.should_run(shown) is (shift == 0)
        assert outside.should_run(shown) is (shift != 0)


def test_a_window_that_ends_a_minute_before_it_starts_is_the_whole_day() -> None:
    task = Task().every_minute().between("8:00", "7:59")
    assert all(task.should_run(datetime(2027, 1, 2, hour, minute)) for hour in range(24) for minute in (0, 59))
