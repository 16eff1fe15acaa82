"""`craft schedule:unlock`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK


class ScheduleUnlockCommand(ScheduleCommand):
    """
    Let a task start again although its last run has not ended

    schedule:unlock
        {task : The task: its container binding, name or class name}
    """

    def act(self) -> int:
        """Remove the lease on the task and return the exit code."""
        tasks = self.scheduler.find().called([str(self.argument("task"))])
        leased = [(task.key, task.claim_key) for task in tasks.usable]
        for key, claim_key in leased + [(broken.key, broken.key) for broken in tasks.broken]:
            was_locked = self.scheduler.store.unlock(claim_key)
            self.say(f"{key} was {'unlocked' if was_locked else 'not locked'}.")
        return OK
