"""`craft schedule:clear`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED


class ScheduleClearCommand(ScheduleCommand):
    """
    Remove the cached schedule

    schedule:clear
    """

    def act(self) -> int:
        """Remove the cache and return the exit code."""
        from scheduler.cache import ScheduleCache

        try:
            was_there = ScheduleCache.clear(self.app.base_path)
        except OSError as error:
            self.complain(f"The cached schedule cannot be removed: {error}.")
            return TASK_FAILED
        self.say("The cached schedule was removed." if was_there else "The schedule was not cached.")
        return OK
