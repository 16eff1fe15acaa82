"""Reading the options of commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scheduler import clock
from scheduler.dates import EXAMPLES, read
from scheduler.errors import UnacceptableValue, UnknownTask, WrongUsage
from scheduler.Policy import duration

WITHOUT_VALUE = (True, "null")
"""What Masonite 5 and 4 give for an option that wants a value and has none; in a list it is None on 5."""

SHOWN = 5
"""How many names a message lists."""


def names_option(command: Any) -> list[str]:
    """Return the names that `--task` gives, none if it is not given; raise `WrongUsage` where a name is missing."""
    names = command.option("task") or []
    if any(name is None or name in WITHOUT_VALUE or not str(name).strip() for name in names):
        tasks = command.scheduler.find()
        keys = sorted({task.key for task in (*tasks.usable, *tasks.broken)})
        if not keys:
            raise WrongUsage("--task needs a name, and there are no tasks yet: `craft task SayHi` writes one.")
        more = f" and {len(keys) - SHOWN} more (`craft schedule:list`)" if len(keys) > SHOWN else ""
        raise WrongUsage(f"--task needs a name: {', '.join(keys[:SHOWN])}{more}.")
    return list(names)


def number_option(command: Any, name: str, default: int) -> int:
    """Return an option that is a whole number, 1 or more; raise `WrongUsage` for anything else."""
    given = command.option(name)
    if given is None:
        return default
    if not re.fullmatch("[0-9]{1,6}", str(given), re.ASCII) or not int(given):
        raise WrongUsage(
            f"--{name} wants a whole number from 1 to 999999, and not {_given(given)}: --{name} {default}."
        )
    return int(given)


def zone_option(command: Any, name: str) -> tzinfo | None:
    """Return an option that is a time zone, None where it is not given; raise `WrongUsage` for anything else."""
    given = command.option(name)
    if given is None:
        return None
    if given in WITHOUT_VALUE:
        raise WrongUsage(f"--{name} wants the name of a time zone: --{name} Europe/Riga.")
    try:
        return clock.zone_named(given)
    except UnacceptableValue as error:
        raise WrongUsage(f"--{name}: {error.problem} (try {' or '.join(error.examples)}).") from None


def date_option(command: Any, name: str, zone: tzinfo, other: tuple[str, str] | None = None) -> datetime | None:
    """Return an option that is a date ('2027-01-31 08:00', on the clock of `zone`) in UTC, None where it is not given.

    Raises `WrongUsage` for anything else; `other` is what else it could have been, and an example of that. What should
    be said about the date is said.
    """
    given = command.option(name)
    if given is None:
        return None
    kinds, examples = ("a date", EXAMPLES) if other is None else (f"a date or {other[0]}", (EXAMPLES[0], other[1]))
    if given in WITHOUT_VALUE:
        raise WrongUsage(f"--{name} wants {kinds}: --{name} {' or '.join(examples)}.")
    try:
        instant, note = read(str(given), zone)
    except UnacceptableValue as error:
        mend = " or ".join(examples if len(error.examples) > 1 else error.examples)
        raise WrongUsage(f"--{name} wants {kinds}: {given!r} {error.problem} (try {mend}).") from None
    if note:
        command.complain(f"Note: --{name}: {note}.")
    return instant


def length_option(command: Any, name: str) -> timedelta | None:
    """Return an option that is a duration ('2 hours'), None where it is not given or is something else."""
    given = command.option(name)
    try:
        return None if given is None or given in WITHOUT_VALUE else duration(given)
    except UnacceptableValue:
        return None


def since_option(command: Any, name: str, zone: tzinfo) -> datetime | None:
    """Return an option that is a date, or a time ago ('2 hours'), in UTC; None where it is not given.

    Raises `WrongUsage` for anything else.
    """
    ago = length_option(command, name)
    return clock.now() - ago if ago is not None else date_option(command, name, zone, ("a time ago", "'2 hours'"))


def until_option(command: Any, name: str, zone: tzinfo) -> datetime | None:
    """Return an option that is a date to come, or a time from now ('2 hours'), in UTC; None where it is not given.

    Raises `WrongUsage` for anything else.
    """
    ahead = length_option(command, name)
    other = ("a time from now", "'2 hours'")
    moment = clock.now() + ahead if ahead is not None else date_option(command, name, zone, other)
    if moment is not None and moment <= clock.now():
        raise WrongUsage(f"--{name}: {command.option(name)!r} is over already (try '2 hours' or a date to come).")
    return moment


def text_option(command: Any, name: str, example: str) -> str:
    """Return an option that is any text, empty where it is not given; raise `WrongUsage` where the text is missing."""
    given = command.option(name)
    if given in WITHOUT_VALUE:
        raise WrongUsage(f"--{name} wants a text: --{name} {example!r}.")
    return "" if given is None else str(given)


def keys_of(command: Any, kept: Callable[[str], bool] = lambda _: False) -> list[str]:
    """Return the keys of the tasks that the argument `task` calls, broken ones too; none if it is not given.

    Where it calls none, it may be the key of a task that the app no longer has, if something is `kept` under it; and a
    broken task may have had another key when it was whole. Raises `UnknownTask`, or `WrongUsage` for an empty name.
    """
    given = command.argument("task")
    if given is None:
        return []
    if not str(given).strip():
        raise WrongUsage("The name of the task is empty.")
    try:
        tasks = command.scheduler.find().called([str(given)])
    except UnknownTask:
        if kept(str(given)):
            return [str(given)]
        raise
    others = (name for broken in tasks.broken for name in sorted(broken.names - {broken.key}) if kept(name))
    return [*(task.key for task in (*tasks.usable, *tasks.broken)), *others]


def _given(value: object) -> str:
    return "nothing" if value in WITHOUT_VALUE else repr(value)
