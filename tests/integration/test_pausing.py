"""`craft schedule:pause`: what is paused starts nowhere, is written down as skipped, and is not caught up later."""

from __future__ import annotations

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
    store = local_store(str(app.root / "storage/framework/scheduler.sqlite3"))
    return [run for run in reversed(store.history(limit=1000)) if run.key == key]


def outcomes(app: App) -> list[str]:
    return [run.skip_reason.value if run.skip_reason else run.outcome.value for run in runs_of(app)]


def test_a_paused_task_is_skipped_and_says_by_whom_until_when_and_why(paused: App) -> None:
    assert tick(paused, 0) == ["imported", "watched"]
    said = paused.craft("schedule:pause", "imports", "--until", "2 hours", "--reason", "the <b>disk</b> is full", at=minute(0.5)).exits(0)
    assert said.out == "Import is paused until 2026-03-03 14:00.\n"
    told = paused.craft("schedule:run", "-v", at=minute(1)).exits(0).out
    assert re.search(r"Import skipped: paused by \S+@\S+ until 2026-03-03 14:00: the <b>disk</b> is full\n", told)
    assert "watched" in told
    (_, skipped) = runs_of(paused)
    assert (skipped.outcome.value, skipped.skip_reason.value) == ("skipped", "paused")
    assert skipped.fire_time == minute(1)


def test_a_pause_of_everything_keeps_back_all_but_those_that_must_go_on(paused: App) -> None:
    said = paused.craft("schedule:pause", at=minute(0)).exits(0)
    assert said.out == "Everything is paused; `craft schedule:resume` ends that.\n"
    assert tick(paused, 0) == ["watched"]
    assert "everything is paused by" in runs_of(paused)[0].detail


def test_a_task_that_must_go_on_is_paused_where_it_is_named_itself(paused: App) -> None:
    paused.craft("schedule:pause", "Watch", at=minute(0)).exits(0)
    assert tick(paused, 0) == ["imported"]


def test_what_was_forced_runs_all_the_same(paused: App) -> None:
    paused.craft("schedule:pause", at=minute(0)).exits(0)
    assert paused.craft("schedule:run", "--force", "--task", "Import", at=minute(0)).exits(0).out == "imported\n"


def test_what_was_kept_back_is_not_caught_up_and_not_missed(paused: App) -> None:
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", at=minute(0.5)).exits(0)
    tick(paused, 1)
    tick(paused, 3)
    assert paused.craft("schedule:resume", "imports", at=minute(3.5)).exits(0).out == "Import was paused, and goes on.\n"
    assert tick(paused, 4) == ["imported", "watched"]
    assert outcomes(paused) == ["succeeded", "paused", "paused", "paused", "succeeded"]


def test_it_ends_by_itself_although_nobody_ticked_while_it_lasted(paused: App) -> None:
    """The fire times before the pause and after it are caught up as the task says, those in it are not."""
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


def test_a_retry_is_kept_back_too(paused: App, monkeypatch: pytest.MonkeyPatch) -> None:
    paused.tasks("class Import(Task):\n    run_every = '1 day'\n    run_at = '12:00'\n    timezone = 'UTC'\n    retries = 1\n    retry_delay = '1 minute'\n\n    def handle(self):\n        raise ValueError('no')\n")
    paused.craft("schedule:run", at=NOON).exits(1)
    (_, retry) = runs_of(paused)
    assert retry.attempt == 2
    paused.craft("schedule:pause", at=NOON).exits(0)
    monkeypatch.setattr(clock, "real_now", lambda: retry.start_after)
    paused.craft("schedule:run", at=NOON).exits(0)
    assert outcomes(paused) == ["failed", "paused"]


def test_to_resume_says_what_stays_paused(paused: App) -> None:
    assert paused.craft("schedule:resume", at=minute(0)).exits(0).out == "Everything was not paused.\n"
    paused.craft("schedule:pause", at=minute(0)).exits(0)
    paused.craft("schedule:pause", "Import", at=minute(0)).exits(0)
    assert paused.craft("schedule:resume", "Import", at=minute(1)).exits(0).out == (
        "Import was paused, and goes on.\nEverything is still paused: `craft schedule:resume` ends that.\n"
    )
    paused.craft("schedule:pause", "Import", at=minute(2)).exits(0)
    assert paused.craft("schedule:resume", at=minute(3)).exits(0).out == (
        "Everything was paused, and goes on.\nStill paused by name: Import.\n"
    )


def test_the_list_shows_pauses_and_when_it_goes_on(paused: App) -> None:
    paused.craft("schedule:pause", "Import", "--until", "2026-03-03 13:00", at=NOON).exits(0)
    shown = paused.craft("schedule:list", "--next", "2", at=minute(1)).exits(0).out
    assert re.search(r"Import +every minute, UTC +2026-03-03 13:00", shown)
    assert "until" in shown
    tasks = {task["key"]: task for task in paused.craft("schedule:list", "--json", at=minute(1)).json()["tasks"]}
    assert tasks["Watch"]["paused"] is None
    pause = tasks["Import"]["paused"]
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
        (["--until", "yesterday"], "'yesterday' is no date"),
        (["--until"], "--until wants a date"),
        (["--until", "2026-03-03 11:00"], "is over already"),
        (["--reason"], "--reason wants a text"),
    ],
)
def test_what_makes_no_sense_pauses_nothing(paused: App, arguments: list[str], complaint: str) -> None:
    done = paused.craft("schedule:pause", *arguments, at=NOON).exits(2)
    assert complaint in done.err
    assert len(done.err.splitlines()) == 1
    assert tick(paused, 0) == ["imported", "watched"]


def test_a_broken_task_can_be_paused_before_it_is_mended(paused: App) -> None:
    paused.edit("app/tasks/Tasks.py", lambda text: text.replace("'1 minute'\n    name", "'1 minuet'\n    name"))
    assert paused.craft("schedule:pause", "Import", at=NOON).exits(0).out.startswith("Import is paused")
    paused.edit("app/tasks/Tasks.py", lambda text: text.replace("minuet", "minute"))
    assert tick(paused, 0) == ["watched"]


def test_what_is_kept_of_a_task_that_is_gone_can_be_asked_and_ended(paused: App) -> None:
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", at=minute(0.5)).exits(0)
    paused.edit("app/tasks/Tasks.py", lambda text: text.replace("class Import", "class Renamed").replace("'imports'", "'r'"))
    assert "`craft schedule:resume Import` ends it" in " ".join(paused.craft("schedule:doctor").out.split())
    assert paused.craft("schedule:resume", "Import", at=minute(1)).exits(0).out == "Import was paused, and goes on.\n"
    assert "did you mean" not in paused.craft("schedule:resume", "Import", at=minute(1)).exits(2).out
    (shown,) = paused.craft("schedule:history", "Import", "--json", at=minute(1)).exits(0).json()["runs"]
    assert shown["key"] == "Import"


def test_who_has_no_name_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    import getpass

    from scheduler.process import host_name, user_name

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    assert user_name() == f"4711@{host_name()}"


def test_a_dry_run_and_an_explanation_know_of_pauses(paused: App) -> None:
    tick(paused, 0)
    paused.craft("schedule:pause", "Import", "--until", "10 minutes", "--reason", "moving", at=minute(0.5)).exits(0)
    planned = paused.craft("schedule:run", "--dry-run", "--json", at=minute(2)).exits(0).json()["planned"]
    mine = [(plan["would"], plan["skip_reason"], plan["fire_time"]) for plan in planned if plan["key"] == "Import"]
    assert mine == [("skip", "paused", f"2026-03-03T12:0{number}:00+00:00") for number in (1, 2)]
    later = paused.craft("schedule:run", "--dry-run", "--at", "12:05", "--json", at=minute(2)).exits(0).json()["planned"]
    assert [plan["would"] for plan in later if plan["key"] == "Import"] == ["skip"]
    told = paused.craft("schedule:explain", "Import", at=minute(2)).exits(0).out
    assert "It is due now, and the next tick skips it: paused by " in told
    assert "moving" in told
    assert "pause" not in paused.craft("schedule:explain", "Import", "--at", "12:11", at=minute(2)).exits(0).out


def test_a_dry_run_tells_that_a_retry_is_kept_back(paused: App, monkeypatch: pytest.MonkeyPatch) -> None:
    paused.tasks(f"class Import(Task):\n    {ALWAYS}\n    timezone = 'UTC'\n    retries = 1\n    retry_delay = '1 minute'\n\n    def handle(self):\n        raise ValueError('no')\n")
    paused.craft("schedule:run", at=NOON).exits(1)
    monkeypatch.setattr(clock, "real_now", lambda: runs_of(paused)[1].start_after)
    paused.craft("schedule:pause", at=NOON).exits(0)
    (plan,) = (plan for plan in paused.craft("schedule:run", "--dry-run", "--json", at=NOON).exits(0).json()["planned"] if plan["would"] != "leave")
    assert (plan["would"], plan["skip_reason"]) == ("skip", "paused")
