"""Check the scheduler. One check is one function, which yields what it found and how to fix it.

To add a check, write a function like those in the modules here and add it to `CHECKS`; its name is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from scheduler.diagnosis.doctor.CheckContext import App, CheckContext
from scheduler.diagnosis.doctor.dashboard import dashboard
from scheduler.diagnosis.doctor.executors import executors
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.diagnosis.doctor.setup import maintenance, provider, settings, timezone
from scheduler.diagnosis.doctor.storage import cache, clocks, leases, log, store
from scheduler.diagnosis.doctor.tasks import durations, outcomes, pauses, tasks
from scheduler.diagnosis.doctor.ticks import ticks
from scheduler.diagnosis.doctor.web import web
from scheduler.errors import InvalidSchedule, StoreUnavailable

__all__ = ["CHECKS", "App", "CheckContext", "Finding", "Health", "examine"]

Check = Callable[[CheckContext], Iterator[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    settings,
    store,
    ticks,
    cache,
    tasks,
    outcomes,
    maintenance,
    pauses,
    timezone,
    clocks,
    log,
    web,
    leases,
    executors,
    durations,
    dashboard,
    provider,
)


def examine(context: CheckContext, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Return the findings of the checks; a check that cannot be made says so."""
    return [finding for check in checks for finding in _examined(check, context)]


def _examined(check: Check, context: CheckContext) -> list[Finding]:
    name = check.__name__
    try:
        return list(check(context))
    except StoreUnavailable:
        return [Finding(name, Health.UNKNOWN, "Not checked, because the store cannot be used.")]
    except InvalidSchedule:
        return [Finding(name, Health.UNKNOWN, "Not checked, because the settings are wrong.")]
