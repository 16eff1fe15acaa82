"""The text and the JSON of an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from scheduler import clock
from scheduler.clock import time_text
from scheduler.diagnosis.clock_changes import Change
from scheduler.diagnosis.columns import USUAL, format_facts
from scheduler.diagnosis.explanation import Explanation
from scheduler.diagnosis.verdict_text import verdict_of
from scheduler.listeners.run_text import outcome_text
from scheduler.rules import zones
from scheduler.rules.attributes import constraint_text
from scheduler.rules.durations import duration_text
from scheduler.rules.words import listed, time_of_day
from scheduler.rules.ZonedMinute import DAY, UTC, at_wall
from scheduler.Task import METHODS_STATE, declared_schedule
from scheduler.text import counted, one_line, with_location

if TYPE_CHECKING:
    from scheduler.config.TaskOptions import TaskOptions
    from scheduler.execution.conditions import Answer
    from scheduler.tasks.Tasks import TaskProblem

SHOWN_TIMES = 6
VERDICT = "Verdict"


def as_text(found: Explanation, width: int = USUAL) -> list[str]:
    """Return the lines of an explanation: rule, time, conditions, changes of the clock, verdict, next times."""
    task = found.task
    rule = f"{task.describe()}, {zones.name_of(task.zone)}" if task.rule else task.describe()
    name = task.key + (f" ({task.name})" if task.name not in {"", task.key} else "")
    lines = (("Task", name), ("Rule", rule), *facts_of(found))
    return format_facts([(title, one_line(text)) for title, text in lines], width)


def facts_of(found: Explanation) -> Iterator[tuple[str, str]]:
    """Yield the facts about the time, each with its label; the terminal and the dashboard show the same."""
    zone = found.task.zone
    yield "At", f"{time_text(found.at, zone)}, {found.at.astimezone(zone):%A}"
    for answer in found.conditions:
        yield "Only if", f"{answer.wanted}: {_answer_text(answer)}"
    if retries := _retries_text(found.task.options):
        yield "If it fails", retries
    for name in found.refused_by:
        yield "Refused", f"{name} = {_value_text(found, name)} leaves out this time"
    for change in found.changes:
        yield "Clock", _change_text(change)
    yield VERDICT, verdict_of(found)
    yield from _neighbours(found)


def broken_as_text(broken: TaskProblem, width: int = USUAL) -> list[str]:
    """Return why a task that cannot be used does not run."""
    why = with_location(broken.error, broken.location)
    facts = (("Task", broken.key), ("Verdict", f"It is broken and never runs: {why}."))
    return format_facts([(title, one_line(text)) for title, text in facts], width)


def as_dict(found: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON has it."""
    zone = found.task.zone

    def iso_text(instant: datetime | None) -> str | None:
        return instant.astimezone(zone).isoformat() if instant else None

    return {
        "key": found.task.key,
        "name": found.task.name or None,
        "rule": found.task.describe(),
        "timezone": zones.name_of(zone),
        "at": iso_text(found.at),
        "verdict": found.verdict.value,
        "message": verdict_of(found),
        "conditions": [_condition(answer) for answer in found.conditions],
        "refused_by": list(found.refused_by),
        "clock_changes": [_change(change, zone) for change in found.changes],
        "retries": _retries_text(found.task.options) or None,
        "runs": [run.as_dict() for run in found.record.runs],
        "previous_run": iso_text(found.before),
        "next_run": iso_text(found.after),
    }


def broken_as_dict(broken: TaskProblem) -> dict[str, Any]:
    """Return why a task that cannot be used does not run, as JSON has it."""
    return {
        "key": broken.key,
        "verdict": "broken",
        "message": broken.error,
        "location": broken.location or None,
        "traceback": broken.traceback or None,
    }


def _answer_text(answer: Answer) -> str:
    if answer.refusal is None:
        return "not known for that time"
    return f"does not hold, {answer.refusal}" if answer.refusal else "holds"


def _retries_text(options: TaskOptions) -> str:
    """Return how often and after which delays a failed run is tried again, empty if it is not."""
    if not options.retries:
        return ""
    shortened = ", each time up to a fifth sooner" if options.retry_backoff != "none" else ""
    return f"it is tried again, up to {counted(options.retries, 'time')}: {_delays_text(options)}{shortened}"


def _delays_text(options: TaskOptions) -> str:
    delays = [options.whole_delay_before(attempt) for attempt in range(2, options.retries + 2)[:SHOWN_TIMES]]
    if not any(delays):
        return "at once"
    shown = [duration_text(delay) for delay in delays]
    while len(shown) > 1 and shown[-1] == shown[-2]:
        shown.pop()
    if len(shown) == options.retries:
        return f"after {listed(shown)}"
    if len(shown) == SHOWN_TIMES:
        return f"after {', '.join(shown)} and so on"
    *first, last = shown
    return f"after {', '.join([*first, f'then {last}' if first else last])} each time"


def _value_text(found: Explanation, name: str) -> str:
    """Return the value of a constraint: of the attribute, or in words if a method declared it or it is an object."""
    target = found.task.target
    value = None if METHODS_STATE in getattr(target, "__dict__", {}) else getattr(target, name, None)
    if not isinstance(value, (str, int, list, tuple)):
        return constraint_text(declared_schedule(target), name)
    return repr(value)


def _change_text(change: Change) -> str:
    walls = (change.clock_change.wall_before, change.clock_change.wall_after)
    before, after = (time_of_day(wall % DAY) for wall in walls)
    day = f"{at_wall(walls[0], None):%Y-%m-%d}"
    text = f"on {day} it goes {'' if change.skips else 'back '}from {before} to {after}"
    effects = []
    if change.fixed:
        effects.append(f"{_times(change.fixed)} {f'runs at {after}' if change.skips else 'runs the first time only'}")
    if change.wild:
        effects.append(f"{_times(change.wild)} {'does not run' if change.skips else 'runs both times'}")
    return ", and ".join([text, *effects])


def _times(walls: tuple[int, ...]) -> str:
    shown = [time_of_day(wall % DAY) for wall in walls[:SHOWN_TIMES]]
    return listed(shown) if len(walls) <= SHOWN_TIMES else f"{shown[0]} to {time_of_day(walls[-1] % DAY)}"


def _neighbours(found: Explanation) -> Iterator[tuple[str, str]]:
    zone = found.task.zone
    if len(found.record.runs) > 1:
        for run in found.record.runs:
            host = f" on {run.host}" if run.host else ""
            yield "Run", f"{run.id}, attempt {run.attempt}{host}: {outcome_text(run)}"
    if found.before:
        yield "Before", f"{time_text(found.before, zone)}"
    if found.after:
        distance = f", {clock.distance_text(found.after, found.now, zone)}" if found.after > found.now else ""
        yield "Next", time_text(found.after, zone) + distance
    elif found.is_paused:
        yield "Next", "none while it is paused"
    elif found.task.rule and found.task.is_foreseeable:
        yield "Next", "never"


def _condition(answer: Answer) -> dict[str, Any]:
    return {
        "reason": answer.reason.value,
        "wanted": answer.wanted,
        "holds": None if answer.refusal is None else not answer.refusal,
        "refusal": answer.refusal or None,
    }


def _change(change: Change, zone: tzinfo) -> dict[str, Any]:
    return {
        "at": at_wall(change.clock_change.instant, UTC).astimezone(zone).isoformat(),
        "skips": change.skips,
        "message": _change_text(change),
    }
