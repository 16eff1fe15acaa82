"""Whether the app is set up as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduler import clock, defaults
from scheduler.doctor.Finding import Finding
from scheduler.doctor.Health import Health
from scheduler.doctor.Surroundings import Surroundings
from scheduler.errors import InvalidSchedule

SOME_ZONE = "America/New_York"


def settings(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether each value of `config/scheduler.py` has a meaning."""
    try:
        _ = surroundings.settings
    except InvalidSchedule as error:
        yield Finding(
            "settings", Health.WRONG, f"{error}.", "change it in config/scheduler.py; until then nothing runs"
        )
        return
    yield Finding("settings", Health.OK, "All settings have a meaning.")


def timezone(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether time zones are known, and which one tasks have that name none."""
    try:
        ZoneInfo(SOME_ZONE)
    except (ZoneInfoNotFoundError, OSError):
        mend = "`pip install tzdata` in the app's virtual environment"
        yield Finding("timezone", Health.WRONG, f"The time zone {SOME_ZONE} is not known here.", mend)
    configured = defaults.timezone_setting()
    zone = clock.default_zone()
    name = clock.name_of(zone)
    source = "TIMEZONE in config/scheduler.py" if configured else "the server's; TIMEZONE is not set"
    here = _server_offset(surroundings.now)
    if not configured and surroundings.now.astimezone(zone).strftime("%z") != here:
        what = f"The server's zone is called {name}, but its clock is {here} ahead of UTC."
        yield Finding("timezone", Health.WARNING, what, "set TIMEZONE in config/scheduler.py, or the server's zone")
        return
    yield Finding("timezone", Health.OK, f"Tasks that name no zone have {name} ({source}).")


def _server_offset(now: datetime) -> str:
    return now.astimezone().strftime("%z")


def provider(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether Masonite's own provider is listed too; that is harmless."""
    if surroundings.app.lists_builtin_provider():
        what = "Masonite's own ScheduleProvider is listed too. That is harmless: this scheduler is in charge."
        yield Finding("provider", Health.OK, what)
    else:
        yield Finding("provider", Health.OK, "Only this scheduler's provider is listed.")
