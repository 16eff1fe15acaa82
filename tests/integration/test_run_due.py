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
from .booted_app import booted

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
    assert not list(app.root.rglob("scheduler.sqlite3*")), "the app's own store is left alone"


def seen() -> list[Any]:
    found: list[Any] = sys.modules["app.tasks.Tasks"].Hourly.seen
    return [(entry[0], entry[1] == os.getpid(), entry[2]) if isinstance(entry, tuple) else entry for entry in found]


def test_due_tasks_run_in_this_process_on_a_frozen_clock(application: Any) -> None:
    (run,) = run_due(application, "2027-01-30 03:00")
    assert (run.key, run.outcome, run.fire_time) == ("Hourly", Outcome.SUCCEEDED, datetime.fromisoformat("2027-01-30T03:00+00:00"))
    assert seen() == ["before", ("03:00", True, 0), "succeeded"]
    assert run_due(application, "2027-01-30 03:01") == []


def test_failed_and_skipped_runs_are_returned_and_retried_at_once(application: Any) -> None:
    runs = {(run.key, run.attempt): run for run in run_due(application, "2027-01-30 04:00")}
    assert {key: run.outcome.value for key, run in runs.items()} == {
        ("Hourly", 1): "succeeded",
        ("Failing", 1): "failed",
        ("Elsewhere", 1): "skipped",
    }
    assert runs["Failing", 1].error == "ValueError: no books"
    assert runs["Elsewhere", 1].skip_reason is SkipReason.ENVIRONMENT


def test_run_due_takes_names_and_force(application: Any) -> None:
    assert [run.key for run in run_due(application, "2027-01-30 04:00", "fails")] == ["Failing"]
    assert run_due(application, "2027-01-30 04:01", "fails") == []
    assert [run.key for run in run_due(application, "2027-01-30 04:01", "fails", force=True)] == ["Failing"]
    with pytest.raises(UnknownTask):
        run_due(application, "2027-01-30 04:00", "nobody")


def test_run_due_waits_for_neither_seconds_nor_jitter(application: Any) -> None:
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


KIT = """
    class Writes(Task):
        run_every = "1 minute"
        output_to = "out.log"
        append_output_to = "all.log"

        def handle(self):
            print("from the task")


    class Flaky(Task):
        run_at = "6:00"
        timezone = "UTC"
        retries = 2
        retry_delay = ("10 minutes", "1 hour")

        def handle(self):
            print("attempt", self.current_run.attempt)
            if self.current_run.attempt < 3:
                raise ValueError("not yet")
"""


@pytest.fixture
def kit(app: App) -> Iterator[Any]:
    app.tasks(KIT)
    app.write("config/scheduler.py", 'TIMEZONE = "UTC"')
    with booted(app.root) as application:
        yield application


def test_a_tests_tick_writes_no_output_files_and_returns_the_output(kit: Any, app: App) -> None:
    (app.root / "out.log").write_text("of the real run\n")
    [run] = run_due(kit, "2027-01-30 05:00", "Writes")
    assert run.output == "from the task\n"
    assert (app.root / "out.log").read_text() == "of the real run\n"
    assert not (app.root / "all.log").exists()


def test_delayed_retries_run_once_the_clock_of_a_tick_has_reached_them(kit: Any) -> None:
    store = memory_store()

    def attempts(at: str) -> list[tuple[int, str]]:
        return [(run.attempt, run.outcome.value) for run in run_due(kit, at, "Flaky", store=store)]

    assert attempts("2027-01-30 06:00") == [(1, "failed")]
    assert attempts("2027-01-30 06:05") == []
    assert attempts("2027-01-30 06:11") == [(2, "failed")]
    assert attempts("2027-01-30 07:05") == []
    assert attempts("2027-01-30 07:12") == [(3, "succeeded")]


def test_a_run_takes_real_time_on_the_tests_clock(kit: Any) -> None:
    [run] = run_due(kit, "2027-01-30 05:00", "Writes")
    assert run.started_at.isoformat().startswith("2027-01-30T05:00:0")
    assert 0 < run.seconds < 30


def test_tasks_may_be_named_by_their_classes(kit: Any) -> None:
    from app.tasks.Tasks import Writes

    assert [run.key for run in run_due(kit, "2027-01-30 05:00", Writes)] == ["Writes"]
    assert [run.key for run in run_due(kit, "2027-01-30 05:00", Writes())] == ["Writes"]
    with pytest.raises(TypeError, match="5 is not a task: pass its name, its class or the task"):
        run_due(kit, "2027-01-30 05:00", 5)


def test_run_due_restores_the_apps_listeners_and_store(kit: Any) -> None:
    bound = kit.make("scheduler")
    scheduler = getattr(bound.run, "__self__", bound).scheduler
    dispatcher, listeners, state = scheduler.dispatcher, vars(scheduler.dispatcher).copy(), set(vars(scheduler))
    run_due(kit, "2027-01-30 05:00", "Writes")
    assert scheduler.dispatcher is dispatcher
    assert vars(dispatcher) == listeners
    assert set(vars(scheduler)) - {"found"} == state - {"found"}
