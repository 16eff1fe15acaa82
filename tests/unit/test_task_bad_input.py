"""Bad values raise when they are declared, in one line that names the task, the attribute, the value and the fix."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import Any

import pendulum
import pytest

from scheduler import InvalidSchedule
from scheduler.Task import Task, schedule_of
from scheduler.tasks import CommandTask

CRON = "(try '*/15 * * * *' or '0 9 * * mon-fri')"
EVERY = "(try '5 minutes' or '2 hours')"
TIME = "(try '5:30' or '17:00')"
DAYS = "(try 'monday' or ['mon', 'fri'])"
LEAVE_OUT = "(try run_every = '1 day' or run_every = '1 week')"

MESSAGES: list[tuple[dict[str, Any], str]] = [
    # run_every
    ({"run_every": "5 minuets"}, f"run_every = '5 minuets': unknown unit 'minuets' {EVERY}"),
    ({"run_every": "10 mins"}, "run_every = '10 mins': unknown unit 'mins' (try '10 minutes' or '5 minutes')"),
    ({"run_every": "2 fortnights"}, f"run_every = '2 fortnights': unknown unit 'fortnights' {EVERY}"),
    ({"run_every": "5 minutess"}, f"run_every = '5 minutess': unknown unit 'minutess' {EVERY}"),
    ({"run_every": "0 minutes"}, f"run_every = '0 minutes': the count 0 is not a whole number from 1 to 999999999 {EVERY}"),
    ({"run_every": "-5 minutes"}, f"run_every = '-5 minutes': the count -5 is not a whole number from 1 to 999999999 {EVERY}"),
    ({"run_every": "1.5 hours"}, f"run_every = '1.5 hours': the count 1.5 is not a whole number from 1 to 999999999 {EVERY}"),
    ({"run_every": "1,5 hours"}, f"run_every = '1,5 hours': the count 1,5 is not a whole number from 1 to 999999999 {EVERY}"),
    ({"run_every": "9999999999 days"}, f"run_every = '9999999999 days': the count 9999999999 is not a whole number from 1 to 999999999 {EVERY}"),
    ({"run_every": "minutes 5"}, f"run_every = 'minutes 5': is not a count and a unit {EVERY}"),
    ({"run_every": "5"}, f"run_every = '5': is not a count and a unit {EVERY}"),
    ({"run_every": "five minutes"}, f"run_every = 'five minutes': is not a count and a unit {EVERY}"),
    ({"run_every": "٥ minutes"}, f"run_every = '٥ minutes': is not a count and a unit {EVERY}"),
    ({"run_every": "2 wee\u212as"}, "run_every = '2 wee\u212as': unknown unit 'wee\u212as' (try '2 weeks' or '5 minutes')"),
    ({"run_every": 5}, f"run_every = 5: int is not an interval {EVERY}"),
    ({"run_every": 0}, f"run_every = 0: int is not an interval {EVERY}"),
    ({"run_every": True}, f"run_every = True: bool is not an interval {EVERY}"),
    ({"run_every": ["5 minutes"]}, f"run_every = ['5 minutes']: list is not an interval {EVERY}"),
    ({"run_every": timedelta(0)}, f"run_every = datetime.timedelta(0): is not a whole number of minutes, 1 or more {EVERY}"),
    ({"run_every": timedelta(seconds=90)}, f"run_every = datetime.timedelta(seconds=90): is not a whole number of minutes, 1 or more {EVERY}"),
    ({"run_every": timedelta(minutes=-5)},
     f"run_every = datetime.timedelta(days=-1, seconds=86100): is not a whole number of minutes, 1 or more {EVERY}"),
    ({"run_every": pendulum.duration(months=2, days=1)},
     f"run_every = {pendulum.duration(months=2, days=1)!r}: is not a whole number of months, 1 or more {EVERY}"),
    # run_at
    ({"run_at": "25:00"}, f"run_at = '25:00': '25:00' is not between 0:00 and 23:59 {TIME}"),
    ({"run_at": "24:00"}, f"run_at = '24:00': '24:00' is not between 0:00 and 23:59 {TIME}"),
    ({"run_at": "5:60"}, f"run_at = '5:60': '5:60' is not between 0:00 and 23:59 {TIME}"),
    ({"run_at": 24}, f"run_at = 24: 24 is not between 0:00 and 23:59 {TIME}"),
    ({"run_at": -1}, f"run_at = -1: -1 is not between 0:00 and 23:59 {TIME}"),
    ({"run_at": "5.30"}, f"run_at = '5.30': '5.30' is not a time of day {TIME}"),
    ({"run_at": "5:3"}, f"run_at = '5:3': '5:3' is not a time of day {TIME}"),
    ({"run_at": "5:30 pm"}, "run_at = '5:30 pm': '5:30 pm' is not a time of day (try '17:30' or '5:30')"),
    ({"run_at": "5:30:15"}, f"run_at = '5:30:15': '5:30:15' is not a time of day {TIME}"),
    ({"run_at": "noon"}, f"run_at = 'noon': 'noon' is not a time of day {TIME}"),
    ({"run_at": 5.5}, f"run_at = 5.5: 5.5 is not a time of day {TIME}"),
    ({"run_at": True}, f"run_at = True: True is not a time of day {TIME}"),
    ({"run_at": ["5:30", None]}, f"run_at = ['5:30', None]: None is not a time of day {TIME}"),
    ({"run_at": []}, f"run_at = []: is empty, so it would never run {TIME}"),
    ({"run_at": ()}, f"run_at = (): is empty, so it would never run {TIME}"),
    ({"run_every": "1 hour", "run_at": ":60"}, "run_at = ':60': ':60' is not between ':00' and ':59' (try ':15' or ':45')"),
    ({"run_at": ":15"}, "run_at = ':15': a minute of the hour needs an hours rule (try '5:30' or run_every = '1 hour')"),
    ({"run_every": "1 day", "run_at": ":15"},
     "run_at = ':15': a minute of the hour needs an hours rule (try '5:30' or run_every = '1 hour')"),
    ({"run_every": "1 hour", "run_at": "5:30"}, "run_at = '5:30': an hours rule takes only a minute of the hour (try ':15' or [':15', ':45'])"),
    ({"run_every_hour": True, "run_at": [":15", "5:30"]},
     "run_at = [':15', '5:30']: an hours rule takes only a minute of the hour (try ':15' or [':15', ':45'])"),
    ({"run_every": "5 minutes", "run_at": "5:30"},
     f"run_at = '5:30': a rule of minutes has no time of day; leave out run_at or run_every {LEAVE_OUT}"),
    ({"run_every_minute": True, "run_at": "5:30"},
     f"run_at = '5:30': a rule of minutes has no time of day; leave out run_at or run_every_minute {LEAVE_OUT}"),
    # flags
    ({"run_every_minute": "yes"}, "run_every_minute = 'yes': is neither True nor False (try True or run_every = '2 hours')"),
    ({"run_every_hour": 1}, "run_every_hour = 1: is neither True nor False (try True or run_every = '2 hours')"),
    ({"run_weekly": "sunday"}, "run_weekly = 'sunday': is neither True nor False (try True or run_every = '2 hours')"),
    # twice_daily
    ({"twice_daily": (1, 13, 20)}, "twice_daily = (1, 13, 20): is not two times (try (1, 13) or ('1:30', '13:30'))"),
    ({"twice_daily": 13}, "twice_daily = 13: is not two times (try (1, 13) or ('1:30', '13:30'))"),
    ({"twice_daily": True}, "twice_daily = True: is not two times (try (1, 13) or ('1:30', '13:30'))"),
    ({"twice_daily": ()}, "twice_daily = (): is empty, so it would never run (try (1, 13) or ('1:30', '13:30'))"),
    # run_cron; more in rules/test_cron.py
    ({"run_cron": "*/0 * * * *"}, f"run_cron = '*/0 * * * *': minute '*/0' has a step of 0 {CRON}"),
    ({"run_cron": "60 * * * *"}, f"run_cron = '60 * * * *': minute '60' is not within 0-59 {CRON}"),
    ({"run_cron": "0 9 * * mon-foo"}, f"run_cron = '0 9 * * mon-foo': day of week 'foo' is not understood {CRON}"),
    ({"run_cron": "0 0 31 2 *"}, f"run_cron = '0 0 31 2 *': names days that no year has, so it never fires {CRON}"),
    ({"run_cron": "* * * *"}, f"run_cron = '* * * *': 4 fields instead of 5 {CRON}"),
    ({"run_cron": "*/15 * * * * *"},
     f"run_cron = '*/15 * * * * *': 6 fields instead of 5; for seconds use run_every = '10 seconds' {CRON}"),
    ({"run_cron": "@reboot"}, "run_cron = '@reboot': '@reboot' is not a time (try '@hourly' or '@daily')"),
    ({"run_cron": 5}, f"run_cron = 5: int is not a cron expression {CRON}"),
    ({"run_cron": True}, f"run_cron = True: bool is not a cron expression {CRON}"),
    # run_on, run_on_days_of_month
    ({"run_on": "mondy"}, f"run_on = 'mondy': 'mondy' is not a day of the week (a name, or 0-7 where 0 and 7 are Sunday) {DAYS}"),
    ({"run_on": 8}, f"run_on = 8: 8 is not a day of the week (a name, or 0-7 where 0 and 7 are Sunday) {DAYS}"),
    ({"run_on": -1}, f"run_on = -1: -1 is not a day of the week (a name, or 0-7 where 0 and 7 are Sunday) {DAYS}"),
    ({"run_on": True}, f"run_on = True: True is not a day of the week (a name, or 0-7 where 0 and 7 are Sunday) {DAYS}"),
    ({"run_on": "mon,fri"}, "run_on = 'mon,fri': 'mon,fri' is not a day of the week (a name, or 0-7 where 0 and 7 are Sunday) (try ['mon', 'fri'] or 'monday')"),
    ({"run_on": []}, f"run_on = []: is empty, so it would never run {DAYS}"),
    ({"run_on_days_of_month": 0}, "run_on_days_of_month = 0: 0 is not a day of the month (1-31, or 'last') (try (1, 15) or 'last')"),
    ({"run_on_days_of_month": 32}, "run_on_days_of_month = 32: 32 is not a day of the month (1-31, or 'last') (try (1, 15) or 'last')"),
    ({"run_on_days_of_month": True},
     "run_on_days_of_month = True: True is not a day of the month (1-31, or 'last') (try (1, 15) or 'last')"),
    ({"run_on_days_of_month": ["1st"]},
     "run_on_days_of_month = ['1st']: '1st' is not a day of the month (1-31, or 'last') (try (1, 15) or 'last')"),
    ({"run_on_days_of_month": ()}, "run_on_days_of_month = (): is empty, so it would never run (try (1, 15) or 'last')"),
    # windows
    ({"run_between": "8:00-17:00"}, "run_between = '8:00-17:00': is not a start and an end (try ('8:00', '17:00') or ('22:00', '6:00'))"),
    ({"run_between": ("8:00",)}, "run_between = ('8:00',): is not a start and an end (try ('8:00', '17:00') or ('22:00', '6:00'))"),
    ({"run_between": [(8, 17), (9,)]},
     "run_between = [(8, 17), (9,)]: is not a start and an end (try ('8:00', '17:00') or ('22:00', '6:00'))"),
    ({"run_between": []}, "run_between = []: is empty, so it would never run (try ('8:00', '17:00') or ('22:00', '6:00'))"),
    ({"run_not_between": ("8:00", "12:00", "17:00")},
     "run_not_between = ('8:00', '12:00', '17:00'): is not a start and an end (try ('8:00', '17:00') or ('22:00', '6:00'))"),
    # timezone
    ({"run_at": 9, "timezone": "Europe/Rigga"},
     "timezone = 'Europe/Rigga': unknown time zone 'Europe/Rigga' (try 'Europe/Riga' or 'Europe/Sofia')"),
    ({"run_at": 9, "timezone": "zzz"}, "timezone = 'zzz': unknown time zone 'zzz' (try 'Europe/Riga' or 'UTC')"),
    ({"run_at": 9, "timezone": "../../etc/passwd"},
     "timezone = '../../etc/passwd': unknown time zone '../../etc/passwd' (try 'Europe/Riga' or 'UTC')"),
    ({"run_at": 9, "timezone": 2}, "timezone = 2: int is not a time zone (try 'Europe/Riga' or 'UTC')"),
    ({"run_at": 9, "timezone": 0}, "timezone = 0: int is not a time zone (try 'Europe/Riga' or 'UTC')"),
]  # fmt: skip


def task_class(declared: dict[str, Any], base: type[Task] = Task) -> type[Task]:
    return type("SayHi", (base,), declared)


@pytest.mark.parametrize(
    ("declared", "message"), MESSAGES, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_an_invalid_value_raises_the_documented_error(declared: dict[str, Any], message: str):
    """The class and an instance raise the same error, whichever is asked first; it is a ValueError."""
    bad = task_class(declared)
    for ask in (
        lambda: schedule_of(bad),
        lambda: bad().should_run(),
        lambda: bad().next_run(),
        lambda: bad().describe(),
    ):
        with pytest.raises(InvalidSchedule) as caught:
            ask()
        assert str(caught.value) == f"SayHi.{message}"
        assert isinstance(caught.value, ValueError)
        attribute = message.partition(" ")[0]
        assert (caught.value.task, caught.value.attribute) == ("SayHi", attribute)
        assert caught.value.value == declared[attribute]


NESTED: list[tuple[dict[str, Any], str]] = [
    ({"twice_daily": (1, 25)}, "25 is not between 0:00 and 23:59"),
    ({"twice_daily": ("1.30", 13)}, "'1.30' is not a time of day"),
    ({"twice_daily": "13"}, "is not two times"),
    ({"run_between": ("8:00", "25:00")}, "'25:00' is not between 0:00 and 23:59"),
    ({"run_between": (8, (9, 10))}, "(9, 10) is not a time of day"),
    ({"run_not_between": ("late", "5:00")}, "'late' is not a time of day"),
    ({"run_cron": "0 0 * * 1#6"}, "a month has no weekday number 6"),
    ({"run_at": 9, "timezone": "Amerika/New_York"}, "unknown time zone 'Amerika/New_York'"),
    ({"run_at": 9, "timezone": "UTCC"}, "unknown time zone 'UTCC'"),
    ({"run_at": 9, "timezone": "Europe/Rīga"}, "unknown time zone 'Europe/Rīga'"),
]


@pytest.mark.parametrize(("declared", "problem"), NESTED)
def test_a_bad_part_of_a_value_is_named(declared: dict[str, Any], problem: str):
    with pytest.raises(InvalidSchedule) as caught:
        schedule_of(task_class(declared))
    assert problem in str(caught.value)
    assert caught.value.attribute in declared


@pytest.mark.parametrize("declared", [declared for declared, _ in MESSAGES + NESTED], ids=str)
def test_each_error_gives_two_examples_that_are_valid(declared: dict[str, Any]):
    """They replace the invalid value, or are the attribute that the example names."""
    with pytest.raises(InvalidSchedule) as caught:
        schedule_of(task_class(declared))
    assert len(caught.value.examples) == 2
    for example in caught.value.examples:
        attribute, equals, value = example.partition(" = ")
        if not equals:
            attribute, value = caught.value.attribute, example
        mended = declared | {attribute: ast.literal_eval(value)}
        if attribute in {"run_every", "run_cron"}:  # instead of what it does not go with
            mended = {attribute: mended[attribute]} | {name: mended[name] for name in ("run_at",) if name in mended}
        schedule_of(task_class(mended))


BAD_CALLS: dict[str, Any] = {
    "every": lambda task: task.every("5 minuets"),
    "every, no text": lambda task: task.every(0),
    "every, no time": lambda task: task.every(timedelta(0)),
    "at": lambda task: task.at("25:00"),
    "at, nothing": lambda task: task.at(),
    "at, an empty list": lambda task: task.at([]),
    "at, a minute of no hour": lambda task: task.at(":15"),
    "daily_at": lambda task: task.daily_at("5.30"),
    "daily_at, nothing": lambda task: task.daily_at(),
    "daily_at, a minute": lambda task: task.daily_at(":15"),
    "at_twice": lambda task: task.at_twice(1),
    "twice_daily_at": lambda task: task.twice_daily_at(1, 2, 3),
    "cron": lambda task: task.cron("*/0 * * * *"),
    "on": lambda task: task.on("mondy"),
    "on, nothing": lambda task: task.on(),
    "on, no day left": lambda task: task.sundays(),
    "on_days_of_month": lambda task: task.on_days_of_month(32),
    "on_days_of_month, nothing": lambda task: task.on_days_of_month(),
    "between": lambda task: task.between("8:00", "25:00"),
    "not_between": lambda task: task.not_between(None, 5),
    "in_timezone": lambda task: task.in_timezone("Europe/Rigga"),
    "in_timezone, a number": lambda task: task.in_timezone(0),
    "named": lambda task: task.named(5),
    "named, nothing": lambda task: task.named(""),
    "when": lambda task: task.when(True),
    "skip": lambda task: task.skip("sunday"),
}


@pytest.mark.parametrize("call", BAD_CALLS)
def test_a_failed_method_call_leaves_the_task_unchanged(call: str):
    task = task_class({"timezone": "Europe/Riga"})().daily_at("5:30").weekdays().between(4, 9).named("hey")
    description, state = task.describe(), dict(task.__dict__)
    with pytest.raises(InvalidSchedule, match=r"^SayHi\."):
        BAD_CALLS[call](task)
    assert task.__dict__ == state
    assert task.describe() == description == "every day at 5:30 between 4:00 and 9:00 on weekdays, Europe/Riga"
    assert task.weekly().describe() == "every week on weekdays at 0:00 between 4:00 and 9:00, Europe/Riga"


def test_days_of_the_week_that_exclude_each_other():
    with pytest.raises(InvalidSchedule) as caught:
        task_class({})().mondays().tuesdays()
    assert (
        str(caught.value)
        == f"SayHi.run_on = 'tuesday': has no day in common with Monday, so it would never run {DAYS}"
    )
    with pytest.raises(InvalidSchedule, match="has no day in common"):
        task_class({"run_on": "weekdays"})().daily().weekends()


def test_a_bad_value_in_the_class_raises_until_it_is_replaced():
    task = task_class({"run_every": "5 minuets"})()
    with pytest.raises(InvalidSchedule, match="unknown unit 'minuets'"):
        task.weekdays()
    assert task.daily().weekdays().next_run() is not None


def test_a_bad_task_does_not_change_another():
    good = task_class({"run_every": "5 minutes"})()
    with pytest.raises(InvalidSchedule):
        task_class({"run_every": "5 minuets"})().should_run()
    assert good.next_run() is not None


@pytest.mark.parametrize("value", [0, timedelta(0), [], 0.0], ids=str)
def test_a_command_does_not_ignore_an_invalid_interval(value: Any):
    """`CommandTask` runs every minute if nothing is declared, but here something is."""
    with pytest.raises(InvalidSchedule, match=r"^CommandTask\.run_every"):
        CommandTask("echo").every(value)


@pytest.mark.parametrize("undeclared", [None, False, "", "  "], ids=repr)
@pytest.mark.parametrize(
    "attribute",
    ["run_every", "run_at", "run_every_minute", "run_every_hour", "run_weekly", "twice_daily", "run_cron", "run_on",
     "run_on_days_of_month", "run_between", "run_not_between", "timezone"],
)  # fmt: skip
def test_none_false_and_blank_text_are_not_declared(attribute: str, undeclared: object):
    assert schedule_of(task_class({attribute: undeclared}))[0] is None
    daily = task_class({attribute: undeclared})().daily()
    assert daily.weekdays().on_days_of_month(1).between(0, 1).not_between(2, 3).describe().startswith(
        "every day at 0:00 between 0:00 and 1:00 not between 2:00 and 3:00 on weekdays on day 1, "
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [0.5, 1.5, 7.5, 7, 90, 61, 0.000001])
def test_a_duration_that_is_no_whole_number_of_units_is_refused(seconds: float):
    with pytest.raises(InvalidSchedule, match=r"SayHi\.run_every = "):
        task_class({})().every(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "value", ["<b>9:00</b>", "{9:00}", "%s", "９:００", "9:00\n", "\ud800", "x" * 10_000, "\x00", "9：00"], ids=ascii
)
def test_strange_text_is_refused_in_one_line(value: str):
    """Markup, letters of other scripts and unprintable characters are quoted, and never read as something else."""
    for attribute in ("run_every", "run_at", "run_cron", "run_on", "timezone"):
        if (attribute, value) == ("run_at", "9:00\n"):
            continue  # blanks around a time are no harm
        with pytest.raises(InvalidSchedule) as caught:
            schedule_of(task_class({"run_every": "1 day", attribute: value}))
        message = str(caught.value)
        assert "\n" not in message
        assert len(message) < 400
        message.encode("utf-8")
