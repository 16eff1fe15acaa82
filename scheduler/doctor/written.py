"""Whether the tasks themselves are well."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from scheduler import clock
from scheduler.doctor.Finding import Finding
from scheduler.doctor.Health import Health
from scheduler.doctor.Surroundings import Surroundings
from scheduler.runs import Outcome
from scheduler.TaskRegistry import RegisteredTask

RUNS_LOOKED_AT = 20
GAPS_LOOKED_AT = 20
OFTEN = 3
"""From how many runs on a median means something."""


def tasks(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether all task files can be imported, all tasks be used, and each has a time to come."""
    found = surroundings.tasks
    for broken in found.broken:
        place = f" ({broken.location})" if broken.location else ""
        mend = "change it there; until then it never runs, and the others do"
        yield Finding("tasks", Health.WRONG, f"{broken.key} is broken: {broken.error}{place}.", mend)
    for notice in found.notices:
        what, _, mend = notice.rpartition(": ")
        yield Finding("tasks", Health.WARNING, f"{what}.", mend)
    for task in found.usable:
        if task.rule and task.is_foreseeable and task.rule.next_after(surroundings.now, task.zone) is None:
            mend = "look whether its days, times and windows leave anything"
            yield Finding("tasks", Health.WARNING, f"{task.key} never runs: {task.describe()}.", mend)
    if found.usable:
        count = len(found.usable)
        on_demand = sum(task.rule is None for task in found.usable)
        more = f", {on_demand} of them only on demand" if on_demand else ""
        yield Finding("tasks", Health.OK, f"{'1 task' if count == 1 else f'{count} tasks'} can be used{more}.")
    elif not found.broken:
        yield Finding("tasks", Health.WARNING, "There are no tasks yet.", "`craft task SayHi` writes one")


def pauses(surroundings: Surroundings) -> Iterator[Finding]:
    """Look for pauses: one without an end may have been forgotten."""
    held = False
    for pause in surroundings.store.pauses():
        if not pause.covers(surroundings.now):
            continue
        held = True
        who = pause.key or "Everything"
        health = Health.OK if pause.until else Health.WARNING
        named = f" {shlex.quote(pause.key)}" if pause.key else ""
        mend = "" if pause.until else f"`craft schedule:resume{named}` ends it"
        since = f"{pause.since.astimezone(clock.default_zone()):%Y-%m-%d %H:%M}"
        text = pause.describe() if pause.key else pause.describe().removeprefix("everything is ")
        what = f"{who} is {text} (since {since})."
        yield Finding("pauses", health, what, mend)
    if not held:
        yield Finding("pauses", Health.OK, "No task is paused.")


def durations(surroundings: Surroundings) -> Iterator[Finding]:
    """Look whether tasks still run when they are due again, by the median of their last runs."""
    long = False
    for task in surroundings.tasks.usable:
        if task.policy.overlap or task.rule is None:
            continue
        runs = surroundings.store.history(keys=[task.key], limit=RUNS_LOOKED_AT)
        took = [run.seconds for run in runs if run.outcome in {Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT}]
        if len(took) < OFTEN:
            continue
        usual, gap = timedelta(seconds=median(took)), _shortest_gap(task, surroundings.now)
        if gap is not None and usual > gap:
            long = True
            what = (
                f"{task.key} takes {_in_words(usual)} (the median of its last {len(took)} runs) and is due again after "
                f"{_in_words(gap)}: what falls due meanwhile is skipped."
            )
            mend = "let it run less often, make it quicker, or allow it to overlap (`overlap = True`)"
            yield Finding("durations", Health.WARNING, what, mend)
    if not long:
        yield Finding("durations", Health.OK, "No task takes longer than until it is due again.")


def _shortest_gap(task: RegisteredTask, now: datetime) -> timedelta | None:
    """Return the shortest time between two of the next fire times, None where there are no two."""
    gaps: list[timedelta] = []
    previous = task.rule.next_after(now, task.zone) if task.rule else None
    while previous and task.rule and len(gaps) < GAPS_LOOKED_AT:
        following = task.rule.next_after(previous, task.zone)
        if following is None:
            break
        gaps.append(following - previous)
        previous = following
    return min(gaps, default=None)


def _in_words(length: timedelta) -> str:
    seconds = length.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds / size
            return f"{count:.3g} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:.3g} seconds"
