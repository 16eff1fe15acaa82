"""The forecast of a window agrees with the rules, and a year of many tasks is quick."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine_speed import cpu_seconds

from scheduler import Task
from scheduler.diagnosis.forecast import BusyMap, forecast_windows, whole_minute
from scheduler.diagnosis.forecast.MinuteCounts import MinuteCounts
from scheduler.rules import Rule
from scheduler.Task import schedule_of
from scheduler.tasks.RegisteredTask import RegisteredTask

pytestmark = pytest.mark.measured

UTC = timezone.utc
MINUTE = timedelta(minutes=1)

RECURRENCES = [
    {"run_every": "1 minute"},
    {"run_every": "7 minutes"},
    {"run_every": "15 minutes"},
    {"run_every": "90 minutes"},
    {"run_every": "1 hour", "run_at": ":20"},
    {"run_every": "36 hours"},
    {"run_every": "1 day", "run_at": ["0:00", "0:30", "1:15", "2:30", "3:00", "23:45"]},
    {"run_every": "3 days", "run_at": "2:15"},
    {"run_every": "2 weeks", "run_at": "4:00"},
    {"run_every": "1 month"},
    {"twice_daily": (2, 14)},
    {"run_cron": "*/20 1-4 * * *"},
    {"run_cron": "0-30 2 * * *"},
    {"run_cron": "5 0 * * 5L"},
    {"run_every": "20 seconds", "run_between": ("1:50", "2:20")},
    {"run_every": "2 hours", "run_at": ":10", "twice_daily": (1, 3)},
]
NARROWED = [{}, {"run_on": "weekdays"}, {"run_not_between": ("22:00", "2:10")}]
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Havana",
    "Asia/Beirut",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Pacific/Chatham",
]
#: Windows in which clocks change, by the zone that changes them.
CHANGES = [
    ("Europe/Berlin", datetime(2027, 3, 27)),
    ("Europe/Berlin", datetime(2027, 10, 30)),
    ("America/New_York", datetime(2027, 3, 13)),
    ("America/New_York", datetime(2027, 11, 6)),
    ("Australia/Lord_Howe", datetime(2027, 4, 3)),
    ("Australia/Lord_Howe", datetime(2027, 10, 2)),
    ("Africa/Cairo", datetime(2027, 4, 29)),
    ("Africa/Cairo", datetime(2027, 10, 28)),
    ("America/Havana", datetime(2027, 3, 13)),
    ("America/Havana", datetime(2027, 11, 6)),
    ("Asia/Beirut", datetime(2027, 3, 27)),
    ("Asia/Beirut", datetime(2027, 10, 30)),
    ("Antarctica/Troll", datetime(2027, 3, 27)),
    ("Antarctica/Troll", datetime(2027, 10, 30)),
    ("Pacific/Apia", datetime(2011, 12, 29)),
]


def registered(key: str, zone: str = "UTC", **attributes: object) -> RegisteredTask:
    task = type(key, (Task,), {"timezone": zone, **attributes})
    return RegisteredTask(key, task, *schedule_of(task))


def one_by_one(rule: Rule, zone: tzinfo, start: datetime, end: datetime) -> list[datetime]:
    found = []
    following = rule.next_after(start - timedelta(microseconds=1), zone)
    while following is not None and following < end:
        found.append(following)
        following = rule.next_after(following, zone)
    return found


def foreseen(task: RegisteredTask, start: datetime, end: datetime, shown: str = "UTC") -> list[datetime]:
    found = forecast_windows([task], start, end, ZoneInfo(shown))
    return [instant for stretch in found for instant, _ in stretch.fire_times()]


def assert_foreseen(task: RegisteredTask, start: datetime, end: datetime, shown: str = "UTC") -> None:
    assert task.rule is not None
    expected = one_by_one(task.rule, task.zone, start, end)
    assert foreseen(task, start, end, shown) == expected
    assert sum(each.count for some in forecast_windows([task], start, end, UTC) for each in some.foreseen) == len(expected)


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=lambda value: str(value)[:10])
def test_a_forecast_is_what_the_rules_say_where_clocks_change(zone: str, day: datetime) -> None:
    start = day.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=5)
    for recurrence, narrowed in product(RECURRENCES, NARROWED):
        assert_foreseen(registered("Any", zone, **(narrowed | recurrence)), start, start + timedelta(days=3), zone)


@given(
    recurrence=st.sampled_from(RECURRENCES),
    narrowed=st.sampled_from(NARROWED),
    zone=st.sampled_from(ZONES),
    shown=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),
    hours=st.integers(1, 24 * 40),
)
def test_a_forecast_is_what_the_rules_say_in_any_window(recurrence, narrowed, zone, shown, start, hours) -> None:
    begin = whole_minute(start.replace(tzinfo=UTC))
    assert_foreseen(registered("Any", zone, **(narrowed | recurrence)), begin, begin + timedelta(hours=hours), shown)


def test_the_first_minute_of_a_window_belongs_to_it_and_the_last_does_not() -> None:
    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    task = registered("Hourly", run_every="1 hour")
    assert foreseen(task, noon, noon + timedelta(hours=2)) == [noon, noon + timedelta(hours=1)]


def test_a_window_begins_and_ends_with_whole_minutes() -> None:
    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert whole_minute(noon) == noon
    assert whole_minute(noon + timedelta(microseconds=1)) == noon + MINUTE


def test_a_window_is_split_at_midnights_of_the_shown_zone() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    start = datetime(2027, 1, 1, 12, tzinfo=UTC)
    found = list(forecast_windows([], start, start + timedelta(days=60), zone))
    assert [stretch.start.astimezone(zone).strftime("%m-%d %H:%M") for stretch in found] == [
        "01-01 17:30",
        "01-29 00:00",
        "02-26 00:00",
    ]
    assert sum(stretch.length for stretch in found) == 60 * 1440


def test_tasks_without_a_rule_have_no_fire_times() -> None:
    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert foreseen(registered("OnDemand"), noon, noon + timedelta(days=1)) == []


def test_tasks_that_are_due_together_stand_together_in_their_order() -> None:
    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    tasks = [
        registered("B", run_every="1 hour"),
        registered("A", run_every="30 seconds", run_between=("12:00", "12:00")),
    ]
    found = [
        (instant - noon, [task.key for task in due])
        for stretch in forecast_windows(tasks, noon, noon + timedelta(hours=2), UTC)
        for instant, due in stretch.fire_times()
    ]
    assert found == [
        (timedelta(), ["B", "A"]),
        (timedelta(seconds=30), ["A"]),
        (timedelta(hours=1), ["B"]),
    ]


# --- where everything piles up ---------------------------------------------------------------------------------------


def heat_of(tasks: list[RegisteredTask], start: datetime, end: datetime, zone: tzinfo = UTC) -> BusyMap[RegisteredTask]:
    return BusyMap(forecast_windows(tasks, start, end, zone), zone)


def test_heat_is_how_many_start_in_the_busiest_minute_of_each_hour() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    tasks = [registered(f"Nightly{n}", run_at="2:30") for n in range(5)] + [registered("Hourly", run_every="1 hour")]
    heat = heat_of(tasks, start, start + timedelta(days=2))
    assert list(heat.days.values()) == [[1, 1, 5] + [1] * 21] * 2
    assert (heat.most, len(heat.tasks)) == (5, 5)
    assert heat.times == [start.replace(day=day, hour=2, minute=30) for day in (1, 2)]


def test_heat_counts_a_task_once_a_minute_however_many_seconds_it_names() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    heat = heat_of([registered("Often", run_every="1 second")], start, start + timedelta(hours=1))
    assert heat.most == 1


def test_skipped_hours_are_none_and_repeated_ones_the_busier_pass() -> None:
    zone = ZoneInfo("Europe/Berlin")
    tasks = [
        registered("Fixed", "Europe/Berlin", run_at="2:30"),
        registered("Wild", "Europe/Berlin", run_every="1 hour"),
    ]
    spring = datetime(2027, 3, 28, 1, tzinfo=zone).astimezone(UTC)
    assert heat_of(tasks, spring, spring + timedelta(hours=2), zone).days.popitem()[1][:5] == [None, 1, None, 2, None]
    autumn = datetime(2027, 10, 31, 1, tzinfo=zone).astimezone(UTC)
    assert heat_of(tasks, autumn, autumn + timedelta(hours=3), zone).days.popitem()[1][:5] == [None, 1, 1, None, None]


def test_the_heat_map_of_no_fire_times_is_empty() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    heat = heat_of([], start, start + timedelta(hours=1))
    assert (heat.most, heat.times, heat.tasks) == (0, [], [])


@given(st.lists(st.integers(0, 2**200 - 1), max_size=40), st.integers(0, 150), st.integers(1, 50))
def test_minute_counts_agree_with_plain_counting(sets: list[int], first: int, length: int) -> None:
    load = MinuteCounts(sets, 200)
    counts = [sum(each >> minute & 1 for each in sets) for minute in range(200)]
    assert load.most(first, first + length) == max(counts[first : first + length])
    most, minutes = load.busiest()
    assert most == max(counts)
    assert [minute for minute in range(200) if minutes >> minute & 1] == [n for n in range(200) if counts[n] == most]


# --- quick -----------------------------------------------------------------------------------------------------------


def mixed(count: int) -> list[RegisteredTask]:
    """Tasks of every kind in five zones, each with minutes of its own, so that few rules are equal."""
    tasks = []
    for number in range(count):
        recurrence = dict(RECURRENCES[number % len(RECURRENCES)])
        if recurrence.get("run_every") == "1 minute":
            recurrence["run_every"] = f"{number % 90 + 1} minutes"
        if "run_at" in recurrence and "1 hour" not in recurrence.values():
            recurrence["run_at"] = f"{number % 24}:{number % 60:02}" if "2 hours" not in recurrence.values() else ":10"
        narrowed = {"run_not_between": (f"{number % 24}:{number % 60:02}", f"{number % 24}:59")} if number % 3 else {}
        tasks.append(registered(f"Task{number}", ZONES[number % 5], **(recurrence | narrowed)))
    return tasks


@pytest.mark.once
def test_a_year_of_1000_mixed_tasks_takes_less_than_10_seconds_of_cpu() -> None:
    """They are counted, mapped and listed one after the other, without keeping anything in between."""
    tasks = mixed(1000)
    start, zone = datetime(2027, 1, 1, tzinfo=UTC), ZoneInfo("Europe/Riga")
    window = (start, start + timedelta(days=365))
    counts, days = [], []

    def simulate() -> None:
        counts.append(sum(each.count for stretch in forecast_windows(tasks, *window, zone) for each in stretch.foreseen))
        days.extend(BusyMap(forecast_windows(tasks, *window, zone), zone).days)
        counts.append(sum(len(due) for stretch in forecast_windows(tasks, *window, zone) for _, due in stretch.fire_times()))

    took = cpu_seconds(simulate)
    assert counts[0] == counts[1] > 5_000_000
    assert len(days) == 366  # the year of UTC begins at 2:00 in Riga
    assert took < 10, f"{took:.1f} s"
