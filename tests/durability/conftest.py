"""Fixtures: processes that tick, and the stores that they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contracts.databases import quick_folder, server_databases

from durability.harness import Harness, PreforkServers

LONGEST_TEST = 400
"""Seconds: a tick may wait some minutes for a store that is away."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.twice)
            item.add_marker(pytest.mark.timeout(LONGEST_TEST))


@pytest.fixture(scope="session")
def prefork_servers() -> Iterator[PreforkServers]:
    made = PreforkServers()
    yield made
    made.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose files are quick to write."""
    with quick_folder() as path:
        yield path


@pytest.fixture
def harness(prefork_servers: PreforkServers, folder: Path) -> Iterator[Harness]:
    """A local store."""
    made = Harness(prefork_servers, folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def server_database(missing) -> Iterator:
    """Makes a database on a server: one for all tests, empty for each."""
    with server_databases("scheduler_durability", missing) as made:
        yield made


@pytest.fixture(params=["local", pytest.param("postgres", marks=pytest.mark.services), pytest.param("mysql", marks=pytest.mark.services)])
def any_harness(request: pytest.FixtureRequest, prefork_servers: PreforkServers, folder: Path) -> Iterator[Harness]:
    """A store in each database there is."""
    details = None if request.param == "local" else request.getfixturevalue("server_database")(request.param)
    made = Harness(prefork_servers, folder, details)
    yield made
    made.close()
