"""Questions about many runs at once: one query each, however many tasks there are and however long their history."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from scheduler.runs import Outcome, Run, SkipReason
from scheduler.stores.connection import Connection, Row
from scheduler.stores.rows import SUMMARY, in_slices, instant_of, marks, maybe_instant_of, run_of, text_of

REASON_LENGTH: Final = 300
"""How much of an error or a reason a list shows."""
TEN_MINUTES: Final = len("2027-01-31 08:0")
"""The part of an instant's text that is the same for ten minutes."""
HOUR: Final = timedelta(hours=1)
BRANCHES: Final = 100
"""How many tasks one statement looks up by a branch of its own; SQLite takes 500."""

_GLANCE: Final = (
    "id, task, outcome, skip_reason, fire_time, attempt, late, claimed_at, start_after, started_at, ended_at, "
    f"SUBSTR(COALESCE(NULLIF(error, ''), detail, ''), 1, {REASON_LENGTH}) AS reason"
)
_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_SKIP_REASONS: Final = {reason.value: reason for reason in SkipReason}
_KEYS: Final = {
    "sqlite": "SELECT value AS task FROM json_each(?)",
    "postgres": "SELECT value AS task FROM json_array_elements_text(CAST(? AS json))",
}


class RunGlance(NamedTuple):
    """What a list shows of a run; `reason` is its error or why it did not run. All times are in UTC.

    A page shows thousands of them, and a tuple is made in a fraction of the time that a dataclass takes.
    """

    id: int
    key: str
    outcome: Outcome | None
    skip_reason: SkipReason | None
    fire_time: datetime | None
    attempt: int
    late: bool
    claimed_at: datetime
    start_after: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    reason: str

    @property
    def seconds(self) -> float | None:
        """Return how long it took; None if it never started or has not ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0.0, (self.ended_at - self.started_at).total_seconds())

    @property
    def at(self) -> datetime:
        """Return its fire time, or else when it was claimed."""
        return self.fire_time or self.claimed_at


@dataclass(frozen=True, slots=True)
class RunCount:
    """How many runs with one outcome (None: not ended) were claimed in the ten minutes, or the hour, from `start` on.

    `key` is the task's, empty if all tasks are counted together. `last_id` is the latest of the runs.
    """

    key: str
    start: datetime
    outcome: Outcome | None
    count: int
    last_id: int = 0


class RunStatistics:
    """Answers questions about many runs: a part of `Store`."""

    connection: Connection

    def latest_of_each(self, keys: Sequence[str], limit: int) -> dict[str, list[RunGlance]]:
        """Return the latest runs of each of these tasks, `limit` at most, the newest first."""
        branch = (
            f"SELECT * FROM (SELECT {_GLANCE} FROM scheduler_runs WHERE task = ?"
            f" ORDER BY claimed_at DESC, id DESC LIMIT {int(limit)}) AS latest_{{}}"
        )
        found: dict[str, list[RunGlance]] = {key: [] for key in keys}
        for start in range(0, len(keys), BRANCHES):
            some = keys[start : start + BRANCHES]
            sql = " UNION ALL ".join(branch.format(number) for number in range(len(some)))
            for row in self.connection.rows(sql, some):
                found[row["task"]].append(_glance(row))
        for runs in found.values():
            runs.sort(key=lambda run: (run.claimed_at, run.id), reverse=True)
        return found

    def last_outcomes(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return the outcome of the latest run that has ended, of each of these tasks that has one."""
        rows = self._last_of_each(keys, "outcome", "outcome IS NOT NULL")
        return {row["task"]: Outcome(row["found"]) for row in rows if row["found"]}

    def last_runs(self, keys: Iterable[str]) -> dict[str, Run]:
        """Return the latest run that has an outcome, of each of these tasks that has one."""
        found = self._last_of_each(list(keys), "id", "outcome IS NOT NULL")
        numbers = [row["found"] for row in found if row["found"]]
        return {
            row["task"]: run_of(row)
            for some in in_slices(numbers)
            for row in self.connection.rows(f"SELECT {SUMMARY} FROM scheduler_runs WHERE id IN ({marks(some)})", some)
        }

    def last_successes(self, keys: Sequence[str]) -> dict[str, RunGlance]:
        """Return the latest run that succeeded, of each of these tasks that has one."""
        numbers = [row["found"] for row in self._last_of_each(keys, "id", "outcome = 'succeeded'") if row["found"]]
        return {
            row["task"]: _glance(row)
            for some in in_slices(numbers)
            for row in self.connection.rows(f"SELECT {_GLANCE} FROM scheduler_runs WHERE id IN ({marks(some)})", some)
        }

    def last_deliberate_skips(self, keys: Sequence[str]) -> dict[str, datetime]:
        """Return when each of these tasks was last skipped on purpose: by a pause, a condition, an environment."""
        condition = f"outcome = 'skipped' AND skip_reason <> '{SkipReason.STILL_RUNNING.value}'"
        rows = self._last_of_each(keys, "claimed_at", condition)
        return {row["task"]: instant_of(row["found"]) for row in rows if row["found"]}

    def first_due(self, keys: Sequence[str]) -> dict[str, datetime]:
        """Return the fire time of the earliest run in the history of each of these tasks that has one."""
        rows = self._last_of_each(keys, "fire_time", "fire_time IS NOT NULL", order="fire_time")
        return {row["task"]: instant_of(row["found"]) for row in rows if row["found"]}

    def _last_of_each(
        self, keys: Sequence[str], column: str, condition: str, order: str = "claimed_at DESC, id DESC"
    ) -> list[Row]:
        """Return each of these tasks with what `column` has in its run that meets the condition and comes first."""
        if not keys:
            return []
        values: Sequence[str] = [json.dumps(list(keys))]
        wanted = _KEYS.get(self.connection.driver)
        if wanted is None:  # MySQL and MariaDB share no function that turns one value into rows
            text = "SELECT CAST(? AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin AS task"
            values, wanted = keys, " UNION ALL ".join([text] * len(keys))
        return self.connection.rows(
            f"SELECT wanted.task, (SELECT {column} FROM scheduler_runs AS runs WHERE runs.task = wanted.task"
            f" AND {condition} ORDER BY {order} LIMIT 1) AS found FROM ({wanted}) AS wanted",
            values,
        )

    def count_since(self, since: datetime) -> dict[tuple[str, Outcome], int]:
        """Return how many runs of each task were claimed since then, by outcome."""
        ended = [outcome.value for outcome in Outcome]
        rows = self.connection.rows(
            "SELECT task, outcome, COUNT(*) AS number FROM scheduler_runs"
            f" WHERE outcome IN ({marks(ended)}) AND claimed_at >= ? GROUP BY task, outcome",
            (*ended, text_of(since)),
        )
        return {(row["task"], Outcome(row["outcome"])): int(row["number"]) for row in rows}

    def count_by_hour(self, first: datetime, hours: int) -> list[RunCount]:
        """Return how many runs of all tasks were claimed in each of these hours from `first` on, by outcome.

        Each count is the length of one range of an index: grouping the rows takes four times as long.
        """
        cells = [(first + number * HOUR, outcome) for number in range(hours) for outcome in Outcome]
        sql = " UNION ALL ".join(
            f"SELECT {number} AS cell, COUNT(*) AS number FROM scheduler_runs"
            " WHERE outcome = ? AND claimed_at >= ? AND claimed_at < ?"
            for number in range(len(cells))
        )
        values = [text for start, outcome in cells for text in (outcome.value, text_of(start), text_of(start + HOUR))]
        counts = {int(row["cell"]): int(row["number"]) for row in self.connection.rows(sql, values)}
        return [RunCount("", *cells[cell], count) for cell, count in sorted(counts.items()) if count]

    def count_by_task(self, keys: Sequence[str], since: datetime, until: datetime) -> list[RunCount]:
        """Return how many runs of each of these tasks were claimed in each ten minutes, by outcome."""
        return [
            _count(row)
            for some in in_slices(keys)
            for row in self.connection.rows(
                f"SELECT task, SUBSTR(claimed_at, 1, {TEN_MINUTES}) AS start, outcome, COUNT(*) AS number,"
                f" MAX(id) AS last_id FROM scheduler_runs WHERE task IN ({marks(some)})"
                " AND claimed_at >= ? AND claimed_at < ?"
                f" GROUP BY task, SUBSTR(claimed_at, 1, {TEN_MINUTES}), outcome",
                (*some, text_of(since), text_of(until)),
            )
        ]

    def browse(
        self, *, key: str | None = None, outcomes: Collection[Outcome] = (), before: int | None = None, limit: int = 50
    ) -> list[RunGlance]:
        """Return runs, the newest first: of one task or all, with these outcomes or any, claimed before run `before`.

        Each part of the history is one seek in an index, however long it is.
        """
        later, edge = self._edge(before)
        parts: list[tuple[str, tuple[str, ...]]] = [
            (f"{'task = ? AND ' if key is not None else ''}outcome = ?", (*own, outcome.value))
            for own in [(key,) if key is not None else ()]
            for outcome in outcomes
        ]
        if not parts and key is not None:
            parts = [("task = ?", (key,))]
        if not parts:
            parts = [*(("outcome = ?", (outcome.value,)) for outcome in Outcome), ("outcome IS NULL", ())]
        sql = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {_GLANCE} FROM scheduler_runs WHERE {condition}{later}"
            f" ORDER BY claimed_at DESC, id DESC LIMIT {int(limit)}) AS part_{number}"
            for number, (condition, _) in enumerate(parts)
        )
        rows = self.connection.rows(sql, [value for _, own in parts for value in (*own, *edge)])
        found = sorted((_glance(row) for row in rows), key=lambda run: (run.claimed_at, run.id), reverse=True)
        return found[:limit]

    def _edge(self, before: int | None) -> tuple[str, tuple[object, ...]]:
        """Return the condition, and its values, that a run was claimed before run `before`."""
        if before is None:
            return "", ()
        rows = self.connection.rows("SELECT claimed_at FROM scheduler_runs WHERE id = ?", (before,))
        if not rows:
            return " AND id < ?", (before,)
        claimed_at = rows[0]["claimed_at"]
        return " AND claimed_at <= ? AND (claimed_at < ? OR id < ?)", (claimed_at, claimed_at, before)


def _glance(row: Row) -> RunGlance:
    return RunGlance(
        id=int(row["id"]),
        key=row["task"],
        outcome=_OUTCOMES[row["outcome"]] if row["outcome"] else None,
        skip_reason=_SKIP_REASONS[row["skip_reason"]] if row["skip_reason"] else None,
        fire_time=maybe_instant_of(row["fire_time"]),
        attempt=int(row["attempt"]),
        late=bool(row["late"]),
        claimed_at=instant_of(row["claimed_at"]),
        start_after=maybe_instant_of(row["start_after"]),
        started_at=maybe_instant_of(row["started_at"]),
        ended_at=maybe_instant_of(row["ended_at"]),
        reason=row["reason"] or "",
    )


def _count(row: Row) -> RunCount:
    return RunCount(
        key=row.get("task") or "",
        start=instant_of(f"{row['start']}0:00.000000"),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        count=int(row["number"]),
        last_id=int(row.get("last_id") or 0),
    )
