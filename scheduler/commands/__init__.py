"""The craft commands."""

from scheduler.commands.ScheduleHistoryCommand import ScheduleHistoryCommand
from scheduler.commands.ScheduleListCommand import ScheduleListCommand
from scheduler.commands.ScheduleRunCommand import ScheduleRunCommand
from scheduler.commands.ScheduleTableCommand import ScheduleTableCommand
from scheduler.commands.ScheduleUnlockCommand import ScheduleUnlockCommand
from scheduler.commands.ScheduleWorkCommand import ScheduleWorkCommand
from scheduler.commands.TaskCommand import TaskCommand

__all__ = [
    "ScheduleHistoryCommand",
    "ScheduleListCommand",
    "ScheduleRunCommand",
    "ScheduleTableCommand",
    "ScheduleUnlockCommand",
    "ScheduleWorkCommand",
    "TaskCommand",
]
