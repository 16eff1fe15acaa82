"""Runs and completed runs as JSON, between the scheduler and its workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, Final

from scheduler.runs import CompletedRun, Outcome, Run, SkipReason

READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "run": lambda values: Run(**_read(values)),
    "outcome": Outcome,
    "skip_reason": SkipReason,
    **dict.fromkeys(
        ("failing_since", "fire_time", "claimed_at", "start_after", "started_at", "ended_at"), datetime.fromisoformat
    ),
}


def pack_request(what: str, run: Run, completed_runs: Sequence[CompletedRun]) -> str:
    """Return a worker's request as text, for `unpack_request`."""
    return json.dumps([what, _values(run), [_values(completed) for completed in completed_runs]])


def unpack_request(text: str) -> tuple[str, Run, list[CompletedRun]]:
    """Return the request that `pack_request` packed."""
    what, run, completed_runs = json.loads(text)
    return what, Run(**_read(run)), [CompletedRun(**_read(values)) for values in completed_runs]


def pack_fields(run: Run, names: Sequence[str]) -> dict[str, Any]:
    """Return some fields of a run as JSON has them, for `unpack_fields`."""
    return {name: _plain(getattr(run, name)) for name in names}


def unpack_fields(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the fields that `pack_fields` packed."""
    return _read({name: values[name] for name in names})


def _values(of: Run | CompletedRun) -> dict[str, Any]:
    return {field.name: _plain(getattr(of, field.name)) for field in fields(of)}


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: READERS[name](value) if name in READERS and value is not None else value
        for name, value in values.items()
    }


def _plain(value: object) -> object:
    if isinstance(value, Run):
        return _values(value)
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value
