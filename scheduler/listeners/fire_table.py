"""Fire times to come: as lines, as a table of counts, as a map of hours and days, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from scheduler import clock
from scheduler.listeners.columns import row, wrapped
from scheduler.rules.words import listed

if TYPE_CHECKING:
    from scheduler.simulation import Heat, Stretch
    from scheduler.TaskRegistry import RegisteredTask

WIDTHS = (26, 10, 19, 19)
"""Task, how many fire times, the first and the last of them: 80 columns with the gaps between them."""
COLUMNS = 80
CELL = 3
KILO = 1000
SHOWN_TASKS = 12
AT_ONCE = 1000
"""How many fire times a piece of a JSON document has."""


class Counted:
    """How many fire times a task has, the first and the last of them (UTC)."""

    def __init__(self, task: RegisteredTask) -> None:
        self.task = task
        self.count = 0
        self.first: datetime | None = None
        self.last: datetime | None = None


def counted(stretches: Iterable[Stretch[RegisteredTask]], tasks: Sequence[RegisteredTask]) -> list[Counted]:
    """Return how many fire times each task has; those that have most come first."""
    found = {id(task): Counted(task) for task in tasks}
    for stretch in stretches:
        for each in stretch.foreseen:
            if each.minutes:
                entry = found[id(each.task)]
                entry.count += each.count
                entry.first = entry.first or each.first_after(stretch.start)
                entry.last = each.last_after(stretch.start)
    return sorted(found.values(), key=lambda entry: -entry.count)


def as_lines(stretch: Stretch[RegisteredTask], zone: tzinfo) -> str:
    """Return a line for each fire time of a stretch, on the clock of `zone`; empty if there is none."""
    return "\n".join(
        f"{shown}  {task.key}"
        for instant, tasks in stretch.fire_times()
        for shown in [moment(instant, zone)]
        for task in tasks
    )


def as_counts(entries: Sequence[Counted], zone: tzinfo) -> list[str]:
    """Return the lines of a table of at most 80 columns."""
    lines = [*row(("Task", "Fire times", "First", "Last"), WIDTHS), *row(["-" * width for width in WIDTHS], WIDTHS)]
    for entry in entries:
        first, last = (moment(time, zone) if time else "-" for time in (entry.first, entry.last))
        lines += row((entry.task.key, f"{entry.count:>10}", first, last), WIDTHS)
    return lines


def as_map(heat: Heat[RegisteredTask], zone: tzinfo) -> list[str]:
    """Return a map of at most 80 columns: a line for each day, a column for each hour."""
    if not heat.most:
        return []
    lines = [f"How many tasks start at once in each hour's busiest minute, {clock.name_of(zone)}:"]
    month = ""
    for day, hours in heat.days.items():
        if f"{day:%Y-%m}" != month:
            month = f"{day:%Y-%m}"
            lines += ["", f"{month:<8}" + "".join(f"{hour:>{CELL}}" for hour in range(24))]
        lines.append((f"{day:%a %d}".ljust(8) + "".join(_cell(count) for count in hours)).rstrip())
    return [*lines, "", *wrapped(_busiest(heat, zone), COLUMNS)]


def _cell(count: int | None) -> str:
    if not count:
        return " " * CELL if count is None else f"{'.':>{CELL}}"
    return f"{count:>{CELL}}" if count < KILO else f"{min(count // KILO, 99)}k".rjust(CELL)


def _busiest(heat: Heat[RegisteredTask], zone: tzinfo) -> str:
    names = [task.key for task in heat.tasks]
    more = [f"{len(names) - SHOWN_TASKS} more"] if len(names) > SHOWN_TASKS else []
    others = len(heat.times) - 1
    again = f" and {others} more {'time' if others == 1 else 'times'}" if others else ""
    what = "1 task starts" if heat.most == 1 else f"{heat.most} tasks start at once"
    return f"At most {what}: {moment(heat.times[0], zone)}{again} ({listed(names[:SHOWN_TASKS] + more)})."


def moment(instant: datetime, zone: tzinfo) -> str:
    """Return an instant as the clock of `zone` shows it; the second of two equal times is told by the zone's name."""
    local = instant.astimezone(zone)
    text = f"{local.year:04}-{local.month:02}-{local.day:02} {local.hour:02}:{local.minute:02}"
    if local.second:
        text += f":{local.second:02}"
    return f"{text} ({local.tzname()})" if local.fold else text


def document(
    window: tuple[datetime, datetime],
    zone: tzinfo,
    tasks: Sequence[dict[str, Any]],
    fire_times: Iterable[Stretch[RegisteredTask]] | None = None,
    heat: Heat[RegisteredTask] | None = None,
) -> Iterator[str]:
    """Return a JSON document in pieces, since a year of many tasks is too long to be held whole."""
    head: dict[str, Any] = {
        "from": window[0].astimezone(zone).isoformat(),
        "to": window[1].astimezone(zone).isoformat(),
        "timezone": clock.name_of(zone),
        "tasks": tasks,
    }
    if heat is not None:
        head["heat"] = {
            "days": [{"day": day.isoformat(), "busiest": hours} for day, hours in heat.days.items()],
            "most": heat.most,
            "times": [time.astimezone(zone).isoformat() for time in heat.times],
            "tasks": [task.key for task in heat.tasks],
        }
    text = json.dumps(head, indent=2, ensure_ascii=False)
    if fire_times is None:
        yield text
        return
    yield text.removesuffix("\n}") + ',\n  "fire_times": ['
    entries = (
        json.dumps({"at": at.astimezone(zone).isoformat(), "tasks": [task.key for task in due]}, ensure_ascii=False)
        for stretch in fire_times
        for at, due in stretch.fire_times()
    )
    some = list(islice(entries, AT_ONCE))
    while some:
        following = list(islice(entries, AT_ONCE))
        yield ",\n".join(f"    {entry}" for entry in some) + ("," if following else "")
        some = following
    yield "  ]\n}"


def entry_of(counted: Counted, zone: tzinfo) -> dict[str, Any]:
    """Return what JSON has of a task."""
    first, last = (time.astimezone(zone).isoformat() if time else None for time in (counted.first, counted.last))
    return {
        "key": counted.task.key,
        "rule": counted.task.describe(),
        "timezone": clock.name_of(counted.task.zone),
        "foreseeable": counted.task.is_foreseeable,
        "count": counted.count,
        "first": first,
        "last": last,
    }
