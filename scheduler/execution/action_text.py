"""The text of planned actions: what history keeps as a run's detail, and what a dry run shows."""

from __future__ import annotations

from datetime import timezone, tzinfo

from scheduler.clock import time_text
from scheduler.rules.durations import duration_text
from scheduler.runs import Action, PlannedAction, Run


def detail_of(action: PlannedAction) -> str:
    """Return why a fire time does not run, as history keeps it."""
    if action.action is Action.SKIP:
        return action.pause.describe() if action.pause else "paused"
    if action.run is not None and action.run.executor and action.grace is not None:
        return f"no worker of executor {action.run.executor!r} started it within {duration_text(action.grace)}"
    if action.run is not None:
        return "it was claimed, but nobody started it in time"
    if action.also_missed_until is None:
        return "no tick came in time"
    until = f"{time_text(action.also_missed_until, timezone.utc)} UTC"
    return f"no tick came in time; nor for any earlier fire time up to {until}"


def crash_error(run: Run, leftovers: int) -> str:
    """Return the error of a run whose process is gone; `leftovers` of its processes were ended."""
    error = f"process {run.pid} on {run.host} is gone, and so is its supervisor"
    if not leftovers:
        return error
    return f"{error}; {leftovers} {'process' if leftovers == 1 else 'processes'} it had started were ended"


def preview_of(action: PlannedAction, zone: tzinfo) -> str:
    """Return what a dry run says of an action in addition to its name, with times on the clock of `zone`."""
    run = action.run
    if action.action in {Action.SKIP, Action.MISS}:
        return detail_of(action)
    if run is None:
        return ""
    if action.action is Action.LEAVE:
        return "it was started before"
    if action.action is Action.RECORD_CRASH:
        return f"process {run.pid} on {run.host} is gone"
    if action.action is Action.WAIT and action.start_after:
        return f"attempt {run.attempt} starts at {time_text(action.start_after, zone, seconds=True)}"
    return f"attempt {run.attempt}"
