"""One attempt to run one task for one fire time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.runs.Outcome import Outcome, SkipReason


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to run one task; `fire_time` is None if it was forced; all times are aware and in UTC.

    Without an `outcome` it is pending until it has `started_at`, and then running. `error` is one line, `location` the
    file and line in the user's code it came from, `traceback` the whole of it, `output` the end of what it printed.
    `host` and `pid` are where it runs or ran; `owner` is the process responsible for it; `slot` is what was claimed.
    `process` is the whole identity of the process that runs it, `heartbeat_at` its last heartbeat. `executor` is whose
    workers run it, empty for the server that claimed it.
    """

    key: str
    fire_time: datetime | None
    id: int = 0
    attempt: int = 1
    late: bool = False
    outcome: Outcome | None = None
    skip_reason: SkipReason | None = None
    detail: str = ""
    start_after: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    host: str = ""
    pid: int = 0
    owner: str = ""
    error: str = ""
    location: str = ""
    traceback: str = ""
    output: str = ""
    slot: str = ""
    executor: str = ""
    claimed_at: datetime | None = None
    process: str = ""
    heartbeat_at: datetime | None = None

    @property
    def failed(self) -> bool:
        """Return whether a run was started and went wrong."""
        return self.outcome is not None and self.outcome.is_failure

    @property
    def claim_key(self) -> str:
        """Return the key of its claim and lease: its task's, with the server's name if the task runs on each server."""
        return self.slot.rpartition("@")[0] or self.key

    @property
    def is_offered(self) -> bool:
        """Return whether any worker of its executor may start it: it is pending, and nobody has taken it yet."""
        return bool(self.executor) and not (self.owner or self.started_at or self.outcome)

    @property
    def waiting_since(self) -> datetime | None:
        """Return when it could first have been started."""
        return max(filter(None, (self.claimed_at, self.start_after)), default=self.fire_time)

    @property
    def is_delayed(self) -> bool:
        """Return whether it may not start right after its claim: a retry that waits, a start that jitter spreads."""
        return self.start_after is not None and (self.claimed_at is None or self.start_after > self.claimed_at)

    @property
    def seconds(self) -> float:
        """Return how long it took; 0 if it has not started or not ended, or the clock was set back in between."""
        took = self.ended_at - self.started_at if self.ended_at and self.started_at else timedelta()
        return max(0.0, took.total_seconds())

    def as_dict(self) -> dict[str, object]:
        """Return the run as JSON has it."""
        return {
            "id": self.id or None,
            "key": self.key,
            "outcome": self.outcome.value if self.outcome else None,
            "fire_time": _written(self.fire_time),
            "attempt": self.attempt,
            "late": self.late,
            "start_after": _written(self.start_after),
            "started_at": _written(self.started_at),
            "ended_at": _written(self.ended_at),
            "seconds": round(self.seconds, 3) if self.started_at and self.ended_at else None,
            "skip_reason": self.skip_reason.value if self.skip_reason else None,
            "detail": self.detail or None,
            "executor": self.executor or "local",
            "waiting_since": _written(self.waiting_since) if self.is_offered else None,
            "host": self.host or None,
            "pid": self.pid or None,
            "error": self.error or None,
            "location": self.location or None,
            "traceback": self.traceback or None,
            "output": self.output or None,
        }


def _written(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
