"""`craft schedule:resume`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK
from scheduler.text import one_line


class ScheduleResumeCommand(ScheduleCommand):
    """
    Resume what was paused

    schedule:resume
        {task? : Only this task (its container binding, name or class name). Default: the pause of all tasks}
    """

    def act(self) -> int:
        """End the pause on all servers that share the store, report what stays paused, and return the exit code."""
        from scheduler import clock
        from scheduler.commands.options import keys_of
        from scheduler.runs import EVERYTHING

        store, now = self.scheduler.store, clock.now()
        paused = {pause.key for pause in store.pauses() if pause.covers(now)}
        keys = keys_of(self, paused.__contains__) or [EVERYTHING]
        for key in keys:
            was_paused = store.resume(key, now)
            if was_paused:
                self.say(f"Resumed: {one_line(key)} runs again." if key else "Resumed: tasks run again.")
            elif key:
                self.say(f"{one_line(key)} was not paused.")
            else:
                self.say("There is no pause of all tasks." if paused else "Nothing was paused.")
        left = {pause.key for pause in store.pauses() if pause.covers(now)}
        if EVERYTHING in left:
            self.say("All tasks are still paused. Run craft schedule:resume to resume them.")
        elif keys == [EVERYTHING] and left:
            names = ", ".join(map(one_line, sorted(left)))
            self.say(f"Still paused by name: {names}. Run craft schedule:resume NAME to resume one.")
        return OK
