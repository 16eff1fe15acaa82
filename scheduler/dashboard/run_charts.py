"""Charts of a task's latest runs: their outcomes, and how long they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import log10
from typing import Final

from scheduler.dashboard.charts import Chart, Shape, kind_of, word_of
from scheduler.dashboard.text import took
from scheduler.runs import FAILURES, Outcome
from scheduler.stores.RunStatistics import RunGlance
from scheduler.text import counted

STRIP_LENGTH: Final = 24
UNITS: Final = ((1, 60), (60, 3600), (3600, 86400), (86400, float("inf")))
"""The units of a scale in seconds, each with the greatest value that is shown in it."""


def strip(runs: Sequence[RunGlance]) -> Chart:
    """Return the last outcomes of a task, the latest at the right; failures are tallest, what did not run is low."""
    shown = list(reversed(runs[:STRIP_LENGTH]))
    offset = STRIP_LENGTH - len(shown)
    heights = {"succeeded": 14, "failed": 20, "skipped": 6, "running": 10}
    shapes = []
    for position, run in enumerate(shown, start=offset):
        kind = run.outcome.value if run.outcome else "running"
        height = heights[kind_of(run.outcome)]
        shapes.append(Shape(kind, position * 6, 20 - height, 4, height, f"{word_of(run.outcome)}, run {run.id}"))
    return Chart(STRIP_LENGTH * 6 - 2, 20, _outcomes_in_words(shown), tuple(shapes))


def _outcomes_in_words(runs: Sequence[RunGlance]) -> str:
    if not runs:
        return "No runs yet"
    tally = Counter(word_of(run.outcome) for run in runs)
    parts = ", ".join(f"{number} {word}" for word, number in tally.most_common())
    return f"Last {counted(len(runs), 'outcome')}: {parts}"


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the latest runs took: the median, the 95th percentile, and a line of them from old to new."""

    usual: float
    p95: float
    chart: Chart


def durations(runs: Sequence[RunGlance], width: int = 72, height: int = 20) -> Durations | None:
    """Return how long runs took, None if none has run; the newest come first in `runs`."""
    took_seconds = [seconds for run in reversed(runs) if _has_run(run) and (seconds := run.seconds) is not None]
    if not took_seconds:
        return None
    ordered = sorted(took_seconds)
    usual, p95 = _quantile(ordered, 0.5), _quantile(ordered, 0.95)
    says = f"Usually {took(usual)}, 95 of 100 runs within {took(p95)}, the last {took(took_seconds[-1])}"
    line = _line(took_seconds, width, height)
    return Durations(usual, p95, Chart(width, height, says, lines=(("trend", line),) if line else ()))


def _has_run(run: RunGlance) -> bool:
    return run.outcome is Outcome.SUCCEEDED or run.outcome in FAILURES


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


def _line(values: Sequence[float], width: int, height: int) -> str:
    if len(values) == 1:
        return ""
    top, step = max(values) or 1.0, width / (len(values) - 1)
    return " ".join(f"{at * step:.1f},{height - 2 - value / top * (height - 4):.1f}" for at, value in enumerate(values))


def duration_dots(runs: Sequence[RunGlance]) -> Chart | None:
    """Return a dot for each run that ran, from old to new, above a scale of seconds; None if none has run."""
    shown = [run for run in reversed(runs) if _has_run(run) and run.seconds is not None]
    if not shown:
        return None
    width, height, left, bottom = 1090, 150, 80, 16
    top = _ceiling(max(run.seconds or 0.0 for run in shown))
    step = (width - left - 8) / max(1, len(shown) - 1)
    shapes = []
    for position, run in enumerate(shown):
        x = left + position * step
        y = 8 + (1 - (run.seconds or 0.0) / top) * (height - bottom - 8)
        title = f"Run {run.id}: {took(run.seconds)}, {word_of(run.outcome)}"
        shapes.append(Shape(kind_of(run.outcome), round(x, 1), round(y, 1), 6, 6, title))
    ruler = [(top, 8.0), (top / 2, 8 + (height - bottom - 8) / 2), (0.0, float(height - bottom))]
    labels = tuple((left - 8.0, y + 4, "end", took(seconds) if seconds else "0") for seconds, y in ruler)
    lines = tuple(("grid", f"{left},{y:.1f} {width - 4},{y:.1f}") for _, y in ruler)
    found = durations(runs)
    return Chart(width, height, found.chart.says if found else "", tuple(shapes), labels, lines)


def _ceiling(seconds: float) -> float:
    """Return the next round number above: 1, 2 or 5 times a power of ten, of seconds, minutes, hours or days."""
    if seconds <= 0:
        return 1.0
    unit, most = next((unit, most) for unit, most in UNITS if seconds <= most)
    power = 10.0 ** int(log10(seconds / unit) // 1)
    rounded = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= seconds / unit * 0.9999)
    return min(rounded * unit, most)


def failing_since(runs: Sequence[RunGlance]) -> datetime | None:
    """Return when the failures at the end of `runs` (newest first) began, None if the last run did not fail."""
    ran = [run for run in runs if _has_run(run)]
    if not ran or ran[0].outcome not in FAILURES:
        return None
    for newer, older in pairwise(ran):
        if older.outcome not in FAILURES:
            return newer.ended_at
    return ran[-1].ended_at
