"""What Masonite's event system is told of tasks: frozen values with the task's key and the run."""

from scheduler.events.ScheduledTaskFailed import ScheduledTaskFailed
from scheduler.events.ScheduledTaskFinished import ScheduledTaskFinished
from scheduler.events.ScheduledTaskMissed import ScheduledTaskMissed
from scheduler.events.ScheduledTaskSkipped import ScheduledTaskSkipped
from scheduler.events.ScheduledTaskStarting import ScheduledTaskStarting

__all__ = [
    "ScheduledTaskFailed",
    "ScheduledTaskFinished",
    "ScheduledTaskMissed",
    "ScheduledTaskSkipped",
    "ScheduledTaskStarting",
]
