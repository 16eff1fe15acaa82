"""Where the parts are put together."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from masonite.packages import PackageProvider

from scheduler.commands import COMMANDS
from scheduler.config.default_timezone import use_timezone_setting
from scheduler.first_process import end_on_signals
from scheduler.masonite.builtin import register_first, take_over
from scheduler.masonite.console import install_command
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.masonite.SchedulerProxy import SchedulerProxy

CONFIG = os.path.join(os.path.dirname(os.path.dirname(__file__)), "config", "scheduler.py")


register_first(lambda provider: provider.__module__ == __name__)
if "".join(sys.argv[1:2]).startswith("schedule:"):  # the console script has done so earlier, `python craft` has not
    end_on_signals()


class ScheduleProvider(PackageProvider):
    """Gives an app its scheduler; may be listed before, after or without Masonite's own."""

    def register(self) -> None:
        """Bind `scheduler` and add the commands; all is done here since craft never calls `boot`."""
        self.package.name = "scheduler"
        if None in {sys.stdin, sys.stdout, sys.stderr}:  # cleo cannot even start a command then
            from scheduler.processes.streams import open_missing_streams  # noqa: PLC0415 - hardly ever

            open_missing_streams()
        self._app = MasoniteApp(self.application)
        use_timezone_setting(lambda: self._app.setting("timezone"))
        scheduler = SchedulerProxy(self._app)
        take_over(self.application, scheduler)
        commands = self.application.make("commands")
        for command in COMMANDS:
            install_command(commands, command(scheduler))

    def publish(self, resources: list[str] | None, dry: Any = False) -> dict[str, list[str]]:
        """Copy `config/scheduler.py` into the app for `craft package:publish scheduler`; one that is there is kept."""
        path = os.path.join(self._app.base_path, self._app.config_location(), "scheduler.py")
        if (resources and "config" not in resources) or os.path.exists(path):
            return {}
        if not dry:
            shutil.copyfile(CONFIG, path)
        return {"config": [os.path.relpath(path, self._app.base_path)]}
