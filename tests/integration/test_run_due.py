"""`run_due`: a tick at any time, in this process, for users' tests of their own schedules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from scheduler import clock
from scheduler.errors import UnknownTask
from scheduler.runs import Outcome, SkipReason
from scheduler.testing import frozen, memory_store, run_due

from .apps import App
from .inside import booted

TASKS = """
    import os

    from scheduler import clock


    class Hourly(Task):
        run_every = "1 hour"
        timezone = "UTC"
        seen = []

        def before(self):
            self.seen.append("before")

        def handle(self):
            self.seen.append((self.current_run.fire_time.strftime("%H:%M"), os.getpid(), clock.now().minute))

        def succeeded(self, run):
            self.seen.append(run.outcome.value)


    class Failing(Task):
        run_at = "4:00"
        timezone = "UTC"
        name = "fails"
        retries = 1
        retry_delay = "10 minutes"

        def handle(self):
            raise ValueError("no books")


    class Elsewhere(Task):
        run_at = "4:00"
        timezone = "UTC"
        environments = "nowhere"

        def handle(self):
            print("not here")


    class Often(Task):
        run_every = "20 seconds"
        run_between = ("5:00", "5:00")
        jitter = "1 hour"
        timezone = "UTC"

        def handle(self):
            pass
"""


@pytest.fixture
def application(app: App) -> Iterator[Any]:
    app.tasks(TASKS)
    app.write("config/scheduler.py", 'TIMEZONE = "UTC"')
    with booted(app.root) as application:
        yield application
    assert not list((app.root / "storage").rglob("scheduler.sqlite3*")), "the app's own store is left alone"


def seen() -> list[Any]:
    found: list[Any] = sys.modules["app.tasks.Tasks"].Hourly.seen
    return [(entry[0], entry[1] == os.getpid(), entry[2]) if isinstance(entry, tuple) else entry for entry in found]


def test_what_is_due_runs_in_this_process_at_once_and_the_clock_stands_still(application: Any) -> None:
    (run,) = run_due(application, "2027-01-30 03:00")
    assert (run.key, run.outcome, run.fire_time) == ("Hourly", Outcome.SUCCEEDED, datetime.fromisoformat("2027-01-30T03:00+00:00"))
    assert seen() == ["before", ("03:00", True, 0), "succeeded"]
    assert run_due(application, "2027-01-30 03:01") == []


def test_what_fails_and_what_is_skipped_is_returned_like_the_rest_and_tried_again_at_once(application: Any) -> None:
    runs = {(run.key, run.attempt): run for run in run_due(application, "2027-01-30 04:00")}
    assert {key: run.outcome.value for key, run in runs.items()} == {
        ("Hourly", 1): "succeeded",
        ("Failing", 1): "failed",
        ("Elsewhere", 1): "skipped",
    }
    assert runs["Failing", 1].error == "ValueError: no books"
    assert runs["Elsewhere", 1].skip_reason is SkipReason.ENVIRONMENT


def test_only_some_tasks_due_or_not(application: Any) -> None:
    assert [run.key for run in run_due(application, "2027-01-30 04:00", "fails")] == ["Failing"]
    assert run_due(application, "2027-01-30 04:01", "fails") == []
    assert [run.key for run in run_due(application, "2027-01-30 04:01", "fails", force=True)] == ["Failing"]
    with pytest.raises(UnknownTask):
        run_due(application, "2027-01-30 04:00", "nobody")


def test_nobody_waits_for_seconds_or_jitter(application: Any) -> None:
    runs = run_due(application, "2027-01-30 05:00", "Often")
    assert [run.fire_time.second for run in runs] == [0, 20, 40]


def test_each_tick_is_the_first_one_unless_they_share_a_store(application: Any) -> None:
    assert len(run_due(application, "2027-01-30 03:00")) == 1
    assert len(run_due(application, "2027-01-30 03:00")) == 1
    store = memory_store()
    assert len(run_due(application, "2027-01-30 03:00", store=store)) == 1
    assert run_due(application, "2027-01-30 03:00", store=store) == [], "a fire time starts once"
    *missed, late = run_due(application, "2027-01-30 06:04", "Hourly", store=store)
    assert [(run.fire_time.hour, run.outcome.value) for run in missed] == [(4, "missed"), (5, "missed")]
    assert (late.fire_time.hour, late.late) == (6, True), "within grace"
    history = [(run.fire_time.hour, run.outcome.value) for run in store.history(keys=["Hourly"])]
    assert sorted(history) == [(3, "succeeded"), (4, "missed"), (5, "missed"), (6, "succeeded")]


def test_the_clock_that_is_frozen_is_the_commands_clock(app: App) -> None:
    with frozen("2027-01-30 03:00"):
        assert clock.now().minute == 0
        app.tasks(TASKS)
        app.write("config/scheduler.py", 'TIMEZONE = "UTC"')
        first = app.craft("schedule:list").out
    assert "2027-01-30 04:00" in first
