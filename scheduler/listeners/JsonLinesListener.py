"""Report ticks to a log collector: one JSON object a line, as things happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from scheduler.listeners.Listener import Described, Problem
from scheduler.listeners.output_format import for_json_lines, json_line
from scheduler.listeners.run_text import offered_text, stopping_text, summary
from scheduler.runs import Outcome, PlannedAction, Run


class JsonLinesListener:
    """Writes an object for each event (docs/schemas/line.json); tasks that are not due are reported if `verbose`."""

    output_format = staticmethod(for_json_lines)

    def __init__(self, write: Callable[[str], None], *, verbose: bool = False) -> None:
        self._write = write
        self.explains = verbose
        self.reports_handled = verbose

    def noticed(self, notice: str) -> None:
        """Write the notice."""
        self._event("WARNING", "notice", message=notice)

    def found_broken(self, broken: Problem) -> None:
        """Write which task is broken, why and where."""
        self._event("ERROR", "broken", **broken.as_dict())

    def found_nothing(self) -> None:
        """Write that there are no tasks."""
        self._event("INFO", "no_tasks")

    def nothing_due(self) -> None:
        """Write nothing: an idle minute is no event."""

    def not_due(self, task: Described, next_run: datetime | None) -> None:
        """Write when the task runs next."""
        shown = next_run.isoformat() if next_run else None
        self._event("INFO", "not_due", key=task.key, rule=task.describe(), next_run=shown)

    def offered(self, run: Run, *, is_new: bool = True) -> None:
        """Write that a new run waits for a worker."""
        if is_new:
            self._event("INFO", "message", message=offered_text(run))

    def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:
        """Write the run."""
        level = "ERROR" if run.failed else "INFO"
        if will_be_retried or run.outcome is Outcome.MISSED:
            level = "WARNING"
        self._event(level, "run", message=summary(run, will_be_retried=will_be_retried), run=run.as_dict(),
                    will_be_retried=will_be_retried)

    def planned(self, planned: PlannedAction) -> None:
        """Write what the tick would do."""
        self._event("INFO", "planned", **planned.as_dict())

    def claimed_before(self, task: Described, fire_time: datetime, run: Run | None) -> None:
        """Write that an earlier tick handled this fire time."""
        run_id = run.id if run else None
        self._event("INFO", "already_run", key=task.key, fire_time=fire_time.isoformat(), run_id=run_id)

    def stopping(self, running: int, grace: timedelta | None) -> None:
        """Write that nothing more starts."""
        self._event("INFO", "message", message=stopping_text(running, grace))

    def lost_store(self, error: Exception) -> None:
        """Write why nothing can be run."""
        self._event("ERROR", "error", message=str(error))

    def _event(self, level: str, event: str, **values: Any) -> None:
        self._write(json_line(level, event, **values))
