"""The craft commands."""

from scheduler.commands.ScheduleListCommand import ScheduleListCommand
from scheduler.commands.ScheduleRunCommand import ScheduleRunCommand
from scheduler.commands.TaskCommand import TaskCommand

__all__ = ["ScheduleListCommand", "ScheduleRunCommand", "TaskCommand"]
