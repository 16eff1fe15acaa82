"""Names that people know from other schedulers, and values they type."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler import InvalidSchedule
from scheduler.Task import Task, schedule_of

SAME: dict[str, tuple[Any, Any]] = {
    "hourly_at": (lambda task: task.hourly_at(15), lambda task: task.hourly().at(":15")),
    "hourly_at, several": (lambda task: task.hourly_at(15, ":45"), lambda task: task.hourly().at(":15", ":45")),
    "weekly_on": (lambda task: task.weekly_on("monday", "8:00"), lambda task: task.weekly().mondays().at("8:00")),
    "weekly_on, several": (lambda task: task.weekly_on(["mon", 5], 8), lambda task: task.weekly().on("mon", "fri").at("8:00")),
    "weekly_on, at midnight": (lambda task: task.weekly_on("monday"), lambda task: task.weekly().mondays()),
    "monthly_on": (lambda task: task.monthly_on(15, "8:00"), lambda task: task.monthly().on_days_of_month(15).at("8:00")),
    "monthly_on, the last day": (lambda task: task.monthly_on("last", "8:00"), lambda task: task.monthly().last_day_of_month().at("8:00")),
    "twice_monthly": (lambda task: task.twice_monthly(1, 16, "13:00"), lambda task: task.monthly().on_days_of_month(1, 16).at("13:00")),
    "twice_monthly, by default": (lambda task: task.twice_monthly(), lambda task: task.monthly().on_days_of_month(1, 16)),
    "quarterly_on": (lambda task: task.quarterly_on(4, "14:00"), lambda task: task.quarterly().on_days_of_month(4).at("14:00")),
    "yearly_on": (lambda task: task.yearly_on("march", 15, "8:00"), lambda task: task.cron("0 8 15 3 *")),
    "yearly_on, a leap day": (lambda task: task.yearly_on(2, 29), lambda task: task.cron("0 0 29 2 *")),
    "days of the week": (lambda task: task.daily().on("mon-fri"), lambda task: task.daily().weekdays()),
    "days of the week, by their whole names": (lambda task: task.daily().on("Saturday - Sunday"), lambda task: task.daily().weekends()),
    "days of the week, around a weekend": (lambda task: task.daily().on("fri-mon"), lambda task: task.daily().on(5, 6, 0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_a_name_means_what_its_parts_mean(name: str) -> None:
    ours, parts = (build(Task().in_timezone("UTC")) for build in SAME[name])
    assert ours.describe() == parts.describe()
    assert ours.next_runs(5) == parts.next_runs(5)


@pytest.mark.parametrize("name", SAME)
def test_a_name_replaces_the_recurrence_and_keeps_the_constraints(name: str) -> None:
    build, _ = SAME[name]
    task = build(type("SayHi", (Task,), {"run_cron": "* * * * *", "run_between": (8, 20)})().in_timezone("UTC"))
    if "days of the week" not in name:
        assert "every minute" not in task.describe()
    assert "between 8:00 and 20:00" in task.describe()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda task: task.hourly_at(60), "SayHi.run_at = (60,): 60 is not a minute from 0 to 59"),
        (lambda task: task.hourly_at("5:30"), "SayHi.run_at = ('5:30',): '5:30' is not a minute past the hour"),
        (lambda task: task.hourly_at(), "SayHi.run_at = (): is empty, so it would never run"),
        (lambda task: task.weekly_on("mondy", "8:00"), "SayHi.run_on = 'mondy': 'mondy' is not a day of the week"),
        (lambda task: task.weekly_on("monday", "8.00"), "SayHi.run_at = '8.00': '8.00' is not a time of day"),
        (lambda task: task.monthly_on(32), "SayHi.run_on_days_of_month = 32: 32 is not a day of the month"),
        (lambda task: task.yearly_on("smarch", 1), "SayHi.yearly_on = 'smarch': 'smarch' is not a month (1-12, or a name)"),
        (lambda task: task.yearly_on("12", 25), "SayHi.yearly_on = '12': '12' is not a month (1-12, or a name) (try 12 or 'march')"),
        (lambda task: task.yearly_on(2, 30), "SayHi.yearly_on = (2, 30): names days that no year has, so it never fires (try ('march', 15) or (12, 'last'))"),
        (lambda task: task.hourly().at(15), "SayHi.run_at = 15: after a rule of hours, could be a minute of the hour or an hour of the day (try ':15' or '15:00')"),
        (lambda task: task.daily_at("5pm"), "SayHi.run_at = '5pm': '5pm' is not a time of day (try '17:00' or '5:30')"),
        (lambda task: task.daily_at("12:30 a.m."), "is not a time of day (try '0:30' or '5:30')"),
        (lambda task: task.every("5m"), "SayHi.run_every = '5m': unknown unit 'm' (try '5 minutes' or '2 hours')"),
        (lambda task: task.on("mon, fri"), "(try ['mon', 'fri'] or 'monday')"),
        (lambda task: task.on("mon-frx"), "'mon-frx' is not a day of the week"),
        (lambda task: task.on("Monday to Friday"), "(try 'mon-fri' or 'monday')"),
        (lambda task: task.on("1-5"), "(try 'mon-fri' or 'monday')"),
        (lambda task: task.on("weekday"), "(try 'weekdays' or 'monday')"),
        (lambda task: task.on("tues"), "(try 'tuesday' or 'monday')"),
        (lambda task: task.on("wensday"), "(try 'wednesday' or 'monday')"),
        (lambda task: task.on("mondy"), "(try 'monday' or ['mon', 'fri'])"),
        (lambda task: task.on("6"), "(try 'saturday' or 'monday')"),
        (lambda task: task.on("daily"), "(try 'monday' or ['mon', 'fri'])"),
        (lambda task: task.on("8"), "(try 'monday' or ['mon', 'fri'])"),
        (lambda task: task.retry(-1), "SayHi.retries = -1: is not a whole number, 0 or more"),
        (lambda task: task.retry(3, backoff="linear"), "SayHi.retry_backoff = 'linear': is not one of 'none' and 'exponential'"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_with_a_fix_and_changes_nothing(call: Any, message: str) -> None:
    task = type("SayHi", (Task,), {})().daily_at("5:30").in_timezone("UTC")
    before = dict(task.__dict__)
    with pytest.raises(InvalidSchedule) as caught:
        call(task)
    assert message in str(caught.value)
    assert task.__dict__ == before or "hourly" in task.describe() or task.describe().startswith("every hour")


def test_an_attribute_that_is_set_after_a_method_counts() -> None:
    task = Task().daily().weekdays().in_timezone("UTC")
    task.run_at = "5:30"
    assert task.describe() == "every day at 5:30 on weekdays, UTC"
    task.run_every = "1 week"
    assert task.describe() == "every week on weekdays at 5:30, UTC"
    with pytest.raises(InvalidSchedule, match="a rule of minutes has no time of day"):
        task.run_every = "5 minutes"
    assert task.describe() == "every week on weekdays at 5:30, UTC"
    assert schedule_of(task)[0].days.every_weeks == 1
