"""The claims on runs: on fire times that are due, and on the attempts that follow a failure."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from scheduler import clock
from scheduler.execution.action_text import detail_of
from scheduler.processes.identity import host_name
from scheduler.runs import Action, Outcome, PlannedAction, Run, SkipReason
from scheduler.stores import Claim, slot_of
from scheduler.tasks.RegisteredTask import RegisteredTask

WAITED_FOR: Final = timedelta(minutes=1)
"""The longest a process waits for a run's start; any later one is left to a later tick, and costs no process."""


def claim_of(task: RegisteredTask, action: PlannedAction) -> Claim:
    """Return the claim on the fire time of a planned action: to run it, or to record why it does not run."""
    if action.fire_time is None:
        return Claim(task.key, None, None)
    claim = Claim(task.key, slot_of(task.claim_key, action.fire_time), action.fire_time)
    if action.action is Action.MISS:
        return claim._replace(outcome=Outcome.MISSED, detail=detail_of(action))
    if action.action is Action.SKIP:
        return claim._replace(outcome=Outcome.SKIPPED, skip_reason=SkipReason.PAUSED, detail=detail_of(action))
    return claim._replace(late=action.action is Action.RUN_LATE, start_after=action.start_after)


def jitter_of(task: RegisteredTask) -> timedelta:
    """Return how much later the task starts on this host, the same every time."""
    longest = task.options.jitter.total_seconds()
    if not longest:
        return timedelta()
    digest = hashlib.sha256(f"{task.key}\n{host_name()}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:6], "big") / 2**48 * longest)


def claim_key_of(task: RegisteredTask, run: Run) -> str:
    """Return the key of a run's claim and lease: another server's, if the task runs on each server."""
    return run.slot.rpartition("@")[0] or task.claim_key


def retry_of(task: RegisteredTask, run: Run) -> Claim | None:
    """Return the claim on the attempt that follows a failed run, None if there is none."""
    if not run.failed or run.attempt > task.options.retries or run.fire_time is None:
        return None
    attempt = run.attempt + 1
    slot = slot_of(claim_key_of(task, run), run.fire_time, attempt)
    start = (run.ended_at or clock.real_now()) + task.options.delay_before(attempt, slot)
    return Claim(task.key, slot, run.fire_time, run.late, attempt, start, executor=run.executor)
