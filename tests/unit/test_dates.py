"""Dates as people type them: their meaning, and the errors for invalid ones."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from scheduler import clock
from scheduler.diagnosis.dates import read
from scheduler.errors import UnacceptableValue

UTC = timezone.utc
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)

MEANT = [
    ("2027-01-31 08:00", datetime(2027, 1, 31, 7)),
    ("2027-01-31T08:00", datetime(2027, 1, 31, 7)),
    ("2027-1-3  8:05", datetime(2027, 1, 3, 7, 5)),
    (" 2027-01-31 08:00:30 ", datetime(2027, 1, 31, 7, 0, 30)),
    ("2027-01-31 08:00:30.123456", datetime(2027, 1, 31, 7, 0, 30)),
    ("2027-01-31", datetime(2027, 1, 30, 23)),
    ("08:00", datetime(2027, 1, 31, 7)),
    ("2027-01-31T08:00Z", datetime(2027, 1, 31, 8)),
    ("2027-01-31t08:00z", datetime(2027, 1, 31, 8)),
    ("2027-01-31 08:00+05:30", datetime(2027, 1, 31, 2, 30)),
    ("2027-01-31 08:00 -0330", datetime(2027, 1, 31, 11, 30)),
    ("2028-02-29", datetime(2028, 2, 28, 23)),
    ("now", datetime(2027, 1, 31, 12)),
    ("today", datetime(2027, 1, 30, 23)),
    ("tomorrow", datetime(2027, 1, 31, 23)),
    ("Tomorrow 8:00", datetime(2027, 2, 1, 7)),
    ("yesterday 08:00", datetime(2027, 1, 30, 7)),
    ("2 hours ago", datetime(2027, 1, 31, 10)),
    ("in 2 hours", datetime(2027, 1, 31, 14)),
]


@pytest.mark.parametrize(("text", "instant"), MEANT)
def test_dates_are_read_on_the_given_clock(text: str, instant: datetime) -> None:
    with clock.standing_at(NOON):
        assert read(text, BERLIN) == (instant.replace(tzinfo=UTC), "")


NO_DATES = [
    ("2027-02-30", "'2027-02-28'"),
    ("2027-02-29 10:00", "'2027-02-28 10:00'"),
    ("2027-13-01", "'2027-12-01'"),
    ("2027-00-01", "'2027-01-01'"),
    ("2027-01-00", "'2027-01-01'"),
    ("2027-01-31 24:00", "'2027-01-31 23:00'"),
    ("2027-01-31 10:75", "'2027-01-31 10:59'"),
    ("0000-01-01", "'0001-01-01'"),
    ("tomorrows", "'2027-01-31 08:00'"),
    ("9", "'9:00'"),
    ("5pm", "'17:00'"),
    ("8.30", "'8:30'"),
    ("24", "'2027-01-31 08:00'"),
    ("2 fortnights ago", "'90 seconds'"),
    ("31.1.2027", "'2027-01-31 08:00'"),
    ("", "'2027-01-31 08:00'"),
    ("+02:00", "'2027-01-31 08:00'"),
    ("2027-01-31 8", "'2027-01-31 08:00'"),
    ("２０２７-01-31", "'2027-01-31 08:00'"),
    ("0001-01-01", "'2027-01-31 08:00'"),
    ("9999-12-31", "'2027-01-31 08:00'"),
    ("9999-12-31 23:59-12:00", "'2027-01-31 08:00'"),
    ("2027-01-31 08:00+25:00", "'2027-01-31 08:00'"),
]


@pytest.mark.parametrize(("text", "closest"), NO_DATES)
def test_an_invalid_date_is_answered_with_a_valid_one(text: str, closest: str) -> None:
    with pytest.raises(UnacceptableValue) as raised:
        read(text, ZoneInfo("Asia/Tokyo"))
    assert raised.value.examples[0] == closest


def test_a_time_that_the_clock_skips_is_the_first_one_after_the_gap() -> None:
    instant, note = read("2027-03-28 02:30", BERLIN)
    assert instant == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert note == (
        "the clock of Europe/Berlin never shows 2:30 on 2027-03-28: it goes from 2:00 to 3:00, which is used"
    )


def test_a_repeated_time_means_the_first_and_a_note_has_the_second() -> None:
    instant, note = read("2027-10-31 02:30", BERLIN)
    assert instant == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert "the first time is used. The second one is '2027-10-31 02:30+01:00'" in note
    assert read("2027-10-31 02:30+01:00", BERLIN) == (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "")


def test_the_note_on_a_repeated_time_has_a_negative_offset() -> None:
    assert "'2027-11-07 01:30-05:00'" in read("2027-11-07 01:30", ZoneInfo("America/New_York")).note
