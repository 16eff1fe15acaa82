"""Laravel's table of frequencies: same names have the same meaning, and each exception has a reason.

Each chain of tests/cases/laravel_frequencies.json is in exactly one of three places below: the chain here that means the
same, the chain here that means something else on purpose, or the reason why there is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scheduler.rules import cron
from scheduler.Task import Task, schedule_of

UTC = timezone.utc
CASES = json.loads((Path(__file__).parents[1] / "cases" / "laravel_frequencies.json").read_text("utf-8"))["cases"]
BY_CHAIN = {case["php_chain"]: case for case in CASES}

Chain = Callable[[Task], Any]

SAME: dict[str, Chain] = {
    "everyMinute()": lambda task: task.every_minute(),
    "everyTwoMinutes()": lambda task: task.every("2 minutes"),
    "everyThreeMinutes()": lambda task: task.every("3 minutes"),
    "everyFourMinutes()": lambda task: task.every("4 minutes"),
    "everyFiveMinutes()": lambda task: task.every_5_minutes(),
    "everyTenMinutes()": lambda task: task.every_10_minutes(),
    "everyFifteenMinutes()": lambda task: task.every_15_minutes(),
    "everyThirtyMinutes()": lambda task: task.every_30_minutes(),
    "hourly()": lambda task: task.hourly(),
    "everyFiveMinutes()->hourly()": lambda task: task.every_5_minutes().hourly(),
    "hourlyAt(37)": lambda task: task.hourly().at(":37"),
    "hourlyAt([15, 30, 45])": lambda task: task.hourly().at([":15", ":30", ":45"]),
    "everyTwoHours()": lambda task: task.every("2 hours"),
    "everyThreeHours()": lambda task: task.every("3 hours"),
    "everyFourHours()": lambda task: task.every("4 hours"),
    "everySixHours()": lambda task: task.every("6 hours"),
    "everyTwoHours(37)": lambda task: task.every("2 hours").at(":37"),
    "everyThreeHours(37)": lambda task: task.every("3 hours").at(":37"),
    "everyFourHours(37)": lambda task: task.every("4 hours").at(":37"),
    "everySixHours(37)": lambda task: task.every("6 hours").at(":37"),
    "everyTwoHours([15, 30, 45])": lambda task: task.every("2 hours").at(":15", ":30", ":45"),
    "everyThreeHours([15, 30, 45])": lambda task: task.every("3 hours").at(":15", ":30", ":45"),
    "everyFourHours([15, 30, 45])": lambda task: task.every("4 hours").at(":15", ":30", ":45"),
    "everySixHours([15, 30, 45])": lambda task: task.every("6 hours").at(":15", ":30", ":45"),
    # '*/10' in place of a minute is a cron field: `cron` takes those.
    "hourlyAt('*/10')": lambda task: task.cron("*/10 * * * *"),
    "everyTwoHours('*/10')": lambda task: task.cron("*/10 */2 * * *"),
    "everyThreeHours('*/10')": lambda task: task.cron("*/10 */3 * * *"),
    "everyFourHours('*/10')": lambda task: task.cron("*/10 */4 * * *"),
    "everySixHours('*/10')": lambda task: task.cron("*/10 */6 * * *"),
    # There is no method for odd hours: `cron` says them.
    "everyOddHour()": lambda task: task.cron("0 1-23/2 * * *"),
    "everyOddHour(37)": lambda task: task.cron("37 1-23/2 * * *"),
    "everyOddHour('*/10')": lambda task: task.cron("*/10 1-23/2 * * *"),
    "everyOddHour([15, 30, 45])": lambda task: task.cron("15,30,45 1-23/2 * * *"),
    "daily()": lambda task: task.daily(),
    "dailyAt('13:08')": lambda task: task.daily_at("13:08"),
    "twiceDaily(3, 15)": lambda task: task.at_twice(3, 15),
    "twiceDailyAt(3, 15, 5)": lambda task: task.twice_daily_at("3:05", "15:05"),
    "weekly()": lambda task: task.weekly(),
    "weeklyOn(1, '8:00')": lambda task: task.weekly().on(1).at("8:00"),
    "weekly()->mondays()->at('13:00')": lambda task: task.weekly().mondays().at("13:00"),
    "wednesdays()->at('19:00')": lambda task: task.wednesdays().at("19:00"),
    "weekdays()->daily()": lambda task: task.weekdays().daily(),
    "weekdays()->hourly()": lambda task: task.weekdays().hourly(),
    "monthly()": lambda task: task.monthly(),
    "monthlyOn(4, '15:00')": lambda task: task.monthly().on_days_of_month(4).at("15:00"),
    "monthlyOn(4, '15:15')": lambda task: task.monthly().on_days_of_month(4).at("15:15"),
    "twiceMonthly(1, 16)": lambda task: task.on_days_of_month(1, 16),
    "twiceMonthly(1, 16, '1:30')": lambda task: task.on_days_of_month(1, 16).at("1:30"),
    "daysOfMonth(1, 15)": lambda task: task.on_days_of_month(1, 15),
    "daysOfMonth([1, 10, 20, 30])": lambda task: task.on_days_of_month([1, 10, 20, 30]),
    "quarterly()": lambda task: task.quarterly(),
    "quarterlyOn(4, '15:00')": lambda task: task.quarterly().on_days_of_month(4).at("15:00"),
    "yearly()": lambda task: task.yearly(),
    # There is no method for one date of the year: `cron` says it.
    "yearlyOn(4, 5, '15:08')": lambda task: task.cron("8 15 5 4 *"),
    "mondays()->yearlyOn(7, '*', '09:01')": lambda task: task.mondays().cron("1 9 * 7 *"),
}

ALONE_AT_MIDNIGHT = "a day alone means that day at 0:00; in Laravel it means every minute of that day"
ON_PURPOSE: dict[str, tuple[Chain, str | None, str]] = {
    "weekdays()": (lambda task: task.weekdays(), "0 0 * * 1-5", ALONE_AT_MIDNIGHT),
    "weekends()": (lambda task: task.weekends(), "0 0 * * 6,0", ALONE_AT_MIDNIGHT),
    "sundays()": (lambda task: task.sundays(), "0 0 * * 0", ALONE_AT_MIDNIGHT),
    "mondays()": (lambda task: task.mondays(), "0 0 * * 1", ALONE_AT_MIDNIGHT),
    "tuesdays()": (lambda task: task.tuesdays(), "0 0 * * 2", ALONE_AT_MIDNIGHT),
    "wednesdays()": (lambda task: task.wednesdays(), "0 0 * * 3", ALONE_AT_MIDNIGHT),
    "thursdays()": (lambda task: task.thursdays(), "0 0 * * 4", ALONE_AT_MIDNIGHT),
    "fridays()": (lambda task: task.fridays(), "0 0 * * 5", ALONE_AT_MIDNIGHT),
    "saturdays()": (lambda task: task.saturdays(), "0 0 * * 6", ALONE_AT_MIDNIGHT),
    "lastDayOfMonth()": (
        lambda task: task.last_day_of_month(), "0 0 L * *",
        "the last day of each month; Laravel keeps the number that it had in the month of the definition",
    ),
    "daily()->hourly()": (
        lambda task: task.daily().hourly(), "0 * * * *",
        "a recurrence replaces the one before; Laravel's hourly() leaves the hour that daily() wrote",
    ),
    "tuesdays()->yearlyOn(7, 20, '09:01')": (
        lambda task: task.tuesdays().cron("1 9 20 7 *"), None,
        "constraints always narrow, to 20 July if it is a Tuesday; in Laravel it is 20 July or any Tuesday in July",
    ),
}  # fmt: skip

ABSENT = {
    "dailyAt('13:08:10')": "times are of whole minutes here: '13:08:10' raises",
    "weekly()->everySecond()": "every second of the first hour: seconds here go through all hours, or replace a recurrence",
    "everyTwentySeconds()->hourly()": "every 20 seconds of a minute: the same",
    "everyThreeHours()->everySecond()": "every second of an hour: the same",
}


def built(chain: Chain) -> Task:
    class Laravel(Task):
        timezone = "UTC"

    return chain(Laravel())


def fire_times(rule: Any, count: int) -> list[datetime]:
    found: list[datetime] = []
    instant = datetime(2020, 10, 10, tzinfo=UTC) - timedelta(minutes=1)
    while len(found) < count and (instant := rule.next_after(instant, UTC)):
        found.append(instant)
    return found


def test_each_chain_of_laravel_is_compared_or_excluded():
    assert set(BY_CHAIN) == SAME.keys() | ON_PURPOSE.keys() | ABSENT.keys()
    assert len(SAME) + len(ON_PURPOSE) + len(ABSENT) == len(BY_CHAIN)
    assert all(case["cron"] == BY_CHAIN[case["php_chain"]]["cron"] for case in CASES)


@pytest.mark.parametrize("chain", SAME)
def test_method_chains_that_agree_with_laravel(chain: str):
    """A thousand runs equal those of the cron expression that Laravel makes from the same chain."""
    rule, _ = schedule_of(built(SAME[chain]))
    assert fire_times(rule, 1000) == fire_times(cron(BY_CHAIN[chain]["cron"]), 1000)


@pytest.mark.parametrize("chain", ON_PURPOSE)
def test_method_chains_that_differ_from_laravel_on_purpose(chain: str):
    ours, meaning, reason = ON_PURPOSE[chain]
    assert reason
    rule, _ = schedule_of(built(ours))
    assert fire_times(rule, 50) != fire_times(cron(BY_CHAIN[chain]["cron"]), 50)
    if meaning:
        assert fire_times(rule, 1000) == fire_times(cron(meaning), 1000)


def test_a_date_and_a_day_of_the_week_are_both_meant():
    ours, _, _ = ON_PURPOSE["tuesdays()->yearlyOn(7, 20, '09:01')"]
    rule, _ = schedule_of(built(ours))
    assert fire_times(rule, 3) == [datetime(year, 7, 20, 9, 1, tzinfo=UTC) for year in (2021, 2027, 2032)]


def test_times_of_whole_minutes_only():
    with pytest.raises(ValueError, match="'13:08:10' is not a time of day"):
        built(lambda task: task.daily_at("13:08:10"))
