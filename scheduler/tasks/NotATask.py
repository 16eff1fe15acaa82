"""Something that was added to the scheduler and is not a task."""

from __future__ import annotations

from typing import Any, NamedTuple


class NotATask(NamedTuple):
    """What was added, and the file and line that did so."""

    added: Any
    place: str
