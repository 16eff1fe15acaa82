"""Faults in time of Masonite's own scheduler and of masonite-scheduler 3, each of them fixed.

"Seen" in a docstring is the behaviour of masonite-scheduler 3.0.4, Masonite 4.20.4 or 5.4.1.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from scheduler import InvalidSchedule, clock
from scheduler.rules import ZonedMinute
from scheduler.Task import Task, schedule_of
from scheduler.tasks import CommandTask

UTC = timezone.utc
MINUTE = timedelta(minutes=1)


class InUtc(Task):
    timezone = "UTC"


def due(task: Task, start: str, end: str) -> list[str]:
    """Return each minute from `start` to `end` (on the task's clock, `end` excluded) at which the task is due."""
    rule, zone = schedule_of(task)
    instant = datetime.fromisoformat(start).replace(tzinfo=zone).astimezone(UTC)
    last = datetime.fromisoformat(end).replace(tzinfo=zone).astimezone(UTC)
    found = []
    while instant < last:
        if rule.matches(ZonedMinute.of(instant, zone)):
            found.append(instant.astimezone(zone).strftime("%m-%d %H:%M"))
        instant += MINUTE
    return found


def gaps(task: Task, start: str, end: str) -> set[timedelta]:
    """Return the gaps between the runs that lie between two dates (UTC)."""
    run, last = datetime.fromisoformat(start).replace(tzinfo=UTC), datetime.fromisoformat(end).replace(tzinfo=UTC)
    runs = []
    while (run := task.next_run(run)) < last:
        runs.append(run)
    assert len(runs) > 2
    return {
        timedelta(seconds=(later - earlier).total_seconds()) for earlier, later in itertools.pairwise(runs)
    }


def test_weekly_fires_on_sundays():
    assert due(InUtc().weekly(), "2024-02-01", "2024-02-15") == ["02-04 00:00", "02-11 00:00"]


def test_three_weeks_fires_every_third_week():
    assert due(InUtc().every("3 weeks"), "2024-02-01", "2024-03-10") == ["02-11 00:00", "03-03 00:00"]
    assert gaps(InUtc().every("3 weeks"), "2024-01-01", "2026-01-01") == {timedelta(weeks=3)}


def test_at_17_fires_at_17_00():
    assert due(InUtc().at(17), "2024-02-01", "2024-02-03") == ["02-01 17:00", "02-02 17:00"]


def test_daily_at_17_and_05_30_fires_at_both_times():
    assert due(InUtc().daily_at(17), "2024-02-01", "2024-02-02") == ["02-01 17:00"]
    assert due(InUtc().daily_at("05:30"), "2024-02-01", "2024-02-02") == ["02-01 05:30"]


def test_daily_at_17_00_fires_at_no_other_time():
    assert due(InUtc().daily().at("17:00"), "2024-02-01", "2024-02-02") == ["02-01 17:00"]


def test_monthly_at_a_time_fires_at_that_time():
    assert due(InUtc().monthly().at("8:15"), "2024-01-15", "2024-02-15") == ["02-01 08:15"]


def test_twice_daily_fires_twice_a_day():
    assert due(InUtc().at_twice(1, 13), "2024-02-01", "2024-02-02") == ["02-01 01:00", "02-01 13:00"]

    class Twice(InUtc):
        twice_daily = (1, 13)

    assert due(Twice(), "2024-02-01", "2024-02-02") == ["02-01 01:00", "02-01 13:00"]


def test_run_every_hour_fires_once_an_hour():
    """It fires 24 times a day. Once it fired 60 times, all from 1:00 to 1:59."""

    class EveryHour(InUtc):
        run_every_hour = True

    assert due(EveryHour(), "2024-02-01", "2024-02-02") == [f"02-01 {hour:02}:00" for hour in range(24)]


def test_fire_times_are_in_the_task_s_timezone():
    """9:00 in New York is 14:00 UTC in winter and 13:00 in summer. Once it ran at 9:00 UTC."""

    class Nine(Task):
        run_at = "9:00"
        timezone = "America/New_York"

    assert Nine().should_run(datetime(2024, 2, 5, 14, 0, tzinfo=UTC))
    assert Nine().should_run(datetime(2024, 7, 5, 13, 0, tzinfo=UTC))
    assert not Nine().should_run(datetime(2024, 2, 5, 9, 0, tzinfo=UTC))
    assert due(Nine(), "2024-02-05", "2024-02-06") == ["02-05 09:00"]


def test_a_daily_command_fires_once_a_day():
    assert due(CommandTask("echo").in_timezone("UTC").daily(), "2024-02-01", "2024-02-03") == [
        "02-01 00:00",
        "02-02 00:00",
    ]
    assert len(due(CommandTask("echo").in_timezone("UTC"), "2024-02-01", "2024-02-02")) == 1440


def test_45_minutes_are_evenly_spaced():
    assert due(InUtc().every_45_minutes(), "2024-02-01 22:00", "2024-02-02 02:00") == [
        "02-01 22:30", "02-01 23:15", "02-02 00:00", "02-02 00:45", "02-02 01:30",
    ]  # fmt: skip
    assert gaps(InUtc().every("45 minutes"), "2023-12-25", "2024-01-08") == {timedelta(minutes=45)}


def test_90_minutes_are_evenly_spaced():
    assert due(InUtc().every("90 minutes"), "2024-02-01", "2024-02-01 07:00") == [
        "02-01 00:00", "02-01 01:30", "02-01 03:00", "02-01 04:30", "02-01 06:00",
    ]  # fmt: skip


@pytest.mark.parametrize("days", [2, 7, 100])
def test_days_are_evenly_spaced_across_new_year(days: int):
    """The gaps are even. Once there were gaps of 3, 8 and 165 days at new year."""
    assert gaps(InUtc().every(f"{days} days"), "2022-01-01", "2029-01-01") == {timedelta(days=days)}


def test_36_hours_fires_twice_in_three_days():
    """Once it fired three times in three days."""
    assert gaps(InUtc().every("36 hours"), "2023-12-01", "2024-02-01") == {timedelta(hours=36)}
    assert len(due(InUtc().every("36 hours"), "2024-02-02", "2024-02-05")) == 2


def test_5_months_are_evenly_spaced_across_new_year():
    """It fires every fifth month. Once it fired in May, October and May."""
    runs = InUtc().every("5 months").next_runs(6, datetime(2024, 1, 15, tzinfo=UTC))
    assert [(run.year, run.month) for run in runs] == [
        (2024, 2),
        (2024, 7),
        (2024, 12),
        (2025, 5),
        (2025, 10),
        (2026, 3),
    ]


def test_an_instance_reads_the_clock_each_time():
    """It is not due at 8:59 and is due at 9:00. Once it stayed not due, which is fatal in a long-lived process."""
    task = InUtc().daily_at("9:00")
    answers = []
    for hour, minute in ((8, 59), (9, 0), (9, 1)):
        with clock.standing_at(datetime(2024, 2, 5, hour, minute, tzinfo=UTC)):
            answers.append(task.should_run())
    assert answers == [False, True, False]


def test_a_time_in_a_repeated_hour_fires_once():
    new_york = Task().daily_at("1:30").in_timezone("America/New_York")
    assert due(new_york, "2024-11-03", "2024-11-04") == ["11-03 01:30"]
    runs = new_york.next_runs(2, datetime(2024, 11, 3, tzinfo=ZoneInfo("America/New_York")))
    assert [run.isoformat() for run in runs] == ["2024-11-03T01:30:00-04:00", "2024-11-04T01:30:00-05:00"]


def test_a_time_in_a_skipped_hour_fires_after_it():
    new_york = Task().daily_at("2:30").in_timezone("America/New_York")
    assert due(new_york, "2024-03-10", "2024-03-11") == ["03-10 03:00"]


def test_10_mins_is_refused():
    with pytest.raises(InvalidSchedule, match="unknown unit 'mins'"):
        InUtc().every("10 mins")


def test_0_minutes_is_refused():
    with pytest.raises(InvalidSchedule, match="the count 0 is not a whole number from 1"):
        InUtc().every("0 minutes")
