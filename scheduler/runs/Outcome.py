"""What a fire time ends in."""

from __future__ import annotations

from enum import Enum


class Outcome(str, Enum):
    """What a fire time ends in: exactly one of these."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    CRASHED = "crashed"
    MISSED = "missed"

    @property
    def is_failure(self) -> bool:
        """Return whether a run was started and went wrong, so that a retry is in order."""
        return self in FAILURES


FAILURES = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED)


class SkipReason(str, Enum):
    """Why a due task was not run."""

    STILL_RUNNING = "still_running"
    CONDITION = "condition"
    ENVIRONMENT = "environment"
    MAINTENANCE = "maintenance"
    PAUSED = "paused"
