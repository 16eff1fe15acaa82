"""A run as one argument of a command, and outcomes as text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from scheduler.runs import Ending, Outcome, Run, SkipReason

READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "outcome": Outcome,
    "skip_reason": SkipReason,
    **dict.fromkeys(("failing_since", "fire_time", "start_after", "started_at", "ended_at"), datetime.fromisoformat),
}


def packed(run: Run) -> str:
    """Return a run as text, for `unpacked`; without its output, which may be longer than an argument can be."""
    return json.dumps(_values(replace(run, output="")))


def unpacked(text: str) -> Run:
    """Return the run that `packed` made `text` of."""
    return Run(**_read(json.loads(text)))


def packed_endings(endings: Sequence[Ending]) -> str:
    """Return outcomes as text, for `unpacked_endings`: all of them."""
    return json.dumps([{**_values(ending), "run": _values(ending.run)} for ending in endings])


def unpacked_endings(text: str) -> list[Ending]:
    """Return the outcomes that `packed_endings` made `text` of."""
    return [Ending(**_read(values | {"run": Run(**_read(values["run"]))})) for values in json.loads(text)]


def _values(of: Run | Ending) -> dict[str, Any]:
    values = {field.name: _plain(getattr(of, field.name)) for field in fields(of)}
    return {name: value for name, value in values.items() if value is not None and not isinstance(value, Run)}


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: READERS[name](value) if name in READERS else value for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value
