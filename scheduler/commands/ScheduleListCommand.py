"""`craft schedule:list`."""

from __future__ import annotations

import json
from datetime import datetime, timezone, tzinfo
from typing import Any

from masonite.commands import Command

from scheduler import clock
from scheduler.commands.options import number_option, refusing, zone_option
from scheduler.errors import OK, TASK_FAILED
from scheduler.listeners.table import row
from scheduler.masonite.console import write_error, write_line
from scheduler.runs import Run
from scheduler.Scheduler import Scheduler
from scheduler.TaskRegistry import Broken, RegisteredTask, Tasks

WIDTHS = (21, 27, 16, 10)
"""Task, rule, next run, last outcome: 80 columns with the gaps between them."""


class ScheduleListCommand(Command):
    """
    List the scheduled tasks and when they run next

    schedule:list
        {--next=? : How many of the next runs to show (1)}
        {--timezone=? : Show the next runs on the clock of this time zone}
        {--j|json : As JSON}
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    @refusing
    def handle(self) -> int:
        """Show the tasks and return the exit code."""
        count, zone = number_option(self, "next", 1), zone_option(self, "timezone")
        now = clock.now()
        tasks = self._scheduler.find()
        last = self._scheduler.store.last_runs([task.key for task in tasks.usable])
        listed = [_Listed(task, count, zone, now, last.get(task.key)) for task in tasks.usable]
        far = datetime.max.replace(tzinfo=timezone.utc)
        listed.sort(key=lambda entry: (entry.runs[0] if entry.runs else far, entry.task.rule is None))
        if self.option("json"):
            write_line(self.io, _as_json(listed, tasks))
            return TASK_FAILED if tasks.broken else OK
        write_line(self.io, "\n".join(_as_text(listed, tasks, now)))
        for notice in tasks.notices:
            write_error(self.io, f"Notice: {notice}.")
        return TASK_FAILED if tasks.broken else OK


class _Listed:
    """A task with its next runs."""

    def __init__(self, task: RegisteredTask, count: int, zone: tzinfo | None, now: datetime, last: Run | None) -> None:
        self.last = last
        self.task = task
        self.zone = zone or task.zone
        self.runs: list[datetime] = []
        after = now
        while task.rule is not None and len(self.runs) < count:
            following = task.rule.next_after(after, task.zone)
            if following is None:
                break
            self.runs.append(following)
            after = following

    @property
    def when(self) -> str:
        return f"{self.task.describe()}, {clock.name_of(self.task.zone)}" if self.task.rule else self.task.describe()


def _as_text(listed: list[_Listed], tasks: Tasks, now: datetime) -> list[str]:
    if not listed and not tasks.broken:
        return ["There are no tasks yet: `craft task SayHi` writes one."]
    lines = [*row(("Task", "When", "Next run", "Last"), WIDTHS), *row(tuple("-" * width for width in WIDTHS), WIDTHS)]
    for entry in listed:
        called = entry.task.key + (f"\n({entry.task.name})" if entry.task.name not in {"", entry.task.key} else "")
        lines += row((called, entry.when, "\n".join(_coming(entry, now)), _outcome(entry.last)), WIDTHS)
    for broken in tasks.broken:
        lines += row((broken.key, f"broken: {_broken(broken)}"), (WIDTHS[0], sum(WIDTHS[1:]) + 4))
    return lines


def _coming(entry: _Listed, now: datetime) -> list[str]:
    if not entry.runs:
        return ["never" if entry.task.rule else "-"]
    lines = [f"{run.astimezone(entry.zone):%Y-%m-%d %H:%M}" for run in entry.runs]
    first = clock.as_pendulum(entry.runs[0], entry.zone)
    lines.insert(1, "in " + first.diff_for_humans(clock.as_pendulum(now, entry.zone), absolute=True))
    return lines


def _outcome(last: Run | None) -> str:
    return last.outcome.value.replace("_", " ") if last and last.outcome else ""


def _broken(broken: Broken) -> str:
    return broken.error + (f" ({broken.location})" if broken.location else "")


def _as_json(listed: list[_Listed], tasks: Tasks) -> str:
    return json.dumps(
        {
            "tasks": [_entry(entry) for entry in listed],
            "broken": [
                {"key": task.key, "error": task.error, "location": task.location or None} for task in tasks.broken
            ],
            "notices": tasks.notices,
        },
        indent=2,
        ensure_ascii=False,
    )


def _entry(entry: _Listed) -> dict[str, Any]:
    return {
        "key": entry.task.key,
        "name": entry.task.name or None,
        "rule": entry.task.describe(),
        "timezone": clock.name_of(entry.task.zone),
        "on_demand": entry.task.rule is None,
        "last_outcome": entry.last.outcome.value if entry.last and entry.last.outcome else None,
        "next_runs": [run.astimezone(entry.zone).isoformat() for run in entry.runs],
    }
