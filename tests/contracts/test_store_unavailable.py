"""A store that cannot be used is reported in one line with a fix, and works again once it is back."""

from __future__ import annotations

import os
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.conftest import details_of
from contracts.databases import Details, execute, make_empty_tables, open_store, raw_connection
from contracts.proxy import Proxy
from contracts.values import HERE, NOON, TTL, after, claim, claimed, ended, lease, one_run
from scheduler.errors import StoreUnavailable
from scheduler.runs import Pause, Run
from scheduler.stores import Store, local_store, sqlite, timeouts
from scheduler.stores.ActionLog import UserAction
from scheduler.stores.schema import TABLES, create_statements, drop_statements

FILES = ["local", "sqlite"]
PENDING = Run("a", NOON, id=1, owner=HERE)

OPERATIONS: dict[str, Callable[[Store], Any]] = {
    "cursors": lambda store: store.cursors(),
    "claim": lambda store: store.claim([claim("z")], {"z": after(minutes=1)}, HERE, NOON),
    "open_runs": lambda store: store.open_runs(),
    "adopt": lambda store: store.adopt(PENDING, HERE, NOON),
    "start": lambda store: store.start(PENDING, 1, NOON),
    "finish": lambda store: store.finish(ended(PENDING)),
    "beat": lambda store: store.beat(HERE, {1: "a"}, NOON, TTL),
    "acquire": lambda store: store.acquire(lease("z"), NOON),
    "hand_over": lambda store: store.hand_over("z", "mine", HERE, 1),
    "release": lambda store: store.release("z", "mine"),
    "leases": lambda store: store.leases(),
    "unlock": lambda store: store.unlock("z"),
    "history": lambda store: store.history(),
    "run": lambda store: store.run(1),
    "last_runs": lambda store: store.last_runs(["a"]),
    "prune": lambda store: store.prune(NOON),
    "runs_for": lambda store: store.runs_for("a", NOON, after(minutes=1)),
    "pause": lambda store: store.pause(Pause("z", NOON)),
    "resume": lambda store: store.resume("z", NOON),
    "pauses": lambda store: store.pauses(),
    "begin_streak": lambda store: store.begin_streak("z", ended(PENDING)),
    "end_streak": lambda store: store.end_streak("z"),
    "record_tick": lambda store: store.record_tick("here", NOON),
    "ticks": lambda store: store.ticks(),
    "offered_runs": lambda store: store.offered_runs("a"),
    "record_worker": lambda store: store.record_worker("reports", "here", 1, NOON),
    "heard_workers": lambda store: store.heard_workers(),
    "prune_workers": lambda store: store.prune_workers(NOON),
    "record_action": lambda store: store.record_action(UserAction(NOON, "ann", "run", "z")),
    "actions": lambda store: store.actions(),
}
"""Everything that can be asked of a store."""

READING = {
    *("cursors", "open_runs", "leases", "history", "run", "runs_for", "last_runs", "ticks", "pauses"),
    *("prune", "end_streak", "offered_runs", "heard_workers", "prune_workers", "actions"),
}
"""What changes nothing, where there is nothing to prune or to end."""


def said_by(store: Store, operation: Callable[[Store], Any] = OPERATIONS["claim"]) -> str:
    """Return the error of a store that cannot be used."""
    with pytest.raises(StoreUnavailable) as caught:
        operation(store)
    message = str(caught.value)
    assert "\n" not in message
    assert "the scheduler's store" in message
    assert len(message) < 500
    return message


def works(store: Store) -> bool:
    """Return whether all methods of a store work."""
    for operation in OPERATIONS.values():
        operation(store)
    return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a locked SQLite file for a moment only."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(sqlite, "PAUSE_SECONDS", 0.05)


@pytest.fixture(params=FILES)
def file_details(request: pytest.FixtureRequest, folder: Path) -> Details:
    """A store in a file: the default one, and an app's SQLite database."""
    details = details_of(request.param, folder, lambda _: {})
    assert details is not None
    return details


@pytest.fixture
def proxied(server_details: Details) -> Iterator[tuple[Proxy, Store]]:
    """A store in a server, and the proxy to it."""
    proxy = Proxy(server_details["host"], server_details["port"])
    store = open_store({**server_details, "host": "127.0.0.1", "port": proxy.port})
    yield proxy, store
    store.connection.close()
    proxy.close()


# -- away --


def test_an_unreachable_server_is_reported(proxied: tuple[Proxy, Store]) -> None:
    proxy, store = proxied
    proxy.cut()
    assert "check that it runs" in said_by(store)


def test_every_question_to_a_server_that_went_away_fails_with_a_hint(proxied: tuple[Proxy, Store]) -> None:
    proxy, store = proxied
    for operation in OPERATIONS.values():
        operation(store)
        proxy.cut()
        said_by(store, operation)
        said_by(store, operation)
        proxy.restore()
    assert works(store)


def test_claims_survive_a_restart_of_the_server(proxied: tuple[Proxy, Store]) -> None:
    proxy, store = proxied
    run = one_run(store)
    proxy.cut()
    said_by(store)
    proxy.restore()
    assert claimed(store, claim("a"), now=after(1)) == []
    assert store.open_runs() == [run]


def test_a_claim_is_atomic_if_the_connection_is_cut(
    proxied: tuple[Proxy, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, store = proxied
    execute_one = store.connection._execute

    def until(marker: str) -> Callable[[str, Any], Any]:
        def execute_or_not(sql: str, values: Any) -> Any:
            if sql.startswith(marker):
                proxy.cut()
            return execute_one(sql, values)

        return execute_or_not

    monkeypatch.setattr(store.connection, "_execute", until("COMMIT"))
    with pytest.raises(StoreUnavailable):
        store.claim([claim("a"), claim("b")], {"a": after(minutes=1), "b": after(minutes=1)}, HERE, NOON)
    monkeypatch.undo()
    proxy.restore()
    assert store.cursors() == {}
    assert store.open_runs() == []
    assert len(claimed(store, claim("a"), claim("b"), now=after(1))) == 2


# -- silent --


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an answer for a moment only."""
    monkeypatch.setattr(timeouts, "ANSWER_SECONDS", 0.2)


@pytest.mark.usefixtures("brief")
def test_a_server_that_accepts_and_never_answers_is_away(server_details: Details) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        store = open_store({**server_details, "host": "127.0.0.1", "port": silent.getsockname()[1]})
        for _ in range(2):
            assert "check that it runs" in said_by(store)


@pytest.mark.usefixtures("brief")
def test_every_question_to_a_silent_server_fails_with_a_hint(proxied: tuple[Proxy, Store]) -> None:
    proxy, store = proxied
    for name in ("claim", "history", "release"):
        OPERATIONS[name](store)
        proxy.mute()
        assert "check that it runs" in said_by(store, OPERATIONS[name])
        assert "check that it runs" in said_by(store, OPERATIONS[name])
        proxy.cut()
        proxy.restore()
    assert works(store)


@pytest.mark.usefixtures("brief")
@pytest.mark.services
def test_psycopg2_waits_for_others_as_it_did_before(database: Callable[[str], Details]) -> None:
    """A wait callback of psycopg2 would hold for the whole process."""
    from psycopg2 import extensions

    others = extensions.get_wait_callback()
    store = open_store(database("postgres"))
    assert works(store)
    assert extensions.get_wait_callback() is others
    with pytest.raises(StoreUnavailable):
        store.connection.rows("SELECT pg_sleep(5)")
    assert extensions.get_wait_callback() is others
    assert works(store)
    store.connection.close()


def test_a_missing_driver_is_reported(database: Callable[[str], Details], monkeypatch: pytest.MonkeyPatch) -> None:
    for driver, module in (("postgres", "psycopg2"), ("mysql", "pymysql")):
        store = open_store(database(driver))
        monkeypatch.setitem(sys.modules, module, None)
        assert f"pip install {module}" in said_by(store)
        monkeypatch.undo()


# -- half migrated --


def test_missing_tables_are_reported_with_the_fix(server_details: Details) -> None:
    store = open_store(server_details)
    assert works(store)
    execute(server_details, *drop_statements())
    for operation in OPERATIONS.values():
        message = said_by(store, operation)
        assert "craft schedule:table" in message
        assert "craft migrate" in message
    execute(server_details, *create_statements(server_details["driver"]))
    assert works(store)
    store.connection.close()


def test_missing_tables_of_an_apps_sqlite_database(folder: Path) -> None:
    details = {"driver": "sqlite", "database": str(folder / "app.sqlite3"), "prefix": ""}
    store = open_store(details)
    assert "craft schedule:table" in said_by(store)
    make_empty_tables(details)
    assert works(store)


@pytest.mark.parametrize("operation", ["claim", "history"])
def test_an_apps_own_database_is_no_local_store_and_is_left_as_it_is(folder: Path, operation: str) -> None:
    path = folder / "app.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    path.chmod(0o640)
    before = path.read_bytes()
    message = said_by(local_store(str(path)), OPERATIONS[operation])
    assert "is another database, with a table 'users'" in message
    assert message.endswith("set PATH to None, or to another file")
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(folder) == ["app.sqlite3"]


def test_each_missing_table_is_reported(server_details: Details) -> None:
    store = open_store(server_details)
    for table in TABLES:
        execute(server_details, f"ALTER TABLE {table} RENAME TO elsewhere")
        with pytest.raises(StoreUnavailable, match="craft schedule:table"):
            works(store)
        execute(server_details, f"ALTER TABLE elsewhere RENAME TO {table}")
    assert works(store)
    store.connection.close()


def test_a_missing_column_is_an_old_migration(server_details: Details) -> None:
    execute(server_details, "ALTER TABLE scheduler_runs DROP COLUMN late")
    store = open_store(server_details)
    assert "craft schedule:table" in said_by(store)
    store.connection.close()
    execute(server_details, *drop_statements())


def test_a_missing_database_is_not_reported_as_missing_tables(server_details: Details) -> None:
    message = said_by(open_store({**server_details, "database": "no_such_database"}))
    assert "no_such_database" in message
    assert "config/database.py" in message
    assert "craft migrate" not in message


def test_a_missing_user_is_not_reported_as_missing_tables(server_details: Details) -> None:
    message = said_by(open_store({**server_details, "user": "no_such_user", "password": "wrong"}))
    assert "config/database.py" in message
    assert "craft migrate" not in message


def test_no_message_gives_a_password_away(server_details: Details) -> None:
    store = open_store({**server_details, "port": 1, "password": "correct horse"})
    assert "correct horse" not in said_by(store)


# -- locked --


@pytest.mark.usefixtures("impatient")
def test_a_locked_file_is_reported(file_details: Details) -> None:
    store = open_store(file_details)
    assert works(store)
    with closing(sqlite3.connect(file_details["database"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for name in sorted(OPERATIONS.keys() - READING):
            message = said_by(store, OPERATIONS[name])
            assert "locked" in message, name
            assert "check who has it open" in message
        for name in sorted(READING):
            OPERATIONS[name](store)
    assert works(store)
    store.connection.close()


@pytest.mark.usefixtures("impatient")
def test_a_file_that_others_are_making_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(folder / "scheduler.sqlite3")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in said_by(local_store(path)), "not for ever"
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 10)
        monkeypatch.setattr(sqlite, "PAUSE_SECONDS", 0)
        monkeypatch.setattr(sqlite.time, "sleep", lambda _seconds: other.execute("COMMIT"))
        assert works(local_store(path))


def test_a_locked_row_is_waited_for_and_then_reported(server_details: Details) -> None:
    store = open_store(server_details)
    store.acquire(lease(), NOON)
    asking = {"postgres": "SHOW lock_timeout", "mysql": "SELECT @@innodb_lock_wait_timeout"}
    (row,) = store.connection.rows(asking[server_details["driver"]])
    assert str(*row.values()).rstrip("s") == str(timeouts.LOCK_SECONDS)
    setting = {"postgres": "SET lock_timeout = 50", "mysql": "SET innodb_lock_wait_timeout = 1"}
    store.connection.change(setting[server_details["driver"]])
    with closing(raw_connection(server_details)) as other:
        cursor = other.cursor()
        cursor.execute("BEGIN")
        cursor.execute("UPDATE scheduler_leases SET pid = 9 WHERE task = 'a'")
        assert "another process keeps it locked" in said_by(store, lambda store: store.unlock("a"))
    assert store.unlock("a")
    store.connection.close()


def test_a_transaction_of_a_stopped_scheduler_is_given_up(server_details: Details) -> None:
    driver = server_details["driver"]
    stopped, other = open_store(server_details), open_store(server_details)
    asking = {"postgres": "SHOW idle_in_transaction_session_timeout", "mysql": "SELECT @@SESSION.wait_timeout"}
    (row,) = stopped.connection.rows(asking[driver])
    assert str(*row.values()).rstrip("s") == str(timeouts.IDLE_SECONDS[driver])
    setting = {"postgres": "SET idle_in_transaction_session_timeout = 1000", "mysql": "SET SESSION wait_timeout = 1"}
    stopped.connection.rows("SELECT 1 AS one")

    def work(transaction: Any) -> None:
        transaction.change("UPDATE scheduler_cursors SET judged_until = '9' WHERE task = 'a'", ())
        assert other.claim([claim("b")], {"a": after(minutes=1)}, HERE, NOON), "it waits until the other one is given up"
        transaction.change("UPDATE scheduler_cursors SET judged_until = '9' WHERE task = 'a'", ())

    assert stopped.claim([], {"a": NOON}, HERE, NOON) == []
    stopped.connection._opened.raw.cursor().execute(setting[driver])
    with pytest.raises(StoreUnavailable):
        stopped.connection.transaction(work)
    assert other.cursors() == {"a": after(minutes=1)}
    assert works(stopped), "it goes on with a fresh connection"
    for store in (stopped, other):
        store.connection.close()


# -- damaged --


@pytest.mark.parametrize("length", [1, 100, 20000])
def test_a_file_that_is_not_a_database_is_reported_as_damaged(file_details: Details, length: int) -> None:
    path = Path(file_details["database"])
    path.parent.mkdir(exist_ok=True)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(b"no database " * length)
    store = open_store(file_details)
    for name, operation in OPERATIONS.items():
        assert "damaged: move it away" in said_by(store, operation), name
    assert path.read_bytes() == b"no database " * length, "it is not overwritten"
    path.unlink()
    if file_details["driver"] == "sqlite":
        make_empty_tables(file_details)
    assert works(store)


def test_a_store_file_damaged_in_the_middle_is_reported(file_details: Details) -> None:
    store = open_store(file_details)
    for number in range(60):
        run = one_run(store, f"task {number}")
        store.finish(ended(run, output="x" * 3000))
    store.connection.close()
    path = Path(file_details["database"])
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xa5" * len(content[4096:-4096])
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="damaged: move it away"):
        works(store)
    path.rename(path.with_suffix(".damaged"))
    if file_details["driver"] == "sqlite":
        make_empty_tables(file_details)
    assert works(store)


def test_an_empty_file_is_a_new_store(folder: Path) -> None:
    path = folder / "scheduler.sqlite3"
    path.touch()
    assert works(local_store(str(path)))


def test_a_store_whose_making_was_interrupted_is_made_to_the_end(folder: Path) -> None:
    path = str(folder / "scheduler.sqlite3")
    half = sqlite3.connect(path, isolation_level=None)
    for statement in create_statements("sqlite")[:2]:
        half.execute(statement)
    half.close()
    assert works(local_store(path))


def test_a_file_of_an_older_version_is_upgraded_and_keeps_its_rows(folder: Path) -> None:
    path = str(folder / "scheduler.sqlite3")
    new = local_store(path)
    run = one_run(new)
    new.finish(ended(run, output="kept"))
    up_to_date = indexes_of(new)
    for name in up_to_date:
        new.connection.change(f"DROP INDEX {name}")
    for name, columns in INDEXES_OF_VERSION_1.items():
        new.connection.change(f"CREATE INDEX {name} ON scheduler_runs ({columns})")
    new.connection.change("PRAGMA user_version = 1")
    new.connection.close()

    store = local_store(path)
    assert store.run(run.id).output == "kept"
    assert indexes_of(store) == up_to_date
    assert claimed(store, claim("a"), now=after(1)) == [], "it was claimed before"
    assert works(store)
    store.connection.close()


def test_a_file_of_version_4_learns_of_executors_and_keeps_its_runs(folder: Path) -> None:
    path = str(folder / "scheduler.sqlite3")
    new = local_store(path)
    run = one_run(new)
    new.connection.change("ALTER TABLE scheduler_runs DROP COLUMN executor")
    new.connection.change("DROP TABLE scheduler_workers")
    new.connection.change("PRAGMA user_version = 4")
    new.connection.close()

    for _ in range(2):
        store = local_store(path)
        assert (store.run(run.id).id, store.run(run.id).executor) == (run.id, "")
        assert works(store)
        store.connection.close()


INDEXES_OF_VERSION_1 = {
    "scheduler_runs_task": "task, id",
    "scheduler_runs_open": "outcome, id",
    "scheduler_runs_ended": "ended_at",
}


def indexes_of(store: Store) -> set[str]:
    found = store.connection.rows("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return {row["name"] for row in found}


def test_tables_whose_making_was_interrupted_are_made_to_the_end(server_details: Details) -> None:
    """MySQL does not roll back statements that create tables."""
    execute(server_details, *drop_statements())
    execute(server_details, *create_statements(server_details["driver"])[:2])
    for _ in range(2):
        execute(server_details, *create_statements(server_details["driver"]))
    store = open_store(server_details)
    assert works(store)
    store.connection.close()


# -- a folder in the way --


def test_a_folder_where_the_file_should_be(folder: Path) -> None:
    (folder / "scheduler.sqlite3").mkdir()
    (folder / "scheduler.sqlite3").chmod(0o755)
    assert "scheduler.sqlite3" in said_by(local_store(str(folder / "scheduler.sqlite3")))
    assert stat.S_IMODE((folder / "scheduler.sqlite3").stat().st_mode) == 0o755, "and nobody touches it"


def test_a_file_in_place_of_the_stores_folder_is_reported(folder: Path) -> None:
    (folder / "storage").write_text("", encoding="utf-8")
    assert "storage" in said_by(local_store(str(folder / "storage" / "scheduler.sqlite3")))


# -- full and read-only disks --


@pytest.fixture
def small_disk(tmp_path: Path, missing: Callable[[str], Any]) -> Iterator[Path]:
    """A disk of its own with room for a megabyte."""
    if os.geteuid() != 0:
        missing("root, who may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        missing(f"a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture(params=FILES)
def on_small_disk(request: pytest.FixtureRequest, small_disk: Path) -> Details:
    """A store in a file on a small disk."""
    details = details_of(request.param, small_disk, lambda _: {})
    assert details is not None
    return details


def test_a_full_disk_is_reported(on_small_disk: Details, small_disk: Path) -> None:
    store = open_store(on_small_disk)
    run = one_run(store)
    fill(small_disk)
    for attempt in range(2):
        message = said_by(store, lambda store: store.finish(ended(run, output="x" * 65536)))
        assert "the disk is full: free some space" in message, attempt
    assert store.open_runs() == [run], "nothing is half written"
    (small_disk / "ballast").unlink()
    assert store.finish(ended(run, output="x" * 65536))
    assert works(store)
    store.connection.close()


def test_a_store_cannot_be_made_on_a_full_disk(small_disk: Path) -> None:
    fill(small_disk)
    store = local_store(str(small_disk / "store" / "scheduler.sqlite3"))
    assert "the disk is full: free some space" in said_by(store)
    (small_disk / "ballast").unlink()
    assert works(store)
    store.connection.close()


def test_a_read_only_disk_is_reported(on_small_disk: Details, small_disk: Path) -> None:
    store = open_store(on_small_disk)
    run = one_run(store)
    store.connection.close()
    remount(small_disk, "ro")
    try:
        for _ in range(2):
            assert "must be able to write" in said_by(store)
    finally:
        remount(small_disk, "rw")
    assert works(store)
    assert claimed(store, claim("a"), now=after(1)) == []
    assert store.run(run.id) is not None
    store.connection.close()


@pytest.mark.services
def test_a_server_that_lets_nothing_be_written(database: Callable[[str], Details]) -> None:
    """The server is a standby, or it is in maintenance."""
    details = database("postgres")
    store = open_store(details)
    store.connection.change("SET default_transaction_read_only = on")
    assert "must be able to write" in said_by(store)
    store.connection.close()
    assert works(store)
    store.connection.close()


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    with pytest.raises(OSError, match="No space left"), open(disk / "ballast", "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


# -- who may read the file --


def test_the_local_file_and_its_companions_are_private(folder: Path) -> None:
    path = folder / "scheduler.sqlite3"
    before = os.umask(0)
    try:
        store = local_store(str(path))
        assert works(store)
        names = sorted(file.name for file in folder.iterdir())
        whole = ["scheduler.sqlite3", "scheduler.sqlite3-shm", "scheduler.sqlite3-wal"]
        assert names == [".scheduler.sqlite3.made", *whole]
        assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == dict.fromkeys(names, 0o600)
    finally:
        os.umask(before)
        store.connection.close()


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_a_file_that_others_may_read_is_its_owners_alone_from_then_on(folder: Path, umask: int) -> None:
    """Somebody may have copied it or made it with `touch`, under any umask."""
    path = folder / "scheduler.sqlite3"
    store = local_store(str(path))
    assert works(store)
    for file in folder.glob("scheduler.sqlite3*"):
        file.chmod(0o666)
    other = local_store(str(path))
    before = os.umask(umask)
    try:
        assert works(other)
    finally:
        os.umask(before)
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob("scheduler.sqlite3*")} == {
        path.name + suffix: 0o600 for suffix in ("", "-shm", "-wal")
    }
    store.connection.close()
    other.connection.close()


def test_the_mode_of_a_file_does_not_depend_on_the_umask(folder: Path) -> None:
    before = os.umask(0o777)
    try:
        os.chmod(folder, 0o700)
        store = local_store(str(folder / "scheduler.sqlite3"))
        assert works(store)
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    finally:
        os.umask(before)
        store.connection.close()


def test_a_file_of_somebody_else_keeps_its_mode(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may write to a file without owning it cannot change its mode."""

    def refuse(path: str, mode: int) -> None:
        raise PermissionError

    path = folder / "scheduler.sqlite3"
    path.touch(0o660)
    path.chmod(0o660)
    monkeypatch.setattr(os, "chmod", refuse)
    assert works(local_store(str(path)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize(("name", "mode"), [(".scheduler", 0o700), ("shared", 0o755)])
@pytest.mark.parametrize("has_store", [True, False])
def test_a_folder_of_our_name_is_closed_to_others(folder: Path, name: str, mode: int, has_store: bool) -> None:
    there = folder / name
    if has_store:
        assert works(local_store(str(there / "scheduler.sqlite3")))
    there.mkdir(exist_ok=True)
    there.chmod(0o755)
    store = local_store(str(there / "scheduler.sqlite3"))
    store.pauses()
    assert works(store)
    assert stat.S_IMODE(there.stat().st_mode) == mode


def test_the_folders_of_the_local_file_are_made(folder: Path) -> None:
    path = folder / "storage" / "framework" / "scheduler.sqlite3"
    assert works(local_store(str(path)))
    assert path.exists()


def test_nothing_is_made_before_it_is_needed(folder: Path) -> None:
    local_store(str(folder / "scheduler.sqlite3"))
    assert list(folder.iterdir()) == []


def test_connections_of_config_database_that_cannot_hold_a_store() -> None:
    from contracts.databases import Application
    from scheduler.masonite.database import connection_of

    app = Application({"default": "it", "it": {"driver": "mssql"}})
    with pytest.raises(StoreUnavailable, match="mssql"):
        connection_of(app, None)
    with pytest.raises(StoreUnavailable, match="no connection 'other'"):
        connection_of(app, "other")
