"""Questions to a task: `should_run`, `next_run`, `next_runs`, `previous_run` and `describe`."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pendulum
import pytest
from machine_speed import cpu_seconds

from scheduler import InvalidSchedule, clock
from scheduler.config import default_timezone as defaults
from scheduler.rules import zones
from scheduler.Task import Task, schedule_of

UTC = timezone.utc
NEW_YORK, RIGA = ZoneInfo("America/New_York"), ZoneInfo("Europe/Riga")


class Nine(Task):
    run_at = "9:00"
    timezone = "America/New_York"


class EveryQuarter(Task):
    run_every = "15 minutes"
    timezone = "UTC"


class OnDemand(Task):
    pass


@pytest.fixture
def setting():
    """Sets the app's time zone for one test."""
    before = defaults.timezone_setting

    def set_to(name):
        defaults.use_timezone_setting(lambda: name)

    yield set_to
    defaults.use_timezone_setting(before)


def on_a_server_in(zone: str, code: str) -> str:
    """Run code in a process of its own, on a server whose local zone is another, and return what it prints."""
    program = "from datetime import datetime, timezone\nfrom scheduler import Task\n" + code
    environment = os.environ | {"TZ": zone, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


# -- should_run(date) --


@pytest.mark.parametrize(
    "date",
    [
        datetime(2024, 2, 5, 9, 0),
        datetime(2024, 2, 5, 9, 0, 59, 999_999),
        datetime(2024, 2, 5, 14, 0, tzinfo=UTC),
        datetime(2024, 2, 5, 9, 0, tzinfo=NEW_YORK),
        datetime(2024, 2, 5, 16, 0, tzinfo=RIGA),
        datetime(2024, 2, 5, 19, 45, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        pendulum.naive(2024, 2, 5, 9, 0),
        pendulum.datetime(2024, 2, 5, 14, 0, tz="UTC"),
        pendulum.datetime(2024, 2, 5, 9, 0, 30, tz="America/New_York"),
        pendulum.datetime(2024, 2, 5, 16, 0, tz="Europe/Riga"),
    ],
    ids=str,
)
def test_aware_dates_are_converted_and_naive_ones_are_on_the_task_s_clock(date):
    assert Nine().should_run(date)
    assert not Nine().should_run(date + timedelta(minutes=1))
    assert not Nine().should_run(date - timedelta(minutes=1))


def test_should_run_without_a_date_is_about_now():
    with clock.standing_at(datetime(2024, 2, 5, 14, 0, 30, tzinfo=UTC)):
        assert Nine().should_run()
    with clock.standing_at(datetime(2024, 2, 5, 9, 0, tzinfo=UTC)):
        assert not Nine().should_run()


def test_an_instance_reads_the_clock_at_each_question():
    task, answers = Nine(), []
    for minute in (datetime(2024, 2, 5, 13, 59), datetime(2024, 2, 5, 14, 0), datetime(2024, 2, 5, 14, 1)):
        with clock.standing_at(minute.replace(tzinfo=UTC)):
            answers.append(task.should_run())
    assert answers == [False, True, False]


@pytest.mark.parametrize(
    "date",
    [
        datetime(2024, 2, 5, 9, 0),
        datetime(2024, 2, 5, 9, 0, tzinfo=UTC),
        pendulum.naive(2024, 2, 5, 9, 0),
        pendulum.datetime(2024, 2, 5, 9, 0, tz="UTC"),
        pendulum.datetime(2024, 2, 5, 9, 0, tz="Asia/Tokyo"),
    ],
    ids=str,
)
def test_a_date_set_on_the_task_is_its_wall_clock_and_wins(date):
    """Tests of Masonite's own tasks do it this way."""
    task = Nine()
    task._date = date
    assert task.should_run()
    assert task.should_run(datetime(2030, 1, 1, tzinfo=UTC))
    task._date = date.replace(hour=10)
    assert not task.should_run()
    assert not task.should_run(datetime(2024, 2, 5, 9, 0))


def test_a_naive_date_in_a_repeated_hour_means_the_first_pass():
    task = Task().daily_at("3:30").in_timezone("Europe/Riga")
    assert task.should_run(datetime(2024, 10, 27, 3, 30))
    assert not task.should_run(datetime(2024, 10, 27, 3, 30, fold=1))


def test_a_subclass_that_overrides_should_run_is_obeyed():
    class Never(Nine):
        def should_run(self, date=None):
            return False

    assert Nine().should_run(datetime(2024, 2, 5, 9))
    assert not Never().should_run(datetime(2024, 2, 5, 9))


def test_a_task_without_recurrence_is_never_due():
    task = OnDemand()
    assert not task.should_run()
    assert not task.should_run(datetime(2024, 2, 5))
    assert (task.next_run(), task.next_runs(3), task.previous_run()) == (None, [], None)
    assert task.describe() == "only on demand"


# -- next_run, next_runs, previous_run --


def test_the_next_run_is_a_pendulum_datetime_on_the_tasks_clock():
    run = Nine().next_run(datetime(2024, 2, 5, 9, 0, tzinfo=NEW_YORK))
    assert isinstance(run, pendulum.DateTime)
    assert run == pendulum.datetime(2024, 2, 6, 9, 0, tz="America/New_York")
    assert (run.hour, run.minute, run.second, run.timezone_name) == (9, 0, 0, "America/New_York")


@pytest.mark.parametrize(
    "after", [datetime(2024, 2, 5, 8), pendulum.naive(2024, 2, 5, 8), pendulum.datetime(2024, 2, 5, 13)], ids=str
)
def test_next_run_accepts_naive_dates_and_those_of_pendulum(after):
    assert Nine().next_run(after) == pendulum.datetime(2024, 2, 5, 14)
    assert Nine().previous_run(after) == pendulum.datetime(2024, 2, 4, 14)


def test_next_and_previous_are_strict():
    nine = datetime(2024, 2, 5, 9, tzinfo=NEW_YORK)
    second = timedelta(seconds=1)
    assert Nine().next_run(nine - second) == nine
    assert Nine().next_run(nine) == nine + timedelta(days=1)
    assert Nine().previous_run(nine + second) == nine
    assert Nine().previous_run(nine) == nine - timedelta(days=1)


def test_next_runs_without_a_date_start_from_now():
    with clock.standing_at(datetime(2024, 2, 5, 14, 0, 30, tzinfo=UTC)):
        assert Nine().next_run() == pendulum.datetime(2024, 2, 6, 14)
        assert Nine().previous_run() == pendulum.datetime(2024, 2, 5, 14)
        assert Nine().next_runs(2) == [pendulum.datetime(2024, 2, 6, 14), pendulum.datetime(2024, 2, 7, 14)]


def test_next_runs_are_as_many_as_asked_for_or_as_there_are():
    start = datetime(2024, 2, 5, tzinfo=UTC)
    assert [run.format("HH:mm") for run in EveryQuarter().next_runs(3, start)] == ["00:15", "00:30", "00:45"]
    assert EveryQuarter().next_runs(0, start) == []
    assert Task().daily().between(8, 17).next_runs(3, start) == []


def test_next_runs_walk_through_a_repeated_hour():
    """Each run is passed back as `after`, and must keep which of the two passes it belongs to."""
    runs = Task().every_30_minutes().in_timezone("Europe/Riga").next_runs(6, datetime(2024, 10, 27, 2, 30))
    assert [run.isoformat()[11:] for run in runs] == [
        "03:00:00+03:00", "03:30:00+03:00", "03:00:00+02:00", "03:30:00+02:00", "04:00:00+02:00", "04:30:00+02:00",
    ]  # fmt: skip
    back = Task().every_30_minutes().in_timezone("Europe/Riga")
    run, found = runs[-1], []
    for _ in range(5):
        run = back.previous_run(run)
        found.insert(0, run)
    assert found == runs[:-1]


def test_a_run_is_shown_with_the_offset_that_the_system_knows():
    """Pendulum 2 has data of 2020; Paraguay changed its rules in 2024."""
    for name in ("America/Asuncion", "Europe/Riga", "Asia/Amman", "Africa/Cairo"):
        for year in (2019, 2024, 2025, 2026):
            for month in (1, 7):
                run = Task().daily_at(12).in_timezone(name).next_run(datetime(year, month, 15))
                expected = datetime(year, month, 15, 12, tzinfo=ZoneInfo(name))
                assert run == expected
                assert (run.day, run.hour, run.utcoffset()) == (15, 12, expected.utcoffset())


@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga", "America/New_York"])
def test_the_ends_of_the_calendar_are_no_error(zone):
    task = Task().daily().in_timezone(zone)
    for far in (datetime.max.replace(tzinfo=UTC), datetime(9999, 12, 31, 12, tzinfo=UTC)):
        assert task.next_run(far) is None
        assert task.previous_run(datetime(9999, 6, 1, tzinfo=UTC)).year == 9999
    for far in (datetime.min.replace(tzinfo=UTC), datetime(1, 1, 1, 0, 30, tzinfo=UTC)):
        assert task.previous_run(far) is None
        assert task.next_run(datetime(1, 6, 1, tzinfo=UTC)).year == 1


@pytest.mark.parametrize(
    "declare",
    [
        lambda task: task.cron("0 0 29 2 */7"),
        lambda task: task.cron("0 0 * 2 1#5"),
        lambda task: task.every("400 years"),
        lambda task: task.every("999999999 days"),
        lambda task: task.every("999999999 minutes"),
        lambda task: task.every("999999999 hours"),
        lambda task: task.every("999999999 months"),
        lambda task: task.every("168 hours").mondays(),  # every 168 hours is always a Sunday
        lambda task: task.every("2 days").on_days_of_month(1).on_days_of_month(2),
        lambda task: task.daily().on_days_of_month(1).on_days_of_month(2),
        lambda task: task.every("3 weeks").on_days_of_month(31),
        lambda task: task.cron("0 0 31 * *").on_days_of_month(30),
    ],
)
def test_any_rule_is_asked_quickly_however_sparse(declare):
    """An answer takes microseconds once it is known; that a rule never fires is found out once, slowly."""
    task = declare(Task().in_timezone("UTC"))
    start = datetime(2024, 2, 5, tzinfo=UTC)
    task.next_run(start), task.previous_run(start)
    assert cpu_seconds(lambda: (task.next_run(start), task.previous_run(start)), times=3) < 0.2


# -- describe --


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (
            lambda task: task.every_15_minutes().between("8:00", "17:00").weekdays(),
            "every 15 minutes between 8:00 and 17:00 on weekdays",
        ),
        (lambda task: task.every_minute(), "every minute"),
        (lambda task: task.hourly(), "every hour"),
        (lambda task: task.hourly().at(":45", ":15"), "every hour at :15 and :45"),
        (lambda task: task.every("36 hours"), "every 36 hours"),
        (lambda task: task.daily(), "every day at 0:00"),
        (lambda task: task.at("17:00", "5:30"), "every day at 5:30 and 17:00"),
        (lambda task: task.at_twice(1, 13), "every day at 1:00 and 13:00"),
        (lambda task: task.every("2 days").at(8), "every 2 days at 8:00"),
        (lambda task: task.weekly(), "every week on Sunday at 0:00"),
        (lambda task: task.every("2 weeks").on("mon", "fri"), "every 2 weeks on Monday and Friday at 0:00"),
        (lambda task: task.monthly(), "every month on day 1 at 0:00"),
        (lambda task: task.monthly().on_days_of_month(15, "last"), "every month on day 15 and the last day at 0:00"),
        (lambda task: task.quarterly(), "every quarter on day 1 at 0:00"),
        (lambda task: task.yearly(), "every year on day 1 of January at 0:00"),
        (lambda task: task.mondays(), "every day at 0:00 on Monday"),
        (lambda task: task.daily_at(9).weekends(), "every day at 9:00 on weekends"),
        (lambda task: task.last_day_of_month().at(23), "every day at 23:00 on the last day"),
        (lambda task: task.hourly().not_between("22:00", "6:00"), "every hour not between 22:00 and 6:00"),
        (lambda task: task.hourly().on(0, 1, 2, 3, 4, 5, 6), "every hour on every weekday"),
        (lambda task: task.cron("0 9 * * mon-fri").between(8, 17), "at 9:00 on weekdays between 8:00 and 17:00"),
    ],
)
def test_a_task_is_described_in_words(declare, words):
    assert declare(Task().in_timezone("Europe/Riga")).describe() == f"{words}, Europe/Riga"


def test_a_union_of_rules_is_described_as_one():
    class Union(Task):
        run_every = "1 hour"
        twice_daily = (1, 13)
        timezone = "UTC"

    assert Union().describe() == "every hour, and every day at 1:00 and 13:00, UTC"


# -- whose clock --


def test_the_default_clock_is_the_servers():
    code = "task = Task().daily_at(12); print(task.describe(), task.next_run(datetime(2024, 2, 5, tzinfo=timezone.utc)).timestamp())"
    expected = datetime(2024, 2, 5, 3, tzinfo=UTC).timestamp()
    assert on_a_server_in("Asia/Tokyo", code) == f"every day at 12:00, Asia/Tokyo {expected}"


def test_the_apps_setting_comes_before_the_servers(setting):
    noon = Task().daily_at(12)
    setting("Europe/Riga")
    assert noon.next_run(datetime(2024, 2, 5, tzinfo=UTC)) == pendulum.datetime(2024, 2, 5, 10)
    assert noon.describe().endswith(", Europe/Riga")
    setting("America/New_York")
    assert noon.next_run(datetime(2024, 2, 5, tzinfo=UTC)) == pendulum.datetime(2024, 2, 5, 17)
    setting(None)
    assert noon.describe() == f"every day at 12:00, {zones.name_of(clock.local_zone())}"


def test_a_setting_that_is_no_zone_says_where_it_is(setting):
    setting("Europe/Rigga")
    with pytest.raises(InvalidSchedule, match=r"^config/scheduler\.TIMEZONE = 'Europe/Rigga': unknown time zone"):
        Task().daily().next_run()


@pytest.mark.parametrize("server", ["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"])
def test_servers_in_any_zone_agree(server):
    """A task with a time zone is due at the same instants on every server."""
    code = """
task = Task().daily_at("3:30").in_timezone("Europe/Riga")
runs = task.next_runs(2, datetime(2024, 10, 26, 12, tzinfo=timezone.utc))
print(*(run.timestamp() for run in runs), *(task.should_run(run) for run in runs), task.should_run(datetime(2024, 10, 27, 3, 30)))
"""
    expected = [
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC).timestamp(),
        datetime(2024, 10, 28, 1, 30, tzinfo=UTC).timestamp(),
    ]
    assert on_a_server_in(server, code).split() == [str(instant) for instant in expected] + ["True"] * 3


@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga", "America/New_York"])
def test_a_zone_is_an_iana_name_or_an_object_that_has_one(zone):
    for value in (zone, ZoneInfo(zone), pendulum.timezone(zone)):
        task = Task().daily().in_timezone(value)
        assert task.describe() == f"every day at 0:00, {zone}"
        assert schedule_of(task)[1] is ZoneInfo(zone)


def test_a_fixed_offset_is_accepted_as_a_zone():
    task = Task().daily().in_timezone(timezone(timedelta(hours=5, minutes=30)))
    assert task.next_run(datetime(2024, 2, 5, tzinfo=UTC)) == pendulum.datetime(2024, 2, 5, 18, 30)
    assert task.describe() == "every day at 0:00, UTC+05:30"


def test_a_fixed_offset_of_pendulum_is_accepted_as_a_zone():
    task = Task().daily().in_timezone(pendulum.timezone(7200))
    assert task.next_run(datetime(2024, 2, 5, tzinfo=UTC)) == pendulum.datetime(2024, 2, 5, 22)
    assert task.describe() == "every day at 0:00, +02:00"


# -- the clock --


def test_now_is_utc_and_can_be_frozen():
    instant = datetime(2024, 2, 5, 16, 0, 30, 5, tzinfo=RIGA)
    with clock.standing_at(instant):
        assert clock.now() == instant
        assert clock.now().tzinfo is UTC
        assert clock.floor_minute(clock.now()) == datetime(2024, 2, 5, 14, 0, tzinfo=UTC)
        with clock.standing_at(instant + timedelta(hours=1)):
            assert clock.now() == instant + timedelta(hours=1)
        assert clock.now() == instant
        assert clock.real_now() - instant > timedelta(days=300)
    assert abs(clock.now() - clock.real_now()) < timedelta(minutes=1)


# -- how a declaration is kept --


def test_an_attribute_set_later_counts():
    task = EveryQuarter()
    assert task.describe() == "every 15 minutes, UTC"
    task.run_every = "1 hour"
    assert task.describe() == "every hour, UTC"
    task.timezone = "Europe/Riga"
    assert task.describe() == "every hour, Europe/Riga"
    assert EveryQuarter().describe() == "every 15 minutes, UTC"


def test_two_instances_of_a_class_do_not_share_rules():
    first, second = EveryQuarter().daily(), EveryQuarter().weekdays().when(lambda: True)
    assert first.describe() == "every day at 0:00, UTC"
    assert second.describe() == "every 15 minutes on weekdays, UTC"
    assert (len(first.conditions), len(second.conditions)) == (0, 1)


def test_a_class_can_be_asked_for_its_rule_without_an_instance():
    rule, zone = schedule_of(Nine)
    assert rule.describe() == "every day at 9:00"
    assert zone is NEW_YORK
    assert "_schedule" not in vars(Nine)


def test_a_generator_of_times_is_read_once():
    """The values of a generator are kept."""
    task = Task().at(hour for hour in (5, 17)).weekdays().in_timezone("UTC")
    assert task.describe() == "every day at 5:00 and 17:00 on weekdays, UTC"


def test_two_tasks_with_values_that_look_alike_have_rules_of_their_own():
    """This holds even if two values print alike."""

    class Hour(str):
        __slots__ = ()

        def __repr__(self):
            return "Hour()"

    class Early(Task):
        run_at = Hour("5:30")

    class Late(Task):
        run_at = Hour("17:00")

    assert schedule_of(Early)[0].describe() == "every day at 5:30"
    assert schedule_of(Late)[0].describe() == "every day at 17:00"


def test_conditions_are_kept_in_the_order_they_were_added():
    def first():
        return True

    def second():
        return False

    task = Task().daily().when(first).skip(second)
    assert task.conditions == ((first, True), (second, False))
    assert task.when() is True


def test_a_task_without_handle_says_what_to_write():
    with pytest.raises(NotImplementedError, match="OnDemand has no handle"):
        OnDemand().handle()


def test_as_many_rules_as_there_may_be_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch):
    """More different rules are allowed, but the number of kept ones is bounded."""
    from scheduler.rules import declaration

    monkeypatch.setattr(declaration, "_read", {})
    monkeypatch.setattr(declaration, "MOST_KEPT", 3)
    kept = []
    for number in range(1, 6):
        task = type("Job", (Task,), {"run_every": f"{number} minutes", "timezone": "UTC"})
        assert schedule_of(task)[0].describe() == (f"every {number} minutes" if number > 1 else "every minute")
        kept.append(len(declaration._read))
    assert kept == [1, 2, 3, 1, 2]
