"""A run has failed, timed out or crashed; whether it is tried again is for the task's retries to say."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.runs import Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskFailed:
    """A run has failed, timed out or crashed; whether it is tried again is for the task's retries to say."""

    task: str
    run: Run
