"""The overview: alarms first, then a row for each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any, Final

from scheduler.dashboard import run_charts, time_charts
from scheduler.dashboard.charts import Chart
from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.rendering import render
from scheduler.dashboard.runs_page import unknown
from scheduler.dashboard.Source import Source
from scheduler.dashboard.text import distance, page_number
from scheduler.rules import zones
from scheduler.runs import FAILURES, Outcome, Pause, Run
from scheduler.stores.RunStatistics import RunGlance
from scheduler.tasks.RegisteredTask import RegisteredTask

PAGE: Final = 50
HISTORY: Final = run_charts.STRIP_LENGTH
"""How many runs of each task are shown and used for its durations."""
COMING: Final = 3
SILENCE: Final = timedelta(minutes=3)
HOUR: Final = timedelta(hours=1)
FAR: Final = datetime.max.replace(tzinfo=timezone.utc)
STATES: Final = ("failing", "running", "pending", "paused", "skipped", "missed", "never ran", "on demand")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs a person: what is wrong, and how to fix it."""

    what: str
    fix: str
    is_pause: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A task in the overview."""

    task: RegisteredTask
    rule: str
    zone: str
    coming: tuple[datetime, ...]
    pause: Pause | None
    running: Run | None
    pending: Run | None
    last: RunGlance | None
    failing_since: datetime | None
    strip: Chart
    durations: run_charts.Durations | None


def overview(source: Source, question: Question) -> Reply:
    """Return the page."""
    wanted, given = question.query.get("q", "").strip(), question.query.get("state", "")
    state = given if given in STATES else ""
    return render(
        "overview.html",
        question,
        source,
        "Tasks",
        wrong=unknown(given, STATES, "state"),
        alarms=alarms(source),
        broken=[problem for problem in source.tasks.broken if not wanted or wanted.lower() in problem.key.lower()],
        notices=source.tasks.notices,
        activity=_activity(source),
        total=len(source.tasks.usable) + len(source.tasks.broken),
        everything_paused=source.pauses.of_everything(),
        last_tick=max(source.ticks.values(), default=None),
        q=wanted,
        state=state,
        **_listed(source, wanted, state, page_number(question.query.get("page", ""))),
    )


def _activity(source: Source) -> time_charts.Activity:
    first = source.now.replace(minute=0, second=0, microsecond=0) - (time_charts.HOURS - 1) * HOUR
    return time_charts.activity(source.store.count_by_hour(first, time_charts.HOURS), source.now, source.zone)


def _listed(source: Source, wanted: str, state: str, page: int) -> dict[str, Any]:
    """Return the rows of one page of the list, and how many tasks are in each state."""
    matching = [task for task in source.tasks.usable if _matches(task, wanted)]
    outcomes = source.store.last_outcomes([task.key for task in source.tasks.usable])
    states = {task.key: _states_of(task, source, outcomes.get(task.key)) for task in matching}
    following = {task.key: _next(task, source) for task in matching}
    tally = Counter(name for found in states.values() for name in found)
    chosen = [task for task in matching if not state or state in states[task.key]]
    chosen.sort(key=lambda task: (following[task.key] or FAR, task.rule is None, task.key.lower()))
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(page, pages)
    return {
        "rows": _rows(source, chosen[(page - 1) * PAGE : page * PAGE]),
        "states": [(name, tally[name]) for name in STATES],
        "page": page,
        "pages_count": pages,
    }


def alarms(source: Source) -> list[Alarm]:
    """Return what needs a person: no ticks, an executor without workers, everything paused."""
    found = [silence] if (silence := _silence(source)) else []
    found += [
        Alarm(
            f"No worker of {executor!r} has started the run that was due {distance(since, source.now)}.",
            f"check that a worker of {executor!r} is running; craft schedule:doctor shows when one last reported",
        )
        for executor, since in _without_workers(source)
    ]
    pause = source.pauses.of_everything()
    if pause is not None:
        found.append(Alarm(pause.describe()[0].upper() + pause.describe()[1:] + ".", "", is_pause=True))
    return found


def _silence(source: Source) -> Alarm | None:
    """Return the alarm that no host ticks by itself, None if one does or if there are no tasks."""
    last = max(source.ticks.values(), default=None)
    if not source.tasks.usable or (last is not None and source.now - last <= SILENCE):
        return None
    if last is not None:
        what = f"No tick for {distance(last, source.now).removesuffix(' ago')}: nothing runs by itself."
        return Alarm(what, "check that cron or craft schedule:work is running; craft schedule:doctor shows more")
    fix = "craft schedule:install adds the line to cron; craft schedule:work runs the schedule without cron"
    if not source.every_tick:
        return Alarm("The scheduler has never run, so no task runs.", fix)
    typed = distance(max(source.every_tick.values()), source.now)
    return Alarm(f"Nothing runs the scheduler by itself: all ticks were started by hand, the last {typed}.", fix)


def _without_workers(source: Source) -> list[tuple[str, datetime]]:
    """Return the executors that leave runs waiting, each with the time since when."""
    since: dict[str, datetime] = {}
    for run in (run for runs in source.open_runs.values() for run in runs if run.is_offered):
        waits = run.waiting_since or source.now
        since[run.executor] = min(waits, since.get(run.executor, waits))
    return [(executor, waits) for executor, waits in sorted(since.items()) if source.now - waits > SILENCE]


def _matches(task: RegisteredTask, wanted: str) -> bool:
    return not wanted or wanted.lower() in f"{task.key}\n{task.name}\n{task.class_name}".lower()


def _states_of(task: RegisteredTask, source: Source, last: Outcome | None) -> set[str]:
    found = set()
    for run in source.open_runs.get(task.key, ()):
        found.add("running" if run.started_at else "pending")
    if source.pauses.of(task):
        found.add("paused")
    if last is None and "running" not in found:
        found.add("never ran")
    elif last in FAILURES:
        found.add("failing")
    elif last in {Outcome.SKIPPED, Outcome.MISSED}:
        found.add(last.value)
    if task.rule is None:
        found.add("on demand")
    return found


def _next(task: RegisteredTask, source: Source) -> datetime | None:
    return next(source.pauses.coming(task, source.now), None)


def _rows(source: Source, tasks: Sequence[RegisteredTask]) -> list[Row]:
    latest = source.store.latest_of_each([task.key for task in tasks], HISTORY)
    return [_row(source, task, latest[task.key]) for task in tasks]


def _row(source: Source, task: RegisteredTask, latest: Sequence[RunGlance]) -> Row:
    open_runs = source.open_runs.get(task.key, ())
    return Row(
        task=task,
        rule=task.describe(),
        zone=zones.name_of(task.zone) if task.rule and task.zone != source.zone else "",
        coming=tuple(islice(source.pauses.coming(task, source.now), COMING)),
        pause=source.pauses.of(task),
        running=next((run for run in open_runs if run.started_at), None),
        pending=next((run for run in open_runs if not run.started_at), None),
        last=next((run for run in latest if run.outcome), None),
        failing_since=run_charts.failing_since(latest),
        strip=run_charts.strip(latest),
        durations=run_charts.durations(latest),
    )
