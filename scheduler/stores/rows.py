"""Conversion between rows of a store's tables and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TypeVar

from scheduler.runs import LONGEST_TRACEBACK, Outcome, Run, SkipReason, shorten
from scheduler.stores.connection import Row
from scheduler.stores.values import Claim, Lease

T = TypeVar("T")
SUMMARY = (
    "id, slot, task, fire_time, attempt, late, outcome, skip_reason, detail, start_after, started_at, ended_at, owner, "
    "host, pid, error, location, executor, claimed_at, "
    "process, heartbeat_at"
)
"""The columns of a run except its output and traceback, which may be long."""
LONGEST_LINE = 10_000
"""The longest error, detail or location that is stored, in characters."""
LONGEST_TEXT = LONGEST_TRACEBACK
"""The longest output or traceback that is stored, in characters."""
AT_ONCE = 500
"""How many values one statement takes."""


def row_of(claim: Claim, owner: str, now: datetime | None) -> Row:
    """Return the row of the run that a claim creates."""
    return {
        "slot": claim.slot,
        "task": claim.key,
        "fire_time": text_of(claim.fire_time),
        "attempt": claim.attempt,
        "late": int(claim.late),
        "outcome": claim.outcome.value if claim.outcome else None,
        "skip_reason": claim.skip_reason.value if claim.skip_reason else None,
        "detail": storable(claim.detail, LONGEST_LINE),
        "claimed_at": text_of(now),
        "start_after": text_of(claim.start_after),
        "ended_at": text_of(now) if claim.outcome else None,
        "heartbeat_at": text_of(now),
        "owner": "" if claim.executor else owner,
        "executor": claim.executor,
    }


def run_of(row: Row) -> Run:
    """Return the run of a row; columns that the query left out are empty."""
    return Run(
        key=row["task"],
        fire_time=maybe_instant_of(row["fire_time"]),
        id=int(row["id"]),
        attempt=int(row["attempt"]),
        late=bool(row["late"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        skip_reason=SkipReason(row["skip_reason"]) if row["skip_reason"] else None,
        detail=row["detail"] or "",
        start_after=maybe_instant_of(row["start_after"]),
        started_at=maybe_instant_of(row["started_at"]),
        ended_at=maybe_instant_of(row["ended_at"]),
        host=row["host"] or "",
        pid=int(row["pid"] or 0),
        owner=row["owner"],
        error=row["error"] or "",
        location=row["location"] or "",
        traceback=row.get("traceback") or "",
        output=row.get("output") or "",
        slot=row["slot"] or "",
        executor=row["executor"] or "",
        process=row["process"] or "",
        heartbeat_at=maybe_instant_of(row["heartbeat_at"]),
        claimed_at=instant_of(row["claimed_at"]),
    )


def lease_of(row: Row) -> Lease:
    """Return the lease of a row."""
    return Lease(row["task"], row["token"], row["owner"], row["host"], int(row["pid"]), instant_of(row["expires_at"]))


def text_of(instant: datetime | None) -> str | None:
    """Return an instant as text in UTC, which compares as instants do; None for None."""
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f") if instant else None


def instant_of(text: str) -> datetime:
    """Return the instant of a text that `text_of` returned."""
    return datetime.fromisoformat(f"{text}+00:00")


def maybe_instant_of(text: str | None) -> datetime | None:
    """Return the instant, or None for None."""
    return instant_of(text) if text else None


def storable(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return `text` without NUL and lone surrogates, which databases refuse; a long text loses its middle."""
    return shorten(text, longest).replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def in_slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield values in parts that one statement can take."""
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def marks(values: Iterable[object]) -> str:
    """Return a placeholder for each value."""
    return ", ".join("?" for _ in values)
