"""Fire the app's own events for runs, through its event system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scheduler.events import (
    ScheduledTaskFailed,
    ScheduledTaskFinished,
    ScheduledTaskMissed,
    ScheduledTaskSkipped,
    ScheduledTaskStarting,
)
from scheduler.listeners.RunListener import Delivery, NotifiableTask
from scheduler.runs import CompletedRun, Outcome, Run

EVENTS = {
    Outcome.SUCCEEDED: ScheduledTaskFinished,
    Outcome.FAILED: ScheduledTaskFailed,
    Outcome.TIMED_OUT: ScheduledTaskFailed,
    Outcome.CRASHED: ScheduledTaskFailed,
    Outcome.SKIPPED: ScheduledTaskSkipped,
    Outcome.MISSED: ScheduledTaskMissed,
}

Events = Callable[[object], Iterable[tuple[str, Callable[[], object]]]]
"""Returns the listeners of an event: their names, and what calls each of them."""


class EventListener:
    """Fires an event for each start and each outcome, for each of its listeners separately."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def at_start(self, task: NotifiableTask, run: Run) -> Iterable[Delivery]:
        """Return a delivery for each listener of `ScheduledTaskStarting`."""
        return self._deliveries(ScheduledTaskStarting(task.key, run))

    def at_end(self, task: NotifiableTask, completed: CompletedRun) -> Iterable[Delivery]:
        """Return a delivery for each listener of the outcome's event."""
        outcome = completed.run.outcome
        return self._deliveries(EVENTS[outcome](task.key, completed.run)) if outcome else ()

    def _deliveries(self, event: object) -> Iterator[Delivery]:
        for name, call in self._events(event):
            yield Delivery(f"the listener {name} of {type(event).__name__}", call)
