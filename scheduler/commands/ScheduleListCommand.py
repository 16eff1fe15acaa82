"""`craft schedule:list`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED


class ScheduleListCommand(ScheduleCommand):
    """
    List the scheduled tasks and when they run next

    schedule:list
        {--next=? : How many of the next runs to show (1)}
        {--timezone=? : Show the next runs on the clock of this time zone}
        {--j|json : As JSON}
    """

    def act(self) -> int:
        """Show the tasks and return the exit code."""
        from scheduler import clock
        from scheduler.caching import state_of
        from scheduler.commands.options import number_option, zone_option
        from scheduler.listeners.task_table import as_json, as_text, in_order
        from scheduler.runs import Pauses

        count, zone = number_option(self, "next", 1), zone_option(self, "timezone")
        now = clock.now()
        tasks = self.scheduler.find()
        store = self.scheduler.store
        last = store.last_runs([task.key for task in tasks.usable])
        listed = in_order(tasks, count, zone, now, last=last, pauses=Pauses(store.pauses(), now))
        cache = state_of(self.app.base_path)
        if self.option("json"):
            self.say(as_json(listed, tasks, cache._asdict()))
            return TASK_FAILED if tasks.broken else OK
        self.say("\n".join(as_text(listed, tasks, now)))
        for notice in tasks.notices:
            self.complain(f"Notice: {notice}.")
        if cache.name == "fresh":
            self.say(f"\n{cache.describe()}.")
        elif cache.name == "stale":
            self.complain(f"{cache.describe()}: run `craft schedule:cache` again.")
        return TASK_FAILED if tasks.broken else OK
