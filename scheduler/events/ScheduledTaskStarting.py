"""A run is about to start: its conditions let it, and nothing of the task was called yet."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.runs import Run


@dataclass(frozen=True, slots=True)
class ScheduledTaskStarting:
    """A run is about to start: its conditions let it, and nothing of the task was called yet."""

    task: str
    run: Run
