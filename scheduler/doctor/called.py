"""Whether anything calls the scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.doctor.Finding import Finding
from scheduler.doctor.Health import Health
from scheduler.doctor.Surroundings import Surroundings
from scheduler.process import host_name

LATELY = timedelta(minutes=3)
"""How old the last tick may be, where one comes each minute; a slow start of the app is no fault."""
RETIRED = timedelta(days=7)
"""After which a host that no longer ticks is taken for one that is no more."""
INSTALL = "`craft schedule:install` lets cron call it; without cron, let `craft schedule:work` run for good"


def ticks(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether each host that ticked before still does; a tick of an app without tasks leaves no trace."""
    last = surroundings.store.ticks()
    now = surroundings.now
    if not last:
        if not surroundings.tasks.usable:
            yield Finding("ticks", Health.UNKNOWN, "Nothing can be told of an app without tasks: its ticks do nothing.")
            return
        yield Finding("ticks", Health.WRONG, "Nothing has ever called the scheduler.", INSTALL)
        return
    alive = {host: at for host, at in last.items() if now - at <= LATELY}
    for host, at in sorted(alive.items()):
        yield Finding("ticks", Health.OK, f"The last tick of {host} was {_ago(now, at)}.")
    for host, at in sorted(last.items()):
        if host in alive or (alive and now - at > RETIRED):
            continue
        here = host == host_name()
        what = f"The last tick of {host}{' (this host)' if here and len(last) > 1 else ''} was {_ago(now, at)}."
        if alive:
            yield Finding("ticks", Health.WARNING, what, "if it still serves the app, look whether its cron runs")
        else:
            yield Finding("ticks", Health.WRONG, what, f"see that cron runs and has the app's line; {INSTALL}")


def _ago(now: datetime, at: datetime) -> str:
    """Return how long ago something was, in words."""
    if now - at < timedelta(minutes=1):
        return f"{max(0, (now - at).seconds)} seconds ago" if at <= now else "just now"
    zone = clock.default_zone()
    words = clock.as_pendulum(at, zone).diff_for_humans(clock.as_pendulum(now, zone), absolute=True)
    return f"{words} ago, at {at.astimezone(zone):%Y-%m-%d %H:%M}"
