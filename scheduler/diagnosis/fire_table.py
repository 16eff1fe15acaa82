"""Fire times to come: as lines, as a table of counts, as a map of hours and days, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from scheduler.clock import time_text
from scheduler.diagnosis.columns import NARROWEST, Column, table, wrap
from scheduler.rules import zones
from scheduler.rules.words import listed
from scheduler.text import counted, one_line, to_json

if TYPE_CHECKING:
    from scheduler.diagnosis.forecast import BusyMap, ForecastWindow
    from scheduler.tasks.RegisteredTask import RegisteredTask

CELL = 3
LABEL = 8
HOURS = 24
KILO = 1000
SHOWN_TASKS = 12
AT_ONCE = 1000
"""How many fire times a piece of a JSON document has."""


class FireTimeCount:
    """How many fire times a task has, the first and the last of them (UTC)."""

    def __init__(self, task: RegisteredTask) -> None:
        self.task = task
        self.count = 0
        self.first: datetime | None = None
        self.last: datetime | None = None


def count_fire_times(
    forecast_windows: Iterable[ForecastWindow[RegisteredTask]], tasks: Sequence[RegisteredTask]
) -> list[FireTimeCount]:
    """Return how many fire times each task has; those that have most come first."""
    found = {id(task): FireTimeCount(task) for task in tasks}
    for part in forecast_windows:
        for each in part.foreseen:
            if each.minutes:
                entry = found[id(each.task)]
                entry.count += each.count
                entry.first = entry.first or each.first_after(part.start)
                entry.last = each.last_after(part.start)
    return sorted(found.values(), key=lambda entry: -entry.count)


def as_lines(part: ForecastWindow[RegisteredTask], zone: tzinfo) -> str:
    """Return a line for each fire time of a window, on the clock of `zone`; empty if there is none."""
    keys = {each.task.key: one_line(each.task.key) for each in part.foreseen}
    return "\n".join(
        f"{shown}  {keys[task.key]}"
        for instant, tasks in part.fire_times()
        for shown in [time_text(instant, zone)]
        for task in tasks
    )


def as_counts(entries: Sequence[FireTimeCount], zone: tzinfo, width: int) -> list[str]:
    """Return the lines of the table."""
    columns = (Column("Task", least=12), Column("Fire times", is_right=True), Column("First"), Column("Last"))
    rows = []
    for entry in entries:
        first, last = (time_text(time, zone) if time else "-" for time in (entry.first, entry.last))
        rows.append((entry.task.key, str(entry.count), first, last))
    return table(columns, rows, width)


def as_map(heat: BusyMap[RegisteredTask], zone: tzinfo, width: int) -> list[str]:
    """Return a map: a line for each day and a column for each hour; in parts of the day on a narrow terminal."""
    if not heat.most:
        return []
    lines = wrap(f"How many tasks start at once in each hour's busiest minute, {zones.name_of(zone)}:", width)
    shown = next(count for count in (HOURS, HOURS // 2, HOURS // 3) if LABEL + count * CELL <= max(width, NARROWEST))
    for first in range(0, HOURS, shown):
        lines += _part_of_map(heat, range(first, first + shown))
    return [*lines, "", *wrap(_busiest(heat, zone), width)]


def _part_of_map(heat: BusyMap[RegisteredTask], hours: range) -> Iterator[str]:
    """Yield the lines of a map that show these hours of each day, with a heading for each month."""
    month = ""
    for day, counts in heat.days.items():
        if f"{day:%Y-%m}" != month:
            month = f"{day:%Y-%m}"
            yield ""
            yield f"{month:<{LABEL}}" + "".join(f"{hour:>{CELL}}" for hour in hours)
        yield (f"{day:%a %d}".ljust(LABEL) + "".join(_cell(counts[hour]) for hour in hours)).rstrip()


def _cell(count: int | None) -> str:
    if not count:
        return " " * CELL if count is None else f"{'.':>{CELL}}"
    return f"{count:>{CELL}}" if count < KILO else f"{min(count // KILO, 99)}k".rjust(CELL)


def _busiest(heat: BusyMap[RegisteredTask], zone: tzinfo) -> str:
    names = [task.key for task in heat.tasks]
    more = [f"{len(names) - SHOWN_TASKS} more"] if len(names) > SHOWN_TASKS else []
    others = len(heat.times) - 1
    again = f" and {counted(others, 'more time')}" if others else ""
    what = "1 task starts" if heat.most == 1 else f"{heat.most} tasks start at once"
    return f"At most {what}: {time_text(heat.times[0], zone)}{again} ({listed(names[:SHOWN_TASKS] + more)})."


def document(
    window: tuple[datetime, datetime],
    zone: tzinfo,
    tasks: Sequence[dict[str, Any]],
    fire_times: Iterable[ForecastWindow[RegisteredTask]] | None = None,
    heat: BusyMap[RegisteredTask] | None = None,
) -> Iterator[str]:
    """Return a JSON document in pieces, since a year of many tasks is too long to be held whole."""
    head: dict[str, Any] = {
        "from": window[0].astimezone(zone).isoformat(),
        "to": window[1].astimezone(zone).isoformat(),
        "timezone": zones.name_of(zone),
        "tasks": tasks,
    }
    if heat is not None:
        head["heat"] = _heat_document(heat, zone)
    text = to_json(head)
    if fire_times is None:
        yield text
        return
    yield text.removesuffix("\n}") + ',\n  "fire_times": ['
    yield from _fire_time_lines(fire_times, zone)
    yield "  ]\n}"


def _heat_document(heat: BusyMap[RegisteredTask], zone: tzinfo) -> dict[str, Any]:
    return {
        "days": [{"day": day.isoformat(), "busiest": hours} for day, hours in heat.days.items()],
        "most": heat.most,
        "times": [time.astimezone(zone).isoformat() for time in heat.times],
        "tasks": [task.key for task in heat.tasks],
    }


def _fire_time_lines(fire_times: Iterable[ForecastWindow[RegisteredTask]], zone: tzinfo) -> Iterator[str]:
    """Yield the fire times of a JSON document, many at once."""
    entries = (
        to_json({"fire_time": at.astimezone(zone).isoformat(), "tasks": [task.key for task in due]}, indent=None)
        for part in fire_times
        for at, due in part.fire_times()
    )
    some = list(islice(entries, AT_ONCE))
    while some:
        following = list(islice(entries, AT_ONCE))
        yield ",\n".join(f"    {entry}" for entry in some) + ("," if following else "")
        some = following


def entry_of(count: FireTimeCount, zone: tzinfo) -> dict[str, Any]:
    """Return what JSON has of a task."""
    first, last = (time.astimezone(zone).isoformat() if time else None for time in (count.first, count.last))
    return {
        "key": count.task.key,
        "rule": count.task.describe(),
        "timezone": zones.name_of(count.task.zone),
        "foreseeable": count.task.is_foreseeable,
        "count": count.count,
        "first": first,
        "last": last,
    }
