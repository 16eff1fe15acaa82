"""`craft schedule:work`."""

from __future__ import annotations

import os

from scheduler.commands.LogFiles import LogFiles
from scheduler.commands.TickCommand import TickCommand
from scheduler.errors import OK

LONGEST_STEP = 2.0
"""The longest time in seconds until a process notices that it has to stop; hupper's default is one."""


class ScheduleWorkCommand(TickCommand):
    """
    Run the scheduled tasks every minute until stopped

    schedule:work
        {--r|reload : Restart when the app's code changes: for development}
        {--json-lines : Write one JSON object per line (docs/schemas/line.json), for log collectors}
    """

    def act(self) -> int:
        """Work until SIGTERM or SIGINT and return the exit code."""
        from scheduler.execution.ScheduleLoop import ScheduleLoop
        from scheduler.listeners.output_format import for_log, for_terminal

        if self.option("reload"):
            self._watch()
        listener = self.listener(
            output_format=for_log if self.is_log else for_terminal, talkative=True, reports_idle=False
        )
        stop = "Press Ctrl-C to stop." if self.is_on_terminal else f"Process {os.getpid()} stops on SIGTERM."
        self.say(f"Running due tasks every minute. {stop}")
        ScheduleLoop(self.scheduler, listener, each_tick=LogFiles().reopen_rotated).run()
        return OK

    def _watch(self) -> None:
        """Continue in a child process that is restarted when a file changes or is added; the parent never returns."""
        import hupper

        from scheduler.commands.FileMonitor import FileMonitor

        settings = self.scheduler.settings
        patience = (settings.stop_grace + settings.kill_grace).total_seconds() + LONGEST_STEP
        try:
            reloader = hupper.start_reloader(
                "scheduler.craft.main", shutdown_interval=patience, monitor_factory=FileMonitor
            )
        except SystemExit:  # the parent is stopping; the hupper of Masonite 4 always gives 1
            raise SystemExit(OK) from None
        folder, _ = self.app.task_location()
        watched = [os.path.join(self.app.base_path, ".env")]
        for parent, _, files in os.walk(folder):
            if os.path.basename(parent) != "__pycache__":
                watched += [parent, *(os.path.join(parent, name) for name in files if name.endswith(".py"))]
        reloader.watch_files(watched)
