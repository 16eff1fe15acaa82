"""Where the parts are put together."""

from __future__ import annotations

import os
import shutil
from typing import Any

from masonite.packages import PackageProvider

from scheduler.commands import COMMANDS
from scheduler.defaults import ask_for_timezone
from scheduler.masonite.Binding import Binding
from scheduler.masonite.builtin import take_over
from scheduler.masonite.console import install_command
from scheduler.masonite.MasoniteApp import MasoniteApp

CONFIG = os.path.join(os.path.dirname(os.path.dirname(__file__)), "config", "scheduler.py")


class ScheduleProvider(PackageProvider):
    """Gives an app its scheduler; may be listed before, after or without Masonite's own."""

    def register(self) -> None:
        """Bind `scheduler` and add the commands; all is done here since craft never calls `boot`."""
        self.package.name = "scheduler"
        self._app = MasoniteApp(self.application)
        ask_for_timezone(lambda: self._app.setting("timezone"))
        scheduler = Binding(self._app)
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
