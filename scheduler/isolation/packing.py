"""A run as one argument of a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, Final

from scheduler.runs import Outcome, Run, SkipReason

READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "outcome": Outcome,
    "skip_reason": SkipReason,
    **dict.fromkeys(("fire_time", "start_after", "started_at", "ended_at"), datetime.fromisoformat),
}


def packed(run: Run) -> str:
    """Return a run as text, for `unpacked`; without its output, which may be longer than an argument can be."""
    values = {field.name: getattr(run, field.name) for field in fields(run) if field.name != "output"}
    return json.dumps({name: _plain(value) for name, value in values.items() if value is not None})


def unpacked(text: str) -> Run:
    """Return the run that `packed` made `text` of."""
    values: dict[str, Any] = json.loads(text)
    return Run(**{name: READERS[name](value) if name in READERS else value for name, value in values.items()})


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value
