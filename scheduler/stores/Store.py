"""What a store promises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, Protocol

from scheduler.runs import Outcome, Pause, Run, SkipReason


class Claim(NamedTuple):
    """The right to start one task for one fire time; with an `outcome` there is nothing to start any more."""

    key: str
    slot: str | None
    fire_time: datetime | None
    late: bool = False
    attempt: int = 1
    start_after: datetime | None = None
    outcome: Outcome | None = None
    detail: str = ""
    skip_reason: SkipReason | None = None


class Lease(NamedTuple):
    """An expiring, owned lock on a task: while it holds, the task is not started again."""

    key: str
    token: str
    owner: str
    host: str
    pid: int
    expires_at: datetime


def slot_of(claim_key: str, fire_time: datetime, attempt: int = 1) -> str:
    """Return what is unique about a start: the task, the fire time in UTC, and which attempt, from the second on."""
    slot = f"{claim_key}@{fire_time.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    return slot if attempt == 1 else f"{slot}#{attempt}"


def lease_token(owner: str, run_id: int) -> str:
    """Return the token of the lease that one run of an owner holds."""
    return f"{owner}#{run_id}"


class Store(Protocol):
    """Keeps claims, leases, runs and cursors for all processes that share it.

    Every method is atomic, and its promises hold when any process is killed at any instruction. All of them raise
    `StoreUnavailable` where the store cannot be reached or used.
    """

    def cursors(self, before: datetime | None = None) -> dict[str, datetime]:
        """Return up to when (exclusive) each task known to the store was judged; of those behind `before`, if given."""

    def claim(
        self,
        claims: Sequence[Claim],
        cursors: Mapping[str, datetime],
        owner: str,
        now: datetime,
        *,
        ticked: str = "",
    ) -> list[Run]:
        """Claim slots, move cursors forward (never back), and return the runs that came of it.

        Those without an outcome are now this owner's to start; those with one it has written down. A slot that anybody
        claimed before, is left to them. `ticked` is the host whose tick this is, if it is one.
        """

    def open_runs(self) -> list[Run]:
        """Return the runs without an outcome: pending and running ones."""

    def adopt(self, run: Run, owner: str, now: datetime) -> bool:
        """Take over a pending run from its owner in `run`, and note if it is late; False if others were quicker."""

    def start(self, run: Run, pid: int, now: datetime) -> bool:
        """Turn a pending run of `run.owner` into a running one; False where it is no longer pending or theirs."""

    def finish(self, run: Run, retry: Claim | None = None) -> bool:
        """Write down the outcome of `run` and, both or neither, the claim on its next attempt, for anybody to start.

        False where it has another outcome already; saying the same twice is no mistake.
        """

    def heartbeats(self) -> dict[int, datetime]:
        """Return when each open run was last known to live."""

    def beat(self, owner: str, now: datetime, ttl: timedelta) -> None:
        """Tell that `owner` lives: renew the leases of its runs until `now + ttl`, and its open runs."""

    def acquire(self, lease: Lease, now: datetime) -> bool:
        """Take the lease on a task that is free, expired, or held by a process of this host that is gone.

        Taking again what the same token holds succeeds.
        """

    def hand_over(self, key: str, token: str, owner: str, pid: int) -> None:
        """Let the process `owner` hold the lease from now on."""

    def release(self, key: str, token: str) -> None:
        """Give up a lease, if it is still the token's."""

    def leases(self) -> list[Lease]:
        """Return all leases."""

    def unlock(self, key: str) -> bool:
        """Remove the lease on a task, whoever holds it; False where there is none."""

    def history(
        self,
        *,
        keys: Collection[str] = (),
        outcomes: Collection[Outcome] = (),
        since: datetime | None = None,
        limit: int = 50,
    ) -> list[Run]:
        """Return the latest runs, the newest first, without their output and traceback."""

    def run(self, run_id: int) -> Run | None:
        """Return one run whole."""

    def runs_for(self, key: str, start: datetime, end: datetime) -> list[Run]:
        """Return the runs of a task whose fire time lies from `start` on and before `end`, the earliest claim first."""

    def last_runs(self, keys: Iterable[str]) -> dict[str, Run]:
        """Return the latest run that has an outcome, of each of these tasks that has one."""

    def prune(self, before: datetime) -> int:
        """Delete runs that ended before `before`, not too many at a time, and return how many."""

    def pause(self, pause: Pause) -> None:
        """Let a pause begin, in place of one of the same key that has not ended."""

    def resume(self, key: str, now: datetime) -> bool:
        """End the pauses of a key; False where none was left to end."""

    def pauses(self) -> list[Pause]:
        """Return the pauses there are, and those that ended not long ago: they say which fire times were kept back."""

    def begin_streak(self, key: str, run: Run) -> bool:
        """Note that a task has begun to fail with `run`; False where it began with another one."""

    def end_streak(self, key: str) -> datetime | None:
        """Note that a task fails no longer, and return since when it did; None where it did not."""

    def clock(self) -> datetime | None:
        """Return what the database's own clock says, None where that is the one of this machine."""

    def record_tick(self, host: str, now: datetime) -> None:
        """Remember that `host` ticked."""

    def ticks(self) -> dict[str, datetime]:
        """Return the last tick of each host."""

    def reopened(self) -> Store | None:
        """Return the same store by another connection, for another thread; None where this process has it alone."""

    def close(self) -> None:
        """End its connection; it is made anew when needed."""
