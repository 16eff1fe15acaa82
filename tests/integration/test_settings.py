"""`config/scheduler.py`: published, read, and refused if invalid; and its store."""

from __future__ import annotations

import pytest
from masonite_version import masonite_major

from .apps import ALWAYS, App

SAY_HI = f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n"


def test_the_published_settings_file_changes_nothing(app: App) -> None:
    app.tasks(SAY_HI)
    app.craft("package:publish", "scheduler").exits(0)
    assert "config/scheduler.py" in app.files()
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("Hi!\n", "")


def test_publishing_keeps_an_existing_settings_file(app: App) -> None:
    mine = app.write("config/scheduler.py", "WORKERS = 3\n")
    app.craft("package:publish", "scheduler")
    assert mine.read_text() == "WORKERS = 3\n"


def test_nothing_is_written_when_only_asked_what_would_be(app: App) -> None:
    app.craft("package:publish", "scheduler", "--dry")
    assert "config/scheduler.py" not in app.files()


@pytest.mark.parametrize("setting", ["STORE = 'redis'", "OVERLAP = 'no'"])
def test_an_invalid_setting_is_one_line_and_exit_code_2(app: App, setting: str) -> None:
    app.tasks(SAY_HI)
    app.write("config/scheduler.py", f"{setting}\n")
    done = app.craft("schedule:run").exits(2)
    assert done.out == ""
    assert done.err.startswith(f"config/scheduler.{setting}: ")
    assert "(try " in done.err
    assert len(done.err.splitlines()) == 1


# --- the store in the app's database ---------------------------------------------------------------------------------


def migrations(app: App) -> list[str]:
    return [file for file in app.files() if file.startswith("databases/migrations/") and "scheduler" in file]


@pytest.fixture
def on_database(app: App) -> App:
    """An app whose store is its own SQLite database."""
    app.tasks(SAY_HI)
    app.write("config/scheduler.py", "STORE = 'database'\n")
    if masonite_major() == 5:
        app.edit(".env", lambda text: text + "\nDB_CONNECTION=sqlite\nSQLITE_DB_DATABASE=database.sqlite3\n")
    return app


def test_the_migration_is_written_once_and_makes_the_tables(on_database: App) -> None:
    app = on_database
    missing = app.craft("schedule:run").exits(3)
    assert missing.out == ""
    assert "craft schedule:table" in missing.err
    assert len(missing.err.splitlines()) == 1

    written = app.craft("schedule:table").exits(0).out
    (file,) = migrations(app)
    assert written == f"Migration created ({file}). Run craft migrate to create the tables.\n"
    assert app.craft("schedule:table").exits(0).out == f"{file} exists already. Run craft migrate to create the tables.\n"
    assert migrations(app) == [file]

    app.craft("migrate").exits(0)
    assert app.craft("schedule:run").exits(0).out == "Hi!\n"
    assert app.craft("schedule:history", "--json").json()["runs"][0]["outcome"] == "succeeded"
    app.craft("migrate:rollback").exits(0)
    app.craft("schedule:run").exits(3)


def test_a_store_in_memory_forgets_everything(app: App) -> None:
    app.keep_runs().tasks(SAY_HI)
    app.write("config/scheduler.py", "STORE = 'memory'\n")
    for _ in range(2):
        assert app.craft("schedule:run").exits(0).out == "Hi!\n"
    assert not list(app.root.rglob("scheduler.sqlite3"))
