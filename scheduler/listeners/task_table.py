"""The tasks of an app and when they run, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from scheduler import clock
from scheduler.listeners.columns import row
from scheduler.runs import Pauses, Run

if TYPE_CHECKING:
    from scheduler.TaskRegistry import Broken, RegisteredTask, Tasks

WIDTHS = (21, 27, 16, 10)
"""Task, rule, next run, last outcome: 80 columns with the gaps between them."""
FAR = datetime.max.replace(tzinfo=timezone.utc)


class Listed:
    """A task with its next runs, `count` at most, its last one, and what pauses it."""

    def __init__(
        self,
        task: RegisteredTask,
        count: int,
        zone: tzinfo | None,
        now: datetime,
        *,
        last: Run | None,
        pauses: Pauses,
    ) -> None:
        self.last = last
        self.pause = pauses.of(task) if task.rule else None
        self.task = task
        self.zone = zone or task.zone
        self.runs = list(islice(pauses.coming(task, now), count))

    @property
    def when(self) -> str:
        """Its rule and zone in words, and what pauses it."""
        words = self.task.describe() + (f", {clock.name_of(self.task.zone)}" if self.task.rule else "")
        return f"{words}\n({self.pause.describe()})" if self.pause else words


def in_order(
    tasks: Tasks, count: int, zone: tzinfo | None, now: datetime, *, last: Mapping[str, Run], pauses: Pauses
) -> list[Listed]:
    """Return the usable tasks by their next run; those that only run on demand come last."""
    listed = [Listed(task, count, zone, now, last=last.get(task.key), pauses=pauses) for task in tasks.usable]
    return sorted(listed, key=lambda entry: (entry.runs[0] if entry.runs else FAR, entry.task.rule is None))


def as_text(listed: list[Listed], tasks: Tasks, now: datetime) -> list[str]:
    """Return the lines of a table of at most 80 columns: tasks, those only on demand, broken ones."""
    if not listed and not tasks.broken:
        return ["There are no tasks yet: `craft task SayHi` writes one."]
    lines = [*row(("Task", "When", "Next run", "Last"), WIDTHS), *row(tuple("-" * width for width in WIDTHS), WIDTHS)]
    for entry in listed:
        called = entry.task.key + (f"\n({entry.task.name})" if entry.task.name not in {"", entry.task.key} else "")
        lines += row((called, entry.when, "\n".join(_coming(entry, now)), _outcome(entry.last)), WIDTHS)
    for broken in tasks.broken:
        lines += row((broken.key, f"broken: {_broken(broken)}"), (WIDTHS[0], sum(WIDTHS[1:]) + 4))
    return lines


def _coming(entry: Listed, now: datetime) -> list[str]:
    if not entry.runs and entry.pause:
        return ["paused"]
    if not entry.runs:
        return ["never" if entry.task.rule and entry.task.is_foreseeable else "-"]
    lines = [f"{run.astimezone(entry.zone):%Y-%m-%d %H:%M}" for run in entry.runs]
    first = clock.as_pendulum(entry.runs[0], entry.zone)
    lines.insert(1, "in " + first.diff_for_humans(clock.as_pendulum(now, entry.zone), absolute=True))
    return lines


def _outcome(last: Run | None) -> str:
    return last.outcome.value.replace("_", " ") if last and last.outcome else ""


def _broken(broken: Broken) -> str:
    return broken.error + (f" ({broken.location})" if broken.location else "")


def as_json(listed: list[Listed], tasks: Tasks, cache: Mapping[str, str]) -> str:
    """Return a JSON document of tasks, broken ones, notices and the state of the cache."""
    return json.dumps(
        {
            "tasks": [_entry(entry) for entry in listed],
            "broken": [
                {"key": task.key, "error": task.error, "location": task.location or None} for task in tasks.broken
            ],
            "notices": tasks.notices,
            "cache": {"state": cache["name"], "detail": cache["detail"] or None},
        },
        indent=2,
        ensure_ascii=False,
    )


def _entry(entry: Listed) -> dict[str, Any]:
    return {
        "key": entry.task.key,
        "name": entry.task.name or None,
        "rule": entry.task.describe(),
        "timezone": clock.name_of(entry.task.zone),
        "on_demand": entry.task.rule is None,
        "last_outcome": entry.last.outcome.value if entry.last and entry.last.outcome else None,
        "paused": entry.pause.as_dict() if entry.pause else None,
        "next_runs": [run.astimezone(entry.zone).isoformat() for run in entry.runs],
    }
