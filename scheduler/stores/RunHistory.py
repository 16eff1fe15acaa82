"""The history of a store in a relational database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from scheduler.runs import Outcome, Run
from scheduler.stores.connection import Connection, Row
from scheduler.stores.rows import SUMMARY, in_slices, marks, run_of, text_of

ENDED = tuple(Outcome)
Part = tuple[str, tuple[str, ...]]
"""A condition on the runs of a history, and its values."""

LOOKED_AT = 2
"""How many of the latest runs of a task are looked at for the last one that has ended."""
PRUNED_AT_ONCE = 5000
"""More is left to the next tick, so that none takes long."""


class KeepsHistory:
    """Keeps the history of runs behind a connection: a part of `DatabaseStore`."""

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
        """Return one run whole."""
        rows = self.connection.rows("SELECT * FROM scheduler_runs WHERE id = ?", (run_id,))
        return run_of(rows[0]) if rows else None

    def runs_for(self, key: str, start: datetime, end: datetime) -> list[Run]:
        """Return the runs of a task whose fire time lies from `start` on and before `end`, the earliest claim first."""
        rows = self.connection.rows(
            f"SELECT {SUMMARY} FROM scheduler_runs WHERE task = ? AND fire_time >= ? AND fire_time < ? ORDER BY id",
            (key, text_of(start), text_of(end)),
        )
        return [run_of(row) for row in rows]

    def last_runs(self, keys: Iterable[str]) -> dict[str, Run]:
        """Return the latest run that has an outcome, of each of these tasks that has one."""
        last: dict[str, Run] = {}
        for key in keys:
            latest = self.history(keys=[key], limit=LOOKED_AT)
            ended = [run for run in latest if run.outcome]
            if not ended and len(latest) == LOOKED_AT:
                ended = self.history(keys=[key], outcomes=ENDED, limit=1)
            if ended:
                last[key] = ended[0]
        return last

    def prune(self, before: datetime) -> int:
        """Delete runs that ended before `before`, `PRUNED_AT_ONCE` at most, and return how many."""
        ended = [outcome.value for outcome in ENDED]
        rows = self.connection.rows(
            f"SELECT id FROM scheduler_runs WHERE outcome IN ({marks(ended)}) AND claimed_at < ? AND ended_at < ?"
            f" LIMIT {PRUNED_AT_ONCE}",
            (*ended, text_of(before), text_of(before)),
        )
        return sum(
            self.connection.change(
                f"DELETE FROM scheduler_runs WHERE id IN ({marks(some)})", [row["id"] for row in some]
            )
            for some in in_slices(rows)
        )

    def _latest(self, parts: Sequence[Part], since: datetime | None, limit: int) -> list[Row]:
        """Return the latest runs of each part of the history: however long that is, a seek in an index for each."""
        late_enough, values = (" AND claimed_at >= ?", (text_of(since),)) if since else ("", ())
        query = (
            f"SELECT {SUMMARY}, claimed_at FROM scheduler_runs WHERE {{}}{late_enough}"
            f" ORDER BY claimed_at DESC, id DESC LIMIT {int(limit)}"
        )
        return [row for condition, own in parts for row in self.connection.rows(query.format(condition), own + values)]


def _parts(keys: Collection[str], outcomes: Collection[Outcome]) -> list[Part]:
    """Return conditions that together ask for runs of these tasks, or all, with these outcomes, or any or none."""
    if keys and outcomes:
        return [("task = ? AND outcome = ?", (key, outcome.value)) for key in keys for outcome in outcomes]
    if keys:
        return [("task = ?", (key,)) for key in keys]
    parts: list[Part] = [("outcome = ?", (outcome.value,)) for outcome in outcomes or ENDED]
    return parts if outcomes else [*parts, ("outcome IS NULL", ())]
