"""Claims, leases and times for tests of stores."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from scheduler.processes.identity import host_name, this_machine, this_process
from scheduler.runs import Outcome, Run
from scheduler.stores import Claim, Lease, Store, slot_of

NOON = datetime(2024, 3, 5, 12, 0, tzinfo=timezone.utc)
TTL = timedelta(seconds=60)
HERE = str(this_process())
"""This process as the owner of something."""

ELSEWHERE = "another-machine:4711:99"
"""A process of which nobody here can tell whether it lives."""

GONE = f"{this_machine()}:{2**22 + 1}:99"
"""A process of this machine that is not there: Linux gives no such number."""


def after(seconds: float = 0, minutes: float = 0) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(seconds=seconds, minutes=minutes)


def claim(key: str = "a", minutes: int = 0, **more: Any) -> Claim:
    """Return the claim of a task on a fire time."""
    fire_time = after(minutes=minutes)
    return Claim(key, slot_of(key, fire_time, more.get("attempt", 1)), fire_time, **more)


def forced(key: str = "a") -> Claim:
    """Return the claim of a forced run."""
    return Claim(key, None, None)


def claimed(store: Store, *claims: Claim, owner: str = HERE, now: datetime = NOON) -> list[Run]:
    """Claim without moving a cursor."""
    return store.claim(claims, {}, owner, now)


def one_run(store: Store, key: str = "a", minutes: int = 0, **more: Any) -> Run:
    """Claim one fire time and return the run."""
    who = {name: more.pop(name) for name in ("owner", "now") if name in more}
    (run,) = claimed(store, claim(key, minutes, **more), **who)
    return run


def ended(run: Run, outcome: Outcome = Outcome.SUCCEEDED, **more: Any) -> Run:
    """Return the run with an outcome."""
    return replace(run, outcome=outcome, ended_at=more.pop("ended_at", after(seconds=5)), **more)


def lease(key: str = "a", token: str = "mine", owner: str = HERE, expires_at: datetime = NOON + TTL) -> Lease:
    """Return a lease."""
    return Lease(key, token, owner, host_name(), os.getpid(), expires_at)


__all__ = [
    "ELSEWHERE",
    "GONE",
    "HERE",
    "NOON",
    "TTL",
    "after",
    "claim",
    "claimed",
    "ended",
    "forced",
    "lease",
    "one_run",
]
