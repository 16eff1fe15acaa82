"""The time between two instants, in words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from scheduler import clock
from scheduler.config import default_timezone as defaults

UTC = timezone.utc


@pytest.mark.parametrize("change", [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)])
def test_time_in_words_counts_real_hours_when_the_clocks_change(change: datetime) -> None:
    riga = ZoneInfo("Europe/Riga")
    before, after = ((change + timedelta(minutes=minutes)).astimezone(riga) for minutes in (-91, 90))
    assert clock.distance_text(after, before) == "in 3 hours"
    assert clock.distance_text(before, after) == "3 hours ago"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (11.9, "in 11 hours"),
        (12, "tomorrow"),
        (35, "tomorrow"),
        (36, "in 1 day"),
        (48, "in 2 days"),
        (-11.9, "11 hours ago"),
        (-12, "today"),
        (-13, "yesterday"),
        (-36, "yesterday"),
        (-37, "1 day ago"),
        (-48, "2 days ago"),
    ],
)
def test_a_day_that_people_name_is_named(hours: float, words: str) -> None:
    noon = datetime(2027, 1, 29, 12, tzinfo=UTC)
    assert clock.distance_text(noon + timedelta(hours=hours), noon, UTC) == words


def test_the_day_is_that_of_the_zone_in_which_times_are_shown() -> None:
    noon, later = datetime(2027, 1, 29, 12, tzinfo=UTC), datetime(2027, 1, 30, 4, tzinfo=UTC)
    assert clock.distance_text(later, noon, ZoneInfo("America/New_York")) == "today"
    assert clock.distance_text(later, noon, ZoneInfo("Asia/Tokyo")) == "tomorrow"


def test_a_distance_is_worded_even_if_timezone_is_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that `schedule:doctor` can speak of times although TIMEZONE is misspelt."""
    monkeypatch.setattr(defaults, "timezone_setting", lambda: "Europe/Rigga")
    noon = datetime(2027, 1, 29, 12, tzinfo=UTC)
    assert clock.distance_text(noon - timedelta(hours=13), noon) == "13 hours ago"
