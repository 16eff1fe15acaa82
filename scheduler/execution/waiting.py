"""Which runs wait, and for what: questions about pending runs of a task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from scheduler import clock
from scheduler.execution.ActiveRun import ActiveRun
from scheduler.execution.claims import claim_key_of
from scheduler.runs import Run
from scheduler.stores import Claim, Lease, Store
from scheduler.tasks.RegisteredTask import RegisteredTask

PendingRun = tuple[RegisteredTask, Run]
RETRIED_HERE: Final = timedelta(minutes=1)
"""A retry due sooner than this is started by the same process; later ones are left to a later tick."""


def backlog(store: Store, task: RegisteredTask, run: Run) -> list[Run]:
    """Return the open runs of older fire times, pending or late, if the task catches up with all."""
    if task.options.catch_up != "all" or run.fire_time is None:
        return []
    now = clock.real_now()
    return [
        each
        for each in store.open_runs(task.key)
        if each.fire_time is not None
        and each.fire_time < run.fire_time
        and claim_key_of(task, each) == task.claim_key
        and (each.late or each.started_at is None)
        and (each.start_after is None or each.start_after <= now)
    ]


def place_of(pending: Sequence[PendingRun], task: RegisteredTask, run: Run) -> int:
    """Return the position of a run among the pending ones: before those of its task with a later fire time."""
    for position, (other, waiting) in enumerate(pending):
        is_later = waiting.fire_time and run.fire_time and waiting.fire_time > run.fire_time
        if other.key == task.key and is_later:
            return position
    return len(pending)


def active_run_of(task: RegisteredTask, actives: Sequence[ActiveRun]) -> Run | None:
    """Return the active run that prevents the task from starting, or None."""
    if task.options.overlap:
        return None
    return next((active.run for active in actives if active.task.key == task.key), None)


def ran_by_then(earlier: Run, run: Run) -> bool:
    """Return whether `earlier` was already running at the fire time of `run`."""
    return run.fire_time is not None and earlier.started_at is not None and earlier.started_at < run.fire_time


def is_free(task: RegisteredTask, run: Run) -> bool:
    """Return whether an open run is pending and has no owner, so that this server may start it."""
    is_pending = run.started_at is None and not run.owner and not run.executor
    return is_pending and claim_key_of(task, run) == task.claim_key


def is_soon(run: Run, retry: Claim, task: RegisteredTask) -> bool:
    """Return whether a run is the retry that was just claimed, and is due soon."""
    is_it = (run.fire_time, run.attempt) == (retry.fire_time, retry.attempt)
    return is_it and task.options.delay_before(retry.attempt, retry.slot or "") < RETRIED_HERE


def contains(pending: Sequence[PendingRun], one: PendingRun) -> bool:
    """Return whether this very entry is still pending."""
    return any(other is one for other in pending)


def not_ended(earlier: Run | Lease | None) -> str:
    """Return why a run is skipped while an earlier one is still running."""
    return "an earlier run has not ended" + (f" (process {earlier.pid} on {earlier.host})" if earlier else "")
