from __future__ import annotations

from collections.abc import Iterator

import pytest

from .fake_app import FakeApp


@pytest.fixture
def app() -> Iterator[FakeApp]:
    """A fake app without tasks."""
    made = FakeApp()
    connection = made.store.connection
    yield made
    connection.close()
