"""`craft task`."""

from __future__ import annotations

import keyword
import os
import re
import unicodedata
from typing import Final

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, InvalidSchedule, WrongUsage

STUB: Final = os.path.join(os.path.dirname(__file__), "stubs", "Task.py.stub")
LONGEST_NAME: Final = 100
RULES: Final = ('# run_every = "5 minutes"', '# run_at = "8:00"', '# run_cron = "0 9 * * mon-fri"')
"""The commonest rules, as comments to choose from."""


class TaskCommand(ScheduleCommand):
    """
    Create a new scheduled task

    task
        {name : Name of the task, such as SayHi}
        {--every=? : How often it runs, such as '5 minutes'}
        {--at=? : At which time of day it runs, such as '8:00', or several with commas}
        {--d|directory=? : The directory to create it in, instead of the app's tasks location}
        {--f|force : Replace the file if it exists}
    """

    def act(self) -> int:
        """Write the file and return the exit code."""
        given = str(self.argument("name"))
        name = _class_name(given)
        rules = _rules(name, self._value("every", "'5 minutes'"), self._value("at", "'8:00'"))
        directory = self._value("directory", "app/tasks")
        folder = os.path.join(self.app.base_path, directory) if directory else self.app.task_location()[0]
        path = os.path.join(folder, f"{name}.py")
        shown = os.path.relpath(path, self.app.base_path)
        if os.path.lexists(path) and not self.option("force"):
            raise WrongUsage(f"{shown} exists and was kept: replace it with -f, or choose another name.")
        if other := _same_but_for_case(folder, f"{name}.py"):
            raise WrongUsage(f"{shown} differs from {other} only in case, which not every file system tells apart.")
        try:
            os.makedirs(folder, exist_ok=True)
            with open(STUB, encoding="utf-8") as stub:
                _write(path, stub.read().replace("__class__", name).replace("__rules__", "\n    ".join(rules)))
        except OSError as error:
            hint = "Choose another name or --directory."
            raise WrongUsage(f"{shown} cannot be written: {error.strerror}. {hint}") from None
        self.say(f"Task created ({shown})")
        return OK

    def _value(self, option: str, example: str) -> str:
        from scheduler.commands.options import WITHOUT_VALUE

        value = self.option(option)
        if value in WITHOUT_VALUE or (value is not None and not str(value).strip()):
            raise WrongUsage(f"--{option} needs a value: --{option} {example}.")
        return "" if value is None else str(value)


def _class_name(given: str) -> str:
    """Return the class's name as Python reads it, so that the file is named like the class."""
    normal = unicodedata.normalize("NFKC", given)
    name = "".join(part[:1].upper() + part[1:] for part in normal.split("_"))
    is_name = given.isidentifier() and name.isidentifier()
    if not is_name or any(keyword.iskeyword(each) for each in (given, normal, name)):
        raise WrongUsage(f"{given!r} is not a name for a class: use letters and digits, as in `craft task SayHi`.")
    if name == "Task":
        raise WrongUsage("Task is the name of the class that tasks are made from: choose another one, as in SayHi.")
    if len(name) > LONGEST_NAME:
        raise WrongUsage(f"{name[:20]}… has {len(name)} characters: use {LONGEST_NAME} at most.")
    return name


def _rules(name: str, every: str, at: str) -> list[str]:
    """Return the lines that declare when the task runs; raise `WrongUsage` for values that a task would not take."""
    import json

    from scheduler.rules import read_schedule

    if not every and not at:
        return list(RULES)
    times = [time.strip() for time in at.split(",")]
    declared = {"run_every": every, "run_at": times if len(times) > 1 else times[0]}
    try:
        read_schedule(name, declared)
    except InvalidSchedule as error:
        message = f"{error.attribute}: {error.problem} (try {' or '.join(error.examples)})."
        raise WrongUsage(re.sub("run_(at|every)(?: =)?", r"--\1", message)) from None
    return [f"{attribute} = {json.dumps(value, ensure_ascii=False)}" for attribute, value in declared.items() if value]


def _same_but_for_case(folder: str, name: str) -> str:
    """Return a file of the folder whose name differs from `name` only in case, or an empty text."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    return next((each for each in names if each != name and each.casefold() == name.casefold()), "")


def _write(path: str, text: str) -> None:
    """Write a temporary file and rename it to `path`, so that a link is replaced, not followed."""
    import tempfile

    descriptor, draft = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".new")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(draft, 0o666 & ~mask)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
