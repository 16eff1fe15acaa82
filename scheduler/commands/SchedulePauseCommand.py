"""`craft schedule:pause`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK


class SchedulePauseCommand(ScheduleCommand):
    """
    Start a task no more, or none of them, until told otherwise

    schedule:pause
        {task? : Only this task (its container binding, name or class name); without it everything is paused}
        {--until=? : When it ends by itself, such as '2 hours' or '2027-01-31 08:00'}
        {--reason=? : Why, for those who wonder}
    """

    def act(self) -> int:
        """Let the pause begin on all servers that share the store and return the exit code."""
        import shlex

        from scheduler import clock
        from scheduler.commands.options import keys_of, text_option, until_option
        from scheduler.process import user_name
        from scheduler.runs import EVERYTHING, Pause

        until = until_option(self, "until", clock.default_zone())
        reason, who = text_option(self, "reason", "deploying"), user_name()
        for key in keys_of(self) or [EVERYTHING]:
            pause = Pause(key, clock.now(), until, reason, who)
            self.scheduler.store.pause(pause)
            named = f" {shlex.quote(key)}" if key else ""
            end = f" {pause.end()}" if until else f"; `craft schedule:resume{named}` ends that"
            self.say(f"{key or 'Everything'} is paused{end}.")
        return OK
