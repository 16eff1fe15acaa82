"""What a tick does about runs that somebody else claimed and has not ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from scheduler.claims import claim_key_of
from scheduler.process import is_gone
from scheduler.runs import Run
from scheduler.Settings import Settings
from scheduler.TaskRegistry import RegisteredTask


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


def _is_too_late(run: Run, grace: timedelta, minute: datetime) -> bool:
    due = max(filter(None, (run.fire_time, run.start_after)), default=None)
    return due is None or minute - due > grace
