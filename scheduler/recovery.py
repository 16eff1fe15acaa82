"""What a tick does about runs that somebody else claimed and has not ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from scheduler import clock
from scheduler.claims import claim_key_of, retry_of
from scheduler.isolation import end_leftovers
from scheduler.process import host_name, is_gone
from scheduler.runs import Outcome, Run
from scheduler.Settings import Settings
from scheduler.stores import Store, lease_token
from scheduler.supervision import Supervisor
from scheduler.TaskRegistry import RegisteredTask, Tasks, unknown_task


class Recovery(Enum):
    """What becomes of a run without an outcome."""

    LEAVE = "leave"
    WAIT = "wait"
    BURY = "bury"
    GIVE_UP = "give_up"
    TAKE_OVER = "take_over"


def recovery_of(
    run: Run,
    task: RegisteredTask | None,
    *,
    now: datetime,
    minute: datetime,
    heartbeat: datetime,
    settings: Settings,
    own: bool = False,
) -> Recovery:
    """Return what to do about an open run at the tick of `minute`.

    Somebody who lives sees to it, or it is not its time yet; its process is gone, and it has crashed; it was never
    started, and is taken over, unless it is too late. `task` is None where the app has it no more.
    """
    silent = now - heartbeat > settings.lease
    if run.owner and not (own or silent or is_gone(run.owner)):
        return Recovery.LEAVE
    if run.started_at is not None:
        return Recovery.BURY
    if run.start_after is not None and run.start_after > now:
        return Recovery.WAIT
    if task is None or claim_key_of(task, run) != task.claim_key:
        return Recovery.GIVE_UP if _is_too_late(run, settings.policy.grace, minute) else Recovery.LEAVE
    forgiving = run.attempt > 1 or (run.fire_time is not None and task.policy.catch_up != "none")
    if not forgiving and _is_too_late(run, task.policy.grace, minute):
        return Recovery.GIVE_UP
    return Recovery.TAKE_OVER


def recover(
    store: Store, every: Tasks, chosen: set[str], supervisor: Supervisor, *, minute: datetime, settings: Settings
) -> None:
    """Give an outcome to runs whose process is gone, and start what nobody has started yet: claims and retries.

    `every` are all tasks of the app, `chosen` the keys of those that the tick of `minute` is about: only their runs are
    started or given up.
    """
    now = clock.real_now()
    by_key = {task.key: task for task in every.usable}
    heartbeats: dict[int, datetime] = {}
    for run in store.open_runs():
        own = run.owner == supervisor.owner
        if own and supervisor.knows(run):
            continue
        heartbeats = heartbeats or store.heartbeats()
        task = by_key.get(run.key)
        heartbeat = heartbeats.get(run.id, now)
        recovery = recovery_of(run, task, now=now, minute=minute, heartbeat=heartbeat, settings=settings, own=own)
        if recovery is Recovery.BURY:
            _bury(store, task, run, now, supervisor)
        elif task is not None and task.claim_key == claim_key_of(task, run) and run.key not in chosen:
            continue
        elif recovery is Recovery.GIVE_UP:
            _give_up(store, task, run, supervisor)
        elif recovery is Recovery.TAKE_OVER and task is not None:
            _take_over(store, task, run, supervisor, minute)


def _bury(store: Store, task: RegisteredTask | None, run: Run, now: datetime, supervisor: Supervisor) -> None:
    """Write down that a run crashed whose process is gone, claim its retry, and tell everybody, its task too."""
    left = end_leftovers(run.pid) if run.host == host_name() and is_gone(run.owner) else 0
    error = f"process {run.pid} on {run.host} is gone, and so is the one that watched it"
    error += f"; {left} processes it had started were ended" if left else ""
    crashed = replace(run, outcome=Outcome.CRASHED, ended_at=now, error=error)
    retry = retry_of(task, crashed) if task else None
    was_open = store.finish(crashed, retry)
    claim_key = claim_key_of(task, run) if task else run.slot.rpartition("@")[0] or run.key
    store.release(claim_key, lease_token(run.owner, run.id))
    if was_open:
        known = task or unknown_task(run.key)
        supervisor.tell(known, crashed, will_be_retried=retry is not None, hooks_are_due=True)


def _take_over(store: Store, task: RegisteredTask, run: Run, supervisor: Supervisor, minute: datetime) -> None:
    """Start a pending run that its owner has not, unless its task is paused."""
    if supervisor.skips_paused(task, run):
        return
    run = replace(run, late=run.fire_time is not None and run.fire_time < minute)
    if store.adopt(run, supervisor.owner, clock.real_now()):
        supervisor.submit([(task, replace(run, owner=supervisor.owner))])


def _give_up(store: Store, task: RegisteredTask | None, run: Run, supervisor: Supervisor) -> None:
    """Write down that a pending run was missed: it is too late to start it."""
    detail = "it was claimed, but nobody started it in time"
    missed = replace(run, outcome=Outcome.MISSED, ended_at=clock.real_now(), detail=detail)
    if store.finish(missed):
        supervisor.tell(task or unknown_task(run.key), missed)


def _is_too_late(run: Run, grace: timedelta, minute: datetime) -> bool:
    due = max(filter(None, (run.fire_time, run.start_after)), default=None)
    return due is None or minute - due > grace
