"""`craft schedule:history` shows past runs; `craft schedule:unlock` removes the lease of a task."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scheduler.processes.identity import this_process
from scheduler.stores import Lease, local_store

from .apps import ALWAYS, NOON, App

pytestmark = pytest.mark.measured

TASKS = f"""
class SayHi(Task):
    {ALWAYS}
    name = 'hey'

    def handle(self):
        print('Hi!')


class Fails(Task):
    {ALWAYS}
    retries = 1
    retry_delay = '1 hour'

    def handle(self):
        raise ValueError('no more stamps')


class Picky(Task):
    {ALWAYS}

    def when(self):
        return False

    def handle(self):
        pass
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first such app is kept: the others are copies of it."""
    return tmp_path_factory.mktemp("ran") / "blog"


@pytest.fixture
def ran(app: App, kept: Path) -> App:
    """An app whose three tasks ran at noon, and one of them again by force."""
    app.keep_runs()
    if kept.exists():
        shutil.copytree(kept, app.root, dirs_exist_ok=True)
        return app
    app.write("config/scheduler.py", "TIMEZONE = 'Europe/Riga'\n")
    app.tasks(TASKS)
    app.craft("schedule:run", at=NOON).exits(1)
    app.craft("schedule:run", "--task", "SayHi", "--force").exits(0)
    shutil.copytree(app.root, kept)
    return app


def runs(app: App, *arguments: str) -> list[dict[str, Any]]:
    return app.craft("schedule:history", *arguments, "--json").exits(0).json()["runs"]


def keys(app: App, *arguments: str) -> list[str]:
    return [run["key"] for run in runs(app, *arguments)]


def test_history_says_if_there_are_no_runs(app: App) -> None:
    assert app.craft("schedule:history").exits(0).out == "There are no such runs.\n"
    assert runs(app) == []


def test_history_is_a_table_newest_first_within_80_columns(ran: App) -> None:
    shown = ran.craft("schedule:history").exits(0).out
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    newest = shown.splitlines()[2]
    assert re.fullmatch(r" *\d+  SayHi +forced \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +succeeded +[\d.]+ m?s", newest)
    assert re.search(r"Picky +2026-03-03 14:00 +skipped .*\n +its when\(\) returned false\n", shown), "on the clock of the app"
    failed = r"Fails +2026-03-03 14:00 +failed .*\n +ValueError: no more stamps \(app/tasks/Tasks.py:\d+\)\n"
    assert re.search(failed, shown)


def test_a_run_that_waits_for_its_next_attempt_is_pending(ran: App) -> None:
    (pending,) = [run for run in runs(ran) if run["outcome"] is None]
    assert (pending["key"], pending["attempt"]) == ("Fails", 2)
    assert "Fails (attempt 2)" in ran.craft("schedule:history").out
    whole = ran.craft("schedule:history", str(pending["id"])).exits(0).out
    assert "Outcome:    pending\n" in whole


@pytest.mark.parametrize("name", ["SayHi", "hey"])
def test_history_of_one_task(ran: App, name: str) -> None:
    assert keys(ran, name) == ["SayHi", "SayHi"]


def test_of_a_task_whose_file_is_broken_by_now_or_gone(ran: App) -> None:
    file = ran.write("app/tasks/Fails.py", "class (")
    ran.tasks("")
    assert keys(ran, "Fails") == ["Fails", "Fails"]
    file.unlink()
    assert keys(ran, "Fails") == ["Fails", "Fails"]
    ran.craft("schedule:history", "Nobody").exits(2)


def test_of_a_task_that_cannot_be_built_by_now(ran: App) -> None:
    ran.tasks(TASKS.replace(ALWAYS, "run_every = '1 minuet'", 1))
    assert keys(ran, "hey") == ["SayHi", "SayHi"]


def test_history_of_failures_only(ran: App) -> None:
    assert keys(ran, "--failed") == ["Fails"]


def test_limit_shows_at_most_that_many_runs(ran: App) -> None:
    assert len(keys(ran, "--limit", "2")) == 2


@pytest.mark.parametrize(
    ("since", "count"),
    [
        (lambda now: "1 hour", 5),
        (lambda now: (now - timedelta(hours=1)).isoformat(), 5),
        (lambda now: f"{now + timedelta(days=1):%Y-%m-%d %H:%M}", 0),
    ],
    ids=["a time ago", "a date with an offset", "a date on the clock of the app"],
)
def test_history_since_a_time(ran: App, since: Callable[[datetime], str], count: int) -> None:
    assert len(keys(ran, f"--since={since(datetime.now(timezone.utc))}")) == count


@pytest.mark.parametrize(
    "arguments",
    [["--since", "yesterdy"], ["--since"], ["--since=0001-01-01"], ["--limit", "0"], ["Nobody"], ["999"]],
    ids=" ".join,
)
def test_invalid_arguments_are_one_line_and_exit_code_2(ran: App, arguments: list[str]) -> None:
    done = ran.craft("schedule:history", *arguments).exits(2)
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert arguments[-1].lstrip("-").split("=")[0] in done.err


def test_the_zone_of_the_app_is_named_if_the_server_has_another(ran: App) -> None:
    ran.write("config/scheduler.py", "TIMEZONE = 'UTC'\n")
    assert "Fire time  " in ran.craft("schedule:history").out
    ran.write("config/scheduler.py", "TIMEZONE = 'Asia/Tokyo'\n")
    assert "Fire time Asia/Tokyo" in ran.craft("schedule:history").exits(0).out
    assert "\nTime zone:  Asia/Tokyo\n" in ran.craft("schedule:history", "1").exits(0).out


def test_an_explanation_of_a_removed_task_points_to_its_history(ran: App) -> None:
    ran.write("app/tasks/Tasks.py", "")
    told = ran.craft("schedule:explain", "SayHi").exits(2).err
    assert told == "The app has no task 'SayHi' any more; craft schedule:history SayHi shows its runs.\n"
    assert "shows its runs" not in ran.craft("schedule:explain", "Nobody").exits(2).err


def test_history_of_one_run_shows_everything(ran: App) -> None:
    (failed,) = runs(ran, "--failed")
    whole = ran.craft("schedule:history", str(failed["id"])).exits(0).out
    assert "Task:       Fails\n" in whole
    assert "Fire time:  2026-03-03 14:00\n" in whole
    assert "Error:      ValueError: no more stamps\n" in whole
    assert whole.rstrip().endswith("ValueError: no more stamps"), "the traceback comes last"
    said_hi = str(runs(ran, "SayHi")[0]["id"])
    assert ran.craft("schedule:history", said_hi).out.endswith("\nOutput:\nHi!\n")
    assert ran.craft("schedule:history", said_hi, "--json").json()["output"] == "Hi!\n"


def test_a_forced_run_is_shown_with_the_time_of_its_start(ran: App) -> None:
    shown = ran.craft("schedule:history", at=NOON + timedelta(minutes=1)).exits(0).out
    assert re.search(r"SayHi +forced \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +succeeded", shown)


def test_a_skipped_run_has_its_reason(ran: App) -> None:
    whole = ran.craft("schedule:history", str(runs(ran, "Picky")[0]["id"])).exits(0).out
    assert "Outcome:    skipped (condition)\n" in whole


def test_history_of_a_broken_task_has_only_its_own_runs(ran: App) -> None:
    ran.tasks("class Broken(Task):\n    run_every = '5 minuets'\n\n    def handle(self):\n        pass\n", "Broken.py")
    assert ran.craft("schedule:history", "Broken").exits(0).out == "There are no such runs.\n"


# --- schedule:unlock -------------------------------------------------------------------------------------------------


def test_a_task_whose_run_has_not_ended_can_be_unlocked(app: App) -> None:
    app.keep_runs().tasks(TASKS)
    store = local_store(str(app.root / ".scheduler/scheduler.sqlite3"))
    never = datetime.now(timezone.utc) + timedelta(days=9999)
    assert store.acquire(Lease("SayHi", "elsewhere#1", str(this_process()), "db1", 4711, never), NOON)
    assert "earlier run has not ended (process 4711 on db1)" in app.craft("schedule:run", "-v", "-t", "hey").out
    assert app.craft("schedule:unlock", "hey").exits(0).out == "The lease of SayHi was removed.\n"
    assert app.craft("schedule:unlock", "SayHi").exits(0).out == "SayHi has no lease.\n"
    assert app.craft("schedule:run", "--force", "-t", "hey").exits(0).out == "Hi!\n"
    assert "Nobody" in app.craft("schedule:unlock", "Nobody").exits(2).err


def test_unlock_takes_the_names_that_doctor_prints(app: App) -> None:
    app.keep_runs().tasks(TASKS)
    store = local_store(str(app.root / ".scheduler/scheduler.sqlite3"))
    past = datetime.now(timezone.utc) - timedelta(days=1)
    assert store.acquire(Lease("Gone on web2", "elsewhere#1", "web2:4711:99", "web2", 4711, past), NOON)
    assert "craft schedule:unlock 'Gone on web2' removes" in " ".join(app.craft("schedule:doctor").out.split())
    assert app.craft("schedule:unlock", "Gone on web2").exits(0).out == "The lease of Gone on web2 was removed.\n"
