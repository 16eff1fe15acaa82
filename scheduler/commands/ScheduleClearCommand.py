"""`craft schedule:clear`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK


class ScheduleClearCommand(ScheduleCommand):
    """
    Remove the cache that schedule:cache made

    schedule:clear
    """

    def act(self) -> int:
        """Remove the cache and return the exit code."""
        from scheduler import ScheduleCache

        was_there = ScheduleCache.clear(self.app.base_path)
        self.say("The schedule's cache was removed." if was_there else "The schedule was not cached.")
        return OK
