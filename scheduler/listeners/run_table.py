"""Past runs, as a table, and one of them whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scheduler import clock
from scheduler.listeners.columns import row
from scheduler.runs import Run

WIDTHS = (6, 26, 19, 11, 10)
"""Number, task, fire time, outcome, duration: 80 columns with the gaps between them."""


def table(runs: list[Run]) -> list[str]:
    """Return the lines of a table of at most 80 columns."""
    lines = [
        *row(("Run", "Task", "Fire time", "Outcome", "Took"), WIDTHS),
        *row(["-" * width for width in WIDTHS], WIDTHS),
    ]
    for run in runs:
        called = run.key + (f" (attempt {run.attempt})" if run.attempt > 1 else "")
        took = f"{run.seconds:.1f} s" if run.started_at and run.ended_at else ""
        lines += row((str(run.id), called, _shown(run.fire_time) or "forced", _outcome(run), took), WIDTHS)
        if run.error or run.detail:
            place = f" ({run.location})" if run.location else ""
            lines += row(("", (run.error or run.detail) + place), (WIDTHS[0], sum(WIDTHS[1:]) + 6))
    return lines


def whole(run: Run) -> list[str]:
    """Return everything known of a run, its traceback and output included."""
    facts: dict[str, Any] = {
        "Run": run.id,
        "Task": run.key,
        "Fire time": (_shown(run.fire_time) or "forced") + (" (late)" if run.late else ""),
        "Attempt": run.attempt,
        "Outcome": _outcome(run) + (f" ({run.skip_reason.value})" if run.skip_reason else ""),
        "Started": _shown(run.started_at, seconds=True),
        "Ended": _shown(run.ended_at, seconds=True),
        "Took": f"{run.seconds:.3f} s" if run.started_at and run.ended_at else "",
        "Process": f"{run.pid} on {run.host}" if run.pid else "",
        "Why": run.detail,
        "Error": run.error,
        "Where": run.location,
    }
    lines = [f"{title + ':':<11}{value}" for title, value in facts.items() if value]
    for title, text in (("Traceback", run.traceback), ("Output", run.output)):
        if text:
            lines += ["", f"{title}:", text.rstrip("\n")]
    return lines


def _outcome(run: Run) -> str:
    if run.outcome is None:
        return "running" if run.started_at else "pending"
    return run.outcome.value.replace("_", " ")


def _shown(instant: datetime | None, *, seconds: bool = False) -> str:
    if instant is None:
        return ""
    local = instant.astimezone(clock.default_zone())
    return f"{local:%Y-%m-%d %H:%M:%S}" if seconds or local.second else f"{local:%Y-%m-%d %H:%M}"
