"""Reading the options of commands."""

from __future__ import annotations

import re
from datetime import datetime, timezone, tzinfo
from typing import Any

from scheduler import clock
from scheduler.errors import UnacceptableValue, WrongUsage
from scheduler.Policy import duration

WITHOUT_VALUE = (True, "null")
"""What Masonite 5 and 4 give for an option that wants a value and has none; in a list it is None on 5."""


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


def moment_option(command: Any, name: str, zone: tzinfo) -> datetime | None:
    """Return an option that is a date ('2027-01-31 08:00', on the clock of `zone`) or a time ago ('2 hours'), in UTC.

    Raises `WrongUsage` for anything else; None where it is not given.
    """
    given = command.option(name)
    if given is None:
        return None
    if given not in WITHOUT_VALUE:
        try:
            return clock.now() - duration(given)
        except UnacceptableValue:
            pass
        try:
            moment = datetime.fromisoformat(str(given))
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(timezone.utc)
        except (ValueError, OverflowError):
            pass
    raise WrongUsage(f"--{name} wants a date or a time ago, and not {_given(given)}: '2027-01-31 08:00' or '2 hours'.")


def _given(value: object) -> str:
    return "nothing" if value in WITHOUT_VALUE else repr(value)
