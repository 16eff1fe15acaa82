"""What a fire time ends in."""

from __future__ import annotations

from enum import Enum


class Outcome(str, Enum):
    """What a fire time ends in: exactly one of these."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong that a person should see."""
        return self is Outcome.FAILED
