"""A store in a relational database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from scheduler.process import host_name
from scheduler.runs import Run
from scheduler.stores.connection import Connection, Row, Transaction
from scheduler.stores.KeepsHistory import KeepsHistory
from scheduler.stores.KeepsLeases import KeepsLeases
from scheduler.stores.KeepsPauses import KeepsPauses
from scheduler.stores.rows import SUMMARY, in_slices, instant_of, marks, row_of, run_of, storable, text_of
from scheduler.stores.Store import Claim, lease_token

CLOCK = {
    "postgres": "SELECT TO_CHAR(CLOCK_TIMESTAMP() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS now",
    "mysql": "SELECT CAST(UTC_TIMESTAMP(6) AS CHAR) AS now",
}
"""How a server's own clock is asked."""


class DatabaseStore(KeepsHistory, KeepsLeases, KeepsPauses):
    """Keeps everything in a few tables; the unique `slot` of a run is the whole guarantee that it starts once.

    Instants are kept as text in UTC, so that they compare alike in every database.
    """

    def __init__(self, connection: Connection, *, shared: bool = True) -> None:
        """Keep everything behind `connection`; `shared` says whether another connection finds the same there."""
        self.connection = connection
        self._is_shared = shared

    def cursors(self, before: datetime | None = None) -> dict[str, datetime]:
        """Return up to when (exclusive) each task known to the store was judged; of those behind `before`, if given."""
        latest = text_of(before) if before else "9999"
        rows = self.connection.rows("SELECT task, judged_until FROM scheduler_cursors WHERE judged_until < ?", [latest])
        return {row["task"]: instant_of(row["judged_until"]) for row in rows}

    def claim(
        self,
        claims: Sequence[Claim],
        cursors: Mapping[str, datetime],
        owner: str,
        now: datetime,
        *,
        ticked: str = "",
    ) -> list[Run]:
        """Claim slots, move cursors forward, and return the runs that came of it, those with an outcome too."""

        def work(transaction: Transaction) -> list[str | None]:
            slots = [
                claim.slot for claim in in_order if transaction.insert_new("scheduler_runs", row_of(claim, owner, now))
            ]
            for until in sorted(set(cursors.values())):
                _move_cursors(transaction, sorted(task for task, moved in cursors.items() if moved == until), until)
            if ticked:
                _record_tick(transaction, ticked, now)
            return slots

        in_order = sorted(claims, key=lambda claim: claim.slot or "")
        if not claims and not cursors and not ticked:
            return []
        won = set(self.connection.transaction(work))
        rows = self._with_outcome([claim.slot for claim in claims if claim.outcome and claim.slot in won])
        if any(claim.outcome is None for claim in claims if claim.slot in won):
            rows += self.connection.rows(
                f"SELECT {SUMMARY} FROM scheduler_runs"
                " WHERE outcome IS NULL AND started_at IS NULL AND owner = ? AND claimed_at = ? ORDER BY id",
                (owner, text_of(now)),
            )
        order = {claim.slot: position for position, claim in enumerate(claims)}
        return [run_of(row) for row in sorted(rows, key=lambda row: order.get(row["slot"], 0)) if row["slot"] in won]

    def open_runs(self) -> list[Run]:
        """Return the runs without an outcome: pending and running ones."""
        return [
            run_of(row)
            for row in self.connection.rows(f"SELECT {SUMMARY} FROM scheduler_runs WHERE outcome IS NULL ORDER BY id")
        ]

    def adopt(self, run: Run, owner: str, now: datetime) -> bool:
        """Take over a pending run from the owner it has in `run`; False where somebody else was quicker."""
        changed = self.connection.change(
            "UPDATE scheduler_runs SET owner = ?, heartbeat_at = ?, late = ?"
            " WHERE id = ? AND owner = ? AND started_at IS NULL AND outcome IS NULL",
            (owner, text_of(now), int(run.late), run.id, run.owner),
        )
        return changed == 1

    def start(self, run: Run, pid: int, now: datetime) -> bool:
        """Turn a pending run of `run.owner` into a running one; False where it is not pending or not theirs."""
        changed = self.connection.change(
            "UPDATE scheduler_runs SET started_at = ?, heartbeat_at = ?, host = ?, pid = ?"
            " WHERE id = ? AND owner = ? AND started_at IS NULL AND outcome IS NULL",
            (text_of(now), text_of(now), host_name(), pid, run.id, run.owner),
        )
        return changed == 1

    def finish(self, run: Run, retry: Claim | None = None) -> bool:
        """Write down the outcome of `run` and the claim on its next attempt; False where it has another outcome."""
        values = (
            run.outcome.value if run.outcome else None,
            run.skip_reason.value if run.skip_reason else None,
            text_of(run.started_at),
            text_of(run.ended_at),
            *(storable(text) for text in (run.detail, run.error, run.location, run.traceback, run.output)),
            run.id,
        )

        def work(transaction: Transaction) -> bool:
            changed = transaction.change(
                "UPDATE scheduler_runs SET outcome = ?, skip_reason = ?, started_at = ?, ended_at = ?, detail = ?,"
                " error = ?, location = ?, traceback = ?, output = ? WHERE id = ? AND outcome IS NULL",
                values,
            )
            if not changed:
                said = transaction.rows("SELECT outcome, ended_at FROM scheduler_runs WHERE id = ?", (run.id,))
                if not said or (said[0]["outcome"], said[0]["ended_at"]) != (values[0], values[3]):
                    return False
            if retry:
                transaction.insert_new("scheduler_runs", row_of(retry, "", run.ended_at or run.started_at))
            return True

        return bool(self.connection.transaction(work))

    def beat(self, owner: str, now: datetime, ttl: timedelta) -> None:
        """Tell that `owner` lives: renew all its leases until `now + ttl`, and its open runs."""

        def work(transaction: Transaction) -> None:
            transaction.change(
                "UPDATE scheduler_leases SET expires_at = ? WHERE token = ? OR token LIKE ?",
                (text_of(now + ttl), owner, lease_token(owner, 0)[:-1] + "%"),
            )
            transaction.change(
                "UPDATE scheduler_runs SET heartbeat_at = ? WHERE owner = ? AND outcome IS NULL", (text_of(now), owner)
            )

        self.connection.transaction(work)

    def heartbeats(self) -> dict[int, datetime]:
        """Return when each open run was last known to live."""
        rows = self.connection.rows("SELECT id, heartbeat_at, claimed_at FROM scheduler_runs WHERE outcome IS NULL")
        return {int(row["id"]): instant_of(row["heartbeat_at"] or row["claimed_at"]) for row in rows}

    def begin_streak(self, key: str, run: Run) -> bool:
        """Note that a task has begun to fail with `run`; False where it began with another one."""

        def work(transaction: Transaction) -> bool:
            since = text_of(run.ended_at or run.started_at)
            if transaction.insert_new("scheduler_streaks", {"task": key, "run": run.id, "since": since}):
                return True
            return bool(transaction.rows("SELECT run FROM scheduler_streaks WHERE task = ? AND run = ?", (key, run.id)))

        return bool(self.connection.transaction(work))

    def end_streak(self, key: str) -> datetime | None:
        """Note that a task fails no longer, and return since when it did; None where it did not."""
        rows = self.connection.rows("SELECT run, since FROM scheduler_streaks WHERE task = ?", (key,))
        if not rows:
            return None
        values = (key, rows[0]["run"])
        changed = self.connection.change("DELETE FROM scheduler_streaks WHERE task = ? AND run = ?", values)
        return instant_of(rows[0]["since"]) if changed == 1 else None

    def clock(self) -> datetime | None:
        """Return what the database's own clock says, None where that is the one of this machine."""
        sql = CLOCK.get(self.connection.driver)
        return instant_of(self.connection.rows(sql)[0]["now"]) if sql else None

    def record_tick(self, host: str, now: datetime) -> None:
        """Remember that `host` ticked."""
        self.connection.transaction(lambda transaction: _record_tick(transaction, host, now))

    def ticks(self) -> dict[str, datetime]:
        """Return the last tick of each host."""
        return {
            row["host"]: instant_of(row["ticked_at"]) for row in self.connection.rows("SELECT * FROM scheduler_ticks")
        }

    def reopened(self) -> DatabaseStore | None:
        """Return the same store by another connection, for another thread; None where this process has it alone."""
        return DatabaseStore(self.connection.another()) if self._is_shared else None

    def close(self) -> None:
        """End its connection; it is made anew when needed."""
        self.connection.close()

    def _with_outcome(self, slots: Sequence[str | None]) -> list[Row]:
        sql = f"SELECT {SUMMARY} FROM scheduler_runs WHERE slot IN"
        return [
            row
            for some in in_slices(slots)
            for row in self.connection.rows(f"{sql} ({marks(some)})", some)
        ]

def _move_cursors(transaction: Transaction, tasks: Sequence[str], until: datetime) -> None:
    for some in in_slices(tasks):
        changed = transaction.change(
            f"UPDATE scheduler_cursors SET judged_until = ? WHERE judged_until < ? AND task IN ({marks(some)})",
            (text_of(until), text_of(until), *some),
        )
        if changed < len(some):
            rows = transaction.rows(f"SELECT task FROM scheduler_cursors WHERE task IN ({marks(some)})", some)
            for task in sorted(set(some) - {row["task"] for row in rows}):
                transaction.insert_new("scheduler_cursors", {"task": task, "judged_until": text_of(until)})


def _record_tick(transaction: Transaction, host: str, now: datetime) -> None:
    if not transaction.change("UPDATE scheduler_ticks SET ticked_at = ? WHERE host = ?", (text_of(now), host)):
        transaction.insert_new("scheduler_ticks", {"host": host, "ticked_at": text_of(now)})
