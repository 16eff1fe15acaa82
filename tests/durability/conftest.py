"""Processes to tick in, and places for them to meet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from contracts.databases import (
    Details,
    drop_database,
    make_database,
    make_empty_tables,
    quick_folder,
    why_unreachable,
)

from durability.hosts import Place, Stems


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.twice)


@pytest.fixture(scope="session")
def stems() -> Iterator[Stems]:
    made = Stems()
    yield made
    made.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose files are quick to write."""
    with quick_folder() as path:
        yield path


@pytest.fixture
def place(stems: Stems, folder: Path) -> Iterator[Place]:
    """A local store."""
    made = Place(stems, folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def server_database(missing) -> Iterator:
    """Makes a database on a server, one for all tests."""
    made: dict[str, Details] = {}

    def database(driver: str) -> Details:
        if driver not in made:
            reason = why_unreachable(driver)
            if reason:
                missing(reason)
            made[driver] = make_database(driver, f"scheduler_durability_{os.getpid()}")
        make_empty_tables(made[driver])
        return made[driver]

    yield database
    for details in made.values():
        drop_database(details)


@pytest.fixture(params=["local", pytest.param("postgres", marks=pytest.mark.services), pytest.param("mysql", marks=pytest.mark.services)])
def any_place(request: pytest.FixtureRequest, stems: Stems, folder: Path) -> Iterator[Place]:
    """A store in each database there is."""
    details = None if request.param == "local" else request.getfixturevalue("server_database")(request.param)
    made = Place(stems, folder, details)
    yield made
    made.close()
