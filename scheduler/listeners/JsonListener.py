"""Tells a program."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from scheduler.listeners.Listener import Described, Failed
from scheduler.runs import Planned, Run


class JsonListener:
    """Gathers everything into one JSON document."""

    explains = True

    def __init__(self) -> None:
        self._document: dict[str, list[Any]] = {
            name: [] for name in ("runs", "planned", "claimed_before", "not_due", "broken", "notices", "errors")
        }

    def noticed(self, notice: str) -> None:
        """Keep the notice."""
        self._document["notices"].append(notice)

    def found_broken(self, broken: Failed) -> None:
        """Keep which task is broken, why and where."""
        self._document["broken"].append(
            {
                "key": broken.key,
                "error": broken.error,
                "location": broken.location or None,
                "traceback": broken.traceback or None,
            }
        )

    def found_nothing(self) -> None:
        """Nothing to keep: all lists stay empty."""

    def nothing_due(self) -> None:
        """Nothing to keep: the list of runs stays empty."""

    def not_due(self, task: Described, following: datetime | None) -> None:
        """Keep when the task comes next."""
        coming = following.isoformat() if following else None
        self._document["not_due"].append({"key": task.key, "rule": task.describe(), "next_run": coming})

    def run_ended(self, run: Run) -> None:
        """Keep the run."""
        self._document["runs"].append(run.as_dict())

    def planned(self, planned: Planned) -> None:
        """Keep what the tick would do."""
        self._document["planned"].append(planned.as_dict())

    def claimed_before(self, task: Described, fire_time: datetime) -> None:
        """Keep that this fire time has been taken care of."""
        self._document["claimed_before"].append({"key": task.key, "fire_time": fire_time.isoformat()})

    def lost_store(self, error: Exception) -> None:
        """Keep why nothing can be run."""
        self._document["errors"].append(str(error))

    def document(self, now: datetime) -> str:
        """Return the document, with the minute that was judged."""
        return json.dumps({"minute": now.isoformat(), **self._document}, indent=2, ensure_ascii=False)
