"""What every test may ask for: how to say that something the machine should have is not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

import pytest


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Called with what is missing: in CI that is a failure, elsewhere a skip that says so."""

    def report(what: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(f"missing in CI: {what}")
        pytest.skip(f"MISSING, NOT TESTED: {what}")

    return report
