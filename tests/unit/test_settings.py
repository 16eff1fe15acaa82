"""The settings in `config/scheduler.py`, and that the published file has the defaults."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.config import scheduler as published
from scheduler.config.Settings import NAMES, Settings
from scheduler.config.TaskOptions import TaskOptions
from scheduler.errors import InvalidSchedule


def read(**said: object) -> Settings:
    return Settings.read(said.get)


def test_the_published_file_says_the_defaults() -> None:
    assert Settings.read(lambda name: getattr(published, name.upper())) == Settings() == read()


def test_every_setting_is_read() -> None:
    assert read(store="database", connection="main", workers=2, lease="5 minutes", grace="1 hour") == Settings(
        store="database",
        connection="main",
        workers=2,
        lease=timedelta(minutes=5),
        options=TaskOptions(grace=timedelta(hours=1)),
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"store": "redis"}, "STORE = 'redis': is not one of 'local', 'database' and 'memory' (try 'local' or 'database')"),
        ({"path": 5}, "PATH = 5: is not the path of a file"),
        ({"connection": ""}, "CONNECTION = '': is not a text (try 'scheduler')"),
        ({"workers": 0}, "WORKERS = 0: is not a whole number, 1 or more (try 8 or 30)"),
        ({"workers": True}, "WORKERS = True: is not a whole number, 1 or more (try 8 or 30)"),
        ({"lease": "0 seconds"}, "LEASE = '0 seconds': is shorter than a second (try '60 seconds')"),
        ({"stop_grace": "soon"}, "STOP_GRACE = 'soon': unknown unit 'soon' (try '90 seconds' or '5 minutes')"),
        ({"kill_grace": timedelta(-1)}, "is negative (try '90 seconds' or '5 minutes')"),
        ({"timezone": "Mars/Olympus"}, "TIMEZONE = 'Mars/Olympus': unknown time zone 'Mars/Olympus'"),
        ({"overlap": "no"}, "OVERLAP = 'no': is neither True nor False (try True or False)"),
        ({"timeout": "0 hours"}, "TIMEOUT = '0 hours': leaves no time at all; None means no limit"),
    ],
)
def test_an_invalid_value_is_reported_by_its_name_in_the_file(said: dict, problem: str) -> None:
    with pytest.raises(InvalidSchedule) as raised:
        read(**said)
    assert str(raised.value).startswith("config/scheduler.")
    assert problem in str(raised.value)


TEXTS = {"folder", "path", "connection", "log_channel", "executor"}
FLAGS = {"overlap", "on_every_server"}
HUGE = [10**30, 1e300, float("inf"), float("nan"), timedelta.max, "99999999999999 weeks", "1000000 weeks", "9" * 5000]


@pytest.mark.parametrize("value", HUGE, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("name", sorted({*NAMES} - TEXTS - FLAGS))
def test_every_number_and_every_length_has_an_upper_bound(name: str, value: object) -> None:
    with pytest.raises(InvalidSchedule, match=name.upper()):
        read(**{name: value})
