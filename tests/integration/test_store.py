"""Commands and their store: a store that cannot be used, and setting one up in the app's database."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from pprint import pformat
from typing import Any

import pytest
from contracts.databases import Details, drop_database, execute, make_database, why_unreachable

from scheduler.stores import sqlite, timeouts

from .apps import NOON, App, run

pytestmark = pytest.mark.twice

FILE = ".scheduler/scheduler.sqlite3"
TASK = """
    class Nightly(Task):
        run_cron = "1 12 * * *"
        timezone = "UTC"

        def handle(self):
            print("ran for", self.current_run.fire_time.strftime("%H:%M"), "late" if self.current_run.late else "on time")
"""

Breaking = Callable[[App], AbstractContextManager[None]]


def minute(number: int) -> Any:
    return NOON + timedelta(minutes=number)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a lock, and for an answer, for a moment only."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(timeouts, "ANSWER_SECONDS", 0.5)


def is_lost(done: Any) -> str:
    """Return the one line of a command that exits with 3."""
    done.exits(3)
    assert done.out == "", "nothing was run"
    (line,) = done.err.splitlines()
    assert "cannot be used" in line
    assert line[0].isupper()
    assert line.endswith(".")
    return str(line)


def loses_and_finds(app: App, breaking: Breaking, *, reads: bool = False) -> str:
    """Tick before, while and after the store cannot be used; return the line printed meanwhile."""
    app.craft("schedule:run", at=minute(0)).exits(0)
    with breaking(app):
        line = is_lost(app.craft("schedule:run", at=minute(1)))
        is_lost(app.craft("schedule:run", at=minute(2)))
        if not reads:
            is_lost(app.craft("schedule:unlock", "Nightly"))
        for command in () if reads else (["schedule:list"], ["schedule:history"], ["schedule:history", "1"]):
            is_lost(app.craft(*command))
        document = app.craft("schedule:run", "--json", at=minute(2)).exits(3).json()
        assert (document["runs"], len(document["errors"])) == ([], 1)
    done = app.craft("schedule:run", at=minute(4)).exits(0)
    assert done.out == "ran for 12:01 late\n", "back within grace, the missed minute runs"
    assert app.craft("schedule:run", at=minute(5)).exits(0).out == "", "and once"
    return line


# --- the local file --------------------------------------------------------------------------------------------------


@contextmanager
def a_file_for_a_folder(app: App) -> Iterator[None]:
    folder = app.root / FILE
    away = folder.parent.rename(app.root / "elsewhere")
    folder.parent.touch()
    yield
    folder.parent.unlink()
    away.rename(folder.parent)


@contextmanager
def damaged(app: App) -> Iterator[None]:
    file = app.root / FILE
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    whole = file.read_bytes()
    file.write_bytes(b"no database " * 1000)
    yield
    file.write_bytes(whole)


@contextmanager
def locked(app: App) -> Iterator[None]:
    hold = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print(flush=True); input()"
    command = [sys.executable, "-c", hold, str(app.root / FILE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield
        process.stdin.close()


@contextmanager
def without_a_table(app: App) -> Iterator[None]:
    file = sqlite3.connect(app.root / FILE, isolation_level=None)
    file.execute("ALTER TABLE scheduler_cursors RENAME TO scheduler_elsewhere")
    yield
    file.execute("ALTER TABLE scheduler_elsewhere RENAME TO scheduler_cursors")
    file.close()


LOCAL = {
    a_file_for_a_folder: "move it away",
    damaged: "the file is damaged: move it away, and a new one is created",
    locked: "another process keeps it locked: check who has it open",
    without_a_table: "its tables are missing or not up to date: move it away, and a new one is created",
}


@pytest.mark.parametrize("breaking", LOCAL, ids=lambda breaking: breaking.__name__)
def test_an_unusable_local_store_is_one_line_and_exit_code_3(app: App, breaking: Breaking) -> None:
    app.keep_runs().tasks(TASK)
    line = loses_and_finds(app, breaking, reads=breaking in {locked, without_a_table})
    assert LOCAL[breaking] in line
    assert FILE in line


def test_a_folder_that_the_user_may_not_write_to(app: App) -> None:
    """For example, cron runs as one user and the web server as another."""
    app.tasks(TASK.replace("1 12 * * *", "* * * * *"))
    (app.root / FILE).parent.mkdir(parents=True, exist_ok=True)
    (app.root / FILE).parent.chmod(0o500)
    craft = [*AS_ANYBODY, sys.executable, "craft", "schedule:run"]
    line = is_lost(run(craft, app.root))
    assert "must be able to write there" in line
    (app.root / FILE).parent.chmod(0o700)
    assert run(craft, app.root).exits(0).out.startswith("ran for")


AS_ANYBODY = ["setpriv", "--securebits", "+noroot", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
"""What makes root obey the modes of files, too."""


def test_a_store_on_a_full_disk_is_reported_in_one_line(app: App, tmp_path: Path, missing: Callable[[str], Any]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk]).returncode:
        missing("root, who may mount a small disk")

    @contextmanager
    def filled(app: App) -> Iterator[None]:
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
        ballast.unlink()

    try:
        app.keep_runs().tasks(TASK)
        app.write("config/scheduler.py", f'PATH = "{disk}/scheduler.sqlite3"')
        assert "the disk is full: free some space" in loses_and_finds(app, filled, reads=True)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


# --- a database of the app -------------------------------------------------------------------------------------------


@pytest.fixture
def in_server(app: App, missing: Callable[[str], Any]) -> Iterator[Callable[[str], Details]]:
    """Makes a database on a server, the default one of the app, which keeps its store there."""
    made: list[Details] = []

    def make(driver: str) -> Details:
        reason = why_unreachable(driver)
        if reason:
            missing(reason)
        made.append(make_database(driver, f"scheduler_integration_{os.getpid()}"))
        return use(app, made[-1])

    yield make
    for details in made:
        drop_database(details)


def use(app: App, details: Details, **others: Details) -> Details:
    """Let the app use a database, and keep the scheduler's store there."""
    app.write("config/scheduler.py", 'STORE = "database"')
    databases = {"default": "it", "it": details, **others}
    app.write(
        "config/database.py",
        "from masoniteorm.connections import ConnectionResolver\n\n"
        f"DATABASES = {pformat(databases)}\n"
        "DB = ConnectionResolver().set_connection_details(DATABASES)\n",
    )
    return details


@pytest.mark.measured
def test_tables_on_a_connection_that_is_not_the_default_one(app: App) -> None:
    own = {"driver": "sqlite", "prefix": "", "log_queries": False}
    databases = {name: {**own, "database": str(app.root / f"{name}.sqlite3")} for name in ("it", "schedule")}
    use(app, databases["it"], schedule=databases["schedule"])
    app.write("config/scheduler.py", 'STORE = "database"\nCONNECTION = "schedule"')
    app.tasks(TASK)
    missing = is_lost(app.craft("schedule:run", at=minute(1)))
    assert missing.endswith("run `craft schedule:table` and `craft migrate -c schedule`.")
    for _ in range(2):
        written = app.craft("schedule:table").exits(0).out
        assert written.endswith(". Run craft migrate -c schedule to create the tables.\n")
    app.python_craft("migrate", "-c", "schedule").exits(0)
    assert app.craft("schedule:run", at=minute(1)).exits(0).out == "ran for 12:01 on time\n"


def migrated(app: App) -> None:
    app.craft("schedule:table").exits(0)
    app.python_craft("migrate").exits(0)


@pytest.mark.services
@pytest.mark.parametrize("driver", ["postgres", "mysql"])
def test_one_command_writes_the_migration_and_masonite_runs_it(
    app: App, in_server: Callable[[str], Details], driver: str
) -> None:
    """For an SQLite file of the app, see test_settings.py."""
    in_server(driver)
    app.tasks(TASK)
    written = app.craft("schedule:table").exits(0).out
    before = app.files()
    assert written.startswith("Migration created (databases/migrations/")
    assert app.craft("schedule:table").exits(0).out.endswith("exists already. Run craft migrate to create the tables.\n")
    assert app.files() == before
    app.python_craft("migrate").exits(0)
    app.python_craft("migrate").exits(0)
    assert app.craft("schedule:run", at=minute(1)).exits(0).out == "ran for 12:01 on time\n"
    assert app.craft("schedule:run", at=minute(1)).exits(0).out == ""
    (run,) = app.craft("schedule:history", "--json").exits(0).json()["runs"]
    assert run["outcome"] == "succeeded"
    assert not (app.root / FILE).exists(), "nothing is kept anywhere else"
    app.python_craft("migrate:rollback").exits(0)
    assert "craft migrate" in is_lost(app.craft("schedule:run", at=minute(2)))


@pytest.mark.services
@pytest.mark.parametrize("driver", ["sqlite", "postgres", "mysql"])
def test_tables_of_4_0_0_are_upgraded_by_a_migration_of_their_own(
    app: App, in_server: Callable[[str], Details], driver: str
) -> None:
    if driver == "sqlite":
        details = {"driver": "sqlite", "database": str(app.root / "app.sqlite3"), "prefix": "", "log_queries": False}
        use(app, details)
    else:
        details = in_server(driver)
    app.tasks(TASK)
    migrated(app)
    (created,) = (app.root / "databases" / "migrations").glob("*_create_scheduler_tables.py")
    created.write_text(created.read_text().replace(", with those for executors", ""))
    execute(details, "ALTER TABLE scheduler_runs DROP COLUMN executor", "DROP TABLE scheduler_workers")
    assert "craft schedule:table" in is_lost(app.craft("schedule:run", at=minute(1)))
    assert "_add_scheduler_executors.py" in app.craft("schedule:table").exits(0).out
    assert app.craft("schedule:table").exits(0).out.endswith("exists already. Run craft migrate to create the tables.\n")
    app.python_craft("migrate").exits(0)
    assert app.craft("schedule:run", at=minute(1)).exits(0).out == "ran for 12:01 on time\n"


@pytest.mark.services
@pytest.mark.parametrize("driver", ["postgres", "mysql"])
def test_the_migration_and_the_store_use_the_prefix_of_the_connection(
    app: App, in_server: Callable[[str], Details], driver: str
) -> None:
    details = in_server(driver)
    use(app, {**details, "prefix": "blog_"})
    app.tasks(TASK)
    migrated(app)
    assert app.craft("schedule:run", at=minute(1)).exits(0).out == "ran for 12:01 on time\n"
    assert execute(details, "SELECT task FROM blog_scheduler_runs")
    app.python_craft("migrate:rollback").exits(0)
    is_lost(app.craft("schedule:run", at=minute(2)))


@contextmanager
def away(app: App, details: Details) -> Iterator[None]:
    use(app, {**details, "port": 1})
    yield
    use(app, details)


@contextmanager
def silent(app: App, details: Details) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        use(app, {**details, "port": server.getsockname()[1]})
        yield
    use(app, details)


@contextmanager
def half_migrated(app: App, details: Details) -> Iterator[None]:
    execute(details, "ALTER TABLE scheduler_cursors RENAME TO scheduler_elsewhere")
    yield
    execute(details, "ALTER TABLE scheduler_elsewhere RENAME TO scheduler_cursors")


@pytest.mark.services
@pytest.mark.parametrize(
    ("breaking", "hint"),
    [
        (away, "check that it runs and that config/database.py is right"),
        (silent, "check that it runs and that config/database.py is right"),
        (half_migrated, "run `craft schedule:table` and `craft migrate`"),
    ],
)
def test_an_unusable_database_is_one_line_and_exit_code_3(
    app: App, in_server: Callable[[str], Details], breaking: Any, hint: str
) -> None:
    """One error of each kind is tested here; tests/contracts has all of them."""
    details = in_server("mysql" if breaking is silent else "postgres")
    app.tasks(TASK)
    migrated(app)
    line = loses_and_finds(app, lambda app: breaking(app, details), reads=breaking is half_migrated)
    assert hint in line
