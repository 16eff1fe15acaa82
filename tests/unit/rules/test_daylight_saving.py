"""What happens when clocks change: cronie's policy. Wild rules follow real minutes, fixed ones run once a day named."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.rules import Rule, ZonedMinute, cron, declared_rule

from .cases import cases
from .test_cron import refused
from .zones import UTC

MINUTE = timedelta(minutes=1)
DEBIAN = cases("dst_debian_cronsim")


def in_zone(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due_between(rule: Rule, start: datetime, end: datetime, zone: ZoneInfo) -> list[str]:
    """Return what is due from `start` to `end` (aware, both included), asked in three ways that must agree."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    matching, forwards, backwards = [], [], []
    instant = start
    while instant <= end:
        if rule.matches(ZonedMinute.of(instant, zone)):
            matching.append(instant)
        instant += MINUTE
    found = rule.next_after(start - MINUTE, zone)
    while found is not None and found <= end:
        forwards.append(found)
        found = rule.next_after(found, zone)
    found = rule.previous_before(end + MINUTE, zone)
    while found is not None and found >= start:
        backwards.insert(0, found)
        found = rule.previous_before(found, zone)
    assert forwards == matching
    assert backwards == matching
    return [instant.astimezone(zone).isoformat(timespec="minutes") for instant in matching]


@pytest.mark.parametrize("case", DEBIAN, ids=lambda case: case["name"])
def test_riga_is_as_in_debians_cron(case):
    """Each run of the case is due, is the next one, is the previous one, and nothing is due between them."""
    if "dialect" in case:
        assert case["dialect"] == ["6 fields, seconds first"]
        assert "for seconds use run_every = '10 seconds'" in refused(case["cron"])
        return
    zone = ZoneInfo(case["tz"])
    expected = [datetime.fromisoformat(run) for run in case["expected_runs"]]
    after = in_zone(case["start_local"], zone).astimezone(UTC) + MINUTE
    assert due_between(cron(case["cron"]), after, expected[-1], zone) == [
        run.isoformat(timespec="minutes") for run in expected
    ]


# Each row: a night when clocks change, a rule, and all that is due from 20:00 on, for eight or more hours.
FORWARD_RIGA = ("Europe/Riga", "2024-03-30T20:00+02:00", "2024-03-31T08:00+03:00")  # 2:59 -> 4:00
BACK_RIGA = ("Europe/Riga", "2024-10-26T20:00+03:00", "2024-10-27T08:00+02:00")  # 3:59 -> 3:00
FORWARD_LORD_HOWE = ("Australia/Lord_Howe", "2024-10-05T20:00+10:30", "2024-10-06T08:00+11:00")  # 1:59 -> 2:30
BACK_LORD_HOWE = ("Australia/Lord_Howe", "2024-04-06T20:00+11:00", "2024-04-07T08:00+10:30")  # 1:59 -> 1:30
FORWARD_TROLL = ("Antarctica/Troll", "2024-03-30T20:00+00:00", "2024-03-31T08:00+02:00")  # 0:59 -> 3:00
BACK_TROLL = ("Antarctica/Troll", "2024-10-26T20:00+02:00", "2024-10-27T08:00+00:00")  # 2:59 -> 1:00
FORWARD_CAIRO = ("Africa/Cairo", "2024-04-25T20:00+02:00", "2024-04-26T08:00+03:00")  # 23:59 -> 1:00
BACK_CAIRO = ("Africa/Cairo", "2024-10-31T20:00+03:00", "2024-11-01T08:00+02:00")  # 23:59 -> 23:00
FORWARD_HAVANA = ("America/Havana", "2024-03-09T20:00-05:00", "2024-03-10T08:00-04:00")  # 23:59 -> 1:00
BACK_HAVANA = ("America/Havana", "2024-11-02T20:00-04:00", "2024-11-03T08:00-05:00")  # 0:59 -> 0:00
FORWARD_ASUNCION = ("America/Asuncion", "2023-09-30T20:00-04:00", "2023-10-01T08:00-03:00")  # 23:59 -> 1:00
FORWARD_BEIRUT = ("Asia/Beirut", "2024-03-30T20:00+02:00", "2024-03-31T08:00+03:00")  # 23:59 -> 1:00
LOST_DAY_APIA = (
    "Pacific/Apia",
    "2011-12-29T20:00-10:00",
    "2011-12-31T08:00+14:00",
)  # 29 December 23:59 -> 31 December 0:00
PAUSE_CASABLANCA = (
    "Africa/Casablanca",
    "2024-03-09T20:00+01:00",
    "2024-03-10T08:00+00:00",
)  # 2:59 -> 2:00, for Ramadan


@pytest.mark.parametrize(
    ("night", "declared", "expected"),
    [
        # A fixed time that is skipped: at the first minute after the gap.
        (FORWARD_RIGA, {"run_at": "3:30"}, ["2024-03-31T04:00+03:00"]),
        (FORWARD_LORD_HOWE, {"run_at": "2:15"}, ["2024-10-06T02:30+11:00"]),
        (FORWARD_TROLL, {"run_at": "2:59"}, ["2024-03-31T03:00+02:00"]),
        (FORWARD_CAIRO, {"run_every": "1 day"}, ["2024-04-26T01:00+03:00"]),
        (FORWARD_HAVANA, {"run_every": "1 day"}, ["2024-03-10T01:00-04:00"]),
        (FORWARD_ASUNCION, {"run_weekly": True}, ["2023-10-01T01:00-03:00"]),
        (FORWARD_BEIRUT, {"run_at": "0:30"}, ["2024-03-31T01:00+03:00"]),
        (FORWARD_ASUNCION, {"run_cron": "0 0 1 * *"}, ["2023-10-01T01:00-03:00"]),
        (FORWARD_ASUNCION, {"run_every": "1 month"}, ["2023-10-01T01:00-03:00"]),
        (FORWARD_ASUNCION, {"run_every": "1 quarter"}, ["2023-10-01T01:00-03:00"]),
        # Several in one gap, or one in it and one right after it: one fire.
        (FORWARD_RIGA, {"run_at": ["3:00", "3:15", "3:59"]}, ["2024-03-31T04:00+03:00"]),
        (FORWARD_RIGA, {"run_at": ["3:30", "4:00"]}, ["2024-03-31T04:00+03:00"]),
        (FORWARD_RIGA, {"twice_daily": ("2:59", "3:30")}, ["2024-03-31T02:59+02:00", "2024-03-31T04:00+03:00"]),
        (FORWARD_RIGA, {"run_cron": "0,30 3,4 * * *"}, ["2024-03-31T04:00+03:00", "2024-03-31T04:30+03:00"]),
        # A day that never was, at whose times nothing could run, runs at the first minute of the next: once.
        (LOST_DAY_APIA, {"run_at": "12:00"}, ["2011-12-31T00:00+14:00"]),
        (LOST_DAY_APIA, {"run_every": "1 day"}, ["2011-12-31T00:00+14:00"]),
        (LOST_DAY_APIA, {"run_at": "9:00", "run_on": "friday"}, ["2011-12-31T00:00+14:00"]),
        (LOST_DAY_APIA, {"run_at": "7:00"}, ["2011-12-31T00:00+14:00", "2011-12-31T07:00+14:00"]),
        (LOST_DAY_APIA, {"run_cron": "0 */4 * * *"}, [
            "2011-12-29T20:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T04:00+14:00", "2011-12-31T08:00+14:00",
        ]),
        # A fixed time that comes twice: the first time only.
        (BACK_RIGA, {"run_at": "3:30"}, ["2024-10-27T03:30+03:00"]),
        (BACK_LORD_HOWE, {"run_at": "1:45"}, ["2024-04-07T01:45+11:00"]),
        (BACK_TROLL, {"run_at": ["1:30", "2:30", "3:00"]}, ["2024-10-27T01:30+02:00", "2024-10-27T02:30+02:00", "2024-10-27T03:00+00:00"]),
        (BACK_CAIRO, {"run_at": ["23:30", "0:00"]}, ["2024-10-31T23:30+03:00", "2024-11-01T00:00+02:00"]),
        (BACK_HAVANA, {"run_every": "1 day"}, ["2024-11-03T00:00-04:00"]),
        (BACK_HAVANA, {"run_weekly": True}, ["2024-11-03T00:00-04:00"]),
        (PAUSE_CASABLANCA, {"run_at": "2:30"}, ["2024-03-10T02:30+01:00"]),
        (BACK_RIGA, {"run_cron": "15,45 3 * * *"}, ["2024-10-27T03:15+03:00", "2024-10-27T03:45+03:00"]),
        # Wild rules follow real minutes: both passes, and nothing for what is skipped.
        (FORWARD_RIGA, {"run_every": "2 hours"}, [
            "2024-03-30T20:00+02:00", "2024-03-30T22:00+02:00", "2024-03-31T00:00+02:00", "2024-03-31T02:00+02:00",
            "2024-03-31T04:00+03:00", "2024-03-31T06:00+03:00", "2024-03-31T08:00+03:00",
        ]),
        (FORWARD_RIGA, {"run_every": "1 hour", "run_at": ":30", "run_between": ("2:00", "4:59")}, [
            "2024-03-31T02:30+02:00", "2024-03-31T04:30+03:00",
        ]),
        (BACK_RIGA, {"run_every_hour": True, "run_between": ("2:00", "4:00")}, [
            "2024-10-27T02:00+03:00", "2024-10-27T03:00+03:00", "2024-10-27T03:00+02:00", "2024-10-27T04:00+02:00",
        ]),
        (BACK_RIGA, {"run_cron": "30 */3 * * *"}, [
            "2024-10-26T21:30+03:00", "2024-10-27T00:30+03:00", "2024-10-27T03:30+03:00", "2024-10-27T03:30+02:00",
            "2024-10-27T06:30+02:00",
        ]),
        (BACK_LORD_HOWE, {"run_every": "20 minutes", "run_between": ("1:20", "2:00")}, [
            "2024-04-07T01:20+11:00", "2024-04-07T01:40+11:00", "2024-04-07T01:40+10:30", "2024-04-07T02:00+10:30",
        ]),
        (FORWARD_LORD_HOWE, {"run_every": "20 minutes", "run_between": ("1:20", "3:00")}, [
            "2024-10-06T01:20+10:30", "2024-10-06T01:40+10:30", "2024-10-06T02:40+11:00", "2024-10-06T03:00+11:00",
        ]),
        (BACK_CAIRO, {"run_every": "1 hour", "run_on": "thursday", "run_between": ("22:00", "23:59")}, [
            "2024-10-31T22:00+03:00", "2024-10-31T23:00+03:00", "2024-10-31T23:00+02:00",
        ]),
        (BACK_TROLL, {"run_every": "1 hour", "run_between": ("1:00", "2:59")}, [
            "2024-10-27T01:00+02:00", "2024-10-27T02:00+02:00", "2024-10-27T01:00+00:00", "2024-10-27T02:00+00:00",
        ]),
        # Windows and days are judged on the time that the rule names, not on when a skipped one is made up for.
        (FORWARD_RIGA, {"run_at": "3:30", "run_between": ("3:00", "3:59")}, ["2024-03-31T04:00+03:00"]),
        (FORWARD_RIGA, {"run_at": "3:30", "run_not_between": ("4:00", "5:00")}, ["2024-03-31T04:00+03:00"]),
        (FORWARD_RIGA, {"run_at": "3:30", "run_not_between": ("3:00", "3:45")}, []),
        (LOST_DAY_APIA, {"run_at": "9:00", "run_on": "thursday"}, []),
    ],
)  # fmt: skip
def test_fire_times_of_nights_in_which_clocks_change(night, declared, expected):
    name, start, end = night
    rule = declared_rule("SayHi", declared)
    assert due_between(rule, datetime.fromisoformat(start), datetime.fromisoformat(end), ZoneInfo(name)) == expected


def test_every_minute_is_every_real_minute_even_where_a_day_is_shown_twice():
    """Kwajalein set its clocks back 23 hours in 1969: wild rules continue, fixed ones wait until the clock shows new times."""
    zone = ZoneInfo("Pacific/Kwajalein")
    start, end = datetime(1969, 9, 30, 1, tzinfo=UTC), datetime(1969, 10, 1, 13, tzinfo=UTC)
    assert len(due_between(cron("* * * * *"), start, end, zone)) == 36 * 60 + 1
    assert due_between(cron("0 12 * * *"), start, end, zone) == ["1969-09-30T12:00+11:00"]
    assert due_between(cron("30 0,23 * * *"), start, end, zone) == ["1969-09-30T23:30+11:00", "1969-10-01T00:30-12:00"]


def test_the_zone_of_the_task_counts_and_not_that_of_the_instant():
    rule, riga = cron("30 3 * * *"), ZoneInfo("Europe/Riga")
    for other in (UTC, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")):
        after = datetime(2024, 3, 30, 20, tzinfo=UTC).astimezone(other)
        assert rule.next_after(after, riga) == datetime(2024, 3, 31, 1, tzinfo=UTC)
        assert rule.matches(ZonedMinute.of(datetime(2024, 3, 31, 1, tzinfo=UTC).astimezone(other), riga))


def test_a_fixed_rule_asked_within_the_second_pass_waits_for_the_next_day():
    riga, rule = ZoneInfo("Europe/Riga"), cron("15,30,45 3 * * *")
    within = datetime.fromisoformat("2024-10-27T03:20+02:00")
    assert rule.next_after(within, riga).astimezone(riga).isoformat() == "2024-10-28T03:15:00+02:00"
    assert rule.previous_before(within, riga).astimezone(riga).isoformat() == "2024-10-27T03:45:00+03:00"


def test_a_fixed_rule_asked_at_the_end_of_a_gap_has_run():
    """A skipped time runs in that very minute, and not again."""
    riga, rule = ZoneInfo("Europe/Riga"), cron("15,30 3 * * *")
    end = datetime.fromisoformat("2024-03-31T04:00+03:00")
    assert rule.next_after(end - MINUTE, riga) == end
    assert rule.next_after(end, riga).astimezone(riga).isoformat() == "2024-04-01T03:15:00+03:00"
    assert rule.previous_before(end + MINUTE, riga) == end
    assert rule.previous_before(end, riga).astimezone(riga).isoformat() == "2024-03-30T03:30:00+02:00"
