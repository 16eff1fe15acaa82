"""Why a task does or does not run, for people and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from scheduler import clock
from scheduler.listeners.columns import row
from scheduler.listeners.fire_table import moment
from scheduler.Policy import in_words
from scheduler.rules.Moment import DAY, UTC, at_wall
from scheduler.rules.words import clock as time_shown
from scheduler.rules.words import listed

if TYPE_CHECKING:
    from scheduler.conditions import Answer
    from scheduler.explanation import Change, Explanation
    from scheduler.runs import Run
    from scheduler.TaskRegistry import Broken

WIDTHS = (10, 68)
"""What it is about, what there is to say: 80 columns with the gap between them."""
SHOWN_TIMES = 6


def as_text(found: Explanation) -> list[str]:
    """Return the lines of at most 80 columns: rule, time, conditions, changes of the clock, verdict, next times."""
    task = found.task
    zone = task.zone
    facts = [
        ("Task", task.key + (f" ({task.name})" if task.name not in {"", task.key} else "")),
        ("Rule", f"{task.describe()}, {clock.name_of(zone)}" if task.rule else task.describe()),
        ("At", f"{moment(found.at, zone)}, {found.at.astimezone(zone):%A}"),
        *(("Only if", f"{answer.wanted}: {_answered(answer)}") for answer in found.conditions),
        *(("Refused", f"{name} = {_declared(found, name)} leaves out this time") for name in found.refused_by),
        *(("Clock", _changed(change)) for change in found.changes),
        ("Verdict", verdict_of(found)),
        *_neighbours(found),
    ]
    return [line for title, text in facts for line in row((title, text), WIDTHS)]


def broken_as_text(broken: Broken) -> list[str]:
    """Return why a task that cannot be used does not run."""
    place = f" ({broken.location})" if broken.location else ""
    facts = (("Task", broken.key), ("Verdict", f"It never runs, for it is broken: {broken.error}{place}."))
    return [line for title, text in facts for line in row((title, text), WIDTHS)]


def as_dict(found: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON has it."""
    zone = found.task.zone

    def written(instant: datetime | None) -> str | None:
        return instant.astimezone(zone).isoformat() if instant else None

    return {
        "key": found.task.key,
        "name": found.task.name or None,
        "rule": found.task.describe(),
        "timezone": clock.name_of(zone),
        "at": written(found.at),
        "verdict": found.verdict.value,
        "says": verdict_of(found),
        "conditions": [_condition(answer) for answer in found.conditions],
        "refused_by": list(found.refused_by),
        "clock_changes": [_change(change, zone) for change in found.changes],
        "runs": [run.as_dict() for run in found.record.runs],
        "previous": written(found.before),
        "next": written(found.after),
    }


def broken_as_dict(broken: Broken) -> dict[str, Any]:
    """Return why a task that cannot be used does not run, as JSON has it."""
    return {
        "key": broken.key,
        "verdict": "broken",
        "says": broken.error,
        "location": broken.location or None,
        "traceback": broken.traceback or None,
    }


def verdict_of(found: Explanation) -> str:
    """Return the verdict in a sentence or two."""
    said = SAYS[found.verdict.value]
    return said if isinstance(said, str) else said(found)


def _on_demand(found: Explanation) -> str:
    named = shlex.quote(found.task.key)
    return f"Nothing makes it due: it says nothing of when. `craft schedule:run --force --task {named}` runs it."


def _not_due(found: Explanation) -> str:
    when = "then" if found.asked else "now"
    why = f"{listed(found.refused_by)} leaves out this time" if found.refused_by else "its rule names other times"
    return f"It is not due {when}: {why}."


def _would(found: Explanation, does: str) -> str:
    then, which = ("now", "the next") if found.at <= found.now else ("then", "that")
    return f"It is due {then}, and {which} tick {does}: {found.refusal}."


def _due(found: Explanation) -> str:
    ticked = found.record.ticked_at
    if ticked and found.now - ticked <= LATELY:
        return "It is due now: the next tick runs it."
    last = f"The last tick was at {moment(ticked, found.task.zone)}" if ticked else "No tick has ever come"
    return f"It is due now: the next tick runs it. {last}; {DOCTOR}."


def _late(found: Explanation) -> str:
    return f"{_not_judged(found)}: the next tick runs it late. {DOCTOR[0].upper()}{DOCTOR[1:]}."


def _will_be_missed(found: Explanation) -> str:
    return f"{_not_judged(found)}: the next tick writes it down as missed, since its {_forgiven(found)}."


def _not_judged(found: Explanation) -> str:
    until = found.record.judged_until
    return f"It has not run: no tick has come since {moment(until, found.task.zone) if until else 'ever'}"


def _forgiven(found: Explanation) -> str:
    policy = found.task.policy
    return f"grace is {in_words(policy.grace)} and its catch_up {policy.catch_up!r}"


def _no_record(found: Explanation) -> str:
    record = found.record
    if record.judged_until is None:
        came = "no tick has judged this task" if record.ticked_at else "no tick has ever come"
        return f"It has not run: {came}; {DOCTOR}."
    if record.kept_since and found.at < record.kept_since:
        return "It was due then; what became of it is no longer known, since history is kept for KEEP_DAYS only."
    return "There is no record of it: ticks had not begun then, or the task was added or changed later."


def _waiting(found: Explanation) -> str:
    run = _run(found)
    start = f" until {moment(run.start_after, found.task.zone)}" if run.start_after else ""
    return f"It is claimed as run {run.id}, attempt {run.attempt}, and waits to be started{start}."


def _running(found: Explanation) -> str:
    run = _run(found)
    since = f" since {moment(run.started_at, found.task.zone)}" if run.started_at else ""
    return f"It is running{since}: run {run.id}, process {run.pid} on {run.host}."


def _gone(found: Explanation) -> str:
    run = _run(found)
    process = f"process {run.pid} on {run.host}"
    return f"It began as run {run.id}, but {process} is gone: the next tick writes it down as crashed."


def _ran(found: Explanation) -> str:
    run = _run(found)
    return f"It ran: run {run.id} succeeded after {run.seconds:.1f} s. {_all_of(run)}"


def _failed(found: Explanation) -> str:
    run = _run(found)
    outcome = run.outcome.value.replace("_", " ") if run.outcome else ""
    place = f" ({run.location})" if run.location else ""
    return f"It ran: run {run.id} {outcome}: {run.error}{place}. {_all_of(run)}"


def _skipped(found: Explanation) -> str:
    run = _run(found)
    return f"It was skipped: {run.detail}. {_all_of(run)}"


def _missed(found: Explanation) -> str:
    run = _run(found)
    return f"It was missed: {run.detail}; its {_forgiven(found)}. {_all_of(run)}"


def _run(found: Explanation) -> Run:
    return found.record.runs[-1]


def _all_of(run: Run) -> str:
    return f"`craft schedule:history {run.id}` shows all of it."


DOCTOR = "`craft schedule:doctor` tells whether anything calls the scheduler"
LATELY = timedelta(minutes=2)
SAYS: dict[str, str | Callable[[Explanation], str]] = {
    "on_demand": _on_demand,
    "not_due": _not_due,
    "unforeseeable": "Nobody can tell: its own should_run() decides, and is asked only when the time has come.",
    "asking_failed": lambda found: f"It does not run: {found.problem}.",
    "coming": "It will run then, if nothing keeps it from it.",
    "due": _due,
    "would_be_skipped": lambda found: _would(found, "skips it"),
    "would_fail": lambda found: _would(found, "lets it fail"),
    "late": _late,
    "will_be_missed": _will_be_missed,
    "waiting": _waiting,
    "running": _running,
    "gone": _gone,
    "ran": _ran,
    "failed": _failed,
    "skipped": _skipped,
    "missed": _missed,
    "no_record": _no_record,
}


def _answered(answer: Answer) -> str:
    if answer.refusal is None:
        return "cannot be foretold"
    return f"no, {answer.refusal}" if answer.refusal else "yes"


def _declared(found: Explanation, name: str) -> str:
    return repr(getattr(found.task.target, name))


def _changed(change: Change) -> str:
    before, after = (time_shown(wall % DAY) for wall in (change.seam.wall_before, change.seam.wall_after))
    day = f"{at_wall(change.seam.wall_before, None):%Y-%m-%d}"
    text = f"on {day} it goes {'' if change.skips else 'back '}from {before} to {after}"
    effects = []
    if change.fixed:
        effects.append(f"{_times(change.fixed)} {f'runs at {after}' if change.skips else 'runs the first time only'}")
    if change.wild:
        effects.append(f"{_times(change.wild)} {'does not run' if change.skips else 'runs both times'}")
    return ", and ".join([text, *effects])


def _times(walls: tuple[int, ...]) -> str:
    shown = [time_shown(wall % DAY) for wall in walls[:SHOWN_TIMES]]
    return listed(shown) if len(walls) <= SHOWN_TIMES else f"{shown[0]} to {time_shown(walls[-1] % DAY)}"


def _neighbours(found: Explanation) -> Iterator[tuple[str, str]]:
    zone = found.task.zone
    if len(found.record.runs) > 1:
        for run in found.record.runs:
            outcome = run.outcome.value.replace("_", " ") if run.outcome else "has not ended"
            host = f" on {run.host}" if run.host else ""
            yield "Run", f"{run.id}, attempt {run.attempt}{host}: {outcome}"
    if found.before:
        yield "Before", f"{moment(found.before, zone)}"
    if found.after:
        shown = clock.as_pendulum(found.after, zone).diff_for_humans(clock.as_pendulum(found.now, zone), absolute=True)
        yield "Next", moment(found.after, zone) + (f", in {shown}" if found.after > found.now else "")
    elif found.is_held_back:
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
        "at": at_wall(change.seam.instant, UTC).astimezone(zone).isoformat(),
        "skips": change.skips,
        "says": _changed(change),
    }
