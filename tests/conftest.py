"""For every test: how to report that something is missing on this machine, and the time limit of fixtures."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Return a function that fails in CI, and otherwise skips the test, because of something that is missing."""

    def report(what: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(f"missing in CI: {what}")
        pytest.skip(f"MISSING, NOT TESTED: {what}")

    return report


SECONDS_TO_CLEAN_UP = 30
SECONDS_AT_LENGTH = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that try things at length more time, unless they say how much."""
    for item in items:
        if item.get_closest_marker("timeout") is None and any(map(item.get_closest_marker, ("once", "oracle"))):
            item.add_marker(pytest.mark.timeout(SECONDS_AT_LENGTH))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Limit the time of each fixture's end after a failure, when pytest-timeout has stopped its clock."""
    if signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    before = signal.signal(signal.SIGALRM, _fail)
    signal.setitimer(signal.ITIMER_REAL, SECONDS_TO_CLEAN_UP, SECONDS_TO_CLEAN_UP)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def _fail(*_: object) -> NoReturn:
    pytest.fail(f"a fixture has not ended after {SECONDS_TO_CLEAN_UP} seconds")
