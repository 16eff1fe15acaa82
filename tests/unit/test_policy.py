"""How a task is run: the values its attributes take, and what is said of those without a meaning."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler import Task
from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.Policy import Policy, duration, in_words, policy_from, policy_of
from scheduler.Settings import Settings


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("90 seconds", 90), ("1 minute", 60), ("24 hours", 86400), (" 2  Days ", 172800), ("1 week", 604800), (timedelta(minutes=3), 180), ("0 seconds", 0)],
)
def test_durations(value: object, seconds: int) -> None:
    assert duration(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["soon", "5", 5, "5 fortnights", timedelta(seconds=-1), None, "-1 minute"])
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(UnacceptableValue):
        duration(value)


@pytest.mark.parametrize(
    ("length", "words"),
    [(timedelta(hours=24), "24 hours"), (timedelta(seconds=90), "90 seconds"), (timedelta(minutes=1), "1 minute"), (timedelta(seconds=0.5), "0.5 seconds")],
)
def test_durations_in_words(length: timedelta, words: str) -> None:
    assert in_words(length) == words


def test_a_task_that_says_nothing_has_the_apps_policy() -> None:
    assert policy_of("Plain", Task()) == Policy()
    assert policy_of("Plain", Task(), Policy(retries=2)).retries == 2


def test_a_task_says_what_differs() -> None:
    class Patient(Task):
        timeout = None
        grace = "10 minutes"
        catch_up = "latest"
        retries = 3
        overlap = True

    policy = policy_of("Patient", Patient())
    assert policy == Policy(timeout=None, grace=timedelta(minutes=10), catch_up="latest", retries=3, overlap=True)


@pytest.mark.parametrize(
    ("attribute", "value", "problem"),
    [
        ("timeout", "5 minuets", "is no duration"),
        ("timeout", 0, "is no duration"),
        ("timeout", "0 seconds", "leaves no time at all"),
        ("grace", "-1 minute", "is no duration"),
        ("catch_up", "some", "is none of 'none', 'latest' and 'all'"),
        ("retries", -1, "is no whole number, 0 or more"),
        ("retries", True, "is no whole number, 0 or more"),
        ("overlap", "yes", "is either True or False"),
        ("jitter", "a bit", "is no duration"),
    ],
)
def test_a_value_without_meaning_is_named_with_its_mend(attribute: str, value: object, problem: str) -> None:
    with pytest.raises(InvalidSchedule, match=f"Hasty.{attribute} = ") as raised:
        policy_from("Hasty", {attribute: value})
    assert problem in str(raised.value)
    assert "(try " in str(raised.value)


def test_settings_have_defaults() -> None:
    assert Settings.read(lambda name: None) == Settings()


def test_settings_are_read_by_name() -> None:
    given = {"store": "database", "workers": 2, "lease": "5 seconds", "keep_days": 7, "retries": 1, "timeout": "none"}
    settings = Settings.read(given.get)
    assert (settings.store, settings.workers, settings.keep_days) == ("database", 2, 7)
    assert settings.lease == timedelta(seconds=5)
    assert settings.policy == Policy(retries=1, timeout=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("store", "redis"), ("workers", 0), ("workers", "8"), ("lease", "0 seconds"), ("keep_days", True), ("path", 5), ("stop_grace", "soon"), ("timezone", "Europe/Rigga"), ("catch_up", "maybe")],
)
def test_a_setting_without_meaning_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidSchedule, match=rf"config/scheduler\.(?i:{name}) = "):
        Settings.read({name: value}.get)
