"""The tasks of an app and when they run, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from scheduler import clock
from scheduler.config.TaskOptions import LOCAL
from scheduler.diagnosis.columns import USUAL, Column, Paint, plain, table
from scheduler.listeners.run_text import outcome_text
from scheduler.rules import zones
from scheduler.runs import Pauses, Run
from scheduler.text import mask_secrets, to_json, with_location

if TYPE_CHECKING:
    from scheduler.tasks.RegisteredTask import RegisteredTask
    from scheduler.tasks.Tasks import Tasks

FAR = datetime.max.replace(tzinfo=timezone.utc)
NO_TASKS = "There are no tasks yet. Run craft task SayHi to create one."


class ListedTask:
    """A task with its next runs (`count` at most), its last run, the retry that waits, and its pause."""

    def __init__(
        self,
        task: RegisteredTask,
        count: int,
        zone: tzinfo | None,
        now: datetime,
        *,
        last: Run | None,
        retry: Run | None,
        pauses: Pauses,
    ) -> None:
        self.last = last
        self.retry = retry
        self.pause = pauses.of(task) if task.rule else None
        self.task = task
        self.zone = zone or task.zone
        self.next_runs = list(islice(pauses.coming(task, now), count))

    @property
    def title(self) -> str:
        """Return its key, and its name below it if that is another one."""
        name = self.task.name
        return self.task.key + (f"\n({name})" if name not in {"", self.task.key} else "")

    @property
    def when(self) -> str:
        """Return its rule and zone in words, and what pauses it."""
        words = self.task.describe() + (f", {zones.name_of(self.task.zone)}" if self.task.rule else "")
        words += f"\n(by executor {self.task.options.executor})" if self.task.options.executor != LOCAL else ""
        return f"{words}\n({self.pause.describe()})" if self.pause else words


def in_order(
    tasks: Tasks,
    count: int,
    zone: tzinfo | None,
    now: datetime,
    *,
    last: Mapping[str, Run],
    open_runs: Iterable[Run],
    pauses: Pauses,
) -> list[ListedTask]:
    """Return the usable tasks by their next run; those that only run on demand come last."""
    retries = {run.key: run for run in open_runs if run.attempt > 1 and run.started_at is None}
    listed = [
        ListedTask(task, count, zone, now, last=last.get(task.key), retry=retries.get(task.key), pauses=pauses)
        for task in tasks.usable
    ]
    return sorted(listed, key=lambda entry: (entry.next_runs[0] if entry.next_runs else FAR, entry.task.rule is None))


def as_text(
    listed: list[ListedTask], tasks: Tasks, now: datetime, width: int = USUAL, paint: Paint = plain
) -> list[str]:
    """Return the lines of the table: tasks by their next run, those only on demand, broken ones."""
    if not listed and not tasks.broken:
        return [NO_TASKS]
    columns = (
        Column("Task", least=12),
        Column("When", least=16),
        Column("Next run", paint=paint),
        Column("Last run", paint=paint),
    )
    rows: list[tuple[str, ...]] = [
        (entry.title, entry.when, "\n".join(_next(entry, now)), "\n".join(_last(entry, now))) for entry in listed
    ]
    rows += [
        (broken.key, f"broken: {mask_secrets(with_location(broken.error, broken.location))}")
        for broken in tasks.broken
    ]
    return table(columns, rows, width)


def _next(entry: ListedTask, now: datetime) -> list[str]:
    if not entry.next_runs and entry.pause:
        return ["paused"]
    if not entry.next_runs:
        return ["never" if entry.task.rule and entry.task.is_foreseeable else "-"]
    first, *others = [clock.time_text(run, entry.zone) for run in entry.next_runs]
    return [first, clock.distance_text(entry.next_runs[0], now, entry.zone), *others]


def _last(entry: ListedTask, now: datetime) -> list[str]:
    """Return the outcome of the last run, how long ago that was, and when it is tried again."""
    last = entry.last
    if last is None:
        return []
    at = last.ended_at or last.started_at
    lines = [outcome_text(last), *([clock.distance_text(at, now, entry.zone)] if at else [])]
    if entry.retry is None:
        return lines
    start = entry.retry.start_after or now
    is_due = start < now + timedelta(seconds=1)
    return [*lines, "retry is due" if is_due else f"retry {clock.distance_text(start, now, entry.zone)}"]


def as_json(listed: list[ListedTask], tasks: Tasks, cache: Mapping[str, str]) -> str:
    """Return a JSON document of tasks, broken ones, notices and the state of the cache (docs/schemas/list.json)."""
    return to_json(
        {
            "tasks": [_entry(entry) for entry in listed],
            "broken": [task.as_dict() for task in tasks.broken],
            "notices": tasks.notices,
            "cache": {"state": cache["name"], "detail": cache["detail"] or None},
        }
    )


def _entry(entry: ListedTask) -> dict[str, Any]:
    return {
        "key": entry.task.key,
        "name": entry.task.name or None,
        "rule": entry.task.describe(),
        "timezone": zones.name_of(entry.task.zone),
        "on_demand": entry.task.rule is None,
        "executor": entry.task.options.executor,
        "last_run": _summary(entry.last) if entry.last else None,
        "retry": _summary(entry.retry) if entry.retry else None,
        "pause": entry.pause.as_dict() if entry.pause else None,
        "next_runs": [run.astimezone(entry.zone).isoformat() for run in entry.next_runs],
    }


def _summary(run: Run) -> dict[str, object]:
    """Return a run without what may be long."""
    return {name: value for name, value in run.as_dict().items() if name not in {"traceback", "output"}}
