"""Charts of hours and days: how many runs there were, and which are to come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from scheduler.dashboard.charts import KINDS, Chart, Shape, group_of, kind_of, word_of
from scheduler.runs import FAILURES
from scheduler.stores.RunStatistics import RunCount
from scheduler.text import counted

HOURS: Final = 24
DAYS: Final = 7
TICK: Final = timedelta(minutes=10)
SHADES: Final = 4
COLUMN: Final = 26
COLUMN_HEIGHT: Final = 60
DAY_WIDTH: Final = 720


@dataclass(frozen=True, slots=True)
class Activity:
    """The runs of the last 24 hours: a chart, and how many there were of each group of outcomes."""

    chart: Chart
    total: dict[str, int]


def activity(counts: Iterable[RunCount], now: datetime, zone: tzinfo) -> Activity:
    """Return the runs of the last 24 hours, a column an hour: succeeded, then failed, then what did not run."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    columns: list[dict[str, int]] = [dict.fromkeys(KINDS, 0) for _ in range(HOURS)]
    for each in counts:
        hour = int((each.start - first) // timedelta(hours=1))
        if 0 <= hour < HOURS:
            columns[hour][kind_of(each.outcome)] += each.count
    most = max((sum(column.values()) for column in columns), default=0) or 1
    starts = [(first + timedelta(hours=hour)).astimezone(zone) for hour in range(HOURS)]
    shapes = []
    for hour, (start, column) in enumerate(zip(starts, columns, strict=True)):
        title = f"{start:%H:%M}: " + ", ".join(f"{column[kind]} {group_of(kind)}" for kind in KINDS)
        shapes += _stack(column, hour * COLUMN, most, title)
    labels = tuple(
        (hour * COLUMN + COLUMN / 2 - 2, COLUMN_HEIGHT + 14.0, "middle", f"{starts[hour]:%H}")
        for hour in range(0, HOURS, 3)
    )
    total = {kind: sum(column[kind] for column in columns) for kind in KINDS}
    says = "Last 24 hours: " + ", ".join(f"{total[kind]:,} {group_of(kind)}" for kind in KINDS)
    return Activity(Chart(HOURS * COLUMN - 4, COLUMN_HEIGHT + 18, says, tuple(shapes), labels), total)


def _stack(column: dict[str, int], x: float, most: int, title: str) -> list[Shape]:
    """Return the parts of a column; one that is there has at least 2 pixels."""
    shapes, y, width = [], float(COLUMN_HEIGHT), COLUMN - 4
    for kind in KINDS:
        if column[kind]:
            part = max(2.0, column[kind] / most * (COLUMN_HEIGHT - 6))
            y -= part
            shapes.append(Shape(kind, x, round(y, 1), width, round(part, 1), title))
    return shapes or [Shape("none", x, COLUMN_HEIGHT - 1, width, 1, title)]


def heat_map(counts: Iterable[RunCount], now: datetime, zone: tzinfo) -> Chart:
    """Return the runs of the last seven days by hour of the day; a cell with failures has a mark."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    ran = {(day, hour): 0 for day in days for hour in range(HOURS)}
    failed = dict(ran)
    for each in counts:
        local = each.start.astimezone(zone)
        cell = (local.date(), local.hour)
        if cell in ran:
            ran[cell] += each.count
            failed[cell] += each.count if each.outcome in FAILURES else 0
    most = max(ran.values()) or 1
    left, size, step, shapes = 56, 18, 21, []
    for row, day in enumerate(days):
        for hour in range(HOURS):
            number, bad = ran[day, hour], failed[day, hour]
            title = f"{day:%a} {hour:02}:00: {counted(number, 'run')}" + (f", {bad} failed" if bad else "")
            shade = min(SHADES, 1 + (number - 1) * SHADES // most) if number else 0
            shapes.append(Shape(f"heat{shade}", left + hour * step, row * step, size, size, title))
            if bad:
                shapes.append(Shape("mark", left + hour * step + 6, row * step + 6, 6, 6, title))
    labels = [(left - 8.0, row * step + 13.0, "end", f"{day:%a} {day.day}") for row, day in enumerate(days)]
    labels += [(left + hour * step + size / 2, DAYS * step + 12.0, "middle", f"{hour}") for hour in range(0, HOURS, 3)]
    total, bad = sum(ran.values()), sum(failed.values())
    says = f"Last 7 days: {counted(total, 'run')}, {bad} failed"
    return Chart(left + HOURS * step, DAYS * step + 16, says, tuple(shapes), tuple(labels))


def timeline(
    counts: Iterable[RunCount], coming: Iterable[datetime], day_start: datetime, day_end: datetime, now: datetime
) -> Chart:
    """Return one task's day: a mark for each ten minutes with runs, the worst outcome deciding, and those to come."""
    length = max(TICK, day_end - day_start)
    width, height = DAY_WIDTH, 20
    per_tick = width * (TICK / length)

    def x_of(instant: datetime) -> float:
        return round(width * ((instant - day_start) / length), 1)

    cells: dict[datetime, dict[str, RunCount]] = {}
    for each in counts:
        cells.setdefault(each.start, {})[each.outcome.value if each.outcome else "running"] = each
    shapes = [_cell(found, x_of(start), per_tick) for start, found in sorted(cells.items())]
    ahead: dict[int, int] = {}
    for instant in coming:
        ahead[int((instant - day_start) // TICK)] = ahead.get(int((instant - day_start) // TICK), 0) + 1
    for tick, number in sorted(ahead.items()):
        title = f"{counted(number, 'fire time')} to come"
        shapes.append(Shape("coming", round(tick * per_tick + 0.5, 1), 16, max(2.0, round(per_tick - 1, 1)), 3, title))
    total = sum(each.count for found in cells.values() for each in found.values())
    bad = sum(each.count for found in cells.values() for each in found.values() if each.outcome in FAILURES)
    says = f"{counted(total, 'run')}, {bad} failed, {sum(ahead.values())} to come"
    lines = (("now", f"{x_of(now)},0 {x_of(now)},{height}"),) if day_start <= now < day_end else ()
    return Chart(width, height, says, tuple(shapes), lines=lines)


MARK_HEIGHTS: Final = {"succeeded": 12, "skipped": 6, "missed": 12, "running": 9}
"""In pixels; failures are tallest."""
WORST_FIRST: Final = ("failed", "timed_out", "crashed", "missed", "skipped", "running", "succeeded")


def _cell(found: dict[str, RunCount], x: float, width: float) -> Shape:
    worst = next(kind for kind in WORST_FIRST if kind in found)
    words = ", ".join(f"{each.count} {word_of(each.outcome)}" for each in found.values())
    height = MARK_HEIGHTS.get(worst, 18)
    return Shape(worst, round(x + 0.5, 1), 19 - height, max(2.0, round(width - 1, 1)), height, words)


def hour_labels(day_start: datetime, day_end: datetime, zone: tzinfo) -> Chart:
    """Return the scale above a day's rows: every third hour of the clock."""
    width = DAY_WIDTH
    length = max(TICK, day_end - day_start)
    instants = [day_start + timedelta(hours=hour) for hour in range(int(length // timedelta(hours=1)) + 1)]
    labels = [
        (round(width * ((instant - day_start) / length), 1), 12.0, "start" if instant == day_start else "middle", text)
        for instant in instants
        if instant < day_end and int(text := f"{instant.astimezone(zone):%H}") % 3 == 0
    ]
    return Chart(width, 16, "Hours of the day", labels=tuple(labels))
