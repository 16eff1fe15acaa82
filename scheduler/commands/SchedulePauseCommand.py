"""`craft schedule:pause`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK
from scheduler.text import one_line


class SchedulePauseCommand(ScheduleCommand):
    """
    Pause one task, or all tasks

    schedule:pause
        {task? : Only this task (its container binding, name or class name). Default: all tasks}
        {--until=? : When the pause ends by itself: 'in 2 hours', 'tomorrow 8:00', '2027-01-31 08:00'}
        {--reason=? : Why; shown wherever the pause is shown}
    """

    def act(self) -> int:
        """Begin the pause on all servers that share the store and return the exit code."""
        import shlex

        from scheduler import clock
        from scheduler.commands.options import keys_of, text_option, until_option
        from scheduler.processes.identity import user_name
        from scheduler.runs import EVERYTHING, Pause

        until = until_option(self, "until", clock.default_zone())
        reason, who = text_option(self, "reason", "deploying"), user_name()
        now, store = clock.now(), self.scheduler.store
        before = {pause.key: pause for pause in store.pauses() if pause.covers(now)}
        for key in keys_of(self) or [EVERYTHING]:
            earlier = before.get(key)
            pause = Pause(key, now, until, reason or (earlier.reason if earlier else ""), who)
            store.pause(pause)
            if earlier:
                self.say(one_line(f"This replaces an earlier pause: {earlier.describe()}."))
            named = f" {shlex.quote(key)}" if key else ""
            paused = f"{key} is paused" if key else "All tasks are paused"
            paused = one_line(f"{paused} {pause.end()}".rstrip())
            self.say(f"{paused}. Run craft schedule:resume{named} to resume {'it' if key else 'them'}.")
        return OK
