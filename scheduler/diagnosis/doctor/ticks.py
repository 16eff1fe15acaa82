"""Check that something runs the scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.diagnosis.doctor.CheckContext import CheckContext
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.processes.identity import host_name, unattended

LATELY = timedelta(minutes=3)
"""How old the last tick may be; one is due each minute, and an app may be slow to start."""
RETIRED = timedelta(days=7)
"""How long after its last tick a host counts as removed."""
INSTALL = "run craft schedule:install to let cron run it, or keep craft schedule:work running"


def ticks(context: CheckContext) -> Iterator[Finding]:
    """Check that each host that ticked before still does; a tick of an app without tasks leaves no trace."""
    now, every = context.now, context.store.ticks()
    last = unattended(every)
    if every and not last:
        at = max(every.values())
        message = f"Nothing runs the scheduler by itself: all ticks were started by hand, the last {_ago(now, at)}."
        yield Finding("ticks", Health.WRONG, message, INSTALL)
        return
    if not last:
        if not context.tasks.usable:
            yield Finding("ticks", Health.UNKNOWN, "Not checked: the ticks of an app without tasks leave no trace.")
            return
        yield Finding("ticks", Health.WRONG, "The scheduler has never run.", INSTALL)
        return
    alive = {host: at for host, at in last.items() if now - at <= LATELY}
    for host, at in sorted(alive.items()):
        yield Finding("ticks", Health.OK, f"The last tick of {host} was {_ago(now, at)}.")
    for host, at in sorted(last.items()):
        if host in alive or (alive and now - at > RETIRED):
            continue
        here = host == host_name()
        message = f"The last tick of {host}{' (this host)' if here and len(last) > 1 else ''} was {_ago(now, at)}."
        if alive:
            yield Finding("ticks", Health.WARNING, message, "check its cron, if it still serves the app")
        else:
            yield Finding("ticks", Health.WRONG, message, f"check that cron runs and has the app's line; {INSTALL}")


def _ago(now: datetime, at: datetime) -> str:
    """Return how long ago something was, and when."""
    distance = clock.distance_text(min(at, now), now)
    return distance if now - at < timedelta(minutes=1) else f"{distance}, at {clock.time_text(at)}"
