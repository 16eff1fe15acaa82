from __future__ import annotations

from collections.abc import Iterator

import pytest

from .place import Place


@pytest.fixture
def place() -> Iterator[Place]:
    """A place without tasks."""
    made = Place()
    connection = made.store.connection
    yield made
    connection.close()
