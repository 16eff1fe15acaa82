"""Recovery of runs without an outcome: whether a process still handles them, and what to do if none does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from scheduler.config.Settings import Settings
from scheduler.execution.claims import WAITED_FOR, claim_key_of
from scheduler.processes.identity import is_alive, is_gone
from scheduler.runs import Action, Pauses, PlannedAction, Run
from scheduler.tasks.RegisteredTask import RegisteredTask

FORCED_WAITS: Final = timedelta(hours=1)
"""How long a forced run waits for a worker of its executor; any other waits for its task's `grace`."""
HANDED_OVER_EACH_MINUTE: Final = timedelta(minutes=10)
"""How long every tick hands over again a run that no worker has started."""
HANDED_OVER_LATER: Final = 10
"""The minutes between later attempts, so that messages do not accumulate if workers are gone for days."""


def plan_recovery(
    run: Run,
    task: RegisteredTask | None,
    pauses: Pauses,
    *,
    read_at: datetime,
    minute: datetime,
    settings: Settings,
    is_own: bool = False,
) -> PlannedAction | None:
    """Return what the tick of `minute` does about an open run, None if it leaves it alone.

    It does so if the run's owner lives. Else a run that was started has crashed, and one that was not is started now,
    unless it is too late. `task` is None if the app has it no longer. `is_own` says that the run belongs to the very
    supervisor that asks, which has forgotten it.
    """
    is_silent = read_at - (run.heartbeat_at or read_at) > settings.takeover
    if run.started_at is not None:
        has_crashed = _has_crashed(run, is_silent=is_silent, is_own=is_own)
        return PlannedAction(run.key, Action.RECORD_CRASH, run.fire_time, run) if has_crashed else None
    if run.owner and not (is_own or is_silent or is_gone(run.owner)):
        return None
    if run.start_after is not None and run.start_after > read_at + WAITED_FOR:
        return PlannedAction(run.key, Action.WAIT, run.fire_time, run, run.start_after)
    is_known = task is not None and claim_key_of(task, run) == task.claim_key
    if _is_given_up(run, task if is_known else None, settings, minute):
        return PlannedAction(run.key, Action.MISS, run.fire_time, run, grace=_grace_of(run, task or settings))
    if run.is_offered and not _is_handed_over_again(run, minute):
        return None
    return _plan_start(run, task, pauses, minute) if task is not None and is_known else None


def _has_crashed(run: Run, *, is_silent: bool, is_own: bool) -> bool:
    """Return whether a run that was started has ended without an outcome.

    A run whose process this machine can see alive has not, however old its heartbeat is; for other machines only the
    heartbeat counts. If the process is gone but its owner still sends heartbeats, the run is left to the owner, which
    is about to record the outcome.
    """
    process = run.process or run.owner
    if is_alive(process) and not (is_own and process != run.process):
        return False
    return is_own or is_silent or is_gone(run.owner)


def _plan_start(run: Run, task: RegisteredTask, pauses: Pauses, minute: datetime) -> PlannedAction:
    if run.fire_time and (pause := pauses.of(task)):
        return PlannedAction(run.key, Action.SKIP, run.fire_time, run, pause=pause)
    return PlannedAction(run.key, _start_of(run, minute), run.fire_time, run)


def _start_of(run: Run, minute: datetime) -> Action:
    if run.attempt > 1:
        return Action.RETRY
    is_late = run.fire_time is not None and max(run.fire_time, run.start_after or run.fire_time) < minute
    return Action.RUN_LATE if is_late else Action.RUN


def _is_given_up(run: Run, task: RegisteredTask | None, settings: Settings, minute: datetime) -> bool:
    """Return whether it is too late to start the run; retries of a known task, and what it catches up, never are."""
    options = task.options if task else settings.options
    catches_up = task is not None and (run.attempt > 1 or (run.fire_time is not None and options.catch_up != "none"))
    due = max(filter(None, (run.fire_time, run.start_after)), default=run.claimed_at if run.executor else None)
    return not catches_up and (due is None or minute - due > _grace_of(run, task or settings))


def _grace_of(run: Run, task: RegisteredTask | Settings) -> timedelta:
    """Return how late the run may start."""
    return FORCED_WAITS if run.fire_time is None and run.executor else task.options.grace


def _is_handed_over_again(run: Run, minute: datetime) -> bool:
    """Return whether the tick of `minute` hands over a run that nobody has started: each one at first, then fewer."""
    waits = minute - (run.waiting_since or minute)
    return waits < HANDED_OVER_EACH_MINUTE or minute.minute % HANDED_OVER_LATER == 0
