"""`craft schedule:cache`."""

from __future__ import annotations

import os

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED


class ScheduleCacheCommand(ScheduleCommand):
    """
    Cache when tasks are due, so that `craft schedule:run` need not boot the app for nothing

    schedule:cache
    """

    def act(self) -> int:
        """Make the cache, or say why there can be none, and return the exit code."""
        from scheduler import ScheduleCache, clock
        from scheduler.caching import Place, made, objections, share_due
        from scheduler.process import started_at

        folder, settings = self.app.base_path, self.scheduler.settings
        tasks = self.scheduler.find()
        for notice in tasks.notices:
            self.complain(f"Notice: {notice}.")
        try:
            ScheduleCache.clear(folder)
            against = objections(tasks, settings)
            if not against:
                place = Place(folder, self.app.store_path(settings.path))
                cache = made(tasks, place, clock.now(), started_at())
                path = cache.write(folder)
        except (OSError, ValueError) as error:
            against = [str(error)]
        if against:
            for reason in against:
                self.complain(f"The schedule was not cached: {reason}.")
            return TASK_FAILED
        tasks_in_words = "1 task" if len(tasks.usable) == 1 else f"{len(tasks.usable)} tasks"
        self.say(f"The schedule of {tasks_in_words} is cached ({os.path.relpath(path, folder)}).")
        self.say(f"Something is due in {share_due(cache):,} of the next 1,440 minutes; `craft schedule:run` boots")
        self.say("the app in those only, until a file of the app changes.")
        return OK
