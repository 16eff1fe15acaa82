"""The databases of a store: where they are, and an empty one of each for a test."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from masoniteorm.connections import ConnectionResolver

from scheduler.masonite.database import connection_of
from scheduler.stores import Store, local_store
from scheduler.stores.schema import TABLES, create_statements, drop_statements

SERVERS = {
    "postgres": os.environ.get("TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mysql": os.environ.get("TEST_MYSQL", "mysql://root@127.0.0.1:3306/mysql"),
}
"""Servers on which tests may make databases of their own."""

Details = dict[str, Any]
"""One connection as config/database.py has it."""


class Application:
    """The part of a Masonite application that a store needs: the resolver of config/database.py."""

    objects: Mapping[Any, Any] = {}

    def __init__(self, details: Mapping[str, Any] | None = None, base_path: str = ".") -> None:
        self.base_path = base_path
        self.resolver = ConnectionResolver().set_connection_details(dict(details or {}))

    def has(self, name: str) -> bool:
        return name == "resolver"

    def make(self, name: str) -> Any:
        return {"resolver": self.resolver}[name]

    def resolve(self, target: Any) -> Any:
        return target()


def quick_parent() -> str | None:
    """Return a folder in memory, if there is one, for databases that may be lost in a power cut."""
    memory = "/dev/shm"
    return memory if os.access(memory, os.W_OK) else None


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Make a folder whose files are quick to write."""
    path = Path(tempfile.mkdtemp(prefix="scheduler-", dir=quick_parent()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def server_details(driver: str) -> Details:
    """Return how a server's own database is reached."""
    url = urlsplit(SERVERS[driver])
    return {
        "driver": driver,
        "host": url.hostname,
        "port": url.port,
        "user": url.username,
        "password": url.password or "",
        "database": url.path.strip("/"),
        "prefix": "",
        "options": {},
    }


def raw_connection(details: Details) -> Any:
    """Connect in autocommit mode, without the code under test."""
    if details["driver"] == "sqlite":
        return sqlite3.connect(details["database"], isolation_level=None)
    if details["driver"] == "postgres":
        import psycopg2

        raw = psycopg2.connect(
            host=details["host"],
            port=details["port"],
            user=details["user"],
            password=details["password"],
            dbname=details["database"],
        )
        raw.autocommit = True
        return raw
    import pymysql

    return pymysql.connect(
        host=details["host"],
        port=details["port"],
        user=details["user"],
        password=details["password"],
        database=details["database"],
        autocommit=True,
    )


def execute(details: Details, *statements: str) -> list[Any]:
    """Run statements without the code under test, and return the rows of the last one."""
    raw = raw_connection(details)
    try:
        cursor = raw.cursor()
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        raw.close()


def why_unreachable(driver: str) -> str:
    """Return why a server cannot be used, empty if it can."""
    try:
        raw_connection(server_details(driver)).close()
    except Exception as error:  # noqa: BLE001 - drivers raise classes of their own
        return f"{driver} at {SERVERS[driver]}: {error}"
    return ""


def make_database(driver: str, name: str, *, lasting: bool = False) -> Details:
    """Make an empty database on a server and return how it is reached; one that is `lasting` outlives a power cut."""
    details = server_details(driver)
    quoted = f'"{name}"' if driver == "postgres" else f"`{name}`"
    execute(details, f"DROP DATABASE IF EXISTS {quoted}", f"CREATE DATABASE {quoted}")
    if driver == "postgres" and not lasting:
        execute(details, f"ALTER DATABASE {quoted} SET synchronous_commit = off")
    return {**details, "database": name}


def drop_database(details: Details) -> None:
    """Remove a database that `make_database` made, even if there are connections to it."""
    server, name = server_details(details["driver"]), details["database"]
    if details["driver"] == "postgres":
        execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        return
    for (number,) in execute(server, f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
        with suppress(Exception):  # it ended by itself
            execute(server, f"KILL {number}")
    execute(server, f"DROP DATABASE IF EXISTS `{name}`")


@contextmanager
def server_databases(prefix: str, missing: Callable[[str], Any]) -> Iterator[Callable[[str], Details]]:
    """Give a function that returns a database on a server: one for all tests, with empty tables for each."""
    made: dict[str, Details] = {}

    def empty(driver: str) -> Details:
        if driver not in made:
            if reason := why_unreachable(driver):
                missing(reason)
            made[driver] = make_database(driver, f"{prefix}_{os.getpid()}")
        make_empty_tables(made[driver])
        return made[driver]

    yield empty
    for details in made.values():
        drop_database(details)


def make_empty_tables(details: Details) -> None:
    """Leave a database with a store's tables, all empty."""
    driver = details["driver"]
    try:
        execute(details, "BEGIN", *(f"DELETE FROM {table}" for table in TABLES), "COMMIT")
    except Exception:  # noqa: BLE001 - a table is missing: drivers raise classes of their own
        execute(details, *drop_statements(), *create_statements(driver))


def open_store(details: Details) -> Store:
    """Open the store in a database, as an app with that connection does."""
    if details["driver"] == "local":
        return local_store(details["database"])
    return Store(connection_of(Application({"default": "it", "it": details}), None))
