"""Connections to real servers that end, are slow, or are shared with others."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.databases import Details, execute, open_store, raw_connection
from contracts.values import HERE, NOON, after, claim, lease
from scheduler.stores import Store, local, local_store, timeouts
from scheduler.stores.schema import create_statements, drop_statements

ASKED: dict[str, Callable[[Store], Any]] = {
    "a query": lambda store: store.leases(),
    "a transaction": lambda store: store.claim([claim("b")], {"b": after(minutes=1)}, HERE, NOON),
    "a statement": lambda store: store.unlock("a"),
}


@pytest.fixture
def store(server_details: Details) -> Iterator[Store]:
    opened = open_store(server_details)
    yield opened
    opened.connection.close()


def end_connections(details: Details) -> None:
    """End all connections to a database, as a server that is restarted or whose clients were idle too long."""
    if details["driver"] == "postgres":
        execute(details, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         f" WHERE datname = '{details['database']}' AND pid <> pg_backend_pid()")
        return
    found = execute(details, f"SELECT id FROM information_schema.processlist WHERE db = '{details['database']}'"
                             " AND id <> CONNECTION_ID()")
    for (number,) in found:
        execute(details, f"KILL {number}")


@pytest.mark.parametrize("ask", ASKED)
def test_a_connection_that_the_server_has_ended_costs_nothing(
    store: Store, server_details: Details, ask: str
) -> None:
    assert store.acquire(lease("a"), NOON)
    end_connections(server_details)
    assert ASKED[ask](store)


def test_an_idle_timeout_between_two_ticks_costs_nothing(store: Store, server_details: Details) -> None:
    sql = {"postgres": "SET idle_session_timeout = '100ms'", "mysql": "SET SESSION wait_timeout = 1"}
    store.connection.rows("SELECT 1 AS one")
    store.connection._opened.raw.cursor().execute(sql[server_details["driver"]])
    deadline = time.monotonic() + 10
    while _connections_to(server_details) > 0:
        assert time.monotonic() < deadline, "the server ends the idle connection"
        time.sleep(0.05)
    assert store.claim([claim("a")], {"a": after(minutes=1)}, HERE, NOON)


def _connections_to(details: Details) -> int:
    name = details["database"]
    if details["driver"] == "postgres":
        sql = f"SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    else:
        sql = f"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{name}' AND id <> CONNECTION_ID()"
    return int(execute(details, sql)[0][0])


def test_an_apps_own_slow_query_is_not_cut(
    store: Store, server_details: Details, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store's limit holds for the store's connection only."""
    monkeypatch.setattr(timeouts, "ANSWER_SECONDS", 2)
    sleep = {"postgres": "SELECT pg_sleep(3)", "mysql": "SELECT SLEEP(3)"}[server_details["driver"]]
    said: list[Any] = []

    def query() -> None:
        try:
            raw = raw_connection(server_details)
            cursor = raw.cursor()
            cursor.execute(sleep)
            said.append(len(cursor.fetchall()))
            raw.close()
        except Exception as error:  # noqa: BLE001 - this is what must not happen
            said.append(error)

    thread = threading.Thread(target=query)
    thread.start()
    while thread.is_alive():
        store.leases()
    thread.join()
    assert said == [1]


def test_a_store_that_appears_while_it_is_looked_for_is_found_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its writer may be stopped right afterwards, so nothing changes any more."""
    path, connect = str(folder / "scheduler.sqlite3"), local.connect
    reader, writer = local_store(path), local_store(path)

    def connect_late(where: str, **options: bool) -> sqlite3.Connection:
        if where == ":memory:":
            monkeypatch.undo()
            assert writer.claim([claim("a")], {}, HERE, NOON)
        return connect(where, **options)

    monkeypatch.setattr(local, "connect", connect_late)
    assert reader.open_runs() == [], "it was not there yet"
    assert [run.key for run in reader.open_runs()] == ["a"]


def test_two_apps_with_prefixes_share_a_database_and_nothing_else(server_details: Details) -> None:
    driver = server_details["driver"]
    apps = {prefix: open_store({**server_details, "prefix": prefix}) for prefix in ("blog_", "shop_")}
    for prefix in apps:
        execute(server_details, *drop_statements(prefix), *create_statements(driver, prefix))
    for store in apps.values():
        assert [run.key for run in store.claim([claim("a")], {"a": after(minutes=1)}, HERE, NOON)] == ["a"]
        assert store.acquire(lease("a"), NOON)
    assert apps["blog_"].unlock("a")
    assert [len(store.leases()) for store in apps.values()] == [0, 1]
    for prefix, store in apps.items():
        store.connection.close()
        execute(server_details, *drop_statements(prefix))


def test_a_conflict_of_mariadb_with_snapshot_isolation_is_tried_again(
    store: Store, server_details: Details
) -> None:
    if server_details["driver"] != "mysql" or not execute(server_details, "SHOW VARIABLES LIKE 'innodb_snapshot_isolation'"):
        return  # the other server has no such error
    assert store.acquire(lease("a"), NOON)
    store.connection._opened.raw.cursor().execute("SET SESSION innodb_snapshot_isolation = ON")
    tries: list[int] = []

    def work(transaction: Any) -> int:
        tries.append(1)
        transaction.rows("SELECT * FROM scheduler_leases", ())
        if len(tries) == 1:
            execute(server_details, "UPDATE scheduler_leases SET pid = 7")
        return transaction.change("UPDATE scheduler_leases SET pid = 8 WHERE task = ?", ("a",))

    assert store.connection.transaction(work) == 1
    assert len(tries) == 2
