"""`craft schedule:cache`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED
from scheduler.text import counted

if TYPE_CHECKING:
    from scheduler.tasks.Tasks import Tasks

MINUTES_OF_A_DAY = 1440


class ScheduleCacheCommand(ScheduleCommand):
    """
    Cache the schedule, so that craft schedule:run boots the app only when something is due

    schedule:cache
    """

    def act(self) -> int:
        """Write the cache, or report why that is not possible, and return the exit code."""
        from scheduler.cache import ScheduleCache
        from scheduler.cache.building import obstacles

        tasks = self.scheduler.find()
        for notice in tasks.notices:
            self.complain(f"Notice: {notice}.")
        try:
            ScheduleCache.clear(self.app.base_path)
            reasons = obstacles(tasks, self.scheduler.settings)
            if not reasons:
                self._write(tasks)
        except (OSError, ValueError) as error:
            reasons = [str(error)]
        for reason in reasons:
            self.complain(f"The schedule was not cached: {reason}.")
        return TASK_FAILED if reasons else OK

    def _write(self, tasks: Tasks) -> None:
        from scheduler import clock
        from scheduler.cache.building import AppPaths, build, count_due
        from scheduler.processes.identity import started_at

        folder = self.app.base_path
        cache = build(tasks, AppPaths(folder, self.app.store_path()), clock.now(), started_at())
        path = os.path.relpath(cache.write(folder), folder)
        written, due = f"The schedule of {counted(len(tasks.usable), 'task')} is cached ({path})", count_due(cache)
        if due == MINUTES_OF_A_DAY:
            self.say(f"{written}, but saves nothing: something is due in every minute of the next day.")
            return
        self.say(f"{written}.")
        self.say(f"Something is due in {due:,} of the next {MINUTES_OF_A_DAY:,} minutes; until a file of the app")
        self.say("changes, craft schedule:run boots the app in those only.")
