"""`craft schedule:pause`: a paused task starts nowhere, is recorded as skipped, and is not caught up."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta

import pytest

from scheduler import clock
from scheduler.runs import Run
from scheduler.stores import local_store

from .apps import ALWAYS, NOON, App

pytestmark = pytest.mark.measured

TASKS = """
class Import(Task):
    run_every = '1 minute'
    name = 'imports'
    catch_up = 'all'
    timezone = 'UTC'

    def handle(self):
        print('imported', flush=True)


class Watch(Task):
    run_every = '1 minute'
    run_when_paused = True
    timezone = 'UTC'

    def handle(self):
        print('watched', flush=True)
"""


@pytest.fixture
def paused(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app that remembers, on a server whose clock is UTC."""
    monkeypatch.setattr(clock, "local_zone", lambda: clock.UTC)
    app.write("config/scheduler.py", "TIMEZONE = 'UTC'\n")
    app.tasks(TASKS)
    return app.keep_runs()


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def tick(app: App, number: float) -> list[str]:
    return sorted(app.craft("schedule:run", at=minute(number)).exits(0).out.splitlines())


def runs_of(app: App, key: str = "Import") -> list[Run]:
    store = local_store(str(app.root / ".scheduler/scheduler.sqlite3"))
    return [run for run in reversed(store.history(limit=1000)) if run.key == key]


def outcomes(app: App) -> list[str]:
    return [run.skip_reason.value if run.skip_reason else run.outcome.value for run in runs_of(app)]


def test_a_paused_task_is_skipped_and_says_by_whom_until_when_and_why(paused: App) -> None:
    assert tick(paused, 0) == ["imported", "watched"]
    said = paused.craft("schedule:pause", "imports", "--until", "2 hours", "--reason", "the <b>disk</b> is full", at=minute(0.5)).exits(0)
    assert said.out == "Import is paused until 2026-03-03 14:00:30. Run craft schedule:resume Import to resume it.\n"
    told = paused.craft("schedule:run", "-v", at=minute(1)).exits(0).out
    assert re.search(r"Import skipped: paused by \S+@\S+ until 2026-03-03 14:00:30: the <b>disk</b> is full\n", told)
    assert "watched" in told
    (_, skipped) = runs_of(paused)
    assert (skipped.outcome.value, skipped.skip_reason.value) == ("skipped", "paused")
    assert skipped.fire_time == minute(1)


def test_a_pause_of_all_tasks_leaves_out_run_when_paused(paused: App) -> None:
    said = paused.craft("schedule:pause", at=minute(0)).exits(0)
    assert said.out == "All tasks are paused. Run craft schedule:resume to resume them.\n"
    assert tick(paused, 0) == ["watched"]
    assert "all tasks are paused by" in runs_of(paused)[0].detail


def test_a_task_that_must_go_on_is_paused_where_it_is_named_itself(paused: App) -> None:
    paused.craft("schedule:pause", "Watch", at=minute(0)).exits(0)
    assert tick(paused, 0) == ["imported"]


def test_a_forced_run_ignores_the_pause(paused: App) -> None:
    paused.craft("schedule:pause", at=minute(0)).exits(0)
    assert paused.craft("schedule:run", "--force", "--task", "Import", at=minute(0)).exits(0).out == "imported\n"


def test_paused_fire_times_are_neither_caught_up_nor_missed(paused: App) -> None:
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", at=minute(0.5)).exits(0)
    tick(paused, 1)
    tick(paused, 3)
    assert paused.craft("schedule:resume", "imports", at=minute(3.5)).exits(0).out == "Resumed: Import runs again.\n"
    assert tick(paused, 4) == ["imported", "watched"]
    assert outcomes(paused) == ["succeeded", "paused", "paused", "paused", "succeeded"]


def test_a_pause_ends_on_time_even_if_nothing_ticked_meanwhile(paused: App) -> None:
    """Fire times before and after the pause are caught up as the task declares; those within it are not."""
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", "--until", "2026-03-03 12:04", at=minute(1.5)).exits(0)
    assert tick(paused, 6).count("imported") == 4
    written = {run.fire_time: run.skip_reason for run in runs_of(paused)}
    assert [number for number in range(7) if written[minute(number)]] == [2, 3], "1, 4, 5 and 6 were run"


def test_a_late_tick_starts_nothing_that_is_paused_by_now(paused: App) -> None:
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", at=minute(2.1)).exits(0)
    assert "imported" not in tick(paused, 2.2)
    assert outcomes(paused) == ["succeeded", "paused", "paused"]


def test_a_pause_skips_retries(paused: App, monkeypatch: pytest.MonkeyPatch) -> None:
    paused.tasks("class Import(Task):\n    run_every = '1 day'\n    run_at = '12:00'\n    timezone = 'UTC'\n    retries = 1\n    retry_delay = '1 minute'\n\n    def handle(self):\n        raise ValueError('no')\n")
    paused.craft("schedule:run", at=NOON).exits(1)
    (_, retry) = runs_of(paused)
    assert retry.attempt == 2
    paused.craft("schedule:pause", at=NOON).exits(0)
    monkeypatch.setattr(clock, "real_now", lambda: retry.start_after)
    paused.craft("schedule:run", at=NOON).exits(0)
    assert outcomes(paused) == ["failed", "paused"]


def test_resume_says_what_stays_paused(paused: App) -> None:
    assert paused.craft("schedule:resume", at=minute(0)).exits(0).out == "Nothing was paused.\n"
    paused.craft("schedule:pause", at=minute(0)).exits(0)
    paused.craft("schedule:pause", "Import", at=minute(0)).exits(0)
    assert paused.craft("schedule:resume", "Import", at=minute(1)).exits(0).out == (
        "Resumed: Import runs again.\nAll tasks are still paused. Run craft schedule:resume to resume them.\n"
    )
    paused.craft("schedule:pause", "Import", at=minute(2)).exits(0)
    assert paused.craft("schedule:resume", at=minute(3)).exits(0).out == (
        "Resumed: tasks run again.\nStill paused by name: Import. Run craft schedule:resume NAME to resume one.\n"
    )


def test_the_list_shows_pauses_and_when_it_goes_on(paused: App) -> None:
    paused.craft("schedule:pause", "Import", "--until", "2026-03-03 13:00", at=NOON).exits(0)
    shown = paused.craft("schedule:list", "--next", "2", at=minute(1)).exits(0).out
    assert re.search(r"Import +every minute, UTC +2026-03-03 13:00", shown)
    assert "until" in shown
    tasks = {task["key"]: task for task in paused.craft("schedule:list", "--json", at=minute(1)).json()["tasks"]}
    assert tasks["Watch"]["pause"] is None
    pause = tasks["Import"]["pause"]
    assert (pause["until"], pause["reason"], pause["everything"]) == ("2026-03-03T13:00:00+00:00", None, False)
    assert tasks["Import"]["next_runs"] == ["2026-03-03T13:00:00+00:00"]


def test_the_list_shows_a_pause_without_an_end(paused: App) -> None:
    paused.craft("schedule:pause", "--reason", "moving", at=NOON).exits(0)
    shown = paused.craft("schedule:list", at=minute(1)).exits(0).out
    assert re.search(r"Import +every minute, UTC +paused", shown)
    assert re.search(r"Watch +every minute, UTC +2026-03-03 12:02", shown)
    assert "moving" in shown


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["Imprt"], "did you mean"),
        (["--until", "yesterday"], "'yesterday' is in the past (try 'in 2 hours' or 'tomorrow')"),
        (["--until", "2 hurs"], "--until: '2 hurs' is not a length of time: unknown unit 'hurs' (try '2 hours' or"),
        (["--until", "5pm"], "'5pm' is not a date (try '17:00')"),
        (["--until", "5 m"], "--until: '5 m' is not a length of time: unknown unit 'm' (try '5 minutes' or"),
        (["--until"], "--until takes a date"),
        (["--until", "2026-03-03 11:00"], "is in the past"),
        (["--reason"], "--reason takes a text"),
    ],
)
def test_invalid_arguments_pause_nothing(paused: App, arguments: list[str], complaint: str) -> None:
    done = paused.craft("schedule:pause", *arguments, at=NOON).exits(2)
    assert complaint in done.err
    assert len(done.err.splitlines()) == 1
    assert tick(paused, 0) == ["imported", "watched"]


@pytest.mark.parametrize("until", ["in 2 hours", "2 hours", "tomorrow", "tomorrow 8:00", "2026-03-03 14:00"])
def test_ends_of_a_pause_that_hints_name_are_taken(paused: App, until: str) -> None:
    assert "Import is paused until 2026-03-0" in paused.craft("schedule:pause", "Import", "--until", until, at=NOON).exits(0).out


def test_pausing_again_says_which_pause_it_replaces(paused: App) -> None:
    paused.craft("schedule:pause", "Import", "--until", "in 2 hours", "--reason", "a move", at=NOON).exits(0)
    again = paused.craft("schedule:pause", "Import", at=minute(1)).exits(0).out.splitlines()
    assert re.fullmatch(r"This replaces an earlier pause: paused by \S+ until 2026-03-03 14:00: a move\.", again[0])
    assert again[1] == "Import is paused. Run craft schedule:resume Import to resume it."


def test_resume_of_all_names_tasks_paused_by_name(paused: App) -> None:
    paused.craft("schedule:pause", "Import", at=NOON).exits(0)
    shown = paused.craft("schedule:resume", at=NOON).exits(0).out
    assert shown.startswith("There is no pause of all tasks.\nStill paused by name: Import.")


def test_a_broken_task_can_be_paused(paused: App) -> None:
    paused.edit("app/tasks/Tasks.py", lambda text: text.replace("'1 minute'\n    name", "'1 minuet'\n    name"))
    assert paused.craft("schedule:pause", "Import", at=NOON).exits(0).out.startswith("Import is paused")
    paused.edit("app/tasks/Tasks.py", lambda text: text.replace("minuet", "minute"))
    assert tick(paused, 0) == ["watched"]


def test_the_pause_and_history_of_a_removed_task_are_accessible(paused: App) -> None:
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", at=minute(0.5)).exits(0)
    paused.edit("app/tasks/Tasks.py", lambda text: text.replace("class Import", "class Renamed").replace("'imports'", "'r'"))
    assert "run craft schedule:resume Import to end the pause" in " ".join(paused.craft("schedule:doctor").out.split())
    assert paused.craft("schedule:resume", "Import", at=minute(1)).exits(0).out == "Resumed: Import runs again.\n"
    assert "did you mean" not in paused.craft("schedule:resume", "Import", at=minute(1)).exits(2).out
    (shown,) = paused.craft("schedule:history", "Import", "--json", at=minute(1)).exits(0).json()["runs"]
    assert shown["key"] == "Import"


def test_a_user_without_a_name_is_shown_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    import getpass

    from scheduler.processes.identity import host_name, user_name

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", unknown)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert user_name() == f"4711@{host_name()}"


def test_a_dry_run_and_an_explanation_know_of_pauses(paused: App) -> None:
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", "--until", "10 minutes", "--reason", "moving", at=minute(0.5)).exits(0)
    planned = paused.craft("schedule:run", "--dry-run", "--json", at=minute(2)).exits(0).json()["planned"]
    mine = [(plan["action"], plan["skip_reason"], plan["fire_time"]) for plan in planned if plan["key"] == "Import"]
    assert mine == [("skip", "paused", f"2026-03-03T12:0{number}:00+00:00") for number in (1, 2)]
    later = paused.craft("schedule:run", "--dry-run", "--at", "12:05", "--json", at=minute(2)).exits(0).json()["planned"]
    assert [plan["action"] for plan in later if plan["key"] == "Import"] == ["skip"]
    told = paused.craft("schedule:explain", "Import", at=minute(2)).exits(0).out
    assert "It is due now, and the next tick skips it: paused by " in told
    assert "moving" in told
    assert "pause" not in paused.craft("schedule:explain", "Import", "--at", "12:11", at=minute(2)).exits(0).out


def test_a_dry_run_shows_that_a_retry_is_paused(paused: App, monkeypatch: pytest.MonkeyPatch) -> None:
    paused.tasks(f"class Import(Task):\n    {ALWAYS}\n    timezone = 'UTC'\n    retries = 1\n    retry_delay = '1 minute'\n\n    def handle(self):\n        raise ValueError('no')\n")
    paused.craft("schedule:run", at=NOON).exits(1)
    monkeypatch.setattr(clock, "real_now", lambda: runs_of(paused)[1].start_after)
    paused.craft("schedule:pause", at=NOON).exits(0)
    (plan,) = (plan for plan in paused.craft("schedule:run", "--dry-run", "--json", at=NOON).exits(0).json()["planned"] if plan["action"] != "leave")
    assert (plan["action"], plan["skip_reason"]) == ("skip", "paused")
