"""What `config/scheduler.py` may say, and that the file we publish says what holds without it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.config import scheduler as published
from scheduler.errors import InvalidSchedule
from scheduler.Policy import Policy
from scheduler.Settings import Settings


def read(**said: object) -> Settings:
    return Settings.read(said.get)


def test_the_published_file_says_the_defaults() -> None:
    assert Settings.read(lambda name: getattr(published, name.upper())) == Settings() == read()


def test_everything_can_be_said() -> None:
    assert read(store="database", connection="main", workers=2, lease="5 minutes", grace="1 hour") == Settings(
        store="database",
        connection="main",
        workers=2,
        lease=timedelta(minutes=5),
        policy=Policy(grace=timedelta(hours=1)),
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"store": "redis"}, "STORE = 'redis': is none of local, database, memory (try 'local' or 'database')"),
        ({"path": 5}, "PATH = 5: is no text (try 'scheduler')"),
        ({"connection": ""}, "CONNECTION = '': is no text (try 'scheduler')"),
        ({"workers": 0}, "WORKERS = 0: is no whole number, 1 or more (try 8 or 30)"),
        ({"workers": True}, "WORKERS = True: is no whole number, 1 or more (try 8 or 30)"),
        ({"lease": "0 seconds"}, "LEASE = '0 seconds': is shorter than a second (try '60 seconds')"),
        ({"stop_grace": "soon"}, "STOP_GRACE = 'soon': is no duration (try '90 seconds' or '5 minutes')"),
        ({"kill_grace": timedelta(-1)}, "is negative (try '90 seconds' or '5 minutes')"),
        ({"timezone": "Mars/Olympus"}, "TIMEZONE = 'Mars/Olympus': unknown time zone 'Mars/Olympus'"),
        ({"overlap": "no"}, "OVERLAP = 'no': is either True or False (try True or False)"),
        ({"timeout": "0 hours"}, "TIMEOUT = '0 hours': leaves no time at all; None is no limit"),
    ],
)
def test_a_value_without_meaning_is_told_by_its_name_in_the_file(said: dict, problem: str) -> None:
    with pytest.raises(InvalidSchedule) as raised:
        read(**said)
    assert str(raised.value).startswith("config/scheduler.")
    assert problem in str(raised.value)
