"""The streaks of failures of a store in a relational database."""

from __future__ import annotations

from datetime import datetime

from scheduler.runs import Run
from scheduler.stores.connection import Connection, Transaction
from scheduler.stores.rows import instant_of, text_of


class StreakTable:
    """Records since when tasks have been failing: a part of `Store`."""

    connection: Connection

    def begin_streak(self, key: str, run: Run) -> bool:
        """Record that a task began to fail with `run`; return False if it began with another run."""

        def work(transaction: Transaction) -> bool:
            since = text_of(run.ended_at or run.started_at)
            if transaction.insert_new("scheduler_streaks", {"task": key, "run": run.id, "since": since}):
                return True
            return bool(transaction.rows("SELECT run FROM scheduler_streaks WHERE task = ? AND run = ?", (key, run.id)))

        return bool(self.connection.transaction(work))

    def end_streak(self, key: str) -> datetime | None:
        """Record that a task no longer fails, and return since when it failed; None if it did not."""
        rows = self.connection.rows("SELECT run, since FROM scheduler_streaks WHERE task = ?", (key,))
        if not rows:
            return None
        values = (key, rows[0]["run"])
        changed = self.connection.change("DELETE FROM scheduler_streaks WHERE task = ? AND run = ?", values)
        return instant_of(rows[0]["since"]) if changed == 1 else None
