"""Tasks with dates, and tasks of one class with names: the same in the list, the forecast, explanations and ticks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler.cache.ScheduleCache import ScheduleCache

from .apps import NOON, App, process_environment

LIMITED = """
class Limited(Task):
    run_at = '12:00'
    run_from = '2026-03-05'
    run_until = '2026-03-08'
    run_except = '2026-03-06'
    timezone = 'UTC'

    def handle(self):
        print('it ran')
"""
ONCE = """
class Once(Task):
    run_once = '2026-03-04 12:00'
    timezone = 'UTC'

    def handle(self):
        print('only once')
"""
DAYS = {"Limited": [5, 7, 8], "Once": [4]}


def day(number: int) -> datetime:
    """Noon of a day of that March."""
    return NOON + timedelta(days=number - NOON.day)


@pytest.fixture
def dated(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("TZ", process_environment()["TZ"])
    monkeypatch.delenv("APP_ENV", raising=False)
    app.tasks(LIMITED + "\n" + ONCE)
    return app.keep_runs()


def listed(app: App, at: datetime) -> dict[str, list[int]]:
    tasks = app.craft("schedule:list", "--next", "9", "--json", at=at).exits(0).json()["tasks"]
    return {task["key"]: [datetime.fromisoformat(time).day for time in task["next_runs"]] for task in tasks}


def test_the_list_keeps_to_dates(dated: App) -> None:
    assert listed(dated, day(3)) == DAYS
    assert listed(dated, day(6)) == {"Limited": [7, 8], "Once": []}
    assert listed(dated, day(9)) == {"Limited": [], "Once": []}


def test_the_forecast_keeps_to_dates(dated: App) -> None:
    found = dated.craft("schedule:simulate", "--from", "2026-03-01", "--to", "2026-04-01", "--json", at=NOON).exits(0).json()
    times = [(entry["tasks"], datetime.fromisoformat(entry["fire_time"]).day) for entry in found["fire_times"]]
    assert times == [(["Once"], 4), (["Limited"], 5), (["Limited"], 7), (["Limited"], 8)]


@pytest.mark.parametrize(
    ("task", "number", "verdict", "refused_by"),
    [
        ("Limited", 4, "not_due", ["run_from"]),
        ("Limited", 5, "coming", []),
        ("Limited", 6, "not_due", ["run_except"]),
        ("Limited", 8, "coming", []),
        ("Limited", 9, "not_due", ["run_until"]),
        ("Once", 4, "coming", []),
        ("Once", 5, "not_due", []),
    ],
)
def test_an_explanation_names_the_date_that_leaves_out_a_time(
    dated: App, task: str, number: int, verdict: str, refused_by: list[str]
) -> None:
    found: Any = dated.craft("schedule:explain", task, "--at", f"2026-03-{number:02} 12:00", "--json", at=NOON).exits(0).json()
    assert (found["verdict"], found["refused_by"]) == (verdict, refused_by)


def test_ticks_keep_to_dates(dated: App) -> None:
    ran = {number: dated.craft("schedule:run", at=day(number)).exits(0).out.split("\n")[:-1] for number in range(3, 11)}
    assert ran == {3: [], 4: ["only once"], 5: ["it ran"], 6: [], 7: ["it ran"], 8: ["it ran"], 9: [], 10: []}
    assert "".join(dated.craft("schedule:explain", "Once", at=day(10)).out.split("\n")).rstrip().endswith("never")


def test_a_cached_tick_keeps_to_dates(dated: App) -> None:
    morning = NOON - timedelta(hours=3)  # once a day, at the minute in which it was cached, the app is booted anyway
    dated.craft("schedule:run", at=morning).exits(0)
    dated.craft("schedule:cache", at=morning).exits(0)
    cache = ScheduleCache.read(str(dated.root))
    minutes = {number: int(day(number).timestamp() // 60) for number in range(3, 31)}
    assert [number for number, minute in minutes.items() if not cache.is_free(minute, minute)] == [4, 5, 7, 8]


NAMED = """
from masonite.providers import Provider
from scheduler import CallbackTask, CanSchedule, CommandTask, Task


def greet(whom):
    print("Hello,", whom)


class Import(Task):
    def __init__(self, feed):
        self.feed = feed

    def handle(self):
        print("imported", self.feed)


def schedule(self):
    for feed in ("news", "blogs"):
        self.schedule(Import(feed).named(f"import {feed}").every_minute())
    for whom in ("Ann", "Bob"):
        self.call(greet, whom).named(f"greet {whom}").every_minute()
    for word in ("one", "two"):
        self.call(f"echo {word}").named(f"say {word}").every_minute()
"""
NAMES = ["greet Ann", "greet Bob", "import blogs", "import news", "say one", "say two"]


@pytest.fixture
def named(app: App) -> App:
    app.write("app/shared.py", NAMED)
    app.provider("schedule(self)", header="from scheduler import CanSchedule\nfrom app.shared import schedule", bases="Provider, CanSchedule")
    return app.keep_runs()


def test_tasks_of_one_class_are_listed_by_their_names(named: App) -> None:
    done = named.craft("schedule:list", "--json").exits(0)
    assert sorted(task["key"] for task in done.json()["tasks"]) == NAMES
    assert done.json()["notices"] == []


def test_one_of_several_tasks_of_a_class_runs_by_its_name(named: App) -> None:
    assert named.craft("schedule:run", "--task", "import news", at=NOON).exits(0).out == "imported news\n"
    assert named.craft("schedule:run", "--task", "greet Bob", at=NOON).exits(0).out == "Hello, Bob\n"
    assert named.craft("schedule:run", "--task", "say two", at=NOON).exits(0).out == "two\n"
    assert sorted(named.craft("schedule:run", "--task", "Import", "--force", at=NOON).exits(0).out.splitlines()) == [
        "imported blogs", "imported news",
    ]  # fmt: skip


def test_each_of_several_tasks_of_a_class_has_a_history_of_its_own(named: App) -> None:
    named.craft("schedule:run", at=NOON).exits(0)
    for name, output in {"import blogs": "imported blogs\n", "greet Ann": "Hello, Ann\n", "say one": "one\n"}.items():
        [run] = named.craft("schedule:history", name, "--json").exits(0).json()["runs"]
        assert (run["key"], run["output"]) == (name, output)


def test_each_of_several_tasks_of_a_class_has_a_lease_of_its_own(named: App) -> None:
    """A running one prevents only its own next start, not those of other tasks of its class."""
    named.edit("app/shared.py", lambda text: text.replace('print("imported", self.feed)', WAITS))
    with named.start("schedule:run", "--force", "--task", "import news") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        second = named.craft("schedule:run", "--json", "--task", "import news", "--task", "import blogs")
        runs = {run["key"]: run for run in second.exits(0).json()["runs"]}
        assert (runs["import news"]["outcome"], runs["import news"]["skip_reason"]) == ("skipped", "still_running")
        assert runs["import blogs"]["outcome"] == "succeeded"
        (named.root / "go").touch()
    assert process.returncode == 0


WAITS = """
        import os
        import time

        print("begins" if self.feed == "news" else "imported", flush=True)
        while self.feed == "news" and not os.path.exists("go"):
            time.sleep(0.02)
"""
