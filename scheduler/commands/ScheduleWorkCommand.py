"""`craft schedule:work`."""

from __future__ import annotations

import os

from masonite.commands import Command

from scheduler.errors import OK
from scheduler.listeners import ConsoleListener
from scheduler.masonite.console import write_error, write_line
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.Scheduler import Scheduler
from scheduler.Work import Work


class ScheduleWorkCommand(Command):
    """
    Run the scheduled tasks every minute until told to stop

    schedule:work
        {--r|reload : Start anew when the app's code changes: for development}
    """

    def __init__(self, scheduler: Scheduler, app: MasoniteApp) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._app = app

    def handle(self) -> int:
        """Work until SIGTERM or SIGINT and return the exit code."""
        if self.option("reload"):
            self._watch()
        listener = ConsoleListener(
            lambda line: write_line(self.io, line),
            lambda line: write_error(self.io, line),
            talkative=True,
            verbose=self.io.is_verbose(),
        )
        write_line(self.io, "Waiting for the next minute; Ctrl-C stops.")
        Work(self._scheduler, listener).run()
        return OK

    def _watch(self) -> None:
        """Go on in a child process that is started anew when a file changes; the parent never returns."""
        import hupper  # noqa: PLC0415 - Masonite brings it, and only development needs it

        reloader = hupper.start_reloader("scheduler.craft.main")
        folder, _ = self._app.task_location()
        watched = [os.path.join(self._app.base_path, ".env")]
        for parent, _, files in os.walk(folder):
            watched += [os.path.join(parent, name) for name in files if name.endswith(".py")]
        reloader.watch_files(watched)
