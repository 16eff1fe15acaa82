"""`craft schedule:work`."""

from __future__ import annotations

import os

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK

LONGEST_STEP = 2.0
"""Seconds until a process that is told to stop notices it, at most; hupper by itself waits for one."""


class ScheduleWorkCommand(ScheduleCommand):
    """
    Run the scheduled tasks every minute until told to stop

    schedule:work
        {--r|reload : Start anew when the app's code changes: for development}
    """

    def act(self) -> int:
        """Work until SIGTERM or SIGINT and return the exit code."""
        from scheduler.listeners import ConsoleListener
        from scheduler.Work import Work

        if self.option("reload"):
            self._watch()
        listener = ConsoleListener(
            self.say, self.complain, talkative=True, verbose=bool(self.io.is_verbose()), tells_idle=False
        )
        self.say("Running what is due, every minute; Ctrl-C stops.")
        Work(self.scheduler, listener).run()
        return OK

    def _watch(self) -> None:
        """Go on in a child process that is started anew when a file changes or comes; the parent never returns."""
        import hupper

        settings = self.scheduler.settings
        patience = (settings.stop_grace + settings.kill_grace).total_seconds() + LONGEST_STEP
        try:
            reloader = hupper.start_reloader("scheduler.craft.main", shutdown_interval=patience)
        except SystemExit:  # the parent was told to stop; the hupper of Masonite 4 always says 1
            raise SystemExit(OK) from None
        folder, _ = self.app.task_location()
        watched = [os.path.join(self.app.base_path, ".env")]
        for parent, _, files in os.walk(folder):
            if os.path.basename(parent) != "__pycache__":
                watched += [parent, *(os.path.join(parent, name) for name in files if name.endswith(".py"))]
        reloader.watch_files(watched)
