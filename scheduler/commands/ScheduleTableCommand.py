"""`craft schedule:table`."""

from __future__ import annotations

import os

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, InstallationFailed

CREATE = "create_scheduler_tables"
ADD_EXECUTORS = "add_scheduler_executors"
SOURCES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "migrations")


class ScheduleTableCommand(ScheduleCommand):
    """
    Write the migration for the scheduler's "database" store

    schedule:table
    """

    def act(self) -> int:
        """Write the migration that the app lacks, if any, and return the exit code."""
        try:
            self._write_missing(self.app.migration_location())
        except OSError as error:
            shown = os.path.relpath(error.filename, self.app.base_path)
            raise InstallationFailed(f"{shown} cannot be written: {error.strerror}.") from None
        return OK

    def _write_missing(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        written = _written(folder)
        if CREATE not in written:
            self._write(folder, CREATE)
        elif ADD_EXECUTORS not in written and not _has_executors(os.path.join(folder, written[CREATE])):
            self._write(folder, ADD_EXECUTORS)
        else:
            self._say_written(f"{self._shown(folder, written[CREATE])} exists already")

    def _write(self, folder: str, migration: str) -> None:
        from scheduler import clock

        name = f"{clock.now().astimezone(clock.default_zone()):%Y_%m_%d_%H%M%S}_{migration}.py"
        source = os.path.join(SOURCES, f"{migration}.py")
        with open(source, encoding="utf-8") as text, open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text.read())
        self._say_written(f"Migration created ({self._shown(folder, name)})")

    def _say_written(self, what: str) -> None:
        self.say(f"{what}. Run {self.app.migrate_command(self.scheduler.settings)} to create the tables.")

    def _shown(self, folder: str, name: str) -> str:
        return os.path.relpath(os.path.join(folder, name), self.app.base_path)


def _written(folder: str) -> dict[str, str]:
    """Return the scheduler's migrations in a folder: the file of each."""
    names = sorted(os.listdir(folder))
    return {own: name for own in (CREATE, ADD_EXECUTORS) for name in names if name.endswith(f"_{own}.py")}


def _has_executors(path: str) -> bool:
    """Return whether a migration that creates the tables was written by a version that knows executors."""
    with open(path, encoding="utf-8") as file:
        return "executors" in file.read()
