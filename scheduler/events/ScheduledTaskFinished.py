"""A run has succeeded."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.runs import Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskFinished:
    """A run has succeeded."""

    task: str
    run: Run
