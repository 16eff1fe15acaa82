"""Tells the app's own listeners, through its event system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scheduler.events import (
    ScheduledTaskFailed,
    ScheduledTaskFinished,
    ScheduledTaskMissed,
    ScheduledTaskSkipped,
    ScheduledTaskStarting,
)
from scheduler.listeners.RunListener import Telling, Told
from scheduler.runs import Ending, Outcome, Run

EVENTS = {
    Outcome.SUCCEEDED: ScheduledTaskFinished,
    Outcome.FAILED: ScheduledTaskFailed,
    Outcome.TIMED_OUT: ScheduledTaskFailed,
    Outcome.CRASHED: ScheduledTaskFailed,
    Outcome.SKIPPED: ScheduledTaskSkipped,
    Outcome.MISSED: ScheduledTaskMissed,
}

Events = Callable[[object], Iterable[tuple[str, Callable[[], object]]]]
"""Gives who listens to an event: their names, and what lets each of them hear it."""


class EventListener:
    """Fires an event for each start and each outcome, to each of its listeners apart."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def at_start(self, task: Told, run: Run) -> Iterable[Telling]:
        """Return a telling for each listener of `ScheduledTaskStarting`."""
        return self._tellings(ScheduledTaskStarting(task.key, run))

    def at_end(self, task: Told, ending: Ending) -> Iterable[Telling]:
        """Return a telling for each listener of the outcome's event."""
        outcome = ending.run.outcome
        return self._tellings(EVENTS[outcome](task.key, ending.run)) if outcome else ()

    def _tellings(self, event: object) -> Iterator[Telling]:
        for name, hear in self._events(event):
            yield Telling(f"the listener {name} of {type(event).__name__}", hear)
