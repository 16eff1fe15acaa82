"""Is all well? One check a function, each of which tells what it has found and how to mend it.

To add a check, write a function like those in the modules here and name it in `CHECKS`; its name is what people read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from scheduler.doctor.called import ticks
from scheduler.doctor.configured import provider, settings, timezone
from scheduler.doctor.Finding import Finding
from scheduler.doctor.Health import Health
from scheduler.doctor.kept import cache, clocks, leases, log, store
from scheduler.doctor.Surroundings import App, Surroundings
from scheduler.doctor.written import durations, pauses, tasks
from scheduler.errors import InvalidSchedule, StoreUnavailable

__all__ = ["CHECKS", "App", "Finding", "Health", "Surroundings", "examine"]

Check = Callable[[Surroundings], Iterator[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    settings,
    store,
    ticks,
    cache,
    tasks,
    pauses,
    timezone,
    clocks,
    log,
    leases,
    durations,
    provider,
)


def examine(surroundings: Surroundings) -> list[Finding]:
    """Return what all checks have found; what one cannot look at is nobody else's fault."""
    return [finding for check in CHECKS for finding in _examined(check, surroundings)]


def _examined(check: Check, surroundings: Surroundings) -> list[Finding]:
    name = check.__name__
    try:
        return list(check(surroundings))
    except StoreUnavailable:
        return [Finding(name, Health.UNKNOWN, "It was not looked at, since the store cannot be used.")]
    except InvalidSchedule:
        return [Finding(name, Health.UNKNOWN, "It was not looked at, since the settings are wrong.")]
