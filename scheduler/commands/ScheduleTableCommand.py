"""`craft schedule:table`."""

from __future__ import annotations

import os

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK

NAME = "create_scheduler_tables"
SOURCE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "migrations", f"{NAME}.py")


class ScheduleTableCommand(ScheduleCommand):
    """
    Write the migration for the scheduler's "database" store

    schedule:table
    """

    def act(self) -> int:
        """Write the migration, unless there is one already, and return the exit code."""
        from scheduler import clock

        folder = self.app.migration_location()
        os.makedirs(folder, exist_ok=True)
        for name in sorted(os.listdir(folder)):
            if name.endswith(f"_{NAME}.py"):
                self.say(f"{self._shown(folder, name)} is there already; `craft migrate` makes the tables.")
                return OK
        name = f"{clock.now().astimezone(clock.default_zone()):%Y_%m_%d_%H%M%S}_{NAME}.py"
        with open(SOURCE, encoding="utf-8") as source, open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(source.read())
        self.say(f"Migration created ({self._shown(folder, name)}); `craft migrate` makes the tables.")
        return OK

    def _shown(self, folder: str, name: str) -> str:
        return os.path.relpath(os.path.join(folder, name), self.app.base_path)
