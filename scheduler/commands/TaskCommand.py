"""`craft task`."""

from __future__ import annotations

import keyword
import os

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, WrongUsage

STUB = os.path.join(os.path.dirname(os.path.dirname(__file__)), "stubs", "Task.py.stub")


class TaskCommand(ScheduleCommand):
    """
    Create a new scheduled task

    task
        {name : Name of the task, such as SayHi}
        {--d|directory=? : The directory to create it in, in place of the app's tasks location}
        {--f|force : Replace the file if there is one already}
    """

    def act(self) -> int:
        """Write the file and return the exit code."""
        from scheduler.commands.options import WITHOUT_VALUE

        given = str(self.argument("name"))
        name = "".join(part[:1].upper() + part[1:] for part in given.split("_"))
        if not given.isidentifier() or not name.isidentifier() or keyword.iskeyword(given) or keyword.iskeyword(name):
            raise WrongUsage(f"{given!r} is no name for a class: use letters and digits, as in `craft task SayHi`.")
        directory = self.option("directory")
        if directory in WITHOUT_VALUE:
            raise WrongUsage("--directory needs a value: --directory app/tasks.")
        folder = os.path.join(self.app.base_path, directory) if directory else self.app.task_location()[0]
        path = os.path.join(folder, f"{name}.py")
        shown = os.path.relpath(path, self.app.base_path)
        if os.path.exists(path) and not self.option("force"):
            raise WrongUsage(f"{shown} is there already and was kept: replace it with -f, or choose another name.")
        os.makedirs(folder, exist_ok=True)
        with open(STUB, encoding="utf-8") as stub, open(path, "w", encoding="utf-8") as file:
            file.write(stub.read().replace("__class__", name))
        self.say(f"Task created ({shown})")
        return OK
