"""The claims on runs: on the fire times that are due, and on the attempts that follow a failure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.due import Due
from scheduler.process import host_name
from scheduler.runs import Outcome, Pauses, Run, SkipReason
from scheduler.stores import Claim, slot_of
from scheduler.TaskRegistry import RegisteredTask


def claims_on(task: RegisteredTask, due: Due, now: datetime, pauses: Pauses) -> list[Claim]:
    """Return a claim for every fire time, to run it or to write down that it was missed or kept back."""
    claims = []
    minute = clock.floor_minute(now)
    for fire_time in due.missed:
        detail = "no tick came in time"
        if fire_time == due.missed[0] and due.missed_since:
            detail += f"; nor for any earlier fire time up to {due.missed_since:%Y-%m-%d %H:%M} UTC"
        slot = slot_of(task.claim_key, fire_time)
        claims.append(Claim(task.key, slot, fire_time, outcome=Outcome.MISSED, detail=detail))
    for fire_time in due.paused:
        slot, reason = slot_of(task.claim_key, fire_time), SkipReason.PAUSED
        detail = pauses.why(task, fire_time)
        claims.append(Claim(task.key, slot, fire_time, outcome=Outcome.SKIPPED, detail=detail, skip_reason=reason))
    for fire_time in due.run:
        wait = fire_time + jitter_of(task) - now
        start = clock.real_now() + wait if fire_time >= minute and wait > timedelta() else None
        slot = slot_of(task.claim_key, fire_time)
        claims.append(Claim(task.key, slot, fire_time, late=fire_time < minute, start_after=start))
    return claims


def jitter_of(task: RegisteredTask) -> timedelta:
    """Return how much later the task starts on this host, the same every time."""
    longest = task.policy.jitter.total_seconds()
    if not longest:
        return timedelta()
    digest = hashlib.sha256(f"{task.key}\n{host_name()}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:6], "big") / 2**48 * longest)


def claim_key_of(task: RegisteredTask, run: Run) -> str:
    """Return what the claims and the lease of a run are kept under: those of another server, where each has its own."""
    return run.slot.rpartition("@")[0] or task.claim_key


def retry_of(task: RegisteredTask, run: Run) -> Claim | None:
    """Return the claim on the attempt that follows a failed run, None where there is to be none."""
    if not run.failed or run.attempt > task.policy.retries or run.fire_time is None:
        return None
    attempt = run.attempt + 1
    start = (run.ended_at or clock.real_now()) + task.policy.retry_delay
    slot = slot_of(claim_key_of(task, run), run.fire_time, attempt)
    return Claim(task.key, slot, run.fire_time, late=True, attempt=attempt, start_after=start)
