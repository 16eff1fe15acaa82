"""Every way to declare a schedule, with the times at which the task then runs.

A row holds all the ways to say one thing: attributes of a class (a dict) and methods of an instance (a function). Each
way is asked three ways: which runs are next, which were the previous ones, and is it due, for every minute there is.
The times are those of February 2024, a leap month of 29 days that begins on a Thursday (its Sundays are 4, 11, 18 and
25), or, for what is rarer than a month, those of four years.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pendulum
import pytest

from scheduler.rules import ZonedMinute
from scheduler.Task import Task, schedule_of
from scheduler.tasks import CommandTask

pytestmark = pytest.mark.measured

FEBRUARY = (datetime(2024, 2, 1), datetime(2024, 3, 1))
FOUR_YEARS = (datetime(2024, 1, 1), datetime(2028, 1, 1))
MINUTE = timedelta(minutes=1)
ENOUGH = 120

SUNDAYS, MONDAYS, TUESDAYS, WEDNESDAYS = (4, 11, 18, 25), (5, 12, 19, 26), (6, 13, 20, 27), (7, 14, 21, 28)
THURSDAYS, FRIDAYS, SATURDAYS = (1, 8, 15, 22, 29), (2, 9, 16, 23), (3, 10, 17, 24)
WEEKENDS = tuple(sorted(SATURDAYS + SUNDAYS))
WEEKDAYS = tuple(day for day in range(1, 30) if day not in WEEKENDS)
EVERY_DAY = tuple(range(1, 30))
HOURS = tuple(f"{hour}:00" for hour in range(24))


# -- what is expected --


class Fires(NamedTuple):
    """All fire times of the span, on the task's own clock; or how many there are, with the first and the last ones."""

    span: tuple[datetime, datetime]
    first: list[datetime]
    last: list[datetime] | None = None
    count: int | None = None


def on(days: tuple[int, ...] | int, *times: str) -> Fires:
    """On these days of February at these times, and at no other."""
    days = (days,) if isinstance(days, int) else days
    return Fires(FEBRUARY, sorted(_at(datetime(2024, 2, day), time) for day in days for time in times))


def every_day(*times: str) -> Fires:
    return on(EVERY_DAY, *times)


def many(count: int, first: str, last: str) -> Fires:
    """As often as this in February, first and last at these times: "1 0:00, 1 0:45" is the 1st at 0:00 and at 0:45."""
    return Fires(FEBRUARY, _listed(first), _listed(last), count)


def dates(*texts: str) -> Fires:
    """On these dates of the four years: "2024-02-29 5:30", or "2024-02-29" for 0:00."""
    found = []
    for text in texts:
        day, _, time = text.partition(" ")
        found.append(_at(datetime.fromisoformat(day), time or "0:00"))
    return Fires(FOUR_YEARS, found)


def _listed(text: str) -> list[datetime]:
    return [_at(datetime(2024, 2, int(day)), time) for day, time in (item.split() for item in text.split(","))]


def _at(day: datetime, time: str) -> datetime:
    hour, minute = time.split(":")
    return day.replace(hour=int(hour), minute=int(minute))


NEVER = Fires(FEBRUARY, [])


class Row(NamedTuple):
    title: str
    fires: Fires
    ways: list[dict[str, Any] | Callable[[Any], Any]]
    zone: str = "UTC"
    base: type[Task] = Task


class EveryFive(Task):
    run_every = "5 minutes"


class Weekly(Task):
    run_weekly = True


class TwiceDaily(Task):
    twice_daily = (1, 13)


class EveryHour(Task):
    run_every_hour = True


class Command(CommandTask):
    def __init__(self):
        super().__init__("echo")


class CommandAt(Command):
    run_at = "5:30"


# -- the table --

TABLE = [
    # every N minutes
    Row("every minute", many(41760, "1 0:00, 1 0:01, 1 0:02", "29 23:58, 29 23:59"), [
        {"run_every": "1 minute"},
        {"run_every": "minute"},
        {"run_every_minute": True},
        {"run_cron": "* * * * *"},
        lambda task: task.every_minute(),
        lambda task: task.every(timedelta(minutes=1)),
    ]),
    Row("every 5 minutes", many(8352, "1 0:00, 1 0:05, 1 0:10", "29 23:50, 29 23:55"), [
        {"run_every": "5 minutes"},
        {"run_every": "  5   MINUTES "},
        {"run_every": "5minutes"},
        {"run_every": "5 minute"},
        {"run_every": "05 minutes"},
        {"run_every": timedelta(minutes=5)},
        {"run_every": timedelta(seconds=300)},
        {"run_every": pendulum.duration(minutes=5)},
        lambda task: task.every_5_minutes(),
        lambda task: task.every("5 minutes"),
        lambda task: task.every(pendulum.duration(minutes=5)),
        lambda task: task.cron("*/5 * * * *"),
    ]),
    Row("every 10 minutes", many(4176, "1 0:00, 1 0:10", "29 23:40, 29 23:50"), [
        {"run_every": "10 minutes"},
        lambda task: task.every_10_minutes(),
    ]),
    Row("every 15 minutes", many(2784, "1 0:00, 1 0:15", "29 23:30, 29 23:45"), [
        {"run_every": "15 minutes"},
        lambda task: task.every_15_minutes(),
    ]),
    Row("every 30 minutes", many(1392, "1 0:00, 1 0:30", "29 23:00, 29 23:30"), [
        {"run_every": "30 minutes"},
        lambda task: task.every_30_minutes(),
    ]),
    Row("every 45 minutes, evenly through midnight", many(928, "1 0:00, 1 0:45, 1 1:30, 1 2:15", "29 22:30, 29 23:15"), [
        {"run_every": "45 minutes"},
        lambda task: task.every_45_minutes(),
    ]),
    Row("every 7 minutes", many(5966, "1 0:01, 1 0:08", "29 23:49, 29 23:56"), [{"run_every": "7 minutes"}]),
    Row("every 90 minutes", many(464, "1 0:00, 1 1:30, 1 3:00", "29 21:00, 29 22:30"), [
        {"run_every": "90 minutes"},
        lambda task: task.every(timedelta(minutes=90)),
        lambda task: task.every(timedelta(hours=1, minutes=30)),
    ]),
    Row("every 100 minutes", many(418, "1 0:20, 1 2:00, 1 3:40", "29 21:40, 29 23:20"), [{"run_every": "100 minutes"}]),
    # every N hours
    Row("every hour", every_day(*HOURS), [
        {"run_every": "1 hour"},
        {"run_every": "Hour"},
        {"run_every": "60 minutes"},
        {"run_every_hour": True},
        {"run_every": timedelta(hours=1)},
        {"run_cron": "@hourly"},
        lambda task: task.hourly(),
        lambda task: task.every("1 hour"),
    ]),
    Row("every hour at a quarter past", every_day(*(f"{hour}:15" for hour in range(24))), [
        {"run_every": "1 hour", "run_at": ":15"},
        {"run_every_hour": True, "run_at": ":15"},
        lambda task: task.hourly().at(":15"),
    ]),
    Row("every hour, twice", every_day(*(f"{hour}:{minute}" for hour in range(24) for minute in (15, 45))), [
        {"run_every": "1 hour", "run_at": [":15", ":45"]},
        {"run_every": "1 hour", "run_at": (":45", ":15")},
        lambda task: task.hourly().at(":15", ":45"),
        lambda task: task.hourly().at([":15", ":45"]),
    ]),
    Row("an hourly class at a quarter past", every_day(*(f"{hour}:15" for hour in range(24))), [
        lambda task: task.at(":15"),
    ], base=EveryHour),
    Row("every 2 hours at half past", every_day(*(f"{hour}:30" for hour in range(0, 24, 2))), [
        {"run_every": "2 hours", "run_at": ":30"},
        lambda task: task.every("2 hours").at(":30"),
    ]),
    Row("every 5 hours", many(139, "1 2:00, 1 7:00, 1 12:00, 1 17:00, 1 22:00, 2 3:00", "29 15:00, 29 20:00"), [
        {"run_every": "5 hours"},
        {"run_every": "300 minutes"},
        {"run_every": timedelta(hours=5)},
    ]),
    Row("every 5 hours at ten past", many(139, "1 2:10, 1 7:10", "29 15:10, 29 20:10"), [
        {"run_every": "5 hours", "run_at": ":10"},
    ]),
    Row("every 36 hours", many(19, "2 0:00, 3 12:00, 5 0:00", "27 12:00, 29 0:00"), [
        {"run_every": "36 hours"},
        {"run_every": "2160 minutes"},
        {"run_every": timedelta(hours=36)},
        {"run_every": timedelta(days=1, hours=12)},
        {"run_every": pendulum.duration(days=1, hours=12)},
        lambda task: task.every("36 hours"),
    ]),
    # every N days
    Row("every day", every_day("0:00"), [
        {"run_every": "1 day"},
        {"run_every": "DAY"},
        {"run_every": "24 hours"},
        {"run_every": timedelta(days=1)},
        {"run_every": timedelta(hours=24)},
        {"run_every": pendulum.duration(days=1)},
        {"run_cron": "@daily"},
        {"run_cron": "0 0 * * *"},
        {"run_at": "0:00"},
        {"run_at": "00:00"},
        {"run_at": 0},
        lambda task: task.daily(),
        lambda task: task.at(0),
        lambda task: task.daily_at(0),
        lambda task: task.daily_at("17:00").daily(),
    ]),
    Row("every day at 5:30", every_day("5:30"), [
        {"run_at": "5:30"},
        {"run_at": "05:30"},
        {"run_at": " 5:30 "},
        {"run_at": ["5:30"]},
        {"run_at": ("5:30", "05:30")},
        {"run_every": "1 day", "run_at": "5:30"},
        {"run_cron": "30 5 * * *"},
        lambda task: task.at("5:30"),
        lambda task: task.daily_at("5:30"),
        lambda task: task.daily().at("5:30"),
        lambda task: task.at("5:30").daily(),
        lambda task: task.every("1 day").at("05:30"),
        lambda task: task.daily_at("17:00").at("5:30"),
        lambda task: task.at("17:00").at("5:30"),
        lambda task: task.at("17:00").daily_at("5:30"),
    ]),
    Row("every day at 17:00", every_day("17:00"), [
        {"run_at": "17:00"},
        {"run_at": 17},
        lambda task: task.at(17),
        lambda task: task.daily_at(17),
        lambda task: task.daily().at("17:00"),
        lambda task: task.at("17:00").daily(),
    ]),
    Row("every day at several times", every_day("5:30", "12:15", "17:00"), [
        {"run_at": ["5:30", "12:15", 17]},
        {"run_at": (17, "12:15", "05:30")},
        {"run_at": {"5:30", "12:15", "17:00"}},
        lambda task: task.at("5:30", "12:15", 17),
        lambda task: task.at(["5:30", "12:15", 17]),
        lambda task: task.at(time for time in ("5:30", "12:15", 17)),
        lambda task: task.daily_at("5:30", "12:15", 17),
        lambda task: task.daily().at(("5:30", "12:15", 17)),
    ]),
    Row("every 2 days", on(tuple(range(2, 30, 2)), "0:00"), [
        {"run_every": "2 days"},
        {"run_every": "48 hours"},
        {"run_every": timedelta(days=2)},
        {"run_every": timedelta(hours=48)},
        {"run_every": pendulum.duration(days=2)},
        lambda task: task.every("2 days"),
    ]),
    Row("every 2 days at 5:30 and 17:00", on(tuple(range(2, 30, 2)), "5:30", "17:00"), [
        {"run_every": "2 days", "run_at": ("5:30", 17)},
        {"run_every": timedelta(days=2), "run_at": ("5:30", 17)},
        lambda task: task.every("2 days").at("5:30", 17),
        lambda task: task.at("5:30", 17).every("2 days"),
    ]),
    Row("every 7 days", on(SUNDAYS, "0:00"), [
        {"run_every": "7 days"},
        {"run_every": timedelta(weeks=1)},
        {"run_every": pendulum.duration(weeks=1)},
    ]),
    Row("every 10 days", on((4, 14, 24), "0:00"), [{"run_every": "10 days"}]),
    Row("every 100 days", dates(
        "2024-01-15", "2024-04-24", "2024-08-02", "2024-11-10", "2025-02-18", "2025-05-29", "2025-09-06", "2025-12-15",
        "2026-03-25", "2026-07-03", "2026-10-11", "2027-01-19", "2027-04-29", "2027-08-07", "2027-11-15",
    ), [{"run_every": "100 days"}, {"run_every": "2400 hours"}]),
    # every N weeks
    Row("every week", on(SUNDAYS, "0:00"), [
        {"run_every": "1 week"},
        {"run_every": "week"},
        {"run_weekly": True},
        {"run_cron": "@weekly"},
        lambda task: task.weekly(),
        lambda task: task.every("1 week"),
        lambda task: task.daily_at("17:00").weekly(),
    ]),
    Row("every week at 8:00", on(SUNDAYS, "8:00"), [
        {"run_every": "1 week", "run_at": "8:00"},
        {"run_weekly": True, "run_at": "8:00"},
        lambda task: task.weekly().at("8:00"),
        lambda task: task.at("8:00").weekly(),
        lambda task: task.sundays().at(8),
    ]),
    Row("a weekly class at 8:00", on(SUNDAYS, "8:00"), [lambda task: task.at("8:00")], base=Weekly),
    Row("every week on other days than Sunday", on((*MONDAYS, *FRIDAYS), "0:00"), [
        {"run_every": "1 week", "run_on": ["monday", "friday"]},
        {"run_weekly": True, "run_on": ("mon", "fri")},
        lambda task: task.weekly().on("monday", "friday"),
        lambda task: task.on("monday", "friday").weekly(),
    ]),
    Row("every week on Monday at 13:00", on(MONDAYS, "13:00"), [
        {"run_every": "week", "run_on": 1, "run_at": 13},
        lambda task: task.weekly().mondays().at("13:00"),
        lambda task: task.at("13:00").mondays().weekly(),
    ]),
    Row("every 2 weeks", on((4, 18), "0:00"), [
        {"run_every": "2 weeks"},
        {"run_every": timedelta(weeks=2)},
        {"run_every": "14 days"},
    ]),
    Row("every 3 weeks", on(11, "0:00"), [
        {"run_every": "3 weeks"},
        lambda task: task.every("3 weeks"),
    ]),
    Row("every 26 weeks on Tuesday and Friday", dates(
        "2024-02-06", "2024-02-09", "2024-08-06", "2024-08-09", "2025-02-04", "2025-02-07", "2025-08-05", "2025-08-08",
        "2026-02-03", "2026-02-06", "2026-08-04", "2026-08-07", "2027-02-02", "2027-02-05", "2027-08-03", "2027-08-06",
    ), [
        {"run_every": "26 weeks", "run_on": ("tuesday", "friday")},
        lambda task: task.every("26 weeks").on("tuesday", "friday"),
    ]),
    Row("every 3 weeks from that Sunday on: on Monday and Saturday", on((12, 17), "6:00"), [
        {"run_every": "3 weeks", "run_on": ("monday", "saturday"), "run_at": 6},
        lambda task: task.every("3 weeks").at(6).on("monday", "saturday"),
    ]),
    # every N months
    Row("every month", dates(*(f"{year}-{month:02}-01" for year in range(2024, 2028) for month in range(1, 13))), [
        {"run_every": "1 month"},
        {"run_every": "month"},
        {"run_every": pendulum.duration(months=1)},
        {"run_cron": "@monthly"},
        lambda task: task.monthly(),
        lambda task: task.every("1 month"),
    ]),
    Row("every month at 5:30 and 17:00", on(1, "5:30", "17:00"), [
        {"run_every": "1 month", "run_at": ["5:30", 17]},
        lambda task: task.monthly().at("5:30", "17:00"),
        lambda task: task.at("5:30", "17:00").monthly(),
    ]),
    Row("every month on other days than the first", on((15, 29), "0:00"), [
        {"run_every": "1 month", "run_on_days_of_month": (15, "last")},
        lambda task: task.monthly().on_days_of_month(15, "last"),
        lambda task: task.on_days_of_month(15, "last").monthly(),
    ]),
    Row("every month, if its first day is a Monday", dates("2024-01-01", "2024-04-01", "2024-07-01", "2025-09-01", "2025-12-01",
                                                            "2026-06-01", "2027-02-01", "2027-03-01", "2027-11-01"), [
        {"run_every": "1 month", "run_on": "monday"},
        lambda task: task.monthly().mondays(),
        lambda task: task.mondays().monthly(),
    ]),
    Row("every 2 months: in even ones", dates(*(f"{year}-{month:02}-01" for year in range(2024, 2028) for month in range(2, 13, 2))), [
        {"run_every": "2 months"},
        {"run_every": pendulum.duration(months=2)},
        lambda task: task.every("2 months"),
    ]),
    Row("every 5 months, evenly through the years", dates(
        "2024-02-01", "2024-07-01", "2024-12-01", "2025-05-01", "2025-10-01", "2026-03-01", "2026-08-01", "2027-01-01",
        "2027-06-01", "2027-11-01",
    ), [{"run_every": "5 months"}]),
    Row("every 5 months on the last day at 23:59", dates(
        "2024-02-29 23:59", "2024-07-31 23:59", "2024-12-31 23:59", "2025-05-31 23:59", "2025-10-31 23:59", "2026-03-31 23:59",
        "2026-08-31 23:59", "2027-01-31 23:59", "2027-06-30 23:59", "2027-11-30 23:59",
    ), [
        {"run_every": "5 months", "run_at": "23:59", "run_on_days_of_month": "last"},
        lambda task: task.every("5 months").last_day_of_month().at("23:59"),
    ]),
    Row("every 18 months", dates("2024-12-01", "2026-06-01", "2027-12-01"), [
        {"run_every": "18 months"},
        {"run_every": pendulum.duration(years=1, months=6)},
    ]),
    Row("every quarter", dates(*(f"{year}-{month}-01" for year in range(2024, 2028) for month in ("01", "04", "07", "10"))), [
        {"run_every": "1 quarter"},
        {"run_every": "quarter"},
        {"run_cron": "0 0 1 1-12/3 *"},
        lambda task: task.quarterly(),
        lambda task: task.every("1 quarter"),
    ]),
    Row("every quarter at 7:00 on day 15", dates(
        *(f"{year}-{month}-15 7:00" for year in range(2024, 2028) for month in ("01", "04", "07", "10"))
    ), [
        {"run_every": "1 quarter", "run_at": 7, "run_on_days_of_month": 15},
        lambda task: task.quarterly().at("7:00").on_days_of_month(15),
    ]),
    # every N years
    Row("every year", dates("2024-01-01", "2025-01-01", "2026-01-01", "2027-01-01"), [
        {"run_every": "1 year"},
        {"run_every": "year"},
        {"run_every": pendulum.duration(years=1)},
        {"run_cron": "@yearly"},
        lambda task: task.yearly(),
    ]),
    Row("every year at 8:00", dates("2024-01-01 8:00", "2025-01-01 8:00", "2026-01-01 8:00", "2027-01-01 8:00"), [
        {"run_every": "1 year", "run_at": "8:00"},
        lambda task: task.yearly().at("8:00"),
        lambda task: task.at("8:00").yearly(),
    ]),
    Row("every 2 years", dates("2024-01-01", "2026-01-01"), [
        {"run_every": "2 years"},
        {"run_every": pendulum.duration(years=2)},
        lambda task: task.every("2 years"),
    ]),
    Row("every 3 years", dates("2025-01-01"), [{"run_every": "3 years"}]),
    # twice a day
    Row("twice a day", every_day("1:00", "13:00"), [
        {"twice_daily": (1, 13)},
        {"twice_daily": ["1:00", "13:00"]},
        lambda task: task.at_twice(1, 13),
        lambda task: task.at_twice((1, 13)),
        lambda task: task.twice_daily_at(1, 13),
        lambda task: task.twice_daily_at("1:00", "13:00"),
        lambda task: task.daily_at("5:30").at_twice([1, 13]),
    ]),
    Row("twice a day at half past", every_day("1:30", "13:30"), [
        {"twice_daily": ("1:30", "13:30")},
        {"twice_daily": ("13:30", "01:30")},
        lambda task: task.at_twice("1:30", "13:30"),
    ]),
    # cron
    Row("cron", on(WEEKDAYS, "9:00", "9:30"), [
        {"run_cron": "0,30 9 * * mon-fri"},
        lambda task: task.cron("*/30 9 * * 1-5"),
        lambda task: task.daily().cron("0,30\t9 * * MON-FRI"),
    ]),
    Row("cron: the second Friday and the last day", on((9, 29), "0:00"), [{"run_cron": "0 0 L * 5#2"}]),
    # days of the week; alone, at 0:00
    Row("Mondays", on(MONDAYS, "0:00"), [
        {"run_on": "monday"},
        {"run_on": "Mondays"},
        {"run_on": " MON "},
        {"run_on": 1},
        {"run_on": ["mon"]},
        lambda task: task.mondays(),
        lambda task: task.on("monday"),
        lambda task: task.on(1),
        lambda task: task.daily().mondays(),
        lambda task: task.weekdays().mondays(),
        lambda task: task.on(1, 2).on(0, 1),
    ]),
    Row("Tuesdays", on(TUESDAYS, "0:00"), [{"run_on": "tue"}, {"run_on": 2}, lambda task: task.tuesdays()]),
    Row("Wednesdays", on(WEDNESDAYS, "0:00"), [{"run_on": "wed"}, {"run_on": 3}, lambda task: task.wednesdays()]),
    Row("Thursdays", on(THURSDAYS, "0:00"), [{"run_on": "thu"}, {"run_on": 4}, lambda task: task.thursdays()]),
    Row("Fridays", on(FRIDAYS, "0:00"), [{"run_on": "fri"}, {"run_on": 5}, lambda task: task.fridays()]),
    Row("Saturdays", on(SATURDAYS, "0:00"), [{"run_on": "sat"}, {"run_on": 6}, lambda task: task.saturdays()]),
    Row("Sundays", on(SUNDAYS, "0:00"), [
        {"run_on": "sunday"},
        {"run_on": 0},
        {"run_on": 7},
        {"run_on": (0, 7)},
        lambda task: task.sundays(),
        lambda task: task.on(0),
    ]),
    Row("several days of the week", on((*MONDAYS, *FRIDAYS), "0:00"), [
        {"run_on": ["monday", "friday"]},
        {"run_on": ("mon", 5)},
        {"run_on": {1, 5}},
        lambda task: task.on("mon", "fri"),
        lambda task: task.on(["mon", 5]),
    ]),
    Row("weekdays", on(WEEKDAYS, "0:00"), [
        {"run_on": "weekdays"},
        {"run_on": (1, 2, 3, 4, 5)},
        lambda task: task.weekdays(),
        lambda task: task.weekdays().daily(),
    ]),
    Row("weekends", on(WEEKENDS, "0:00"), [
        {"run_on": "weekends"},
        {"run_on": ["saturday", "sunday"]},
        lambda task: task.weekends(),
    ]),
    Row("weekdays at 9:00", on(WEEKDAYS, "9:00"), [
        {"run_on": "weekdays", "run_at": 9},
        lambda task: task.weekdays().at("9:00"),
        lambda task: task.daily_at(9).weekdays(),
        lambda task: task.cron("0 9 * * *").weekdays(),
    ]),
    Row("every hour on Saturdays", on(SATURDAYS, *HOURS), [
        {"run_every": "1 hour", "run_on": "saturday"},
        lambda task: task.hourly().saturdays(),
        lambda task: task.saturdays().hourly(),
    ]),
    Row("every 2 days, weekends left out", on(tuple(day for day in range(2, 30, 2) if day in WEEKDAYS), "0:00"), [
        {"run_every": "2 days", "run_on": "weekdays"},
        lambda task: task.every("2 days").weekdays(),
    ]),
    # days of the month; alone, at 0:00
    Row("days 1 and 15", on((1, 15), "0:00"), [
        {"run_on_days_of_month": (1, 15)},
        lambda task: task.on_days_of_month(1, 15),
        lambda task: task.on_days_of_month([1, 15]),
        lambda task: task.daily().on_days_of_month(1, 15),
    ]),
    Row("the last day", on(29, "0:00"), [
        {"run_on_days_of_month": "last"},
        lambda task: task.last_day_of_month(),
        lambda task: task.on_days_of_month("last"),
        lambda task: task.on_days_of_month(29),
    ]),
    Row("the last day of each month is found anew", dates(
        *(f"{year}-{month:02}-{day}" for year in range(2024, 2028) for month, day in
          enumerate((31, 29 if year == 2024 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1))
    ), [lambda task: task.last_day_of_month()]),
    Row("the 31st, in months that have one", dates(
        *(f"{year}-{month}-31" for year in range(2024, 2028) for month in ("01", "03", "05", "07", "08", "10", "12"))
    ), [lambda task: task.on_days_of_month(31)]),
    Row("the last day at 23:00", on(29, "23:00"), [
        {"run_on_days_of_month": "last", "run_at": 23},
        lambda task: task.last_day_of_month().at("23:00"),
        lambda task: task.daily_at("23:00").last_day_of_month(),
    ]),
    Row("Fridays the 13th", dates("2024-09-13", "2024-12-13", "2025-06-13", "2026-02-13", "2026-03-13", "2026-11-13", "2027-08-13"), [
        {"run_on": "friday", "run_on_days_of_month": 13},
        lambda task: task.fridays().on_days_of_month(13),
    ]),
    # windows; both ends are inside
    Row("every hour between 8:00 and 17:00", every_day(*HOURS[8:18]), [
        {"run_every": "1 hour", "run_between": ("8:00", "17:00")},
        {"run_every": "1 hour", "run_between": [8, 17]},
        {"run_every": "1 hour", "run_between": [("8:00", "17:00")]},
        lambda task: task.hourly().between("8:00", "17:00"),
        lambda task: task.between(8, 17).hourly(),
    ]),
    Row("a window through midnight", every_day(*HOURS[:7], *HOURS[22:]), [
        {"run_every": "1 hour", "run_between": ("22:00", "6:00")},
        lambda task: task.hourly().between("22:00", "6:00"),
    ]),
    Row("a window of one minute", every_day("9:00"), [
        {"run_every": "1 minute", "run_between": ("9:00", "9:00")},
        lambda task: task.every_minute().between("9:00", "9:00"),
    ]),
    Row("a window of all but one minute", every_day(*HOURS[:9], *HOURS[10:]), [
        {"run_every": "1 hour", "run_between": ("9:01", "8:59")},
        lambda task: task.hourly().between("9:01", "8:59"),
    ]),
    Row("a window of the whole day", every_day(*HOURS), [
        {"run_every": "1 hour", "run_between": ("9:00", "8:59")},
        {"run_every": "1 hour", "run_between": ("0:00", "23:59")},
    ]),
    Row("outside a window", every_day(*HOURS[:8], *HOURS[18:]), [
        {"run_every": "1 hour", "run_not_between": ("8:00", "17:00")},
        lambda task: task.hourly().not_between("8:00", "17:00"),
        lambda task: task.not_between(8, 17).hourly(),
    ]),
    Row("outside a window through midnight", every_day(*HOURS[7:22]), [
        {"run_every": "1 hour", "run_not_between": ("22:00", "6:00")},
        lambda task: task.hourly().not_between("22:00", "6:00"),
    ]),
    Row("windows narrow one another", every_day("8:00", "9:00", "10:00", "14:00", "15:00"), [
        {"run_every": "1 hour", "run_between": [(8, 17), (6, 15)], "run_not_between": [("11:00", "12:30"), ("13:00", "13:00")]},
        lambda task: task.hourly().between(8, 17).between(6, 15).not_between("11:00", "12:30").not_between(13, 13),
    ]),
    Row("a window and days", on(WEEKDAYS, "8:30", "9:00", "9:30"), [
        {"run_every": "30 minutes", "run_between": ("8:30", "9:59"), "run_on": "weekdays"},
        lambda task: task.every_30_minutes().between("8:30", "9:59").weekdays(),
        lambda task: task.cron("*/30 * * * *").weekdays().between("8:30", "9:59"),
    ]),
    Row("a window that excludes every fire time", NEVER, [
        {"run_at": "5:30", "run_between": ("8:00", "17:00")},
        {"run_every": "45 minutes", "run_between": ("8:01", "8:14")},
        lambda task: task.daily().between("8:00", "17:00"),
        lambda task: task.every("36 hours").not_between("0:00", "0:00").not_between("12:00", "12:00"),
        lambda task: task.hourly().between("8:01", "8:59"),
        lambda task: task.hourly().between(8, 9).between(10, 11),
    ]),
    # several recurrences declared together: a union
    Row("a union", every_day("0:00", "1:00", "13:00"), [
        {"run_every": "1 day", "twice_daily": (1, 13)},
        {"run_at": 0, "twice_daily": (1, 13)},
        {"run_cron": "0 0 * * *", "twice_daily": (1, 13)},
    ]),
    Row("a union of everything", many(41760, "1 0:00, 1 0:01", "29 23:59"), [
        {"run_every_minute": True, "run_every_hour": True, "run_weekly": True, "twice_daily": (1, 13), "run_every": "3 hours",
         "run_cron": "30 5 * * *"},
    ]),
    Row("a minute named twice is one", every_day("0:00", "12:00"), [
        {"run_every": "12 hours", "twice_daily": (0, 12), "run_cron": "0 0,12 * * *"},
    ]),
    Row("constraints narrow all of a union", on(SUNDAYS, "0:00", "1:00", "2:00"), [
        {"run_weekly": True, "run_every_hour": True, "run_between": (0, 2), "run_on": "sunday"},
    ]),
    Row("run_at belongs to the days, and twice_daily stands beside them", on(SUNDAYS, "1:00", "8:00", "13:00"), [
        {"run_weekly": True, "run_at": 8, "twice_daily": (1, 13), "run_on": "sunday"},
    ]),
    # a fluent recurrence replaces whatever there was; constraints stay
    Row("daily after anything", every_day("0:00"), [
        lambda task: task.hourly().daily(),
        lambda task: task.cron("* * * * *").daily(),
        lambda task: task.at_twice(1, 13).daily(),
        lambda task: task.every_5_minutes().daily(),
        lambda task: task.hourly().at(":15").daily(),
    ]),
    Row("daily instead of a class's own", every_day("0:00"), [lambda task: task.daily()], base=EveryFive),
    Row("daily instead of a class's two times", every_day("0:00"), [lambda task: task.daily()], base=TwiceDaily),
    Row("daily instead of a class's week", every_day("0:00"), [lambda task: task.daily()], base=Weekly),
    Row("at, after what has no time of day", every_day("5:30"), [
        lambda task: task.every_5_minutes().at("5:30"),
        lambda task: task.hourly().at("5:30"),
        lambda task: task.cron("* * * * *").at("5:30"),
        lambda task: task.at_twice(1, 13).at("5:30"),
    ]),
    Row("a recurrence keeps the constraints", on(MONDAYS, "17:00"), [
        lambda task: task.hourly().mondays().between(9, 18).daily_at(17),
    ]),
    # CommandTask: every minute unless told otherwise
    Row("a command", many(41760, "1 0:00, 1 0:01", "29 23:59"), [{}, lambda task: task.every_minute()], base=Command),
    Row("a command, told when", every_day("0:00"), [
        {"run_every": "1 day"},
        {"run_at": 0},
        {"run_cron": "@daily"},
        lambda task: task.daily(),
        lambda task: task.at(0),
        lambda task: task.daily_at("0:00"),
    ], base=Command),
    Row("a command at 5:30", every_day("5:30"), [{}], base=CommandAt),
    Row("a command, narrowed", on(MONDAYS, *(f"9:{minute:02}" for minute in range(16))), [
        {"run_on": "monday", "run_between": ("9:00", "9:15")},
        lambda task: task.mondays().between("9:00", "9:15"),
    ], base=Command),
    # the task's clock
    Row("in New York", every_day("9:00"), [
        {"run_at": "9:00", "timezone": "America/New_York"},
        {"run_at": "9:00", "timezone": pendulum.timezone("America/New_York")},
        {"run_at": "9:00", "timezone": ZoneInfo("America/New_York")},
        lambda task: task.daily_at(9).in_timezone("America/New_York"),
        lambda task: task.in_timezone(pendulum.timezone("America/New_York")).daily().at("9:00"),
    ], zone="America/New_York"),
    Row("in Kathmandu, 5:45 ahead", on(SUNDAYS, *HOURS), [
        {"run_every": "1 hour", "run_on": "sunday", "timezone": "Asia/Kathmandu"},
        lambda task: task.hourly().sundays().in_timezone("Asia/Kathmandu"),
    ], zone="Asia/Kathmandu"),
    # what says nothing of when
    Row("no recurrence: only on demand", NEVER, [
        {},
        {"run_every": False, "run_at": None, "run_cron": "", "run_on": False},
        {"run_between": ("8:00", "17:00")},
        lambda task: task.between("8:00", "17:00"),
        lambda task: task.named("hey"),
        lambda task: task.in_environments("production"),
        lambda task: task.when(lambda: True).skip(lambda: False),
    ]),
]  # fmt: skip


# -- the asking --


def build(row: Row, way: dict[str, Any] | Callable[[Any], Any]) -> Task:
    if isinstance(way, dict):
        return type("Declared", (row.base,), {"timezone": row.zone, **way})()
    task = type("Fluent", (row.base,), {"timezone": "UTC"})()
    assert way(task) is task
    return task


@cache
def moments(span: tuple[datetime, datetime], zone_name: str) -> list[tuple[datetime, ZonedMinute]]:
    """Every minute of February, every half hour and every last minute of a day of the four years."""
    zone = ZoneInfo(zone_name)
    minutes, face = [], span[0]
    while face < span[1]:
        minutes.append((face, ZonedMinute.of(face.replace(tzinfo=zone), zone)))
        last = face.hour == 23 and face.minute >= 30
        face += (
            MINUTE
            if span is FEBRUARY or face.minute == 59
            else timedelta(minutes=29 if last and face.minute == 30 else 30)
        )
    return minutes


def face(instant: datetime | None) -> datetime | None:
    """What a clock shows at an aware instant of its zone, as a plain datetime."""
    return instant and datetime(instant.year, instant.month, instant.day, instant.hour, instant.minute)


def check(found: list[datetime], expected: Fires) -> None:
    assert found[: len(expected.first)] == expected.first
    if expected.last is None:
        assert found == expected.first
    else:
        assert found[-len(expected.last) :] == expected.last
        assert len(found) == expected.count


WAYS = [
    pytest.param(row, way, id=f"{row.title}-{way if isinstance(way, dict) else f'fluent {number}'}")
    for row in TABLE
    for number, way in enumerate(row.ways)
]


judged: dict[int, list[datetime]] = {}
"""What was found of each way: to ask all minutes takes long, and three tests want to know."""


def due_minutes(task: Task, row: Row, way: Any) -> list[datetime]:
    """Every minute of the row's span at which the task, which says it in this way, is due."""
    if id(way) not in judged:
        rule, _ = schedule_of(task)
        span = moments(row.fires.span, row.zone) if rule is not None else ()
        judged[id(way)] = [shown for shown, moment in span if rule.matches(moment)]
    return judged[id(way)]


@pytest.mark.parametrize(("row", "way"), WAYS)
def test_should_run_agrees_with_each_row(row: Row, way: Any):
    task = build(row, way)
    _, zone = schedule_of(task)
    due = due_minutes(task, row, way)
    check(due, row.fires)
    for run in row.fires.first[:5]:
        assert task.should_run(run)
        assert task.should_run(run.replace(tzinfo=zone) + timedelta(seconds=59, microseconds=999_999))
        for near in (run - MINUTE, run + MINUTE):
            if near >= row.fires.span[0]:
                assert task.should_run(near) is (near in due)


@pytest.mark.parametrize(("row", "way"), WAYS)
def test_next_runs_are_the_fire_times_of_each_row(row: Row, way: Any):
    """They are compared from before the span to its end; if there are very many, the first hundreds."""
    task = build(row, way)
    (_, zone), (start, end) = schedule_of(task), row.fires.span
    found: list[datetime] = []
    run = task.next_run(start.replace(tzinfo=zone) - MINUTE)
    while run is not None and face(run) < end and len(found) < ENOUGH:
        found.append(face(run))
        run = task.next_run(run)
    if len(found) < ENOUGH:
        check(found, row.fires)
    assert found == due_minutes(task, row, way)[:ENOUGH]
    assert [face(run) for run in task.next_runs(3, start.replace(tzinfo=zone) - MINUTE)][: len(found)] == found[:3]


@pytest.mark.parametrize(("row", "way"), WAYS)
def test_previous_runs_are_the_fire_times_of_each_row(row: Row, way: Any):
    """They are compared from after the span to its start; if there are very many, the last hundreds."""
    task = build(row, way)
    (_, zone), (start, end) = schedule_of(task), row.fires.span
    found: list[datetime] = []
    run = task.previous_run(end.replace(tzinfo=zone))
    while run is not None and face(run) >= start and len(found) < ENOUGH:
        found.insert(0, face(run))
        run = task.previous_run(run)
    if len(found) < ENOUGH:
        check(found, row.fires)
    assert found == due_minutes(task, row, way)[-ENOUGH:]


@pytest.mark.parametrize("row", [row for row in TABLE if row.fires.first], ids=lambda row: row.title)
def test_descriptions_end_with_the_zone(row: Row):
    for way in row.ways:
        assert build(row, way).describe().endswith(f", {row.zone}")


ATTRIBUTES = """
    run_every run_at run_every_minute run_every_hour run_weekly twice_daily run_cron
    run_on run_on_days_of_month run_between run_not_between timezone
""".split()
METHODS = """
    every every_minute every_5_minutes every_10_minutes every_15_minutes every_30_minutes every_45_minutes hourly daily
    weekly monthly quarterly yearly at daily_at at_twice twice_daily_at cron on weekdays weekends mondays tuesdays
    wednesdays thursdays fridays saturdays sundays on_days_of_month last_day_of_month between not_between in_timezone
    named when skip in_environments
""".split()


def test_every_attribute_and_every_method_is_in_the_table():
    declared = {name for row in TABLE for way in row.ways if isinstance(way, dict) for name in way}
    called = {name for row in TABLE for way in row.ways if not isinstance(way, dict) for name in way.__code__.co_names}
    assert declared == set(ATTRIBUTES)
    assert set(METHODS) <= called
    assert all(hasattr(Task, name) for name in (*ATTRIBUTES, *METHODS))
