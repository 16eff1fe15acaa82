"""The text of one run: in a line, in full, as the body of a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.clock import foreign_zone, time_text, zoned_text
from scheduler.rules.durations import duration_text
from scheduler.runs import Outcome, Run
from scheduler.text import counted, elapsed, escape, mask_secrets, one_line, with_location

OUTPUT_SENT = 4000
"""How many characters of a run's output, from its end, are sent in a message."""
TEXT_SENT = 16_000
"""How many characters of an error or a traceback are sent in a message."""


def summary(run: Run, *, will_be_retried: bool = False) -> str:
    """Return a run in one line: 'SayHi failed after 61 ms (attempt 2): ValueError: no (app/tasks/SayHi.py:9)'."""
    outcome = outcome_text(run)
    attempt = f" (attempt {run.attempt})" if run.attempt > 1 else ""
    if run.failed:
        error = with_location(run.error, run.location)
        text = f"{run.key} {outcome} after {elapsed(run.seconds)}{attempt}: {error}"
        text += "; it will be retried" if will_be_retried else ""
    elif run.outcome in {Outcome.SKIPPED, Outcome.MISSED}:
        when = f" {time_text(run.fire_time)}" if run.fire_time and run.outcome is Outcome.MISSED else ""
        text = f"{run.key} {outcome}{when}: {run.detail}"
    elif run.outcome is None:
        text = f"{run.key} {outcome}{attempt}"
    else:
        text = f"{run.key} {outcome} in {elapsed(run.seconds)}{attempt}"
    return one_line(mask_secrets(text))


def handled_text(key: str, fire_time: datetime, run: Run | None, *, hints: bool = True) -> str:
    """Return the state of a fire time that an earlier tick has claimed: 'SayHi already ran for 06:43. …'."""
    time = zoned_text(fire_time, f"{fire_time:%H:%M}")
    if run is None:
        return f"{key} was already claimed for {time} by another process."
    if run.outcome is None:
        where = f", process {run.pid} on {run.host}" if run.pid else ""
        return f"{key} is already {outcome_text(run)} for {time} (run {run.id}{where})."
    if run.outcome in {Outcome.SKIPPED, Outcome.MISSED}:
        hint = " Use --force to run it now." if hints else ""
        return f"{key} was already {outcome_text(run)} for {time}: {run.detail}.{hint}"
    failed = "" if run.outcome is Outcome.SUCCEEDED else f" and {outcome_text(run)}"
    hint = " Use --force to run it again." if hints else ""
    return f"{key} already ran for {time}{failed}.{hint}"


def stopping_text(running: int, grace: timedelta | None) -> str:
    """Return the message of a scheduler that is stopping; without `grace`, its runs are ended now."""
    runs = counted(running, "run")
    if grace is None:
        return f"Ending {runs} now." if running else "Stopping now."
    if not running:
        return "Stopping: nothing is running."
    them = "it" if running == 1 else "them"
    return f"Stopping: waiting up to {duration_text(grace)} for {runs} to end. Stop again to end {them} now."


def outcome_text(run: Run) -> str:
    """Return the outcome of a run, or its state if it has none yet: 'timed out', 'running', 'pending'."""
    if run.outcome is None:
        return "running" if run.started_at else "pending"
    return run.outcome.value.replace("_", " ")


def waiting_text(run: Run) -> str:
    """Return which executor's workers a run waits for, and since when; empty if it does not."""
    if not run.is_offered or run.waiting_since is None:
        return ""
    return f"it is waiting for a worker of {run.executor!r}{_since(run)}"


def _since(run: Run) -> str:
    """Return since when a run waits; if its start is delayed, that may be still to come."""
    if run.waiting_since is None:
        return ""
    return f"{', not before' if run.is_delayed else ' since'} {time_text(run.waiting_since)}"


def offered_text(run: Run) -> str:
    """Return which executor's workers a new run waits for."""
    return f"{run.key} waits for a worker of {run.executor!r}: run {run.id}"


def fire_time_text(run: Run) -> str:
    """Return the fire time of a run, or 'forced' and when that was."""
    if run.fire_time:
        return time_text(run.fire_time)
    return f"forced {time_text(run.started_at)}" if run.started_at else "forced"


def details(run: Run, output: int = OUTPUT_SENT) -> str:
    """Return the body of a message about a run: everything but the beginnings of what is very long."""
    shortened = replace(
        run,
        error=_start(run.error),
        detail=_start(run.detail),
        traceback=_end(run.traceback, TEXT_SENT),
        output=_end(run.output, output),
    )
    return "\n".join(full_text(shortened))


def full_text(run: Run) -> list[str]:
    """Return the lines of everything known about a run, traceback and output included."""
    facts: dict[str, Any] = {
        "Run": run.id,
        "Task": run.key,
        "Fire time": fire_time_text(run) + (" (late)" if run.late else ""),
        "Time zone": foreign_zone(),
        "Attempt": run.attempt,
        "Outcome": outcome_text(run) + (f" ({run.skip_reason.value})" if run.skip_reason else ""),
        "Not before": time_text(run.start_after, seconds=True) if run.start_after and not run.started_at else "",
        "Started": time_text(run.started_at, seconds=True) if run.started_at else "",
        "Ended": time_text(run.ended_at, seconds=True) if run.ended_at else "",
        "Took": elapsed(run.seconds) if run.started_at and run.ended_at else "",
        "Executor": run.executor,
        "Waiting": f"for a worker{'' if run.is_delayed else _since(run)}" if run.is_offered else "",
        "Process": f"{run.pid} on {run.host}" if run.pid else "",
        "Reason": run.detail,
        "Error": run.error,
        "Location": run.location,
    }
    lines = [f"{title + ':':<12}{one_line(mask_secrets(str(value)))}" for title, value in facts.items() if value]
    for title, text in (("Traceback", mask_secrets(run.traceback)), ("Output", run.output)):
        if text:
            lines += ["", f"{title}:", *escape(text).rstrip("\n").split("\n")]
    return lines


def _start(text: str) -> str:
    return text if len(text) <= TEXT_SENT else f"{text[:TEXT_SENT]} …"


def _end(text: str, length: int) -> str:
    return text if len(text) <= length else f"… {text[-length:]}"
