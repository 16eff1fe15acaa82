"""A fire time was not run: the run has the reason, and in its detail what was the case."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.runs import Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskSkipped:
    """A fire time was not run: the run has the reason, and in its detail what was the case."""

    task: str
    run: Run
