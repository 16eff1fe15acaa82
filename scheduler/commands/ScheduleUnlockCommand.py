"""`craft schedule:unlock`."""

from __future__ import annotations

from masonite.commands import Command

from scheduler.commands.options import refusing
from scheduler.errors import OK
from scheduler.masonite.console import write_line
from scheduler.Scheduler import Scheduler


class ScheduleUnlockCommand(Command):
    """
    Let a task start again although its last run has not ended

    schedule:unlock
        {task : The task: its container binding, name or class name}
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    @refusing
    def handle(self) -> int:
        """Remove the lease on the task and return the exit code."""
        for task in self._scheduler.find().called([str(self.argument("task"))]).usable:
            was_locked = self._scheduler.store.unlock(task.claim_key)
            write_line(self.io, f"{task.key} was {'unlocked' if was_locked else 'not locked'}.")
        return OK
