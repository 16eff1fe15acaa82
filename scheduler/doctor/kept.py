"""Whether what the scheduler keeps is where it should be: the store, its leases and its clock, the log."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from datetime import timedelta

from scheduler.caching import objections, state_of
from scheduler.doctor.Finding import Finding
from scheduler.doctor.Health import Health
from scheduler.doctor.Surroundings import Surroundings
from scheduler.errors import StoreUnavailable
from scheduler.installation.Installation import LOG
from scheduler.process import host_name, is_gone

NEAR = timedelta(seconds=5)
"""How far clocks may differ without a word."""
NTP = "let both be set by the network's time (NTP): `timedatectl` shows whether one is"


def store(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether the store can be reached and has all its tables and columns."""
    kind = surroundings.settings.store
    try:
        found = surroundings.store
        found.cursors()
        found.leases()
        found.ticks()
        found.heartbeats()
        found.run(0)
    except StoreUnavailable as error:
        what, _, mend = str(error).rpartition(": ")
        yield Finding("store", Health.WRONG, f"{what[:1].upper()}{what[1:]}.", mend)
        return
    if kind == "memory":
        what = "The store is kept in memory: what one process claims, another one does not know."
        yield Finding("store", Health.WARNING, what, "set STORE in config/scheduler.py to 'local' or 'database'")
        return
    where = (
        "database" if kind == "database" else os.path.relpath(surroundings.app.store_path(surroundings.settings.path))
    )
    yield Finding("store", Health.OK, f"The store ({where}) can be used and has all its tables.")


def cache(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether the schedule is cached, and whether the cache may still be used."""
    state = state_of(surroundings.app.base_path)
    if state.name == "stale":
        yield Finding("cache", Health.WARNING, f"{state.describe()}.", "`craft schedule:cache` makes it anew")
        return
    what = state.describe()
    against = objections(surroundings.tasks, surroundings.settings) if state.name == "none" else []
    if against:
        what += f", and cannot be: {against[0]}"
    yield Finding("cache", Health.OK, f"{what}.")


def clocks(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether this server's clock agrees with the database's, and with those of other hosts."""
    differ = False
    theirs = surroundings.store.clock()
    ahead = {"the database": theirs} if theirs else {}
    ahead |= {host: at for host, at in surroundings.store.ticks().items() if at > surroundings.now}
    for who, shown in ahead.items():
        apart = shown - surroundings.now
        if abs(apart) <= NEAR:
            continue
        differ = True
        health = Health.WRONG if abs(apart) >= surroundings.settings.lease / 2 else Health.WARNING
        word = "ahead of" if apart > timedelta() else "behind"
        what = f"The clock of {who} is {abs(apart).total_seconds():.0f} seconds {word} that of {host_name()}."
        yield Finding("clocks", health, what, NTP)
    if not differ:
        what = "The clocks of this server and of the database agree." if theirs else "No other clock disagrees."
        yield Finding("clocks", Health.OK, what)


def leases(surroundings: Surroundings) -> Iterator[Finding]:
    """Look for leases of runs that are gone."""
    keys = {task.claim_key: task.key for task in surroundings.tasks.usable}
    running = 0
    for lease in surroundings.store.leases():
        gone = is_gone(lease.owner)
        if not gone and lease.expires_at > surroundings.now:
            running += 1
            continue
        key = keys.get(lease.key, lease.key)
        why = "is gone" if gone else "has not been heard of since its lease lapsed"
        what = f"{key} is leased to process {lease.pid} on {lease.host}, which {why}."
        mend = f"the next start takes the lease over; `craft schedule:unlock {shlex.quote(key)}` removes it now"
        yield Finding("leases", Health.WARNING, what, mend)
    now = "No task is" if not running else "1 task is" if running == 1 else f"{running} tasks are"
    yield Finding("leases", Health.OK, f"{now} running now.")


def log(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether the log that `craft schedule:install` sends output to can be written by this user."""
    path = os.path.join(surroundings.app.base_path, LOG)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    is_log = path.endswith(LOG)
    if (is_log and os.path.isdir(path)) or not (is_log or os.path.isdir(path)) or not os.access(path, os.W_OK):
        shown = path if path == surroundings.app.base_path else os.path.relpath(path, surroundings.app.base_path)
        mend = f"let the user that runs craft write there: see `ls -ld {shown}`"
        yield Finding("log", Health.WRONG, f"{LOG} cannot be written because of {shown}.", mend)
        return
    yield Finding("log", Health.OK, f"{LOG} can be written.")
