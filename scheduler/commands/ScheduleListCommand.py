"""`craft schedule:list`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED


class ScheduleListCommand(ScheduleCommand):
    """
    List the scheduled tasks and when they run next

    schedule:list
        {--next=? : Number of next runs to show for each task. Default: 1}
        {--timezone=? : Show times in this time zone instead of each task's own}
        {--j|json : Write JSON (docs/schemas/list.json)}
    """

    def act(self) -> int:
        """Show the tasks and return the exit code."""
        from scheduler import clock
        from scheduler.cache.CacheState import state_of
        from scheduler.commands.options import number_option, zone_option
        from scheduler.diagnosis.task_table import as_json, as_text, in_order
        from scheduler.runs import Pauses

        count, zone = number_option(self, "next", 1), zone_option(self, "timezone")
        now = clock.now()
        tasks = self.scheduler.find()
        store = self.scheduler.store
        last = store.last_runs([task.key for task in tasks.usable])
        pauses = Pauses(store.pauses(), now)
        listed = in_order(tasks, count, zone, now, last=last, open_runs=store.open_runs(), pauses=pauses)
        cache = state_of(self.app.base_path)
        if self.option("json"):
            self.say(as_json(listed, tasks, cache._asdict()))
            return TASK_FAILED if tasks.broken else OK
        self.show(as_text(listed, tasks, now, **self.layout()))
        for notice in tasks.notices:
            self.complain(f"Notice: {notice}.")
        if cache.name == "fresh":
            self.say(f"\n{cache.describe()}.")
        elif cache.hint:
            self.complain(f"{cache.describe()}. {cache.hint[0].upper()}{cache.hint[1:]}.")
        return TASK_FAILED if tasks.broken else OK
