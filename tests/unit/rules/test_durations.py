"""One grammar of durations, of intervals and of their texts."""

from __future__ import annotations

from datetime import timedelta

import pendulum
import pytest

from scheduler.errors import UnacceptableValue
from scheduler.rules.durations import duration, duration_text, interval


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90 seconds", 90), ("1 minute", 60), ("minute", 60), ("hour", 3600), ("24 hours", 86400), (" 2  Days ", 172800),
        ("1 week", 604800), (timedelta(minutes=3), 180), ("0 seconds", 0), ("3653 days", 3653 * 86400),
        (pendulum.duration(minutes=5), 300),
    ],
)  # fmt: skip
def test_each_spelling_of_a_duration_is_read(value: object, seconds: int) -> None:
    assert duration(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["second", "10 seconds", "minute", "5 minutes", "hour", "2 hours", "day", "3 days", "week", "2 weeks"])
def test_an_interval_of_fixed_length_is_the_same_duration(text: str) -> None:
    number, unit = interval(text)
    assert duration(text) == timedelta(**{f"{unit}s": number})


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("soon", "unknown unit 'soon'"), ("5", "is not a count and a unit"), (5, "int is not a duration"),
        ("5 fortnights", "unknown unit 'fortnights'"), (timedelta(seconds=-1), "is negative"),
        (None, "NoneType is not a duration"), ("-1 minute", "the count -1 is not a whole number from 0"),
        ("1 month", "a month has no fixed length"), ("year", "a year has no fixed length"),
        (pendulum.duration(months=1), "months and years have no fixed length"),
        (pendulum.duration(years=1, months=-12, days=1), "months and years have no fixed length"),
        ("3654 days", "is longer than ten years"), (timedelta(days=3654), "is longer than ten years"),
    ],
)  # fmt: skip
def test_an_invalid_duration_is_refused_with_two_examples(value: object, problem: str) -> None:
    with pytest.raises(UnacceptableValue, match=problem) as caught:
        duration(value)
    assert len(caught.value.examples) == 2


@pytest.mark.parametrize(
    "value",
    [
        pendulum.duration(years=1, months=-12), pendulum.duration(years=-1), pendulum.duration(months=-3),
        pendulum.duration(months=1, days=1), pendulum.duration(months=1, hours=-25), pendulum.duration(years=1, seconds=1),
        pendulum.duration(months=1, hours=1), pendulum.duration(months=1, minutes=-5), pendulum.duration(years=1, microseconds=1),
        timedelta(0), timedelta(minutes=-5), timedelta(seconds=90), timedelta(microseconds=1), pendulum.duration(days=1, hours=-24),
    ],
    ids=repr,
)  # fmt: skip
def test_an_interval_that_is_zero_negative_or_mixed_is_refused(value: timedelta) -> None:
    """`pendulum.duration(years=1, months=-12)` was "every 0 years", and then a division by zero."""
    with pytest.raises(UnacceptableValue, match=r"is not a whole number of (minutes|months), 1 or more"):
        interval(value)


@pytest.mark.parametrize(
    ("read", "value", "hint"),
    [
        (interval, "5m", "'5 minutes'"), (interval, "10 mins", "'10 minutes'"), (interval, "2h", "'2 hours'"),
        (interval, "1d", "'1 day'"), (interval, "10s", "'10 seconds'"), (interval, "7s", "'5 minutes'"),
        (interval, "3mo", "'3 months'"), (duration, "5m", "'5 minutes'"), (duration, "30 secs", "'30 seconds'"),
        (duration, "3mo", "'90 seconds'"), (duration, "2 hrs", "'2 hours'"),
    ],
)  # fmt: skip
def test_an_abbreviation_is_answered_with_the_right_spelling(read, value: str, hint: str) -> None:
    with pytest.raises(UnacceptableValue, match="unknown unit") as caught:
        read(value)
    assert caught.value.examples[0] == hint
    for example in caught.value.examples:
        read(example.strip("'"))


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(hours=24), "24 hours"), (timedelta(seconds=90), "90 seconds"), (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=1), "1 second"), (timedelta(seconds=0.5), "0.5 seconds"), (timedelta(), "0 seconds"),
        (timedelta(days=14), "336 hours"),
    ],
)  # fmt: skip
def test_a_duration_is_shown_as_it_is_read(length: timedelta, text: str) -> None:
    assert duration_text(length) == text
    if length == timedelta(seconds=int(length.total_seconds())):
        assert duration(text) == length
