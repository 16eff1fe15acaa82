"""The values that a store records: claims, leases, and the workers of executors."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple

from scheduler.runs import Outcome, SkipReason


class Claim(NamedTuple):
    """The right to start one task for one fire time. If it has an `outcome`, only that is recorded."""

    key: str
    slot: str | None
    fire_time: datetime | None
    late: bool = False
    attempt: int = 1
    start_after: datetime | None = None
    outcome: Outcome | None = None
    detail: str = ""
    skip_reason: SkipReason | None = None
    executor: str = ""
    """The executor whose workers start it; empty if the process that claims it starts it."""


class HeardWorker(NamedTuple):
    """When a worker of an executor last reported from one host."""

    executor: str
    host: str
    pid: int
    heard_at: datetime


class Lease(NamedTuple):
    """The right to run a task now. It has an owner and expires; until then the task is not started again."""

    key: str
    token: str
    owner: str
    host: str
    pid: int
    expires_at: datetime


def slot_of(claim_key: str, fire_time: datetime, attempt: int = 1) -> str:
    """Return the unique key of a start: the task, the fire time in UTC and, for a retry, the number of the attempt."""
    slot = f"{claim_key}@{fire_time.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    return slot if attempt == 1 else f"{slot}#{attempt}"


def lease_token(owner: str, run_id: int | str) -> str:
    """Return the token of the lease that one run of an owner holds."""
    return f"{owner}#{run_id}"
