"""Every kind of store there is, empty, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.databases import Details, make_empty_tables, open_store, quick_folder, server_databases
from scheduler.stores import Store, memory_store

SERVER_MEMBERS = [
    pytest.param("postgres", marks=pytest.mark.services),
    pytest.param("mysql", marks=pytest.mark.services),
]
MEMBERS = ["memory", "local", "sqlite", *SERVER_MEMBERS]


class Member:
    """One kind of store, and ways into it."""

    def __init__(self, name: str, details: Details | None) -> None:
        self.name = name
        self.details = details
        self._opened: list[Store] = []
        self.store = self.open()

    @property
    def is_shared(self) -> bool:
        """Whether several processes can use it."""
        return self.details is not None

    def open(self) -> Store:
        """Return the store as another process would open it."""
        if self.details is None and self._opened:
            return self._opened[0]
        store = open_store(self.details) if self.details else memory_store()
        self._opened.append(store)
        return store

    def close(self) -> None:
        for store in self._opened:
            store.connection.close()


@pytest.fixture(scope="session")
def database(missing: Callable[[str], Any]) -> Iterator[Callable[[str], Details]]:
    """Makes a database on a server: one for all tests, empty for each."""
    with server_databases("scheduler_contracts", missing) as made:
        yield made


def details_of(name: str, folder: Path, database: Callable[[str], Details]) -> Details | None:
    """Return where an empty store of this kind is, None for the one in memory."""
    if name == "memory":
        return None
    if name == "local":
        return {"driver": "local", "database": str(folder / "store" / "scheduler.sqlite3")}
    if name == "sqlite":
        details = {"driver": "sqlite", "database": str(folder / "app.sqlite3"), "prefix": ""}
        make_empty_tables(details)
        return details
    return database(name)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose files are quick to write."""
    with quick_folder() as path:
        yield path


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest, folder: Path, database: Callable[[str], Details]) -> Iterator[Member]:
    """Each kind of store."""
    made = Member(request.param, details_of(request.param, folder, database))
    yield made
    made.close()


@pytest.fixture(params=MEMBERS[1:])
def shared(request: pytest.FixtureRequest, folder: Path, database: Callable[[str], Details]) -> Iterator[Member]:
    """Each kind of store that several processes can use."""
    made = Member(request.param, details_of(request.param, folder, database))
    yield made
    made.close()


@pytest.fixture
def store(member: Member) -> Store:
    """Each kind of store."""
    return member.store


@pytest.fixture(params=SERVER_MEMBERS)
def server_details(request: pytest.FixtureRequest, database: Callable[[str], Details]) -> Details:
    """A store in a server."""
    return database(request.param)
