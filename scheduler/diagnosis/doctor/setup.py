"""Checks of the app's setup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduler import clock
from scheduler.config import default_timezone as defaults
from scheduler.diagnosis.doctor.CheckContext import CheckContext
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.errors import InvalidSchedule
from scheduler.rules import zones

SOME_ZONE = "America/New_York"


def settings(context: CheckContext) -> Iterator[Finding]:
    """Check each value of `config/scheduler.py`."""
    try:
        _ = context.settings
    except InvalidSchedule as error:
        yield Finding(
            "settings", Health.WRONG, f"{error}.", "change it in config/scheduler.py; until then no task runs"
        )
        return
    yield Finding("settings", Health.OK, "All settings are valid.")


def timezone(context: CheckContext) -> Iterator[Finding]:
    """Check that time zones are known, and which one is the default."""
    try:
        ZoneInfo(SOME_ZONE)
    except (ZoneInfoNotFoundError, OSError):
        hint = "run pip install tzdata in the app's virtual environment"
        yield Finding("timezone", Health.WRONG, f"The time zone {SOME_ZONE} is unknown on this machine.", hint)
    configured = defaults.timezone_setting()
    zone = clock.default_zone()
    name = zones.name_of(zone)
    source = "TIMEZONE in config/scheduler.py" if configured else "the server's, since TIMEZONE is not set"
    here = _server_offset(context.now)
    if not configured and context.now.astimezone(zone).strftime("%z") != here:
        what = f"The server's time zone is {name}, but its clock is {here} ahead of UTC."
        yield Finding("timezone", Health.WARNING, what, "set TIMEZONE in config/scheduler.py, or the server's zone")
        return
    yield Finding("timezone", Health.OK, f"The default time zone of tasks is {name} ({source}).")


def _server_offset(now: datetime) -> str:
    return now.astimezone().strftime("%z")


def maintenance(context: CheckContext) -> Iterator[Finding]:
    """Check whether the app is down for maintenance on this server."""
    if not context.app.is_down():
        yield Finding("maintenance", Health.OK, "The app is not down for maintenance.")
        return
    message = "The app is down for maintenance, so only tasks with run_in_maintenance = True run on this server."
    yield Finding("maintenance", Health.WARNING, message, "run craft up when the maintenance is over")


def provider(context: CheckContext) -> Iterator[Finding]:
    """Check whether Masonite's own provider is listed too, which is harmless."""
    if context.app.lists_builtin_provider():
        what = "Masonite's own ScheduleProvider is listed too. That is harmless: this scheduler runs the tasks."
        yield Finding("provider", Health.OK, what)
    else:
        yield Finding("provider", Health.OK, "Only this scheduler's provider is listed.")
