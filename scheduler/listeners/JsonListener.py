"""Report a tick to a program."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from scheduler.listeners.Listener import Described, Problem
from scheduler.runs import PlannedAction, Run
from scheduler.text import to_json

LISTS = ("runs", "handed_over", "planned", "already_run", "not_due", "broken", "notices", "errors")


class JsonListener:
    """Collects everything into one JSON document (docs/schemas/run.json)."""

    explains = True
    reports_handled = True
    output_format = None

    def __init__(self) -> None:
        self._document: dict[str, list[Any]] = {name: [] for name in LISTS}

    def noticed(self, notice: str) -> None:
        """Keep the notice."""
        self._document["notices"].append(notice)

    def found_broken(self, broken: Problem) -> None:
        """Keep which task is broken, why and where."""
        self._document["broken"].append(broken.as_dict())

    def found_nothing(self) -> None:
        """Keep nothing: all lists stay empty."""

    def nothing_due(self) -> None:
        """Keep nothing: the list of runs stays empty."""

    def not_due(self, task: Described, next_run: datetime | None) -> None:
        """Keep when the task runs next."""
        shown = next_run.isoformat() if next_run else None
        self._document["not_due"].append({"key": task.key, "rule": task.describe(), "next_run": shown})

    def offered(self, run: Run, *, is_new: bool = True) -> None:  # noqa: ARG002 - each document stands alone
        """Keep which executor's workers the run waits for, also if an earlier tick has claimed it."""
        known = run.as_dict()
        shown = {name: known[name] for name in ("key", "fire_time", "attempt", "executor", "waiting_since")}
        self._document["handed_over"].append({**shown, "run_id": run.id})

    def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:
        """Keep the run."""
        self._document["runs"].append({**run.as_dict(), "will_be_retried": will_be_retried})

    def planned(self, planned: PlannedAction) -> None:
        """Keep what the tick would do."""
        self._document["planned"].append(planned.as_dict())

    def claimed_before(self, task: Described, fire_time: datetime, run: Run | None) -> None:
        """Keep that an earlier tick handled this fire time."""
        run_id = run.id if run else None
        self._document["already_run"].append({"key": task.key, "fire_time": fire_time.isoformat(), "run_id": run_id})

    def stopping(self, running: int, grace: timedelta | None) -> None:
        """Keep nothing: the runs have their outcomes."""

    def lost_store(self, error: Exception) -> None:
        """Keep why nothing can be run."""
        self._document["errors"].append(str(error))

    def document(self, now: datetime) -> str:
        """Return the document, with the minute of the tick."""
        return to_json({"minute": now.isoformat(), **self._document})
