"""One attempt to run one task for one fire time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.runs.Outcome import Outcome
from scheduler.runs.SkipReason import SkipReason


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to run one task; `fire_time` is None where it was forced, all times are aware and in UTC.

    Without an `outcome` it is pending until it has `started_at`, and then running. `error` is one line, `location` the
    file and line in the user's code it came from, `traceback` the whole of it, `output` the end of what it printed.
    `host` and `pid` are where it runs or ran; `owner` is the process that answers for it; `slot` is what was claimed.
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

    @property
    def failed(self) -> bool:
        """Whether a run was started and went wrong."""
        return self.outcome is not None and self.outcome.is_failure

    @property
    def seconds(self) -> float:
        """How long it took; 0 where it has not started or not ended, or the clock was set back in between."""
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
            "started_at": _written(self.started_at),
            "ended_at": _written(self.ended_at),
            "seconds": round(self.seconds, 3),
            "skip_reason": self.skip_reason.value if self.skip_reason else None,
            "detail": self.detail or None,
            "host": self.host or None,
            "pid": self.pid or None,
            "error": self.error or None,
            "location": self.location or None,
            "traceback": self.traceback or None,
            "output": self.output or None,
        }


def _written(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
