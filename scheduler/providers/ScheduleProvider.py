"""Where the parts are put together."""

from __future__ import annotations

from typing import Any

from masonite.providers import Provider

from scheduler import clock
from scheduler.commands import ScheduleListCommand, ScheduleRunCommand, TaskCommand
from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.masonite.builtin import take_over
from scheduler.masonite.console import install_command
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.Runner import Runner
from scheduler.Scheduler import Scheduler
from scheduler.TaskRegistry import TaskRegistry


class ScheduleProvider(Provider):
    """Gives an app its scheduler; may be listed before, after or without Masonite's own."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def register(self) -> None:
        """Bind `scheduler` and add the commands; all is done here since craft never calls `boot`."""
        app = MasoniteApp(self.application)
        scheduler = Scheduler(TaskRegistry(app.bound, app.call, app.task_location), Runner(app))
        take_over(self.application, scheduler)
        commands = self.application.make("commands")
        for command in (ScheduleRunCommand(scheduler), ScheduleListCommand(scheduler), TaskCommand(app)):
            install_command(commands, command)
        self._use_timezone(app.setting("timezone"))

    def boot(self) -> None:
        """Nothing is left to do."""

    @staticmethod
    def _use_timezone(name: Any) -> None:
        try:
            clock.set_default_zone(clock.zone_named(name) if name else None)
        except UnacceptableValue as error:
            raise InvalidSchedule("config/scheduler", "TIMEZONE", name, error.problem, error.examples) from None
