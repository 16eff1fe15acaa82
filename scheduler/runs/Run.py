"""One attempt to run one task for one fire time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.runs.Outcome import Outcome
from scheduler.runs.SkipReason import SkipReason


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to run one task; `fire_time` is None where it was forced, all times are aware and in UTC.

    `error` is one line, `location` the file and line in the user's code it came from, `traceback` the whole of it.
    """

    key: str
    outcome: Outcome
    fire_time: datetime | None
    started_at: datetime
    ended_at: datetime
    skip_reason: SkipReason | None = None
    detail: str = ""
    error: str = ""
    location: str = ""
    traceback: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds()

    def as_dict(self) -> dict[str, object]:
        """Return the run as JSON has it."""
        return {
            "key": self.key,
            "outcome": self.outcome.value,
            "fire_time": self.fire_time.isoformat() if self.fire_time else None,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "skip_reason": self.skip_reason.value if self.skip_reason else None,
            "detail": self.detail or None,
            "error": self.error or None,
            "location": self.location or None,
            "traceback": self.traceback or None,
        }
