"""Times and other people's text as the pages show them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from scheduler.dashboard import text

NOW = datetime(2027, 3, 2, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=59), "in <1 min"),
        (timedelta(minutes=4, seconds=50), "in 4 min"),
        (timedelta(hours=23), "in 23 h"),
        (timedelta(days=40), "in 40 d"),
        (timedelta(0), "<1 min ago"),
        (-timedelta(hours=2), "2 h ago"),
    ],
)
def test_a_distance_is_short(ahead: timedelta, words: str) -> None:
    assert text.distance(NOW + ahead, NOW) == words


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=1), "15:00"),
        (timedelta(hours=12), "tomorrow 02:00"),
        (-timedelta(hours=15), "yesterday 23:00"),
        (timedelta(days=3), "Fri 14:00"),
        (timedelta(days=20), "22 Mar 14:00"),
        (timedelta(days=400), "5 Apr 2028 15:00"),
    ],
)
def test_an_instant_leaves_out_what_is_clear(ahead: timedelta, words: str) -> None:
    assert text.moment(NOW + ahead, NOW, ZoneInfo("Europe/Riga")) == words


def test_an_instant_whole_has_its_offset() -> None:
    assert text.full(NOW, ZoneInfo("Asia/Kolkata")) == "Tue 2027-03-02 17:30:00 +05:30"


def test_text_of_a_task_loses_its_colours_and_shows_what_hides() -> None:
    assert text.printed("\x1b[31mred\x1b[0m \x1b]0;title\x07\x00\u202e\r\nnext\t") == "red \\x00\\u202e\nnext\t"


def test_secrets_in_names_and_errors_are_masked() -> None:
    assert text.plain("dump --password=hunter2") == "dump --password=***"


@pytest.mark.parametrize(("given", "page"), [("2", 2), ("0", 1), ("-1", 1), ("", 1), ("٣", 1), ("9" * 9, 1)])
def test_an_invalid_page_number_stands_for_the_first_page(given: str, page: int) -> None:
    assert text.page_number(given) == page
