"""The events fired in Masonite's event system: frozen values with the task's key and the run."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.runs import Run

__all__ = [
    "ScheduledTaskFailed",
    "ScheduledTaskFinished",
    "ScheduledTaskMissed",
    "ScheduledTaskSkipped",
    "ScheduledTaskStarting",
]


@dataclass(frozen=True, slots=True)
class ScheduledTaskStarting:
    """A run is about to start: its conditions were met, and none of its methods has been called yet."""

    task: str
    run: Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskFinished:
    """A run has succeeded."""

    task: str
    run: Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskFailed:
    """A run has failed, timed out or crashed. The task's retries decide whether it is tried again."""

    task: str
    run: Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskSkipped:
    """A fire time was skipped: the run has the reason, and the circumstances in its detail."""

    task: str
    run: Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskMissed:
    """A fire time was not run, because no tick came in time."""

    task: str
    run: Run
