"""`craft schedule:unlock`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK
from scheduler.text import one_line


class ScheduleUnlockCommand(ScheduleCommand):
    """
    Remove the lease of a task whose last run has not ended, so that it can start again

    schedule:unlock
        {task : The task (its container binding, name or class name)}
    """

    def act(self) -> int:
        """Remove the lease of the task and return the exit code."""
        from scheduler.commands.options import keys_of

        store = self.scheduler.store
        claim_keys = {task.key: task.claim_key for task in self.scheduler.find().usable}
        for key in keys_of(self, {lease.key for lease in store.leases()}.__contains__):
            was_locked = store.unlock(claim_keys.get(key, key))
            self.say(f"The lease of {one_line(key)} was removed." if was_locked else f"{one_line(key)} has no lease.")
        return OK
