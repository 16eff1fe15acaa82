"""`craft schedule:cache` lets the console script end without booting the app while nothing is due."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from .apps import ALWAYS, NEVER, NOON, App, console_script, process_environment, run_on_terminal

pytestmark = pytest.mark.measured

#: With a zone of its own: which zone is the server's, this process may have asked under another TZ.
IN_A_YEAR = f"class Never(Task):\n    {NEVER}\n    timezone = 'UTC'\n\n    def handle(self):\n        print('it ran')\n"


@pytest.fixture
def app(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app whose task is not due, that has ticked once; this process has the environment of those it starts."""
    monkeypatch.setenv("TZ", process_environment()["TZ"])
    monkeypatch.delenv("APP_ENV", raising=False)
    app.tasks(IN_A_YEAR)
    app.keep_runs()
    app.craft("schedule:run").exits(0)
    return app


def cached(app: App) -> App:
    app.craft("schedule:cache").exits(0)
    return app


def modules_of_a_tick(app: App) -> set[str]:
    """Return the modules that the console script's `craft schedule:run` imports, without measuring coverage."""
    script = app.root.parent / "craft"  # as today's pip writes it; older ones import `re` in it
    script.write_text("import sys\nfrom scheduler.craft import main\nsys.exit(main())\n")
    command = [sys.executable, "-X", "importtime", str(script), "schedule:run"]
    environment = {name: value for name, value in process_environment().items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, cwd=app.root, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def last_tick(app: App) -> str:
    with sqlite3.connect(app.root / ".scheduler/scheduler.sqlite3") as database:
        return database.execute("SELECT ticked_at FROM scheduler_ticks").fetchone()[0]


# --- making and removing it ------------------------------------------------------------------------------------------


def test_schedule_cache_prints_what_it_did_and_why(app: App) -> None:
    done = app.craft("schedule:cache").exits(0)
    assert done.out.splitlines() == [
        "The schedule of 1 task is cached (.scheduler/schedule.cache).",
        "Something is due in 0 of the next 1,440 minutes; until a file of the app",
        "changes, craft schedule:run boots the app in those only.",
    ]
    assert app.craft("schedule:clear").exits(0).out == "The cached schedule was removed.\n"
    assert app.craft("schedule:clear").exits(0).out == "The schedule was not cached.\n"


def test_schedule_list_says_whether_the_cache_is_fresh(app: App) -> None:
    assert "cache" not in app.craft("schedule:list").exits(0).out
    assert app.craft("schedule:list", "--json").json()["cache"] == {"state": "none", "detail": None}
    app.craft("schedule:cache", at=NOON).exits(0)
    assert app.craft("schedule:list").exits(0).out.endswith("\nThe schedule is cached until 2026-04-28.\n")
    assert app.craft("schedule:list", "--json").json()["cache"] == {"state": "fresh", "detail": "until 2026-04-28"}
    app.tasks(IN_A_YEAR + "\n\n")
    done = app.craft("schedule:list").exits(0)
    assert done.err == (
        "The schedule's cache is stale (app/tasks/Tasks.py has changed). Run craft schedule:cache again.\n"
    )
    found = app.craft("schedule:list", "--json").json()["cache"]
    assert found == {"state": "stale", "detail": "app/tasks/Tasks.py has changed"}


def test_a_cache_that_saves_nothing_says_so(app: App) -> None:
    app.tasks(f"class Busy(Task):\n    {ALWAYS}\n\n    def handle(self):\n        pass\n")
    done = app.craft("schedule:cache").exits(0)
    assert "is cached (.scheduler/schedule.cache), but saves nothing: something is due in every minute of the next day." in done.out


def test_schedule_list_says_that_a_tick_has_found_the_cache_stale(app: App) -> None:
    cached(app).tasks(IN_A_YEAR + "\n\n")
    app.console_craft("schedule:run").exits(0)
    assert "app/tasks/Tasks.py has changed" in app.craft("schedule:list").exits(0).err


def test_schedule_list_says_that_the_cache_cannot_be_read(app: App) -> None:
    (app.root / ".scheduler/schedule.cache").write_text("nonsense")
    assert "is stale (it is damaged)" in app.craft("schedule:list").exits(0).err


REFUSED = {
    "a task that decides by itself": (
        "class Moody(Task):\n    def handle(self): ...\n\n    def should_run(self, date=None):\n        return False\n",
        "Moody overrides should_run(), so its fire times cannot be known",
    ),
    "a broken task": ("class Bad(Task):\n    run_at = '25:00'\n\n    def handle(self): ...\n", "Bad is broken: "),
    "no task": ("", "there are no tasks"),
    "a key nobody can keep": (
        f"class Odd(Task):\n    {ALWAYS}\n\n    def handle(self): ...\n\n\nOdd.__name__ = 'a\\x1fb'\n",
        r"'a\x1fb' has a control character in it",
    ),
}


@pytest.mark.parametrize(("source", "said"), REFUSED.values(), ids=REFUSED)
def test_unpredictable_tasks_are_not_cached(app: App, source: str, said: str) -> None:
    app.craft("schedule:cache").exits(0)
    app.tasks(source)
    done = app.craft("schedule:cache").exits(1)
    assert done.err.startswith(f"The schedule was not cached: {said}")
    assert len(done.err.splitlines()) == 1
    assert app.craft("schedule:list", "--json").json()["cache"]["state"] == "none"


def test_a_store_that_needs_the_app_is_not_asked_without_it(app: App) -> None:
    app.write("config/scheduler.py", "STORE = 'memory'\n")
    done = app.craft("schedule:cache").exits(1)
    assert done.err == (
        "The schedule was not cached: the store is 'memory', "
        "and only the 'local' one can be read without booting the app.\n"
    )


def test_schedule_cache_says_if_it_cannot_write(app: App) -> None:
    app.craft("schedule:cache").exits(0)
    file = app.root / ".scheduler/schedule.cache"
    file.unlink()
    (file / "in the way").mkdir(parents=True)
    assert "The schedule was not cached: [Errno" in app.craft("schedule:cache").exits(1).err
    assert "The cached schedule cannot be removed: [Errno" in app.craft("schedule:clear").exits(1).err
    assert "Is a directory" in app.craft("schedule:list").exits(0).err


def test_a_file_that_changed_while_the_app_was_loading_is_not_trusted(app: App) -> None:
    app.tasks(IN_A_YEAR + "\n\nopen(__file__, 'a').close()\n__import__('os').utime(__file__)\n")
    done = app.craft("schedule:cache").exits(1)
    assert done.err == (
        "The schedule was not cached: app/tasks/Tasks.py was changed while the app was loading: try again.\n"
    )


def test_a_name_of_two_tasks_is_reported_when_caching(app: App) -> None:
    app.tasks(
        "class One(Task):\n    name = 'same'\n\n    def handle(self): ...\n\n\n"
        "class Two(Task):\n    name = 'same'\n\n    def handle(self): ...\n"
    )
    assert "have the name 'same'" in app.craft("schedule:cache").exits(0).err


# --- ticks without booting -------------------------------------------------------------------------------------------


def test_an_idle_tick_boots_nothing_and_is_recorded(app: App) -> None:
    before = last_tick(cached(app))
    modules = modules_of_a_tick(app)
    unwanted = {"masonite", "pendulum", "cleo", "wsgi", "re", "json", "typing", "zoneinfo", "scheduler.execution.Scheduler"}
    assert modules & unwanted == set()
    ours = {name for name in modules if name.partition(".")[0] == "scheduler"}
    own = {"craft", "cache", "cache.idle", "cache.fingerprint", "cache.ScheduleCache"}
    assert ours == {"scheduler", "scheduler.private_folder", *(f"scheduler.{name}" for name in own)}
    assert last_tick(app) > before


def test_an_idle_tick_on_a_terminal_prints_what_the_app_prints(app: App) -> None:
    command = [str(console_script()), "schedule:run"]
    booted = run_on_terminal(command, app.root, {}, 80)
    before = last_tick(cached(app))
    idle = run_on_terminal(command, app.root, {}, 80)
    assert idle.out == booted.out == "Nothing is due.\n"
    assert last_tick(app) == before, "what a person types is no proof that cron runs"


def test_python_craft_goes_on_as_always(app: App) -> None:
    before = last_tick(cached(app))
    assert app.python_craft("schedule:run", "-v").exits(0).out.startswith("Never is not due")
    assert last_tick(app) > before
    assert app.craft("schedule:list", "--json").json()["cache"]["state"] == "fresh"


def test_a_due_task_runs_despite_the_cache(app: App) -> None:
    app.tasks(IN_A_YEAR.replace(NEVER, ALWAYS))
    assert cached(app).console_craft("schedule:run").exits(0).out == "it ran\n"


def test_a_new_file_makes_it_stale_and_its_task_runs_at_once(app: App) -> None:
    cached(app).tasks(IN_A_YEAR.replace(NEVER, ALWAYS).replace("Never", "New"), "New.py")
    done = app.console_craft("schedule:run").exits(0)
    assert done.out == "it ran\n"
    assert done.err == (
        "craft: the schedule's cache is stale and was not used (app/tasks/New.py is new): "
        "run `craft schedule:cache` again\n"
    )
    assert app.console_craft("schedule:run").exits(0).err == ""


def test_another_environment_makes_it_stale(app: App) -> None:
    app.tasks(f"import os\n\nos.getenv('SHOP'), os.getenv('PATH')\n\n\n{IN_A_YEAR}")
    cached(app)
    for name, value in {"UNRELATED": "1", "PATH": os.environ["PATH"] + ":/nowhere", "SHOP": "Riga"}.items():
        done = app.console_craft("schedule:run", **{name: value}).exits(0)
        assert ("the variable SHOP is new" in done.err) == (name == "SHOP"), name


@pytest.mark.parametrize(
    "code",
    [
        "WHERE = 'SHOP'\nos.environ.get(WHERE)",
        "setting = os.environ.get\nsetting('SHOP', '')",
        "from os import environ as settings\n'SHOP' in settings",
        "[os.getenv(name) for name in ('STREET', 'SHOP')]",
    ],
)
def test_variables_count_however_the_app_reads_them(app: App, code: str) -> None:
    app.write("app/settings.py", f"import os\n\n{code}\n")
    assert "the variable SHOP is new" in cached(app).console_craft("schedule:run", SHOP="Riga").exits(0).err


def test_variables_that_env_sets_may_differ_in_the_environment(app: App) -> None:
    app.edit(".env", lambda text: f"{text}\nSHOP=Riga\n")
    app.tasks(f"import os\n\nos.environ['SHOP']\n\n\n{IN_A_YEAR}")
    cached(app)
    assert app.console_craft("schedule:run", SHOP="Cēsis").exits(0).err == ""


# --- booted ticks look after it --------------------------------------------------------------------------------------


def start_of(app: App) -> str:
    return (app.root / ".scheduler/schedule.cache").read_bytes().split(b"\x1f")[1].decode()


def test_a_booted_tick_rebuilds_a_cache_that_is_half_over(app: App) -> None:
    app.craft("schedule:cache", at=NOON).exits(0)
    first = start_of(app)
    app.craft("schedule:run", at=NOON.replace(month=3, day=30)).exits(0)
    assert start_of(app) == first
    app.craft("schedule:run", at=NOON.replace(month=4, day=1)).exits(0)
    assert start_of(app) > first
    app.craft("schedule:list").exits(0)


def test_a_booted_tick_notices_tasks_that_come_from_elsewhere(app: App) -> None:
    """The tasks have changed although no file has, since they come from a database. They cannot be cached."""
    app.write("storage/when.txt", "30 4 * * *")
    app.tasks(
        "class Told(Task):\n    run_cron = open('storage/when.txt').read()\n\n    def handle(self):\n        print('it ran')\n"
    )
    app.craft("schedule:cache", at=NOON).exits(0)
    app.write("storage/when.txt", "* * * * *")
    done = app.craft("schedule:run", at=NOON).exits(0)
    assert done.out == "it ran\n"
    assert done.err == (
        "The cached schedule is no longer used: the tasks have changed although no file has: "
        "what they are built from cannot be cached.\n"
    )
    assert app.craft("schedule:run", at=NOON).exits(0).err == ""
    assert "cannot be cached" in app.craft("schedule:list").exits(0).err


def test_a_booted_tick_leaves_a_stale_cache_to_the_script(app: App) -> None:
    app.craft("schedule:cache", at=NOON).exits(0)
    app.tasks(IN_A_YEAR + "\n\n")
    assert app.craft("schedule:run", at=NOON).exits(0).err == ""
    assert (app.root / ".scheduler/schedule.cache").exists()
    (app.root / ".scheduler/schedule.cache").write_text("nonsense")
    assert app.craft("schedule:run", at=NOON).exits(0).err == ""


# --- killed ----------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_killed_at_any_moment_it_leaves_a_store_that_works(app: App) -> None:
    cached(app)
    chance = random.Random(1)
    for _ in range(60):
        command = [str(console_script()), "schedule:run"]
        process = subprocess.Popen(command, cwd=app.root, env=process_environment())
        time.sleep(chance.uniform(0.005, 0.06))
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = last_tick(app)
    assert app.console_craft("schedule:run").exits(0).err == ""
    assert last_tick(app) > before
    assert "wsgi" not in modules_of_a_tick(app)
    history = json.loads(app.craft("schedule:history", "--json").exits(0).out)
    assert history["runs"] == []
