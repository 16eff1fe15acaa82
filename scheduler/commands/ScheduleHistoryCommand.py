"""`craft schedule:history`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from masonite.commands import Command

from scheduler import clock
from scheduler.commands.options import WrongUsage, moment_option, number_option, refusing
from scheduler.errors import OK
from scheduler.listeners.table import row
from scheduler.masonite.console import write_line
from scheduler.runs import Outcome, Run
from scheduler.Scheduler import Scheduler

FAILURES = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED)
WIDTHS = (6, 26, 16, 14, 10)
"""Number, task, fire time, outcome, duration: 80 columns with the gaps between them."""


class ScheduleHistoryCommand(Command):
    """
    Show what became of past runs

    schedule:history
        {task? : Only this task (binding, name or class name), or the number of one run to show whole}
        {--failed : Only runs that failed, timed out or crashed}
        {--since=? : Only runs since then, such as '2 hours' or '2027-01-31 08:00'}
        {--limit=? : How many runs to show (20)}
        {--j|json : As JSON}
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    @refusing
    def handle(self) -> int:
        """Show the runs, or one run whole, and return the exit code."""
        given = self.argument("task")
        if given and str(given).isdigit():
            return self._show_one(int(given))
        keys = [task.key for task in self._scheduler.find().called([given]).usable] if given else []
        runs = self._scheduler.store.history(
            keys=keys,
            outcomes=FAILURES if self.option("failed") else (),
            since=moment_option(self, "since", clock.default_zone()),
            limit=number_option(self, "limit", 20),
        )
        if self.option("json"):
            write_line(self.io, json.dumps({"runs": [run.as_dict() for run in runs]}, indent=2, ensure_ascii=False))
        else:
            write_line(self.io, "\n".join(_table(runs)) if runs else "There are no such runs.")
        return OK

    def _show_one(self, number: int) -> int:
        run = self._scheduler.store.run(number)
        if run is None:
            raise WrongUsage(f"There is no run {number}; `craft schedule:history` shows those there are.")
        if self.option("json"):
            write_line(self.io, json.dumps(run.as_dict(), indent=2, ensure_ascii=False))
        else:
            write_line(self.io, "\n".join(_whole(run)))
        return OK


def _table(runs: list[Run]) -> list[str]:
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


def _whole(run: Run) -> list[str]:
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
