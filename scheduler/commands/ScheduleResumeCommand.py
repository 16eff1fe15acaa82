"""`craft schedule:resume`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK


class ScheduleResumeCommand(ScheduleCommand):
    """
    Start tasks again that were paused

    schedule:resume
        {task? : Only this task (its container binding, name or class name); without it what was paused without a name}
    """

    def act(self) -> int:
        """End the pause on all servers that share the store, say what stays paused, and return the exit code."""
        from scheduler import clock
        from scheduler.commands.options import keys_of
        from scheduler.runs import EVERYTHING

        store, now = self.scheduler.store, clock.now()
        paused = {pause.key for pause in store.pauses() if pause.covers(now)}
        keys = keys_of(self, paused.__contains__) or [EVERYTHING]
        for key in keys:
            was_paused = store.resume(key, now)
            what = f"{key} was" if key else "Everything was"
            self.say(f"{what} paused, and goes on." if was_paused else f"{what} not paused.")
        left = {pause.key for pause in store.pauses() if pause.covers(now)}
        if EVERYTHING in left:
            self.say("Everything is still paused: `craft schedule:resume` ends that.")
        elif keys == [EVERYTHING] and left:
            self.say(f"Still paused by name: {', '.join(sorted(left))}.")
        return OK
