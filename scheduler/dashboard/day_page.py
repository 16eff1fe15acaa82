"""One day of all tasks: past runs and coming fire times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from scheduler.dashboard import time_charts
from scheduler.dashboard.charts import Chart
from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.rendering import render
from scheduler.dashboard.Source import Source
from scheduler.dashboard.text import page_number
from scheduler.diagnosis.forecast import forecast_windows
from scheduler.diagnosis.forecast.calendar import midnight
from scheduler.stores.RunStatistics import RunCount
from scheduler.tasks.RegisteredTask import RegisteredTask

PAGE: Final = 50
MINUTE: Final = timedelta(minutes=1)
SHOWN: Final = 40
"""How many characters of an invalid date are shown."""
YEARS: Final = range(1971, 9000)


@dataclass(frozen=True, slots=True)
class DayRow:
    """A task on one day."""

    task: RegisteredTask
    chart: Chart


def day_page(source: Source, question: Question) -> Reply:
    """Return the page of the day that the URL names, today if it names none."""
    today = source.now.astimezone(source.zone).date()
    given = question.query.get("date", "").strip()
    found = _day(given)
    example = f"There is no day {given[:SHOWN]!r} here (try '{today.isoformat()}'), so this is today."
    wrong = example if given and found is None else ""
    day = found or today
    start, end = midnight(day.toordinal(), source.zone), midnight(day.toordinal() + 1, source.zone)
    wanted = question.query.get("q", "").strip()
    tasks = _matching(source.tasks.usable, wanted)
    pages = max(1, -(-len(tasks) // PAGE))
    page = min(page_number(question.query.get("page", "")), pages)
    return render(
        "day.html", question, source, f"{day:%A}, {day.day} {day:%B %Y}",
        wrong=wrong,
        day=day,
        today=today,
        previous=day - timedelta(days=1),
        following=day + timedelta(days=1),
        hours=time_charts.hour_labels(start, end, source.zone),
        rows=_rows(source, tasks[(page - 1) * PAGE : page * PAGE], start, end),
        q=wanted,
        all_broken=bool(source.tasks.broken),
        page=page,
        pages_count=pages,
    )  # fmt: skip


def _matching(tasks: Sequence[RegisteredTask], wanted: str) -> list[RegisteredTask]:
    """Return the tasks with `wanted` in their key or name, those without a rule last."""
    found = [task for task in tasks if wanted.lower() in f"{task.key}\n{task.name}".lower()]
    return sorted(found, key=lambda task: (task.rule is None, (task.name or task.key).lower()))


def _day(given: str) -> date | None:
    """Return the day in the URL, None if it is not a date or is at the ends of the calendar."""
    try:
        found = datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, on the clock of the page
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _rows(source: Source, tasks: Sequence[RegisteredTask], start: datetime, end: datetime) -> list[DayRow]:
    counts: dict[str, list[RunCount]] = {task.key: [] for task in tasks}
    if start <= source.now:
        for each in source.store.count_by_task([task.key for task in tasks], start, end):
            counts[each.key].append(each)
    coming = _coming(source, tasks, start, end)
    return [
        DayRow(task, time_charts.timeline(counts[task.key], coming.get(task.key, ()), start, end, source.now))
        for task in tasks
    ]


def _coming(
    source: Source, tasks: Sequence[RegisteredTask], start: datetime, end: datetime
) -> dict[str, list[datetime]]:
    """Return the minutes with fire times that are still to come on that day and are not paused."""
    first = max(start, source.now.replace(second=0, microsecond=0) + MINUTE)
    found: dict[str, list[datetime]] = {}
    foreseeable = [task for task in tasks if task.is_foreseeable]
    if first >= end:
        return found
    for window in forecast_windows(foreseeable, first, end, source.zone):
        for each in window.foreseen:
            minutes = (window.start + minute * MINUTE for minute in _members(each.minutes))
            found.setdefault(each.task.key, []).extend(
                minute for minute in minutes if source.pauses.of(each.task, minute) is None
            )
    return found


def _members(minutes: int) -> list[int]:
    return [position for position, digit in enumerate(f"{minutes:b}"[::-1]) if digit == "1"]
