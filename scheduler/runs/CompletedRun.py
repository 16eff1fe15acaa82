"""A run whose outcome was recorded, with what its listeners need to know in addition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.runs.Run import Run


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """A run whose outcome was recorded.

    `begins_streak`: the task had not failed before. `failing_since`: it had, since then, and now has recovered.
    `hooks_are_due`: its process was ended before it could call the task's hooks.
    """

    run: Run
    will_be_retried: bool = False
    begins_streak: bool = False
    failing_since: datetime | None = None
    hooks_are_due: bool = False
