"""Checks of the tasks: problems, pauses, durations."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from statistics import median

from scheduler import clock
from scheduler.diagnosis.doctor.CheckContext import CheckContext
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.errors import StoreUnavailable
from scheduler.runs import Outcome, Run, SkipReason
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.text import counted, elapsed, mask_secrets, one_line, with_location

RUNS_LOOKED_AT = 20
GAPS_LOOKED_AT = 20
OFTEN = 3
LATEST = 5
"""The smallest number of runs whose median is used."""


def tasks(context: CheckContext) -> Iterator[Finding]:
    """Check that all task files can be imported, that all tasks can be used, and that each has a next run."""
    found = context.tasks
    for broken in found.broken:
        hint = "change it there; until then it never runs, while the others do"
        message = with_location(f"{broken.key} is broken: {mask_secrets(broken.error)}", broken.location)
        yield Finding("tasks", Health.WRONG, f"{message}.", hint)
    for notice in found.notices:
        what, _, hint = notice.rpartition(": ")
        yield Finding("tasks", Health.WARNING, f"{what}.", hint)
    for task in found.usable:
        if task.rule and task.is_foreseeable and task.rule.next_after(context.now, task.zone) is None:
            yield _ended(context, task, task.rule.previous_before(context.now, task.zone))
    if found.usable:
        on_demand = sum(task.rule is None for task in found.usable)
        more = f", {on_demand} of them only on demand" if on_demand else ""
        yield Finding("tasks", Health.OK, f"{counted(len(found.usable), 'task')} can be used{more}.")
    elif not found.broken:
        yield Finding("tasks", Health.WARNING, "There are no tasks yet.", "run craft task SayHi to create one")


def _ended(context: CheckContext, task: RegisteredTask, last: datetime | None) -> Finding:
    """Return the finding about a task without a next run, whose last fire time was `last`."""
    if last is None:
        hint = "its days, times and windows leave no time: change one of them"
        return Finding("tasks", Health.WARNING, f"{task.key} never runs: {task.describe()}.", hint)
    message = f"{task.key} does not run again: its last fire time was {clock.time_text(last, task.zone)}"
    if _has_run(context, task):
        return Finding("tasks", Health.OK, f"{message}.")
    hint = "change its dates, or remove the task"
    return Finding("tasks", Health.WARNING, f"{message}, and no run of it is recorded.", hint)


def _has_run(context: CheckContext, task: RegisteredTask) -> bool:
    """Return whether a run is recorded; True if the store is unavailable, which another check reports."""
    with suppress(StoreUnavailable):
        return bool(context.store.history(keys=[task.key], limit=1))
    return True


def outcomes(context: CheckContext) -> Iterator[Finding]:
    """Look for tasks that keep failing, and for tasks that are due and never run."""
    well = True
    for task in context.tasks.usable:
        ended = [run for run in context.store.history(keys=[task.key], limit=LATEST) if run.outcome]
        if len(ended) < OFTEN:
            continue
        last = ended[0]
        if all(run.failed for run in ended):
            times = f"{len(ended)} times in a row"
            message = with_location(f"{task.key} keeps failing, {times}: {last.error}", last.location)
        elif all(run.outcome in {Outcome.SKIPPED, Outcome.MISSED} for run in ended) and not _is_paused(last):
            message = f"{task.key} never runs: its last {len(ended)} fire times were skipped or missed: {last.detail}"
        else:
            continue
        well = False
        hint = f"craft schedule:history {last.id} shows all of the last one"
        yield Finding("outcomes", Health.WARNING, f"{one_line(mask_secrets(message))}.", hint)
    if well:
        yield Finding("outcomes", Health.OK, "No task keeps failing or being skipped.")


def _is_paused(run: Run) -> bool:
    return run.skip_reason is SkipReason.PAUSED


def pauses(context: CheckContext) -> Iterator[Finding]:
    """List pauses: one without an end may have been forgotten."""
    held = False
    for pause in context.store.pauses():
        if not pause.covers(context.now):
            continue
        held = True
        health = Health.OK if pause.until else Health.WARNING
        named = f" {shlex.quote(pause.key)}" if pause.key else ""
        hint = "" if pause.until else f"run craft schedule:resume{named} to end the pause"
        since = clock.time_text(pause.since)
        text = f"{pause.key} is {pause.describe()}" if pause.key else pause.describe()
        message = f"{text[:1].upper()}{text[1:]} (since {since})."
        yield Finding("pauses", health, message, hint)
    if not held:
        yield Finding("pauses", Health.OK, "No task is paused.")


def durations(context: CheckContext) -> Iterator[Finding]:
    """Check that no task is still running when it is due again, by the median of its last runs."""
    long = False
    for task in context.tasks.usable:
        if task.options.overlap or task.rule is None:
            continue
        runs = context.store.history(keys=[task.key], limit=RUNS_LOOKED_AT)
        took = [run.seconds for run in runs if run.outcome in {Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT}]
        if len(took) < OFTEN:
            continue
        usual, gap = timedelta(seconds=median(took)), _shortest_gap(task, context.now)
        if gap is not None and usual > gap:
            long = True
            what = (
                f"{task.key} takes {elapsed(usual.total_seconds())} (the median of its last {len(took)} runs) and is "
                f"due again after {elapsed(gap.total_seconds())}: fire times in between are skipped."
            )
            hint = "run it less often, make it faster, or allow overlap = True"
            yield Finding("durations", Health.WARNING, what, hint)
    if not long:
        yield Finding("durations", Health.OK, "No task outlasts its interval.")


def _shortest_gap(task: RegisteredTask, now: datetime) -> timedelta | None:
    """Return the shortest time between two of the next fire times, None if there are not two."""
    gaps: list[timedelta] = []
    previous = task.rule.next_after(now, task.zone) if task.rule else None
    while previous and task.rule and len(gaps) < GAPS_LOOKED_AT:
        next_one = task.rule.next_after(previous, task.zone)
        if next_one is None:
            break
        gaps.append(next_one - previous)
        previous = next_one
    return min(gaps, default=None)
