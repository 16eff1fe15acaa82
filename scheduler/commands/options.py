"""Read the options of commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scheduler import clock
from scheduler.diagnosis.dates import EXAMPLES, read
from scheduler.errors import UnacceptableValue, UnknownTask, WrongUsage
from scheduler.rules import zones
from scheduler.rules.durations import duration

WITHOUT_VALUE = (True, "null")
"""The values that Masonite 5 and 4 give to an option whose value is missing; in a list it is None on 5."""

LENGTH = re.compile(r"\s*(?:in\s+)?(\d+\s*[^\W\d_]+)(?:\s+ago)?\s*", re.IGNORECASE)
"""Text that is meant as a time ago, or from now."""

HALF_OF_DAY = re.compile(r"\d\s*[ap]\.?m\.?\s*$", re.ASCII | re.IGNORECASE)
"""The end of text that is meant as a time of day, such as '5pm'."""

SHOWN = 5
"""How many names a message lists."""


def names_option(command: Any) -> list[str]:
    """Return the names given by `--task`, if any; raise `WrongUsage` if a name is missing."""
    names = command.option("task") or []
    if any(name is None or name in WITHOUT_VALUE or not str(name).strip() for name in names):
        tasks = command.scheduler.find()
        keys = sorted({task.key for task in (*tasks.usable, *tasks.broken)})
        if not keys:
            raise WrongUsage("--task needs a name, and there are no tasks yet. Run craft task SayHi to create one.")
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
            f"--{name} takes a whole number from 1 to 999999, not {_given(given)}. Example: --{name} {default}"
        )
    return int(given)


def zone_option(command: Any, name: str) -> tzinfo | None:
    """Return an option that is a time zone, None if it is not given; raise `WrongUsage` for anything else."""
    given = command.option(name)
    if given is None:
        return None
    if given in WITHOUT_VALUE:
        raise WrongUsage(f"--{name} takes the name of a time zone. Example: --{name} Europe/Riga")
    try:
        return zones.zone_named(given)
    except UnacceptableValue as error:
        raise WrongUsage(f"--{name}: {error.problem} (try {' or '.join(error.examples)}).") from None


def date_option(command: Any, name: str, zone: tzinfo, other: tuple[str, str] | None = None) -> datetime | None:
    """Return an option that is a date ('2027-01-31 08:00', on the clock of `zone`) in UTC, None if it is not given.

    Raises `WrongUsage` for anything else; `other` describes other values that are allowed, with an example. A time that
    the clock skips or repeats is reported.
    """
    given = command.option(name)
    if given is None:
        return None
    kinds, examples = ("a date", EXAMPLES) if other is None else (f"a date or {other[0]}", (EXAMPLES[0], other[1]))
    if given in WITHOUT_VALUE:
        raise WrongUsage(f"--{name} takes {kinds}: --{name} {' or '.join(examples)}.")
    try:
        instant, note = read(str(given), zone)
    except UnacceptableValue as error:
        if other and (length := LENGTH.fullmatch(str(given))) and not HALF_OF_DAY.search(str(given)):
            _refuse_length(name, length[1])
        hint = " or ".join(examples if len(error.examples) > 1 else error.examples)
        raise WrongUsage(f"--{name} takes {kinds}: {given!r} {error.problem} (try {hint}).") from None
    if note:
        command.complain(f"Note: --{name}: {note}.")
    return instant


def _refuse_length(name: str, given: str) -> None:
    """Raise `WrongUsage` for a length of time that cannot be read."""
    try:
        duration(given)
    except UnacceptableValue as error:
        hint = " or ".join(error.examples)
        raise WrongUsage(f"--{name}: {given!r} is not a length of time: {error.problem} (try {hint}).") from None


def length_option(command: Any, name: str) -> timedelta | None:
    """Return an option that is a duration ('2 hours'), None if it is not given or is something else."""
    given = command.option(name)
    try:
        return None if given is None or given in WITHOUT_VALUE else duration(given)
    except UnacceptableValue:
        return None


def since_option(command: Any, name: str, zone: tzinfo) -> datetime | None:
    """Return an option that is a date, or a time ago ('2 hours'), in UTC; None if it is not given.

    Raises `WrongUsage` for anything else.
    """
    ago = length_option(command, name)
    return clock.now() - ago if ago is not None else date_option(command, name, zone, ("a time ago", "'2 hours ago'"))


def until_option(command: Any, name: str, zone: tzinfo) -> datetime | None:
    """Return an option that is a date to come, or a time from now ('2 hours'), in UTC; None if it is not given.

    Raises `WrongUsage` for anything else.
    """
    ahead = length_option(command, name)
    other = ("a time from now", "'in 2 hours'")
    moment = clock.now() + ahead if ahead is not None else date_option(command, name, zone, other)
    if moment is not None and moment <= clock.now():
        raise WrongUsage(f"--{name}: {command.option(name)!r} is in the past (try 'in 2 hours' or 'tomorrow').")
    return moment


def text_option(command: Any, name: str, example: str) -> str:
    """Return an option that is any text, empty if it is not given; raise `WrongUsage` if the text is missing."""
    given = command.option(name)
    if given in WITHOUT_VALUE:
        raise WrongUsage(f"--{name} takes a text: --{name} {example!r}.")
    return "" if given is None else str(given)


def keys_of(command: Any, kept: Callable[[str], bool] = lambda _: False) -> list[str]:
    """Return the keys of the tasks that the argument `task` names, including broken ones; none if it is not given.

    It may also be the key of a task that the app no longer has, if something is `kept` under it; a broken task may have
    had another key before it broke. Raises `UnknownTask`, or `WrongUsage` for an empty name.
    """
    given = command.argument("task")
    if given is None:
        return []
    if not str(given).strip():
        raise WrongUsage("The name of the task is empty.")
    try:
        str(given).encode()
    except UnicodeEncodeError:
        raise WrongUsage(f"The name of the task, {given!r}, is not valid text in this terminal's encoding.") from None
    try:
        tasks = command.scheduler.find().called([str(given)])
    except UnknownTask:
        if _is_text(str(given)) and kept(str(given)):
            return [str(given)]
        raise
    others = (name for broken in tasks.broken for name in sorted(broken.names - {broken.key}) if kept(name))
    return [*(task.key for task in (*tasks.usable, *tasks.broken)), *others]


def _is_text(name: str) -> bool:
    """Return whether a name is valid text: a command line may contain bytes that are not UTF-8."""
    return name.isprintable() or name.encode("utf-8", "ignore").decode() == name


def _given(value: object) -> str:
    return "nothing" if value in WITHOUT_VALUE else repr(value)
