"""Rows of the tables of a store, and the values that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TypeVar

from scheduler.runs import Outcome, Run, SkipReason
from scheduler.stores.connection import Row
from scheduler.stores.Store import Claim, Lease

T = TypeVar("T")
SUMMARY = (
    "id, slot, task, fire_time, attempt, late, outcome, skip_reason, detail, start_after, started_at, ended_at, owner, "
    "host, pid, error, location"
)
"""The columns of a run but for what may be long: its output and traceback."""
AT_ONCE = 500
"""How many values one statement names."""


def row_of(claim: Claim, owner: str, now: datetime | None) -> Row:
    """Return the row that makes a run of a claim."""
    return {
        "slot": claim.slot,
        "task": claim.key,
        "fire_time": text_of(claim.fire_time),
        "attempt": claim.attempt,
        "late": int(claim.late),
        "outcome": claim.outcome.value if claim.outcome else None,
        "skip_reason": claim.skip_reason.value if claim.skip_reason else None,
        "detail": storable(claim.detail),
        "claimed_at": text_of(now),
        "start_after": text_of(claim.start_after),
        "ended_at": text_of(now) if claim.outcome else None,
        "heartbeat_at": text_of(now),
        "owner": owner,
    }


def run_of(row: Row) -> Run:
    """Return the run that a row stands for, without what the row leaves out."""
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
    )


def lease_of(row: Row) -> Lease:
    """Return the lease that a row stands for."""
    return Lease(row["task"], row["token"], row["owner"], row["host"], int(row["pid"]), instant_of(row["expires_at"]))


def text_of(instant: datetime | None) -> str | None:
    """Return an instant as text in UTC, which compares as instants do; None for None."""
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f") if instant else None


def instant_of(text: str) -> datetime:
    """Return the instant that `text_of` made `text` of."""
    return datetime.fromisoformat(f"{text}+00:00")


def maybe_instant_of(text: str | None) -> datetime | None:
    """Return the instant, or None for none."""
    return instant_of(text) if text else None


def storable(text: str) -> str:
    """Return `text` without what databases refuse: PostgreSQL has no NUL in text, none has lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def in_slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield values in parts of as many as one statement names."""
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def marks(values: Iterable[object]) -> str:
    """Return a placeholder for each value."""
    return ", ".join("?" for _ in values)
