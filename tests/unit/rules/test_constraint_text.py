"""What narrows a schedule, in words."""

from __future__ import annotations

import pytest

from scheduler.rules.attributes import constraint_text
from scheduler.rules.declaration import read_schedule
from scheduler.rules.times import meant_time


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("run_on", "weekdays", "weekdays"),
        ("run_on_days_of_month", [1, 15], "days 1 and 15"),
        ("run_between", ("8:00", "17:00"), "8:00 and 17:00"),
        ("run_not_between", ("8:00", "17:00"), "8:00 and 17:00"),
        ("run_from", "2027-03-01", "2027-03-01"),
        ("run_until", "2027-03-31", "2027-03-31"),
        ("run_except", "2027-12-25", "2027-12-25"),
    ],
)
def test_a_constraint_is_shown_in_words(attribute: str, value: object, text: str) -> None:
    assert constraint_text(read_schedule("Job", {"run_every": "1 hour", attribute: value}), attribute) == text


@pytest.mark.parametrize(
    ("typed", "meant"), [("5pm", "17:00"), ("12am", "0:00"), ("9", "9:00"), ("5.30", "5:30"), ("13pm", ""), ("0am", ""), ("25", "")]
)
def test_the_time_that_another_spelling_stands_for(typed: str, meant: str) -> None:
    assert meant_time(typed) == meant
