"""A fire time was not run, since no tick came in time."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.runs import Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskMissed:
    """A fire time was not run, since no tick came in time."""

    task: str
    run: Run
