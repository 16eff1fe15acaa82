"""The history of a store in a relational database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from scheduler.runs import Outcome, Run
from scheduler.stores.connection import Connection, Row
from scheduler.stores.rows import SUMMARY, in_slices, instant_of, marks, run_of, text_of

ENDED = tuple(Outcome)
Part = tuple[str, tuple[str, ...]]
"""A condition on the runs of a history, and its values."""

LOOKED_AT = 2
"""How many of a task's latest runs are searched for the last one that has ended."""
HORIZON: Final = " pruned"
"""The key of the cursor up to which history was pruned; no task's key begins with a blank."""
STARTED_BEFORE: Final = " started before"
"""The key of the cursor before which nothing can be claimed, since a removed store may have granted it."""
HORIZON_STEP: Final = timedelta(hours=1)
PRUNED_AT_ONCE = 5000
"""How many runs one tick deletes; more are left to the next tick, so that none takes long."""


class RunHistory:
    """Reads and prunes the history of runs: a part of `Store`."""

    connection: Connection

    def history(
        self,
        *,
        keys: Collection[str] = (),
        outcomes: Collection[Outcome] = (),
        since: datetime | None = None,
        limit: int = 50,
    ) -> list[Run]:
        """Return the latest runs, the newest first, without their output and traceback."""
        found = self._latest(_parts(keys, outcomes), since, limit)
        found.sort(key=lambda row: (row["claimed_at"], int(row["id"])), reverse=True)
        return [run_of(row) for row in found[:limit]]

    def run(self, run_id: int) -> Run | None:
        """Return one run with its output and traceback."""
        rows = self.connection.rows("SELECT * FROM scheduler_runs WHERE id = ?", (run_id,))
        return run_of(rows[0]) if rows else None

    def runs_for(self, key: str, start: datetime, end: datetime) -> list[Run]:
        """Return the runs of a task with a fire time from `start` (inclusive) to `end`, the first claimed first."""
        rows = self.connection.rows(
            f"SELECT {SUMMARY} FROM scheduler_runs WHERE task = ? AND fire_time >= ? AND fire_time < ? ORDER BY id",
            (key, text_of(start), text_of(end)),
        )
        return [run_of(row) for row in rows]

    def advance_horizon(self, before: datetime) -> datetime:
        """Return up to when history may be pruned: `before`, but at most an hour later than the last time.

        A clock that is far ahead for a while must not delete today's runs.
        """
        rows = self.connection.rows("SELECT judged_until FROM scheduler_cursors WHERE task = ?", (HORIZON,))
        last = instant_of(rows[0]["judged_until"]) if rows else before
        allowed = min(before, last + HORIZON_STEP)
        if not rows:
            values = {"task": HORIZON, "judged_until": text_of(allowed)}
            self.connection.transaction(lambda transaction: transaction.insert_new("scheduler_cursors", values))
        elif allowed == last + HORIZON_STEP:
            sql = "UPDATE scheduler_cursors SET judged_until = ? WHERE task = ? AND judged_until = ?"
            self.connection.change(sql, (text_of(allowed), HORIZON, rows[0]["judged_until"]))
        return allowed

    def prune(self, before: datetime, limit: int = PRUNED_AT_ONCE) -> int:
        """Delete runs that ended before `before`, `limit` at most, and hosts whose last tick is older.

        Return how many runs were deleted.
        """
        if self.connection.rows("SELECT host FROM scheduler_ticks WHERE ticked_at < ? LIMIT 1", (text_of(before),)):
            self.connection.change("DELETE FROM scheduler_ticks WHERE ticked_at < ?", (text_of(before),))
        ended = [outcome.value for outcome in ENDED]
        rows = self.connection.rows(
            f"SELECT id FROM scheduler_runs WHERE outcome IN ({marks(ended)}) AND claimed_at < ? AND ended_at < ?"
            f" LIMIT {limit}",
            (*ended, text_of(before), text_of(before)),
        )
        return sum(
            self.connection.change(
                f"DELETE FROM scheduler_runs WHERE id IN ({marks(some)})", [row["id"] for row in some]
            )
            for some in in_slices(rows)
        )

    def _latest(self, parts: Sequence[Part], since: datetime | None, limit: int) -> list[Row]:
        """Return the latest runs that match each condition; each is one search in an index."""
        late_enough, values = (" AND claimed_at >= ?", (text_of(since),)) if since else ("", ())
        query = (
            f"SELECT {SUMMARY}, claimed_at FROM scheduler_runs WHERE {{}}{late_enough}"
            f" ORDER BY claimed_at DESC, id DESC LIMIT {int(limit)}"
        )
        return [row for condition, own in parts for row in self.connection.rows(query.format(condition), own + values)]


def _parts(keys: Collection[str], outcomes: Collection[Outcome]) -> list[Part]:
    """Return conditions that together select the runs of these tasks (or all) with these outcomes (or any or none)."""
    if keys and outcomes:
        return [("task = ? AND outcome = ?", (key, outcome.value)) for key in keys for outcome in outcomes]
    if keys:
        return [("task = ?", (key,)) for key in keys]
    parts: list[Part] = [("outcome = ?", (outcome.value,)) for outcome in outcomes or ENDED]
    return parts if outcomes else [*parts, ("outcome IS NULL", ())]
