"""`between` and `not_between`: both ends are inside, a window may pass midnight, and the task's own clock counts."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from scheduler.errors import InvalidSchedule
from scheduler.Task import Task

CASES = json.loads((Path(__file__).parents[1] / "cases" / "laravel_between.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['now'][11:16]} {case['tz']} in {case['start']}-{case['end']}"
)
def test_windows_are_laravels(case):
    """The order of zone and window does not matter."""
    now, window = datetime.fromisoformat(case["now"]), (case["start"], case["end"])
    assert Task().every_minute().in_timezone(case["tz"]).between(*window).should_run(now) is case["between"]
    assert Task().between(*window).every_minute().in_timezone(case["tz"]).should_run(now) is case["between"]
    assert Task().every_minute().in_timezone(case["tz"]).not_between(*window).should_run(now) is case["unless_between"]
    assert Task().not_between(*window).every_minute().in_timezone(case["tz"]).should_run(now) is case["unless_between"]


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        (("8:00", "17:00"), ["8:00", "8:01", "12:00", "17:00"], ["7:59", "17:01", "0:00", "23:59"]),
        (("22:00", "6:00"), ["22:00", "23:59", "0:00", "6:00"], ["21:59", "6:01", "12:00"]),
        (("9:00", "9:00"), ["9:00"], ["8:59", "9:01"]),
        (("0:00", "23:59"), ["0:00", "12:00", "23:59"], []),
        (("9:01", "9:00"), ["0:00", "9:00", "9:01", "23:59"], []),
        ((8, 17), ["8:00", "17:00"], ["7:59", "17:01"]),
    ],
)
def test_windows_include_both_ends_to_the_minute(window, inside, outside):
    within = Task().every_minute().between(*window)
    without = Task().every_minute().not_between(*window)
    for expected, times in ((True, inside), (False, outside)):
        for time in times:
            date = datetime.strptime(f"2024-02-05 {time}", "%Y-%m-%d %H:%M")
            assert within.should_run(date) is expected
            assert without.should_run(date) is not expected


def test_a_window_through_midnight_is_of_the_day_of_each_minute():
    """Saturday 23:00 and Saturday 1:00 belong to Saturday; Sunday 1:00 does not."""
    task = Task().hourly().between("22:00", "2:00").saturdays().in_timezone("UTC")
    saturday = [datetime(2024, 2, 3, hour) for hour in (0, 1, 2, 22, 23)]
    runs = [run.replace(tzinfo=None) for run in task.next_runs(6, datetime(2024, 2, 2, 12))]
    assert [datetime(run.year, run.month, run.day, run.hour) for run in runs] == [*saturday, datetime(2024, 2, 10)]


def test_the_last_minute_of_an_hour_is_59():
    task = Task().hourly().at(":59").in_timezone("UTC")
    assert [minute for minute in range(60) if task.should_run(datetime(2027, 1, 5, 9, minute))] == [59]
    with pytest.raises(InvalidSchedule, match="is not between ':00' and ':59'"):
        Task().hourly().at(":60")


@pytest.mark.parametrize(
    ("minute", "next_run"), [("8:00", "2027-01-05T08:00"), ("0:00", "2027-01-03T00:00"), ("8:01", None)]
)
def test_hours_that_do_not_divide_a_day_reach_a_window_of_one_minute_if_they_can(minute, next_run):
    """Every 7 hours is at any full hour of some day, and never at a minute past one."""
    task = Task().every("7 hours").between(minute, minute).in_timezone("UTC")
    found = task.next_run(datetime(2027, 1, 1, tzinfo=timezone.utc))
    assert (found and f"{found:%Y-%m-%dT%H:%M}") == next_run
