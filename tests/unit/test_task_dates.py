"""Tasks with a start or an end date, with excluded days, and that run once."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler import InvalidSchedule
from scheduler.rules.DatedRule import foreseeable
from scheduler.rules.due_minutes import due_minutes
from scheduler.rules.ZonedMinute import ZonedMinute
from scheduler.Task import Task, schedule_of

UTC = timezone.utc
MINUTE = timedelta(minutes=1)


def is_holiday(day: date) -> bool:
    return (day.month, day.day) in {(12, 25), (1, 1)}


class Holidays:
    """A calendar as libraries have them: it contains dates, and is no list of them."""

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and is_holiday(day)


class HidesParameters:
    """A function that does not tell its parameters, as some that are written in C."""

    __signature__ = "none"

    def __call__(self, day: date) -> bool:
        return is_holiday(day)


BOTH: dict[str, tuple[dict[str, Any], Any, str]] = {
    "from a day on": ({"run_at": "8:00", "run_from": "2027-12-30"}, lambda task: task.at("8:00").starting("2027-12-30"), "30,31,1,2"),
    "from a time on": ({"run_at": "8:00", "run_from": "2027-12-30 08:01"}, lambda task: task.at("8:00").starting("2027-12-30 8:01"), "31,1,2"),
    "from a date": ({"run_at": "8:00", "run_from": date(2027, 12, 30)}, lambda task: task.at("8:00").starting(datetime(2027, 12, 30)), "30,31,1,2"),
    "until a day": ({"run_at": "8:00", "run_until": "2027-12-25"}, lambda task: task.at("8:00").until("2027-12-25"), "23,24,25"),
    "until a time": ({"run_at": "8:00", "run_until": "2027-12-25T07:59"}, lambda task: task.at("8:00").until("2027-12-25 7:59"), "23,24"),
    "until that time": ({"run_at": "8:00", "run_until": "2027-12-25 08:00"}, lambda task: task.at("8:00").until("2027-12-25 8:00"), "23,24,25"),
    "between two": (
        {"run_at": "8:00", "run_from": "2027-12-24", "run_until": "2027-12-26"},
        lambda task: task.starting("2027-12-24").until("2027-12-26").at("8:00"), "24,25,26",
    ),
    "except a day": ({"run_at": "8:00", "run_except": "2027-12-25"}, lambda task: task.at("8:00").except_on("2027-12-25"), "23,24,26,27,28,29,30,31,1,2"),
    "except days": (
        {"run_at": "8:00", "run_except": ("2027-12-25", date(2027, 12, 26))},
        lambda task: task.at("8:00").except_on("2027-12-25").except_on("2027-12-26"), "23,24,27,28,29,30,31,1,2",
    ),
    "except what a function says": ({"run_at": "8:00", "run_except": is_holiday}, lambda task: task.at("8:00").except_on(is_holiday), "23,24,26,27,28,29,30,31,2"),
    "except what a static method says": (
        {"run_at": "8:00", "run_except": staticmethod(is_holiday)}, lambda task: task.except_on(is_holiday).at("8:00"), "23,24,26,27,28,29,30,31,2",
    ),
    "except what a calendar contains": ({"run_at": "8:00", "run_except": Holidays()}, lambda task: task.at("8:00").except_on(Holidays()), "23,24,26,27,28,29,30,31,2"),
    "except what says a function in C": ({"run_at": "8:00", "run_except": HidesParameters()}, lambda task: task.at("8:00").except_on(HidesParameters()), "23,24,26,27,28,29,30,31,2"),
    "except many days": (
        {"run_at": "8:00", "run_except": [f"2027-12-{day}" for day in range(24, 32)]},
        lambda task: task.at("8:00").except_on(*(date(2027, 12, day) for day in range(24, 32))), "23,1,2",
    ),
    "once": ({"run_once": "2027-12-27 08:00"}, lambda task: task.once("2027-12-27 8:00"), "27"),
    "once, a time": ({"run_once": datetime(2027, 12, 27, 8)}, lambda task: task.daily().once(datetime(2027, 12, 27, 8)), "27"),
    "several times": (
        {"run_once": ["2027-12-27 08:00", "2027-12-24 08:00"]}, lambda task: task.once("2027-12-24 08:00", "2027-12-27 08:00"), "24,27",
    ),
    "once, and each Sunday": ({"run_once": "2027-12-27 08:00", "run_weekly": True, "run_at": "8:00"}, None, "26,27,2"),
    "once, but not on that day": ({"run_once": "2027-12-27 08:00", "run_on": "sunday"}, lambda task: task.once("2027-12-27 08:00").sundays(), ""),
}  # fmt: skip
START, END = datetime(2027, 12, 23), datetime(2028, 1, 3)
WAYS = [(name, way) for name, (_, method, _) in BOTH.items() for way in ("attribute", "method") if way == "attribute" or method]


def built(name: str, way: str, zone: str = "Europe/Riga") -> Task:
    declared, method, _ = BOTH[name]
    if way == "attribute":
        return type("SayHi", (Task,), declared | {"timezone": zone})()
    return method(type("SayHi", (Task,), {"timezone": zone})())


@pytest.mark.parametrize(("name", "way"), WAYS)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga", "America/New_York"])
def test_the_days_on_which_a_task_runs(name: str, way: str, zone: str) -> None:
    """They are found forwards, backwards, minute by minute, and by a cached schedule."""
    task = built(name, way, zone)
    rule, tz = schedule_of(task)
    wanted = [day for day in BOTH[name][2].split(",") if day]
    start, end = START.replace(tzinfo=tz), END.replace(tzinfo=tz)

    forwards, run = [], start - MINUTE
    while (run := task.next_run(run)) and run < end:
        forwards.append(str(run.day))
    assert forwards == wanted
    backwards, run = [], end
    while (run := task.previous_run(run)) and run >= start:
        backwards.insert(0, str(run.day))
    assert backwards == wanted
    hours = [START + timedelta(hours=hour) for hour in range(int((END - START) / timedelta(hours=1)))]
    assert [str(hour.day) for hour in hours if task.should_run(hour)] == wanted
    begin = start.astimezone(UTC)
    minutes = due_minutes([(rule, tz)], begin, int((end - start) / MINUTE))
    due = [begin + number * MINUTE for number in range(minutes.bit_length()) if minutes >> number & 1]
    assert [str(instant.astimezone(tz).day) for instant in due] == wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("from a day on", "every day at 8:00 from 2027-12-30, Europe/Riga"),
        ("from a time on", "every day at 8:00 from 2027-12-30 08:01, Europe/Riga"),
        ("until a day", "every day at 8:00 until 2027-12-25, Europe/Riga"),
        ("until a time", "every day at 8:00 until 2027-12-25 07:59, Europe/Riga"),
        ("between two", "every day at 8:00 from 2027-12-24 until 2027-12-26, Europe/Riga"),
        ("except days", "every day at 8:00 except 2027-12-25 and 2027-12-26, Europe/Riga"),
        ("except many days", "every day at 8:00 except 8 dates, Europe/Riga"),
        ("except what a function says", "every day at 8:00 except days of is_holiday, Europe/Riga"),
        ("except what a calendar contains", "every day at 8:00 except days of Holidays, Europe/Riga"),
        ("once", "once, on 2027-12-27 08:00, Europe/Riga"),
        ("several times", "on 2027-12-24 08:00 and 2027-12-27 08:00, Europe/Riga"),
    ],
)
def test_dates_are_described(name: str, words: str) -> None:
    assert built(name, "attribute").describe() == words
    assert built(name, "method").describe() == words


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"run_from": "tomorrow"}, "run_from = 'tomorrow': 'tomorrow' is not a date"),
        ({"run_from": "2027-02-30"}, "run_from = '2027-02-30': there is no day '2027-02-30'"),
        ({"run_until": "2027-02-28 24:00"}, "run_until = '2027-02-28 24:00': '24:00' is not between 0:00 and 23:59"),
        ({"run_until": 20270228}, "run_until = 20270228: 20270228 is not a date"),
        ({"run_from": "2027-03-02", "run_until": "2027-03-01"}, "run_until = '2027-03-01': is before run_from, so it would never run"),
        ({"run_once": "1815-06-18"}, "run_once = '1815-06-18': the year is not between 1970 and 2999"),
        ({"run_once": ()}, "run_once = (): is empty, so it would never run"),
        ({"run_once": datetime(2027, 3, 1, 8, tzinfo=UTC)}, "has a UTC offset of its own; write it on the task's clock and set `timezone`"),
        ({"run_once": datetime(2027, 3, 1, 8, 0, 30)}, "is not a whole minute"),
        ({"run_except": "2027-12-25 08:00"}, "'2027-12-25 08:00' is not a whole day"),
        ({"run_except": ["2027-12-25", 5]}, "5 is not a date"),
        ({"run_except": 5}, "int is not a date"),
        ({"run_except": lambda: True}, "must take one parameter, the date; in a class leave out self and add @staticmethod"),
    ],
)  # fmt: skip
def test_an_invalid_date_is_refused(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        schedule_of(type("SayHi", (Task,), {"run_every": "1 day", **declared}))
    assert message in str(caught.value)
    assert len(caught.value.examples) == 2


def test_an_except_function_that_raises_is_reported_when_due() -> None:
    def broken(day: date) -> bool:
        raise ValueError("no calendar")

    task = Task().daily().except_on(broken).in_timezone("UTC")
    assert task.next_run(datetime(2027, 3, 1, tzinfo=UTC)) == datetime(2027, 3, 2, tzinfo=UTC)
    with pytest.raises(ValueError, match="no calendar"):
        task.should_run(datetime(2027, 3, 2))


def test_a_task_that_is_left_out_on_every_day_never_runs() -> None:
    task = Task().daily().except_on(lambda day: True).in_timezone("UTC")
    assert (task.next_run(), task.previous_run()) == (None, None)


@pytest.mark.parametrize(
    ("zone", "declare"),
    [
        ("Europe/Riga", lambda task: task.daily_at("3:30").starting("2024-03-31 03:30").until("2024-04-02")),
        ("Europe/Riga", lambda task: task.every("15 minutes").starting("2024-10-27 03:30").until("2024-10-27 03:45")),
        ("Europe/Riga", lambda task: task.every("15 minutes").starting("2024-03-31 02:30").until("2024-03-31 03:30")),
        ("Europe/Riga", lambda task: task.hourly().except_on("2024-10-27")),
        ("America/Asuncion", lambda task: task.daily().except_on("2023-10-01")),
        ("America/Asuncion", lambda task: task.every("10 minutes").starting("2023-10-01").until("2023-10-01 02:00")),
        ("Africa/Cairo", lambda task: task.daily().starting("2024-04-26").until("2024-04-27")),
        ("Australia/Lord_Howe", lambda task: task.every("10 minutes").until("2024-04-07 01:40")),
        ("UTC", lambda task: task.every("10 seconds").starting("2024-04-07 01:40").until("2024-04-07 01:40")),
    ],
)
def test_dates_and_clock_changes_agree_in_both_directions(zone: str, declare: Any) -> None:
    for start in ("2024-03-30", "2024-10-26", "2023-09-30", "2024-04-25", "2024-04-06"):
        task = declare(Task().in_timezone(zone))
        rule, tz = schedule_of(task)
        begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
        end = begin + timedelta(days=4)
        minutes = [begin + number * MINUTE for number in range(4 * 1440)]
        named = [minute for minute in minutes if rule.matches(ZonedMinute.of(minute, tz))]
        found, instant = [], begin - timedelta(microseconds=1)
        while (instant := rule.next_after(instant, tz)) and instant < end:
            found.append(instant)
        assert sorted({each.replace(second=0) for each in found}) == named
        backwards, instant = [], end
        while (instant := rule.previous_before(instant, tz)) and instant >= begin:
            backwards.insert(0, instant)
        assert backwards == found
        bits = due_minutes([(rule, tz)], begin, 4 * 1440)
        assert [minutes[number] for number in range(bits.bit_length()) if bits >> number & 1] == named


def test_a_cache_counts_days_that_a_function_may_exclude_as_due() -> None:
    """The function may give another answer in that minute, so the app is booted and asked."""
    rule, _ = schedule_of(Task().daily().except_on(lambda day: True, "2027-03-02").in_timezone("UTC"))
    first, second = date(2027, 3, 1).toordinal(), date(2027, 3, 2).toordinal()
    assert (rule.named_on(first), rule.named_on(second)) == (0, 0)
    assert (foreseeable(rule).named_on(first), foreseeable(rule).named_on(second)) == (1, 0)
