"""Checks of the store, its leases and its clock, the cache, and the log."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from datetime import timedelta

from scheduler.cache.building import obstacles
from scheduler.cache.CacheState import state_of
from scheduler.diagnosis.doctor.CheckContext import CheckContext
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.errors import StoreUnavailable
from scheduler.private_folder import LOG, OF_OTHERS
from scheduler.processes.identity import host_name, is_gone
from scheduler.text import counted

NEAR = timedelta(seconds=5)
"""How far clocks may differ without a warning."""
NTP = "synchronise both clocks by NTP; timedatectl shows whether a clock is synchronised"


def store(context: CheckContext) -> Iterator[Finding]:
    """Check that the store can be reached, has all its tables and columns, and can be written to if it is a file."""
    kind = context.settings.store
    try:
        found = context.store
        found.cursors()
        found.leases()
        found.ticks()
        found.open_runs()
        found.run(0)
    except StoreUnavailable as error:
        what, _, hint = str(error).rpartition(": ")
        yield Finding("store", Health.WRONG, f"{what[:1].upper()}{what[1:]}.", hint)
        return
    if kind == "memory":
        what = "The store is in memory: a process does not know what another one has claimed."
        yield Finding("store", Health.WARNING, what, "set STORE in config/scheduler.py to 'local' or 'database'")
        return
    path = "" if kind == "database" else context.app.store_path()
    where = os.path.relpath(path) if path else "database"
    if path and (obstacle := _unwritable(path) or _unwritable(os.path.dirname(path))):
        yield _not_writable(context, "store", f"The store ({where})", obstacle)
        return
    yield Finding("store", Health.OK, f"The store ({where}) is available and has all its tables.")


def cache(context: CheckContext) -> Iterator[Finding]:
    """Check whether the schedule is cached, and whether the cache is still valid."""
    state = state_of(context.app.base_path)
    if state.hint:
        yield Finding("cache", Health.WARNING, f"{state.describe()}.", state.hint)
        return
    what = state.describe()
    reasons = obstacles(context.tasks, context.settings) if state.name == "none" else []
    if reasons:
        what += f". It cannot be cached: {reasons[0]}"
    yield Finding("cache", Health.OK, f"{what}.")


def clocks(context: CheckContext) -> Iterator[Finding]:
    """Check that this server's clock agrees with the database's and with those of other hosts."""
    differ = False
    theirs = context.store.clock()
    ahead = {"the database": theirs} if theirs else {}
    ahead |= {host: at for host, at in context.store.ticks().items() if at > context.now}
    for who, shown in ahead.items():
        apart = shown - context.now
        if abs(apart) <= NEAR:
            continue
        differ = True
        health = Health.WRONG if abs(apart) >= context.settings.lease / 2 else Health.WARNING
        word = "ahead of" if apart > timedelta() else "behind"
        what = f"The clock of {who} is {abs(apart).total_seconds():.0f} seconds {word} that of {host_name()}."
        yield Finding("clocks", health, what, NTP)
    if not differ:
        what = "The clocks of this server and of the database agree." if theirs else "No other clock disagrees."
        yield Finding("clocks", Health.OK, what)


def leases(context: CheckContext) -> Iterator[Finding]:
    """Look for leases of runs whose process is gone."""
    keys = {task.claim_key: task.key for task in context.tasks.usable}
    running = 0
    for lease in context.store.leases():
        gone = is_gone(lease.owner)
        if not gone and lease.expires_at > context.now:
            running += 1
            continue
        key = keys.get(lease.key, lease.key)
        why = "is gone" if gone else "has not renewed it in time"
        what = f"{key} is leased to process {lease.pid} on {lease.host}, which {why}."
        hint = f"the next run takes the lease over; craft schedule:unlock {shlex.quote(key)} removes it now"
        yield Finding("leases", Health.WARNING, what, hint)
    yield Finding("leases", Health.OK, f"Running: {counted(running, 'task')}." if running else "No task is running.")


def log(context: CheckContext) -> Iterator[Finding]:
    """Check that this user can write to the log that `craft schedule:install` sends output to."""
    path = os.path.join(context.app.private_folder(), LOG)
    name = os.path.relpath(path, context.app.base_path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    is_log = path.endswith(LOG)
    if (is_log and os.path.isdir(path)) or not (is_log or os.path.isdir(path)) or not os.access(path, os.W_OK):
        yield _not_writable(context, "log", name, path)
        return
    folder = context.app.private_folder()
    if os.path.isdir(folder) and os.stat(folder).st_mode & OF_OTHERS:
        shown = os.path.relpath(folder, context.app.base_path)
        what = f"Other users can look into {shown}, where the output of tasks is logged."
        yield Finding("log", Health.WARNING, what, f"run chmod 700 {shlex.quote(shown)}, unless they are meant to")
        return
    yield Finding("log", Health.OK, f"{name} is writable.")


def _unwritable(path: str) -> str:
    """Return the path that prevents this user from writing or creating a path, empty if none does."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return "" if os.access(path, os.W_OK) else path


def _not_writable(context: CheckContext, check: str, name: str, obstacle: str) -> Finding:
    base = context.app.base_path
    shown = obstacle if obstacle == base else os.path.relpath(obstacle, base)
    hint = f"allow the user that runs craft to write there; ls -ld {shown} shows who may"
    return Finding(check, Health.WRONG, f"{name} is not writable because of {shown}.", hint)
